"""JSON to a table of text: DCSA bills of lading, arrival notices and events, told apart by what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from riskengine.errors import ManifestError
from riskengine.manifest import dcsa_arrival, dcsa_bill, dcsa_events
from riskengine.manifest.dcsa_fields import containers_elsewhere, text_of
from riskengine.manifest.decoding import decode
from riskengine.manifest.flat import FlatRows
from riskengine.manifest.json_text import JsonText
from riskengine.manifest.schema import Document
from riskengine.manifest.table import FileRemark

if TYPE_CHECKING:
    from collections.abc import Callable

    from riskengine.manifest.json_text import Json, Part
    from riskengine.manifest.plan import FileSettings
    from riskengine.manifest.table import TextTable

LARGEST_JSON = 64 << 20
"""Bytes; the bills of the largest ship have about a quarter of it."""

MOST_STRANGE = 10_000
"""Documents that cannot be read; a file with more is of another trade."""

_MEMBERS_SHOWN = 12
_MARKS = ("equipmentReference", "transportDocumentReference", "eventClassifier")


class _Collector(Protocol):
    def take(self, line: int, document: dict[str, Json], /) -> None: ...
    def document(self) -> Document: ...
    def remarks(self) -> list[FileRemark]: ...


class _Kind(NamedTuple):
    name: str
    title: str
    is_one: Callable[[Json], bool]
    collector: Callable[[FlatRows], _Collector]
    currencies: dict[str, tuple[str, str]]


_BILLS = _Kind(
    dcsa_bill.NAME, dcsa_bill.TITLE, dcsa_bill.is_bill, dcsa_bill.Bills, dcsa_bill.CURRENCIES
)
_KINDS = (
    _Kind(
        dcsa_events.NAME,
        dcsa_events.TITLE,
        dcsa_events.is_event,
        dcsa_events.Events,
        dcsa_events.CURRENCIES,
    ),
    _Kind(
        dcsa_arrival.NAME,
        dcsa_arrival.TITLE,
        dcsa_arrival.is_notice,
        dcsa_arrival.Notices,
        dcsa_arrival.CURRENCIES,
    ),
    _BILLS,
)


def read_json(data: bytes, *, file: str, settings: FileSettings) -> TextTable:
    """Read a JSON file of DCSA documents: in an array, in an object around one, alone, or one a line.

    The first document that is known decides what the file is. ``line`` is where a document begins. A document
    that is broken, names a member twice, or holds NaN or half a character is kept unread.

    Raises:
        ManifestError: It is too large, nests without end, or holds no DCSA document.
    """
    if len(data) > LARGEST_JSON:
        raise ManifestError(
            f"{file} is JSON of more than {LARGEST_JSON} bytes.", remedy="Split it by voyage."
        )
    decoded = decode(data, file=file, declared=settings.encoding)
    text = JsonText(
        text=decoded.text, file=file, is_document=lambda value: _kind_of(value) is not None
    )
    rows = FlatRows(file=file, size=len(decoded.text), remarks=list(decoded.remarks))
    kind: _Kind | None = None
    collector: _Collector | None = None
    strange: list[Json] = []
    count = 0
    for part in text.parts():
        if part.is_envelope:
            for number in containers_elsewhere(part.value, ()):
                rows.refuse(part.line, "container_elsewhere", number, {"container": number})
            continue
        found = _kind_of(part.value) if part.code is None else None
        if found is not None and collector is None:
            kind, collector = found, found.collector(rows)
        if found is not None and found == kind and collector and isinstance(part.value, dict):
            collector.take(part.line, part.value)
            continue
        count += 1
        if count > MOST_STRANGE:
            raise ManifestError(
                f"{file} holds more than {MOST_STRANGE} documents that cannot be read.",
                remedy="Ask the sender what it is.",
            )
        strange.append(part.value)
        _keep(rows, part, kind, found)
    if kind is None or collector is None:
        return _without_documents(rows, text, strange, file)
    document = collector.document()
    rows.remarks += collector.remarks()
    _remark(rows, text)
    return rows.table(
        name=kind.name, title=kind.title, document=document, currencies=kind.currencies
    )


def _kind_of(value: Json) -> _Kind | None:
    return next((kind for kind in _KINDS if kind.is_one(value)), None)


def _keep(rows: FlatRows, part: Part, kind: _Kind | None, found: _Kind | None) -> None:
    """Keep a document that is broken or of another kind than the first."""
    if part.code is not None:
        rows.refuse(part.line, part.code, part.raw, part.params)
        return
    if found is not None and kind is not None:
        params: dict[str, str | int | float] = {"found": found.name, "kind": kind.name}
        rows.refuse(part.line, "json_of_another_kind", _raw(part.value), params)
        return
    rows.refuse(
        part.line, "json_not_understood", _raw(part.value), {"found": _found(part.value)}
    )


def _without_documents(
    rows: FlatRows, text: JsonText, strange: list[Json], file: str
) -> TextTable:
    """Return what is left where no document could be read, or refuse a file of another trade."""
    is_of_the_trade = any(mark in text.text for mark in _MARKS)
    if strange and not is_of_the_trade:
        raise ManifestError(
            f"{file} is JSON, but holds no bill of lading, arrival notice or event of DCSA:"
            f" {_found(strange[0])}.",
            remedy="Ask the sender for one of these, or for the table behind it.",
        )
    rows.remarks.append(FileRemark(code="json_empty"))
    _remark(rows, text)
    is_of_events = "eventClassifier" in text.text
    return rows.table(
        name=dcsa_events.NAME if is_of_events else dcsa_bill.NAME,
        title=dcsa_events.TITLE if is_of_events else dcsa_bill.TITLE,
        document=Document(kind="movements" if is_of_events else "manifest"),
    )


def _remark(rows: FlatRows, text: JsonText) -> None:
    if text.is_cut:
        rows.remarks.append(FileRemark(code="file_cut"))
        rows.mark_all("message_cut")
    if text.strays:
        params: dict[str, str | int | float] = {"count": len(text.strays)}
        rows.remarks.append(FileRemark(code="json_commas", params=params, line=text.strays[0]))


def _found(value: Json) -> str:
    """Say what a document is, for a sentence."""
    if isinstance(value, dict):
        names = ", ".join(name[:40] for name in list(value)[:_MEMBERS_SHOWN])
        more = ", ..." if len(value) > _MEMBERS_SHOWN else ""
        return f"an object with {names}{more}" if names else "an empty object"
    if isinstance(value, list):
        return "an array within an array"
    return "a text or a number" if value is not None else "something broken"


def _raw(value: Json) -> str:
    return text_of(value) or ""
