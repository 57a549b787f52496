"""Files made to fill the memory end in one sentence, soon, and with little more memory than the engine itself takes.

Each file is read in a process forked from one that has imported every reader and read nothing, so that its peak is
its own. The pages of the libraries that it touches for the first time are counted too: it is a little less than told.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

MB = 1 << 20
MOST_MEGABYTES = 200
MOST_SECONDS = 10  # of the processor; each takes less than one
EDIFACT = b"UNB+UNOA:1+A+B+260101:0100+1'UNH+1+CUSCAR:D:95B:UN'"
BILL = b"<Bol_segment><Bol_id><Bol_reference>%s</Bol_reference></Bol_id></Bol_segment>"
LAUGHS = b"".join(
    b'<!ENTITY a%d "%s">' % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 10)
)
CHILD = """
import json, os, resource, sys, time
from importlib import import_module
from pathlib import Path

from riskengine.errors import ManifestError
from riskengine.manifest import read_manifests
from riskengine.manifest.formats import _READERS

def peak(who=resource.RUSAGE_SELF):
    return resource.getrusage(who).ru_maxrss >> 10

for module, _ in _READERS.values():
    import_module(f"riskengine.manifest.{module}")
for name in sys.argv[1:]:
    sys.stdout.flush()
    if os.fork() == 0:
        bare, said = peak(), {"file": Path(name).name}
        try:
            readings = read_manifests(Path(name))
            said["codes"] = sorted({defect.code for one in readings for defect in one.defects})
        except ManifestError as refusal:
            said["refused"] = str(refusal)
        finally:
            said["grown"] = peak() - bare
            said["child"] = peak(resource.RUSAGE_CHILDREN)
            said["seconds"] = time.process_time()
            print(json.dumps(said), flush=True)
            os._exit(0)
    os.wait()
"""


def gzipped(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    chunk = bytes(MB)
    return b"".join(packer.compress(chunk) for _ in range(size // MB)) + packer.flush()


def zipped(members: dict[str, Iterable[bytes]]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in members.items():
            with archive.open(name, "w") as member:
                for chunk in content:
                    member.write(chunk)
    return whole.getvalue()


def workbook(part: str, change: Callable[[str], str]) -> bytes:
    """A workbook of 3,000 lines with another content of one part."""
    whole, made = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(whole) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["container_number", "bill_of_lading"])
        for row in range(1, 3000):
            sheet.write_row(row, 0, [f"CSQU{row:07d}", "BL1"])
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry).decode()
            new.writestr(entry, change(content) if entry.filename == part else content)
    return made.getvalue()


def opendocument(row: str) -> bytes:
    """A sheet in which one row stands again and again."""
    sample = Path(__file__).parents[2] / "sample_manifests" / "voyage.ods"
    whole = io.BytesIO()
    with (
        zipfile.ZipFile(sample) as old,
        zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            content = old.read(entry).decode()
            if entry.filename == "content.xml":
                content = re.sub("</table:table>", f"{row}</table:table>", content, count=1)
            new.writestr(entry, content)
    return whole.getvalue()


def parquet(tables: Iterable[pa.Table]) -> bytes:
    whole, writer = io.BytesIO(), None
    for table in tables:
        writer = writer or pq.ParquetWriter(whole, table.schema, compression="zstd")
        writer.write_table(table)
    assert writer is not None
    writer.close()
    return whole.getvalue()


SHEET, TEXTS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
NOTHING = pa.table({"container_number": pa.nulls(5_000_000, pa.string())})
CELL = (
    '<table:table-cell table:number-columns-repeated="16000" office:value-type="string">'
    "<text:p>x</text:p></table:table-cell>"
)
ATTACKS: dict[str, tuple[Callable[[], bytes], str]] = {
    "zeros.gz": (lambda: gzipped(128 * MB), "unpacks to more"),
    "zeros.zip": (lambda: zipped({"a.csv": (bytes(MB) for _ in range(128))}), "unpacks to more"),
    "laughs.xml": (
        lambda: b'<!DOCTYPE Awmds [<!ENTITY a0 "x">' + LAUGHS + b"]><Awmds>&a9;</Awmds>",
        "type definition",
    ),
    "quadratic.xml": (
        lambda: b'<!DOCTYPE Awmds [<!ENTITY a "' + b"x" * MB + b'">]><Awmds>' + b"&a;" * MB + b"</Awmds>",
        "type definition",
    ),
    "text.xml": (lambda: b"<Awmds>" + BILL % (b"x" * 50 * MB) + b"</Awmds>", "in one bill"),
    "attribute.xml": (lambda: b"<Awmds a='" + b"x" * 50 * MB + b"'/>", "in one bill"),
    "comment.xml": (lambda: b"<Awmds><!--" + b"x" * 50 * MB, "in one bill"),
    "elements.xml": (lambda: b"<Awmds>" + b"<a>" * 6 * MB, "elements in one bill"),
    "brackets.json": (lambda: b"[" * 50 * MB, "more than 4000000 values"),
    "nested.json": (lambda: b'{"a":' * 3_000_000, "nests more than 64"),
    "unterminated.json": (lambda: b'[{"a":"' + b"x" * 50 * MB, "a text of more than"),
    "escaped.json": (lambda: b'[{"a":"' + b"\\u0041" * 8 * MB, "a text of more than"),
    "quotes.json": (lambda: b"[{" + b'"' * 50 * MB, "quotes"),
    "digits.json": (lambda: b'[{"a":' + b"1" * 50 * MB + b"}]", "a text of more than"),
    "members.json": (
        lambda: b"{" + b",".join(b'"m%d":1' % number for number in range(2_000_000)) + b"}",
        "more than 10000 members",
    ),
    "inner.json": (
        lambda: b"[{" + b",".join(b'"m%d":1' % number for number in range(2_000_000)) + b"}]",
        "values in one document",
    ),
    "numbers.json": (lambda: b'[{"a":[' + b"1," * 3_900_000 + b"1]}]", "values in one document"),
    "unterminated.edi": (lambda: EDIFACT + b"EQD+CN+" + b"x" * 50 * MB, "the end of a segment"),
    "released.edi": (lambda: EDIFACT + b"EQD+CN+" + b"?" * 50 * MB, "the end of a segment"),
    "lines.edi": (lambda: EDIFACT + b"\n" * 50 * MB, "the end of a segment"),
    "segments.edi": (lambda: EDIFACT + b"'" * 50 * MB, "segments"),
    "headers.edi": (lambda: b"UNB+UNOA:1+A+B'" * 3 * MB, "interchanges"),
    "unterminated.x12": (
        lambda: b"ISA*00*          *00*          *ZZ*A              *ZZ*B              *260101*0100"
        b"*U*00401*000000001*0*P*>~" + b"x" * 50 * MB,
        "the end of a segment",
    ),
    "blank.csv": (lambda: b"container_number\n" + b"\n" * 50 * MB, "5000000 lines"),
    "bytes.csv": (lambda: b"container_number\n" + b"\xff\n" * 25 * MB, "5000000 lines"),
    "line.csv": (lambda: b"container_number\n" + b"x" * 50 * MB, "a line of more than"),
    "headers.csv": (lambda: b"container_number" + b"," * 15 * MB, "headers"),
    "shared.xlsx": (
        lambda: workbook(TEXTS, lambda text: text.replace(">BL1<", f">{'x' * 400_000}<")),
        "repeats its texts",
    ),
    "comment.xlsx": (
        lambda: workbook(SHEET, lambda text: text.replace("<sheetData>", f"<!--{'x' * 9 * MB}--><sheetData>")),
        "packed far too tightly|in one cell",
    ),
    "corner.xlsx": (
        lambda: workbook(SHEET, lambda text: text.replace('r="A3000"', 'r="XFD1048576"')),
        "far outside",
    ),
    "rows.ods": (
        lambda: opendocument(f'<table:table-row table:number-rows-repeated="999999">{CELL}</table:table-row>'),
        "unpacks to far more",
    ),
    "rows.parquet": (lambda: parquet([NOTHING] * 40), "promises 200000000 rows"),
    "cells.parquet": (
        lambda: parquet([pa.table({"container_number": ["x" * 50 * MB] * 10})]),
        "packed far too tightly",
    ),
    "columns.parquet": (
        lambda: parquet([pa.table({f"c{place}": NOTHING.column(0)[:200_000] for place in range(60)})]),
        "packed far too tightly",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory) -> dict[str, dict[str, object]]:
    """What became of every attack, each in a process of its own."""
    folder = tmp_path_factory.mktemp("attacks")
    found: dict[str, dict[str, object]] = {}
    names = list(ATTACKS)
    for start in range(0, len(names), 12):  # a few at a time: together they fill a disk
        paths = [folder / name for name in names[start : start + 12]]
        for path in paths:
            path.write_bytes(ATTACKS[path.name][0]())
        answered = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", CHILD, *map(str, paths)],
            capture_output=True,
            check=True,
        )
        said = [json.loads(line) for line in answered.stdout.splitlines()]
        found |= {str(one["file"]): one for one in said}
        for path in paths:
            path.unlink()
    return found


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_on_the_memory_ends_in_a_sentence(name: str, outcomes):
    said = outcomes[name]
    assert re.search(ATTACKS[name][1], str(said.get("refused"))), said
    assert said["grown"] < MOST_MEGABYTES
    assert said["child"] < MOST_MEGABYTES
    assert said["seconds"] < MOST_SECONDS
