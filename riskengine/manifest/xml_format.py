"""XML manifests: which one it is, told by its root element, and its bills taken one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from riskengine.errors import ManifestError
from riskengine.manifest import awmds, wco_cargo_report
from riskengine.manifest.awmds import AwmdsReader
from riskengine.manifest.table import FileRemark
from riskengine.manifest.wco_cargo_report import CargoReportReader
from riskengine.manifest.xml_bill import BillUnread
from riskengine.manifest.xml_prolog import xml_source
from riskengine.manifest.xml_sheet import LONGEST_TEXT, Sheet
from riskengine.manifest.xml_units import Broken, Rest, Unit, parts_of, plain_name

if TYPE_CHECKING:
    from riskengine.manifest.plan import FileSettings
    from riskengine.manifest.schema import Document
    from riskengine.manifest.table import TextTable
    from riskengine.manifest.xml_prolog import XmlSource
    from riskengine.manifest.xml_units import Element

_LONGEST_NAME_SHOWN = 60


class _Reader(Protocol):
    """What takes the bills of one kind of manifest."""

    def take(self, unit: Unit) -> None: ...

    def finish(self, rest: Rest) -> tuple[dict[str, str], Document]: ...


def read_xml(data: bytes, *, file: str, settings: FileSettings) -> TextTable:
    """Read an ASYCUDA World manifest or degroupage, or a cargo report of the WCO Data Model.

    ``line`` is that of the element. The document is read strictly; where it is not well-formed, its bills are
    read one by one, each strictly: a broken one is named, and its neighbours stay. Of a document that is
    cut off every row is doubted, for nobody knows what followed.

    Raises:
        ManifestError: It is none of these, brings definitions or entities, is too deep or too large, or
            nothing in it can be read.
    """
    source = xml_source(data, file=file, declared=settings.encoding)
    root = plain_name(source.root_name)
    if root in awmds.ROOTS:
        sheet, unit = Sheet(source, awmds.ROOTS[root]), awmds.UNIT
        return _read(sheet, unit, AwmdsReader)
    if root in wco_cargo_report.ROOTS:
        return _read(Sheet(source, "wco"), wco_cargo_report.UNIT, CargoReportReader)
    shown = source.root_name[:_LONGEST_NAME_SHOWN]
    raise ManifestError(
        f"{file} is XML with the root element <{shown}>, which is no manifest known here.",
        remedy="Read are ASYCUDA World (Awmds, Awbolds) and WCO cargo reports (Declaration); ask for one of"
        " these, or for CSV or Excel.",
    )


def _read(sheet: Sheet, unit: str, make: type[AwmdsReader | CargoReportReader]) -> TextTable:
    source, rest = sheet.source, Rest(root=None)
    readers: list[_Reader] = [make(sheet)]

    def restart() -> None:
        sheet.forget()
        readers[0] = make(sheet)

    for part in parts_of(source, unit, restart):
        if isinstance(part, Rest):
            rest = part
        elif isinstance(part, Broken):
            sheet.add_unread(part, line=part.line)
        else:
            try:
                readers[0].take(part)
            except BillUnread as fault:
                text = _text_of(part.element)
                broken = Broken(line=part.line, code=fault.code, text=text)
                sheet.add_unread(broken, line=part.line, limit=LONGEST_TEXT)
    try:
        header, document = readers[0].finish(rest)
    except BillUnread as fault:
        raise ManifestError(
            f"The head of {source.file} holds a text of more than {LONGEST_TEXT} characters.",
            remedy="Mistrust the sender.",
        ) from fault
    _say_what_is_wrong(sheet, rest, source)
    return sheet.table(header, document)


def _say_what_is_wrong(sheet: Sheet, rest: Rest, source: XmlSource) -> None:
    if rest.fault_line is not None:
        code = "message_cut" if source.end is None else "xml_not_well_formed"
        params = {"line": rest.fault_line}
        sheet.remarks.append(FileRemark(code=code, params=params, line=rest.fault_line))
    if rest.fault_line is not None and source.end is None:
        sheet.fault_all("message_cut")
    if rest.root is None:
        sheet.fault_all("xml_header_unread")


def _text_of(element: Element) -> str:
    texts = (text.strip() for text in element.itertext())
    return " ".join(text for text in texts if text)
