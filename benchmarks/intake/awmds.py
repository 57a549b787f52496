"""How long an ASYCUDA World manifest of 5,000 bills takes to read, beside walking through the same XML only.

Run from the top folder: ``python benchmarks/intake/awmds.py``. The bills are those of the sample voyage, many
times over, with other numbers. Printed is the best of five, in seconds.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from lxml import etree

from riskengine.manifest import read_manifest
from riskengine.manifest.write import flat_list
from riskengine.manifest.write_awmds import awmds_document

if TYPE_CHECKING:
    from collections.abc import Callable

BILLS = 5_000
LIMIT_SECONDS = 3.0
SAMPLE = Path(__file__).parents[2] / "sample_manifests" / "voyage.csv"


def document(folder: Path, bills: int) -> bytes:
    """Return a manifest of so many bills, each with its own container."""
    lines = flat_list(read_manifest(SAMPLE).manifest)
    lines = lines.unique("bill_of_lading", maintain_order=True)
    copies = -(-bills // lines.height)
    many = pl.concat([lines] * copies).head(bills).with_row_index("place")
    number = pl.col("place").cast(pl.String)
    many = many.with_columns(
        bill_of_lading="XB" + number.str.zfill(8),
        container_number="XOCU" + number.str.zfill(7),
        master_bill_of_lading=pl.lit(None, pl.String),
    ).drop("place")
    path = folder / "many.parquet"
    many.write_parquet(path)
    return awmds_document(read_manifest(path).manifest)


def best_of_five(work: Callable[[], object]) -> float:
    """Return the shortest of five runs, in seconds."""
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def walked(data: bytes) -> int:
    """Go through the document with lxml, and look at every text."""
    count = 0
    for _, element in etree.iterparse(io.BytesIO(data), events=("end",)):
        count += bool(element.text)
        if element.tag == "Bol_segment":
            element.clear()
    return count


def main() -> int:
    """Measure, print, and tell by the exit code whether the limit holds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.xml"
        path.write_bytes(document(Path(folder), BILLS))
        data = path.read_bytes()
        reading = read_manifest(path)
        assert reading.manifest.consignments.height == BILLS
        read, walk = (
            best_of_five(lambda: read_manifest(path)),
            best_of_five(lambda: walked(data)),
        )
    print(f"{BILLS:,} bills, {len(data) / 1e6:.1f} MB")
    print(f"read_manifest        {read:6.2f} s   (limit {LIMIT_SECONDS} s)")
    print(f"lxml iterparse alone {walk:6.2f} s")
    print(f"ratio                {read / walk:6.2f}")
    return int(read > LIMIT_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
