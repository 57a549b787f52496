"""Damaged manifests of every format: only refusals may come out, and no container may be lost.

python benchmarks/intake/fuzz.py [SECONDS] [SEED] [NAME]

Begins with each ``sample_manifests/voyage.*``, or those with NAME in theirs, damages its bytes (flipped, cut,
doubled, left out, put in, swapped), and reads it. Whatever is read must hold what an intake promises: its frames are
canonical, its records add up, its defects can be told in four languages, and every well-formed container number that
stands in a place for one is a container or in a defect. Prints for each format how many files were read, refused, and
broke a promise, and the slowest one by the time of the processor.
"""

from __future__ import annotations

import csv
import io
import random
import re
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from riskengine.domain import DefectEffect
from riskengine.errors import ManifestError
from riskengine.manifest import read_manifests
from riskengine.manifest.schema import SCHEMAS
from riskengine.messages import LANGUAGES, render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskengine.manifest import Reading

SAMPLES = Path(__file__).parents[2] / "sample_manifests"
BINARY = {".xlsx", ".xls", ".ods", ".parquet"}
KINDS = ("flip", "cut", "double", "omit", "insert", "swap", "behead", "replace")
PIECES = {
    ".edi": [b"'", b"+", b":", b"?", b"?'", b"??", b"'EQD+CN+CSQU3054383'", b"UNT+1+1'", b"UNZ+1+1'", b"UNH+1+", b"\r\n"],
    ".x12": [b"~", b"*", b">", b"~VID*CN*CSQU*3054383~", b"SE*1*0001~", b"ST*309*0001~", b"\n"],
    ".xml": [b"<", b">", b"</", b"/>", b"&", b"&#0;", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?x", b"?>", b"</Bol_segment>",
             b"<Bol_segment>", b"</Consignment>", b"<!DOCTYPE a>", b'"', b"'"],
    ".json": [b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\", b"\\ud800", b"NaN", b"1e999", b"null", b"//", b"}\n{", b"[[[["],
    ".csv": [b",", b'"', b'""', b"\n", b"\r", b";", b'"\n"', b",,,,", b"container_number", b"TOTAL,", b"\n\n"],
}  # fmt: skip
ANYWHERE = [
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b" ",
    b"A",
    b"9",
    b"\x1b[2J",
    "ß€".encode(),
    b"\x80" * 5,
]
NUMBER = rb"([A-Z]{3}[UJZ]\d{7})"
PLACES = {
    "edi": re.compile(rb"(?:EQD\+CN\+|SGP\+)" + NUMBER + rb"(?=[+:'])"),
    "x12": re.compile(rb"VID\*\w{0,2}\*([A-Z]{3}[UJZ]\*\d{7})(?=[*~])"),
    "awmds": re.compile(rb"<Ctn_reference>" + NUMBER + rb"</Ctn_reference>"),
    "wco": re.compile(rb"<TransportEquipment><ID>" + NUMBER + rb"</ID>"),
    "json": re.compile(rb'"equipmentReference": "' + NUMBER + rb'"'),
}
NO_TEXT = re.compile(rb"<!--.*?(?:-->|$)|<\?.*?(?:\?>|$)|<!\[CDATA\[.*?(?:\]\]>|$)", re.DOTALL)
SLOW_SECONDS = 3.0


@dataclass(frozen=True)
class Edit:
    """One damage: what is done, where (as a share of the file), to how many bytes, and with what."""

    kind: str
    at: float
    length: int
    piece: int
    other: float = 0.0


def struck(data: bytes, edits: list[Edit], suffix: str) -> bytes:
    """Return a file after some damages."""
    pieces = [*PIECES.get(suffix, []), *ANYWHERE]
    whole = bytearray(data)
    for edit in edits:
        at = int(edit.at * len(whole))
        end = min(at + edit.length, len(whole))
        to = int(edit.other * len(whole))
        piece = pieces[edit.piece % len(pieces)]
        if edit.kind == "flip" and whole:
            whole[min(at, len(whole) - 1)] ^= 1 << (edit.piece % 8)
        elif edit.kind == "cut":
            del whole[max(at, 1) :]
        elif edit.kind == "behead":
            del whole[: at // 4]
        elif edit.kind == "double":
            whole[at:at] = whole[at:end]
        elif edit.kind == "omit":
            del whole[at:end]
        elif edit.kind == "insert":
            whole[at:at] = piece
        elif edit.kind == "replace":
            whole[at : at + len(piece)] = piece
        elif edit.kind == "swap":
            block = whole[at:end]
            del whole[at:end]
            whole[to:to] = block
    return bytes(whole)


def damaged(sample: Path, edits: list[Edit]) -> bytes:
    """Return a sample after some damages; of a workbook that is an archive, mostly damages of one of its parts."""
    data = sample.read_bytes()
    if sample.suffix not in {".xlsx", ".ods"} or not edits or edits[0].piece % 4 == 0:
        return struck(data, edits, sample.suffix)
    whole = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(whole, "w") as new:
        entries = old.infolist()
        parts = [entry for entry in entries if entry.filename.endswith(".xml")]
        chosen = parts[edits[0].piece % len(parts)]
        for entry in entries:
            content = old.read(entry)
            new.writestr(entry, struck(content, edits, ".xml") if entry == chosen else content)
    return whole.getvalue()


def drawn(draw: random.Random) -> list[Edit]:
    """Return some damages, the same ones for the same generator."""
    kinds = [kind for kind in KINDS if kind not in {"cut", "behead"} or draw.random() < 0.3]
    return [
        Edit(
            kind=draw.choice(kinds),
            at=draw.random(),
            length=draw.choice((1, 1, 2, 5, 20, 100, 1000)),
            piece=draw.randrange(1000),
            other=draw.random(),
        )
        for _ in range(draw.choice((1, 1, 1, 2, 3, 8)))
    ]


def named_in(data: bytes, sample: Path) -> set[str]:
    """Return the container numbers that stand in the places of a damaged file that are meant for them."""
    suffix = sample.suffix
    if suffix in BINARY:
        return set()
    if suffix == ".csv":
        return set(_of_list(data, sample.read_bytes()))
    if suffix == ".edi" and not data.startswith((b"UNA:+.? '", b"UNB+")):
        return set()  # with other signs these are other texts
    if suffix == ".x12" and data[:106] != sample.read_bytes()[:106]:
        return set()
    if suffix == ".xml":
        data = NO_TEXT.sub(b"", data)
    kind = "wco" if ".wco" in sample.name else "awmds" if suffix == ".xml" else suffix[1:]
    return {found.replace(b"*", b"").decode() for found in PLACES[kind].findall(data)}


def _of_list(data: bytes, sample: bytes) -> Iterator[str]:
    """Yield the numbers of lines that are plainly whole: under the header as it was, with as many fields."""
    header = sample.split(b"\n", 1)[0]
    if not data.startswith(header + b"\n") or b"\0" in data:
        return
    names = next(csv.reader([header.decode()]))
    place = names.index("container_number")
    for line in data.split(b"\n")[1:]:
        try:
            fields = next(csv.reader([line.decode()], strict=True), [])
        except (csv.Error, UnicodeDecodeError):
            continue
        if len(fields) == len(names) and re.fullmatch(NUMBER, fields[place].encode()):
            yield fields[place]


def broken_promises(readings: tuple[Reading, ...], named: set[str]) -> Iterator[str]:
    """Yield what an intake promises and these readings do not keep."""
    found: set[str] = set()
    said = ""
    for reading in readings:
        yield from _not_adding_up(reading)
        for defect in reading.defects:
            said += f" {defect.raw or ''} {defect.container_number or ''}"
        found |= set(reading.manifest.containers["container_number"].drop_nulls())
    lost = sorted(number for number in named - found if number not in said)
    if lost:
        yield f"lost: {', '.join(lost)}"


def _not_adding_up(reading: Reading) -> Iterator[str]:
    manifest, source = reading.manifest, reading.manifest.source
    for name, schema in SCHEMAS.items():
        if dict(getattr(manifest, name).schema) != dict(schema):
            yield f"the frame {name} is not canonical"
    broken = [d for d in reading.defects if d.effect is DefectEffect.RECORD]
    more = [d for d in reading.defects if d.code == "more_defects"]
    read = set(manifest.goods_items["record_number"])
    numbers = {d.record_number for d in broken if d.code != "more_defects"}
    if numbers & read:
        yield "a record is both read and unread"
    if not more and source.record_count != len(read) + len(numbers) + source.blank_count:
        yield f"{source.record_count} records are {len(read)} + {len(numbers)} + {source.blank_count}"
    if not set(manifest.received["container_id"].drop_nulls()) <= set(
        manifest.containers["container_id"]
    ):
        yield "a record belongs to no container"
    for defect in reading.defects:
        for language in LANGUAGES:
            if not render(f"defect.{defect.code}", defect.params, language):
                yield f"{defect.code} has no text"


def attempted(data: bytes, sample: Path, folder: Path) -> tuple[str, list[str]]:
    """Read one damaged file; return what came of it, and every promise that was broken."""
    path = folder / sample.name
    path.write_bytes(data)
    try:
        readings = read_manifests(path)
    except ManifestError as refusal:
        said = str(refusal)
        is_ours = " were lost" in said or "records, but" in said
        return "refused", [f"a law of our own: {said}"] if is_ours or not refusal.remedy else []
    except Exception as error:  # noqa: BLE001 - whatever escapes is what is looked for
        last = traceback.extract_tb(error.__traceback__)[-1]
        return "escaped", [
            f"{type(error).__name__} in {last.name}:{last.lineno}: {error}"[:300]
        ]
    return "read", list(broken_promises(readings, named_in(data, sample)))


@dataclass
class Tally:
    """What came of the attempts of one format."""

    outcomes: Counter[str] = field(default_factory=Counter)
    broken: dict[str, bytes] = field(default_factory=dict)
    worst: float = 0.0
    slow: bytes = b""


def main() -> int:
    """Damage and read files until the time is over; 1 where a promise was broken."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    draw = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)  # noqa: S311 - nothing secret is drawn
    wanted = sys.argv[3] if len(sys.argv) > 3 else ""
    samples = [sample for sample in sorted(SAMPLES.glob("voyage.*")) if wanted in sample.name]
    texts = [sample for sample in samples if sample.suffix not in BINARY]
    tallies = {sample.name: Tally() for sample in samples}
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            # A workbook takes a process of its own each time: texts have more turns.
            for sample in [*samples, *texts, *texts, *texts]:
                tally = tallies[sample.name]
                data = damaged(sample, drawn(draw))
                begun = time.process_time()
                outcome, broken = attempted(data, sample, Path(folder))
                took = time.process_time() - begun
                tally.outcomes[outcome] += 1
                for what in broken:
                    tally.outcomes["broken"] += 1
                    tally.broken.setdefault(re.sub(r"\d+", "N", what)[:60], data)
                    print(f"{sample.name}: {what}", file=sys.stderr, flush=True)
                if took > tally.worst:
                    tally.worst, tally.slow = took, data
    return _told(tallies)


def _told(tallies: dict[str, Tally]) -> int:
    print(
        f"{'format':26}{'files':>7}{'read':>7}{'refused':>9}{'escaped':>9}{'broken':>8}{'slowest s':>11}"
    )
    is_broken = False
    for name, tally in tallies.items():
        counts = tally.outcomes
        files = counts["read"] + counts["refused"] + counts["escaped"]
        print(
            f"{name:26}{files:7}{counts['read']:7}{counts['refused']:9}{counts['escaped']:9}"
            f"{counts['broken']:8}{tally.worst:11.2f}"
        )
        kept = list(tally.broken.values()) + (
            [tally.slow] if tally.worst > SLOW_SECONDS else []
        )
        for number, data in enumerate(kept):
            path = Path(tempfile.gettempdir()) / f"fuzzed-{number}-{name}"
            path.write_bytes(data)
            print(f"  kept: {path}")
        is_broken |= bool(tally.broken)
    return int(is_broken)


if __name__ == "__main__":
    sys.exit(main())
