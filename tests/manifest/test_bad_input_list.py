"""The list of bad inputs that touch files: what is made, and whether it is refused in a sentence or read with every fault named."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from riskengine.errors import ManifestError
from riskengine.manifest import read_manifest
from riskengine.messages import LANGUAGES, render

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLES = Path(__file__).parents[2] / "sample_manifests"
BOX, OTHER = "CSQU3054383", "MSCU6639870"
HEADER = "container_number,bill_of_lading,goods_description,gross_mass_kg\n"
LINE = f"{BOX},BL1,bananas,21000\n"
NEXT = f"{OTHER},BL2,apples,22000\n"
LIST = (HEADER + LINE).encode()


@dataclass(frozen=True, kw_only=True)
class Bad:
    """One bad input.

    Attributes:
        what: What is bad about it.
        content: The bytes of the file, or what makes them.
        name: Of the file.
        refused: What the refusal says, as a pattern; None where the file is read.
        said: The codes of all defects, where it is read.
        boxes: The containers that are kept.
        unread: Those of them that belong to a record that could not be read.
    """

    what: str
    content: bytes | Callable[[], bytes]
    name: str = "voyage"
    refused: str | None = None
    said: frozenset[str] = frozenset()
    boxes: tuple[str, ...] = (BOX,)
    unread: tuple[str, ...] = ()

    def written(self, folder: Path) -> Path:
        path = folder / self.name
        path.write_bytes(self.content if isinstance(self.content, bytes) else self.content())
        return path


def listed(*lines: str, header: str = HEADER) -> bytes:
    return "".join([header, *lines]).encode()


def cell(field: str, text: str) -> bytes:
    """A list of one line with one more column."""
    quoted = '"' + text.replace('"', '""') + '"'
    return f"container_number,bill_of_lading,{field}\n{BOX},BL1,{quoted}\n".encode()


def zipped(members: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return whole.getvalue()


def many_entries() -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for number in range(100_000):
            archive.writestr(zipfile.ZipInfo(f"{number}.csv"), b"")
    return whole.getvalue()


def encrypted() -> bytes:
    whole = bytearray(zipped({"voyage.csv": LIST}))
    whole[6] |= 1
    whole[whole.index(b"PK\x01\x02") + 8] |= 1
    return bytes(whole)


def bad_sum() -> bytes:
    packed = bytearray(gzip.compress(LIST))
    packed[-8:-4] = bytes(4)
    return bytes(packed)


def workbook(fill: Callable[[xlsxwriter.Workbook], None]) -> Callable[[], bytes]:
    def made() -> bytes:
        whole = io.BytesIO()
        with xlsxwriter.Workbook(whole) as book:
            fill(book)
        return whole.getvalue()

    return made


def sheet_of(*rows: list[object], change: Callable[..., None] | None = None):
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("list")
        for place, row in enumerate(
            [["container_number", "bill_of_lading", "tare_mass_kg"], *rows]
        ):
            sheet.write_row(place, 0, row)
        if change is not None:
            change(book, sheet)

    return workbook(fill)


ROW: list[object] = [BOX, "BL1", 2200]


def rewritten(make: Callable[[], bytes], part: str, change: Callable[[str], str]):
    """The workbook with another content of one part."""

    def made() -> bytes:
        whole = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(make())) as old,
            zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for entry in old.infolist():
                content = old.read(entry)
                new.writestr(
                    entry,
                    change(content.decode()).encode() if entry.filename == part else content,
                )
        return whole.getvalue()

    return made


SHEET, TEXTS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"


def parquet(table: pa.Table | Callable[[], pa.Table], **how: object) -> Callable[[], bytes]:
    def made() -> bytes:
        whole = io.BytesIO()
        pq.write_table(table() if callable(table) else table, whole, **how)
        return whole.getvalue()

    return made


def rows_beyond_number() -> bytes:
    whole = io.BytesIO()
    schema = pa.schema([("container_number", pa.string())])
    with pq.ParquetWriter(whole, schema, compression="zstd") as writer:
        nothing = pa.table({"container_number": pa.nulls(10_000_000, pa.string())})
        for _ in range(20):
            writer.write_table(nothing)
    return whole.getvalue()


def flipped() -> bytes:
    numbers = pa.table({"container_number": [f"CSQU{number:07d}" for number in range(2000)]})
    whole = bytearray(parquet(numbers, write_page_checksum=True, use_dictionary=False)())
    whole[len(whole) // 3] ^= 1
    return bytes(whole)


def xml(*bills: str, before: str = "") -> bytes:
    return f"{before}<Awmds><General_segment/>{''.join(bills)}</Awmds>".encode()


def bill(box: str, number: str = "BL1") -> str:
    return (
        f"<Bol_segment><Bol_id><Bol_reference>{number}</Bol_reference></Bol_id><ctn_segment><Ctn_reference>{box}"
        "</Ctn_reference></ctn_segment></Bol_segment>"
    )


def document(box: str = BOX, number: str = "BL1", **more: object) -> str:
    said = {
        "transportDocumentReference": number,
        "utilizedTransportEquipments": [{"equipment": {"equipmentReference": box}}],
    }
    return json.dumps(said | more)


TWICE = document(OTHER, "BL2").replace("{", '{"isToOrder": true, "isToOrder": false, ', 1)
GATE = "UNB+UNOA:2+A+B+260304:0900+7'UNH+1+CODECO:D:95B:UN'BGM+36+1+9'EQD+CN+{box}'UNT+4+1'UNZ+1+7'"
ONE_GATE = GATE.format(box=BOX)


def gate(old: str = "", new: str = "") -> bytes:
    assert old in ONE_GATE
    return ONE_GATE.replace(old, new, 1).encode()


LAUGHS = "".join(
    f'<!ENTITY a{level} "' + f"&a{level - 1};" * 10 + '">' for level in range(1, 10)
)
LYING = '<dimension ref="A1:A2"/>'
HUGE = '<dimension ref="A1:XFD1048576"/>'

FILES = [
    Bad(what="an empty file", content=b"", refused="is empty"),
    Bad(
        what="a header and nothing else",
        content=HEADER.encode(),
        said=frozenset({"no_records"}),
        boxes=(),
    ),
    Bad(
        what="a header and blank lines",
        content=listed("\n\n,,,\n"),
        said=frozenset({"no_records"}),
        boxes=(),
    ),
    Bad(
        what="a list under the name of Parquet",
        content=LIST,
        name="voyage.parquet",
        said=frozenset({"wrong_suffix"}),
    ),
    Bad(
        what="a list under the name of a workbook",
        content=LIST,
        name="voyage.xlsx",
        said=frozenset({"wrong_suffix"}),
    ),
    Bad(what="a PDF under the name of a list", content=b"%PDF-1.7", refused="PDF"),
    Bad(
        what="a list cut in its last line",
        content=listed(LINE, f"{OTHER},BL2,app"),
        said=frozenset({"last_record_cut"}),
        boxes=(BOX, OTHER),
        unread=(OTHER,),
    ),
    Bad(
        what="a list cut within the last number, which nobody can see",
        content=listed(LINE, f"{OTHER},BL2,apples,2"),
        boxes=(BOX, OTHER),
    ),
    Bad(
        what="an interchange cut in the middle",
        content=gate()[:-16],
        said=frozenset({"envelope_not_closed", "message_cut"}),
    ),
    Bad(what="a name with a line break", content=LIST, name="voy\nage.csv"),
    Bad(
        what="a name with quotes and a semicolon",
        content=LIST,
        name="a'; drop table declared; --\".csv",
    ),
    Bad(what="a name with signs that move the cursor", content=LIST, name="a\x1b[2J\u202e.csv"),
    Bad(what="a name that is no text", content=LIST, name=os.fsdecode(b"voy\xffage.csv")),
]
PACKED = [
    Bad(
        what="a gzip archive that unpacks to gigabytes",
        content=lambda: gzip.compress(bytes(1 << 26)),
        refused="unpacks to more",
    ),
    Bad(
        what="a ZIP archive that unpacks to gigabytes",
        content=lambda: zipped({"a.csv": bytes(1 << 26)}),
        refused="unpacks to more",
    ),
    Bad(what="a gzip archive with a wrong sum", content=bad_sum, refused="damaged archive"),
    Bad(
        what="a gzip archive that is cut",
        content=gzip.compress(LIST)[:-4],
        refused="ends before its content",
    ),
    Bad(
        what="a gzip archive with something behind it",
        content=gzip.compress(LIST) + b"more",
        refused="something follows its end",
    ),
    Bad(
        what="a ZIP archive with 100,000 entries",
        content=many_entries,
        refused="holds 100000 files",
    ),
    Bad(
        what="a ZIP archive in a ZIP archive",
        content=zipped({"a.zip": zipped({"a.csv": LIST})}),
        refused="another archive",
    ),
    Bad(
        what="a gzip archive in a gzip archive",
        content=gzip.compress(gzip.compress(LIST)),
        refused="another archive",
    ),
    Bad(what="an encrypted ZIP archive", content=encrypted, refused="is encrypted"),
    Bad(
        what="a ZIP archive with nothing in it",
        content=zipped({}),
        refused="nothing in it|archive",
    ),
    Bad(
        what="a ZIP archive of an empty file",
        content=zipped({"a.csv": b""}),
        refused="a.csv in .* is empty",
    ),
    Bad(
        what="a ZIP archive that is cut",
        content=zipped({"a.csv": LIST})[:-30],
        refused="damaged",
    ),
    Bad(
        what="a ZIP archive whose member names another folder",
        content=zipped({"../../etc/voyage.csv": LIST}),
        name="day.zip",
    ),
]
LISTS = [
    Bad(
        what="a NUL in a text",
        content=listed(LINE, f"{OTHER},BL2,app\0les,1\n"),
        said=frozenset({"nul_bytes"}),
        boxes=(BOX, OTHER),
        unread=(OTHER,),
    ),
    Bad(
        what="one line in Latin letters of one byte among lines in UTF-8",
        content=listed(f"{BOX},BL1,café,1\n") + "MSCU6639870,BL2,thé,1\n".encode("latin-1"),
        said=frozenset({"encoding_mixed"}),
        boxes=(BOX, OTHER),
    ),
    Bad(what="UTF-16 with a mark", content=LIST.decode().encode("utf-16")),
    Bad(what="UTF-16 without a mark", content=LIST.decode().encode("utf-16-le")),
    Bad(what="UTF-8 with a mark", content=LIST.decode().encode("utf-8-sig")),
    Bad(what="lines that end in a carriage return alone", content=LIST.replace(b"\n", b"\r")),
    Bad(
        what="lines that end now in one way, now in another",
        content=listed(LINE.replace("\n", "\r\n"), NEXT),
        boxes=(BOX, OTHER),
    ),
    Bad(
        what="a quote that is never closed",
        content=listed(LINE, f'{OTHER},BL2,"apples,1\n', LINE.replace("BL1", "BL3")),
        said=frozenset({"unterminated_quote"}),
        boxes=(BOX, OTHER),
        unread=(OTHER,),
    ),
    Bad(what="an inch sign", content=listed(f'{BOX},BL1,pipes 12" steel,1\n')),
    Bad(
        what="a short line",
        content=listed(f"{BOX},BL1\n", NEXT),
        said=frozenset({"too_few_fields"}),
        boxes=(BOX, OTHER),
        unread=(BOX,),
    ),
    Bad(
        what="a long line",
        content=listed(f"{BOX},BL1,a,1,2\n"),
        said=frozenset({"too_many_fields"}),
        unread=(BOX,),
    ),
    Bad(
        what="a header that stands twice over columns that differ",
        content=f"container_number,gross_mass_kg,gross_mass_kg\n{BOX},1,2\n".encode(),
        refused="heads 2 columns",
    ),
    Bad(
        what="no column of boxes or bills",
        content=b"colour,size\nred,3\n",
        refused="'colour', 'size'",
    ),
    Bad(
        what="a column that nobody knows",
        content=f"container_number,bill_of_lading,colour\n{BOX},BL1,red\n".encode(),
        said=frozenset({"unmapped_columns"}),
    ),
    Bad(
        what="a field of a megabyte",
        content=listed(f"{BOX},BL1,{'x' * (1 << 20)},1\n", NEXT),
        said=frozenset({"field_too_long"}),
        boxes=(BOX, OTHER),
        unread=(BOX,),
    ),
    Bad(
        what="a line of twenty megabytes",
        content=lambda: listed(f"{BOX},BL1,{'x' * (20 << 20)},1\n"),
        refused="a line of more than",
    ),
    Bad(
        what="more lines than any list has",
        content=lambda: HEADER.encode() + b"\n" * 10_000_001,
        refused="more than 5000000 lines",
    ),
    Bad(
        what="lines that are none, without end",
        content=lambda: HEADER.encode() + b"x\n" * 100_001,
        refused="100000 lines of the list",
    ),
    Bad(what="blank lines between the others", content=listed("\n", LINE, " ,, ,\n", "\n")),
    Bad(
        what="a title above and a total below",
        content=listed(LINE, "TOTAL,,,21000\n", header="Manifest of the week\n" + HEADER),
        said=frozenset({"lines_above_header", "totals_line"}),
    ),
    Bad(
        what="semicolons and a decimal comma that may part thousands",
        content=f"container_number;bill_of_lading;gross_mass_kg\n{BOX};BL1;1,000\n".encode(),
        said=frozenset({"ambiguous_number"}),
    ),
    Bad(
        what="semicolons and a decimal comma",
        content=f"container_number;bill_of_lading;gross_mass_kg\n{BOX};BL1;1000,5\n".encode(),
    ),
    Bad(
        what="a line break in a quoted field", content=listed(f'{BOX},BL1,"ripe\nbananas",1\n')
    ),
    Bad(
        what="the header again in the middle",
        content=listed(LINE, HEADER, NEXT),
        said=frozenset({"header_repeated"}),
        boxes=(BOX, OTHER),
    ),
    Bad(
        what="the same container under two bills",
        content=listed(LINE, LINE.replace("BL1", "BL2").replace("bananas", "apples")),
    ),
    Bad(
        what="the same line twice",
        content=listed(LINE, LINE),
        said=frozenset({"line_repeated"}),
    ),
]
WORKBOOKS = [
    Bad(
        what="a cell in the far corner",
        content=sheet_of(ROW, change=lambda _, sheet: sheet.write(1_048_575, 16_383, "x")),
        refused="far outside",
    ),
    Bad(
        what="a sheet that says it is smaller than it is",
        content=rewritten(
            sheet_of(ROW, [OTHER, "BL2", 1]),
            SHEET,
            lambda text: re.sub(r"<dimension [^>]*/>", LYING, text),
        ),
        boxes=(BOX, OTHER),
    ),
    Bad(
        what="a sheet that says it is larger than it is",
        content=rewritten(
            sheet_of(ROW), SHEET, lambda text: re.sub(r"<dimension [^>]*/>", HUGE, text)
        ),
    ),
    Bad(
        what="a text of megabytes that many cells share",
        content=rewritten(
            sheet_of(*[ROW] * 300),
            TEXTS,
            lambda text: text.replace(">BL1<", f">{os.urandom(600_000).hex()}<"),
        ),
        refused="repeats its texts",
    ),
    Bad(
        what="a text that unpacks to far more than the workbook holds",
        content=rewritten(
            sheet_of(ROW), TEXTS, lambda text: text.replace(">BL1<", f">{'x' * (40 << 20)}<")
        ),
        refused="packed far too tightly",
    ),
    Bad(
        what="a comment of megabytes",
        content=rewritten(
            sheet_of(ROW),
            SHEET,
            lambda text: text.replace(
                "<sheetData>", f"<!--{os.urandom(3 << 20).hex()}--><sheetData>"
            ),
        ),
        refused="in one cell or between two",
    ),
    Bad(
        what="two sheets with something in them",
        content=sheet_of(
            ROW, change=lambda book, _: book.add_worksheet("notes").write(0, 0, "hello")
        ),
        refused="'list', 'notes'",
    ),
    Bad(
        what="a hidden sheet with something in it",
        content=sheet_of(
            ROW,
            change=lambda book, _: (
                (sheet := book.add_worksheet("notes")).write(0, 0, "x") or sheet.hide()
            ),
        ),
        refused="'list', 'notes'",
    ),
    Bad(
        what="a hidden row",
        content=sheet_of(
            ROW,
            [OTHER, "BL2", 1],
            change=lambda _, sheet: sheet.set_row(2, None, None, {"hidden": True}),
        ),
        said=frozenset({"hidden_rows"}),
        boxes=(BOX, OTHER),
    ),
    Bad(
        what="a cell that divides by zero",
        content=sheet_of(
            [BOX, "BL1"],
            change=lambda _, sheet: sheet.write_formula(1, 2, "=1/0", None, "#DIV/0!"),
        ),
        said=frozenset({"formula_error"}),
    ),
    Bad(
        what="a formula whose value was not kept",
        content=rewritten(
            sheet_of(
                [BOX, "BL1"], change=lambda _, sheet: sheet.write_formula(1, 2, "=1+1", None, 7)
            ),
            SHEET,
            lambda text: text.replace("<v>7</v>", ""),
        ),
        said=frozenset({"formula_error"}),
    ),
    Bad(
        what="a formula outside the list whose value was not kept",
        content=rewritten(
            sheet_of(ROW, change=lambda _, sheet: sheet.write_formula(9, 0, "=A2", None, 7)),
            SHEET,
            lambda text: text.replace("<v>7</v>", ""),
        ),
        said=frozenset({"formulas_unvalued"}),
    ),
    Bad(
        what="a day that is a number",
        content=sheet_of(
            ROW,
            change=lambda _, sheet: (
                sheet.write_row(0, 3, ["arrival_expected_on"]) or sheet.write(1, 3, 46085)
            ),
        ),
    ),
    Bad(
        what="a number of eighteen digits",
        content=sheet_of([BOX, 123456789012345678, 2200]),
        said=frozenset({"precision_lost"}),
    ),
    Bad(
        what="merged cells",
        content=sheet_of(
            [BOX], [OTHER], change=lambda _, sheet: sheet.merge_range(1, 1, 2, 1, "BL1")
        ),
        said=frozenset({"merged_cells"}),
        boxes=(BOX, OTHER),
    ),
    Bad(
        what="a workbook with macros, which are not run",
        content=sheet_of(ROW),
        name="voyage.xlsm",
    ),
    Bad(
        what="a binary workbook",
        content=zipped(
            {"[Content_Types].xml": b"<Types/>", "xl/workbook.bin": b"\x83\x01\x00"}
        ),
        name="voyage.xlsb",
        refused="not an Excel workbook|damaged workbook",
    ),
    Bad(
        what="a workbook that is cut", content=lambda: sheet_of(ROW)()[:2000], refused="damaged"
    ),
]
XML = [
    Bad(
        what="entities that multiply",
        content=xml(bill("&a9;"), before=f'<!DOCTYPE Awmds [<!ENTITY a0 "x">{LAUGHS}]>'),
        refused="definition",
    ),
    Bad(
        what="one entity written many times",
        content=xml(
            bill("&a;" * 9), before='<!DOCTYPE Awmds [<!ENTITY a "' + "x" * 9999 + '">]>'
        ),
        refused="definition",
    ),
    Bad(
        what="an entity that is another file",
        content=xml(
            bill("&a;"), before='<!DOCTYPE Awmds [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
        ),
        refused="definition",
    ),
    Bad(
        what="definitions on another machine",
        content=xml(bill(BOX), before='<!DOCTYPE Awmds SYSTEM "http://localhost:9/a.dtd">'),
        refused="definition",
    ),
    Bad(
        what="definitions in UTF-16",
        content=xml(bill(BOX), before="<!DOCTYPE Awmds>").decode().encode("utf-16"),
        refused="definition",
    ),
    Bad(
        what="200,000 elements in one another",
        content=xml("<a>" * 200_000),
        refused="not well-formed|nest|deep",
    ),
    Bad(
        what="XML cut off behind a box",
        content=xml(bill(BOX), bill(OTHER, "BL2"))[:-40],
        said=frozenset({"message_cut"}),
        boxes=(BOX, OTHER),
        unread=(OTHER,),
    ),
    Bad(what="XML of another trade", content=b"<Invoice/>", refused="root element <Invoice>"),
    Bad(
        what="XML of another version",
        content=b'<Declaration xmlns="urn:other"><Consignment/></Declaration>',
        refused="another namespace",
    ),
    Bad(
        what="a bill that is not well-formed",
        content=xml(bill(BOX), bill(OTHER, "B & 2")),
        said=frozenset({"xml_not_well_formed", "xml_bill_broken"}),
        boxes=(BOX, OTHER),
        unread=(OTHER,),
    ),
]
JSON = [
    Bad(
        what="a member that stands twice",
        content=f"[{document()}, {TWICE}]".encode(),
        said=frozenset({"json_member_twice"}),
        boxes=(BOX, OTHER),
        unread=(OTHER,),
    ),
    Bad(
        what="NaN",
        content=document(weight=float("nan")).encode(),
        said=frozenset({"json_no_number", "json_empty"}),
        unread=(BOX,),
    ),
    Bad(
        what="Infinity",
        content=document(weight=float("inf")).encode(),
        said=frozenset({"json_no_number", "json_empty"}),
        unread=(BOX,),
    ),
    Bad(
        what="half a character",
        content=document(isToOrder="\ud800").encode(),
        said=frozenset({"json_half_character", "json_empty"}),
        unread=(BOX,),
    ),
    Bad(
        what="brackets in brackets without end",
        content=b"[" * 200_000,
        refused="nests more than",
    ),
    Bad(
        what="a text without end",
        content=lambda: b'[{"transportDocumentReference": "' + b"x" * (17 << 20),
        refused="a text of more than 16 MB",
    ),
    Bad(
        what="an object with more members than any bill",
        content=lambda: (
            b"[{" + b",".join(b'"m%d":1' % number for number in range(300_002)) + b"}]"
        ),
        refused="more than 300000 values in one document",
    ),
    Bad(
        what="documents in an array",
        content=f"[{document()}, {document(OTHER, 'BL2')}]".encode(),
        boxes=(BOX, OTHER),
    ),
    Bad(
        what="documents one a line",
        content=f"{document()}\n{document(OTHER, 'BL2')}\n".encode(),
        boxes=(BOX, OTHER),
    ),
    Bad(
        what="documents in an object",
        content=f'{{"transportDocuments": [{document()}]}}'.encode(),
    ),
    Bad(what="JSON of another trade", content=b'{"invoice": 7}', refused="no bill of lading"),
    Bad(
        what="JSON cut off in its second document",
        content=f"[{document()}, {document(OTHER, 'BL2')[:-4]}".encode(),
        said=frozenset({"json_cut", "file_cut", "message_cut"}),
        boxes=(BOX, OTHER),
        unread=(OTHER,),
    ),
]
PARQUET = [
    Bad(
        what="two hundred million rows in a small file",
        content=rows_beyond_number,
        refused="promises 200000000 rows",
    ),
    Bad(
        what="one long text that many rows mean",
        content=parquet(
            lambda: pa.table({"container_number": ["x" * 200_000] * 1000}), compression="zstd"
        ),
        refused="packed far too tightly",
    ),
    Bad(
        what="columns of nothing by the thousand",
        content=parquet(
            lambda: pa.table({f"c{n}": pa.nulls(10_000, pa.string()) for n in range(500)}),
            compression="zstd",
        ),
        refused="packed far too tightly",
    ),
    Bad(
        what="two columns of one name",
        content=parquet(pa.table([["a"], ["b"]], names=["bill_of_lading"] * 2)),
        refused="more than one column",
    ),
    Bad(
        what="a column of bytes",
        content=parquet(pa.table({"container_number": [BOX.encode()]})),
        refused="no plain values",
    ),
    Bad(
        what="a column of lists",
        content=parquet(pa.table({"container_number": [[BOX]]})),
        refused="no plain values",
    ),
    Bad(what="a bit that was flipped on the way", content=flipped, refused="damaged Parquet"),
    Bad(
        what="a Parquet file that is cut",
        content=lambda: flipped()[:-100],
        refused="damaged Parquet",
    ),
]
EDIFACT = [
    Bad(what="no service string", content=gate(), name="gate.edi"),
    Bad(
        what="a service string that is wrong",
        content=b"UNA:*.? '" + gate(),
        said=frozenset({"service_string_wrong"}),
    ),
    Bad(
        what="a service string that is cut",
        content=b"UNA:+" + gate(),
        said=frozenset({"outside_message"}),
    ),
    Bad(
        what="a wrong count of segments",
        content=gate("UNT+4", "UNT+9"),
        said=frozenset({"control_count_differs", "control_count_wrong"}),
    ),
    Bad(
        what="a message that ends under another reference",
        content=gate("UNT+4+1", "UNT+4+2"),
        said=frozenset({"control_reference_differs", "control_count_wrong"}),
    ),
    Bad(
        what="a wrong count of messages",
        content=gate("UNZ+1", "UNZ+3"),
        said=frozenset({"control_count_differs", "control_count_wrong"}),
    ),
    Bad(
        what="an interchange that ends under another reference",
        content=gate("UNZ+1+7", "UNZ+1+8"),
        said=frozenset({"control_reference_differs", "control_count_wrong"}),
    ),
    Bad(
        what="a message that is never ended",
        content=gate("UNT+4+1'"),
        said=frozenset({"envelope_not_closed", "message_cut"}),
    ),
    Bad(
        what="messages in groups",
        content=gate("UNH", "UNG+CODECO+A+B+260304:0900+3+UN+D:95B'UNH").replace(
            b"UNZ", b"UNE+1+3'UNZ"
        ),
    ),
    Bad(
        what="two interchanges in one file",
        content=gate() + GATE.format(box=OTHER).encode(),
        boxes=(BOX, OTHER),
    ),
    Bad(
        what="a release character at the end of the file",
        content=gate("UNZ+1+7'", "UNZ+1+7?"),
        said=frozenset({"envelope_not_closed", "message_cut", "segment_cut"}),
    ),
    Bad(
        what="a box behind a terminator that is released",
        content=gate("'EQD", f"'EQD+CN+{OTHER}?'EQD"),
        said=frozenset({"segment_swallowed", "no_containers"}),
        boxes=(OTHER, BOX),
        unread=(OTHER, BOX),
    ),
    Bad(
        what="a character set that is not the one declared",
        content=gate("BGM+36+1", "BGM+36+Ñ1"),
        said=frozenset({"charset_differs"}),
    ),
    Bad(
        what="eight megabytes without the end of a segment",
        content=lambda: gate("EQD+CN", "EQD+" + "x" * (9 << 20)),
        refused="without the end of a segment",
    ),
    Bad(
        what="more interchanges than anybody joins",
        content=lambda: b"UNB+UNOA:1+A+B'" * 10_002,
        refused="more than 10000 interchanges",
    ),
    Bad(
        what="a message that nobody reads",
        content=gate("CODECO", "INVOIC"),
        refused="'INVOIC'",
    ),
]
ALL = [*FILES, *PACKED, *LISTS, *WORKBOOKS, *XML, *JSON, *PARQUET, *EDIFACT]


@pytest.mark.parametrize(
    "bad", [bad for bad in ALL if bad.refused is not None], ids=lambda bad: bad.what
)
def test_refused_in_a_sentence_with_a_remedy(bad: Bad, tmp_path: Path):
    with pytest.raises(ManifestError, match=bad.refused) as refusal:
        read_manifest(bad.written(tmp_path))
    assert refusal.value.sentence.endswith(".")
    assert refusal.value.remedy.endswith(".")
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 1000


@pytest.mark.parametrize(
    "bad", [bad for bad in ALL if bad.refused is None], ids=lambda bad: bad.what
)
def test_read_with_every_fault_named_and_no_container_lost(bad: Bad, tmp_path: Path):
    reading = read_manifest(bad.written(tmp_path))
    boxes = reading.manifest.containers
    assert {defect.code for defect in reading.defects} == bad.said
    assert set(boxes["container_number"].drop_nulls()) == set(bad.boxes)
    assert set(boxes.filter("is_unreadable")["container_number"].drop_nulls()) == set(
        bad.unread
    )
    for defect in reading.defects:
        for language in LANGUAGES:
            assert render(f"defect.{defect.code}", defect.params, language)
