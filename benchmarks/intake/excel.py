"""How long reading a large workbook takes, beside a bare read of the same sheet to texts by calamine.

python benchmarks/intake/excel.py [ROWS] [ROUNDS]

Calamine is given the sheet and asked for texts. We survey the archive, open it in a child process within limits, hand the
cells over, keep numbers as numbers, recognise, type, join, hash and check. The turns follow one another in each round;
the ratio is that of the medians.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import fastexcel
import polars as pl

from riskengine.manifest import read_manifest
from riskengine.manifest.plan import FileSettings
from riskengine.manifest.write import flat_list, write_list
from riskengine.manifest.xlsx_format import read_xlsx

ROWS = 50_000
ROUNDS = 3
SAMPLE = Path(__file__).parents[2] / "sample_manifests" / "voyage.csv"


def make(folder: Path, rows: int) -> Path:
    """Write the sample voyage again and again, each time under other bills, with every column it fills."""
    sample = flat_list(read_manifest(SAMPLE).manifest)
    times = -(-rows // sample.height)
    lines = pl.concat([sample] * times).head(rows)
    place = (pl.int_range(rows) // sample.height).cast(pl.String)
    path = folder / "large.xlsx"
    write_list(lines.with_columns(pl.col("bill_of_lading") + "-" + place), path)
    return path


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        path = make(Path(folder), rows)
        data = path.read_bytes()
        seconds: dict[str, list[float]] = {"calamine": [], "framing": [], "read_manifest": []}
        for _ in range(rounds):
            began = time.perf_counter()
            sheet = fastexcel.read_excel(data).load_sheet(0, header_row=None, dtypes="string")
            texts = sheet.to_polars()
            seconds["calamine"].append(time.perf_counter() - began)
            began = time.perf_counter()
            framed = read_xlsx(data, file=path.name, settings=FileSettings())
            seconds["framing"].append(time.perf_counter() - began)
            began = time.perf_counter()
            reading = read_manifest(path)
            seconds["read_manifest"].append(time.perf_counter() - began)
            assert framed.record_count == reading.manifest.goods_items.height == rows
        print(f"{rows} rows, {texts.width} columns, {len(data) / 1e6:.1f} MB, {rounds} rounds")
        bare = statistics.median(seconds["calamine"])
        for name, took in seconds.items():
            middle = statistics.median(took)
            print(f"{name:14} {middle:6.2f} s  {middle / bare:5.2f} x calamine")


if __name__ == "__main__":
    main()
