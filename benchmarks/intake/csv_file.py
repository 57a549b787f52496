"""How long reading a large CSV manifest takes, beside DuckDB's bare typed read of the same file.

python benchmarks/intake/csv_file.py [ROWS] [ROUNDS]

DuckDB is told every column and its type, and parses the file into a table of its own. We are told nothing:
we decode, frame, recognise, type, join, hash and check. Each round is a process of its own, the three turns
one after the other, so that a noisy machine troubles all of them alike; the ratio is that of the medians. The
seconds of work, of all cores together, tell the cost where others keep the machine busy.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from riskengine.codes.containers import check_digit
from riskengine.manifest import read_manifest
from riskengine.manifest.csv_format import read_csv
from riskengine.manifest.plan import FileSettings

ROWS = 1_000_000
ROUNDS = 3
SEED = 20260308

TYPES = {
    "vessel_name": "VARCHAR",
    "voyage_number": "VARCHAR",
    "carrier_code": "VARCHAR",
    "arrival_expected_on": "DATE",
    "bill_of_lading": "VARCHAR",
    "presented_on": "DATE",
    "issued_on": "DATE",
    "port_of_loading": "VARCHAR",
    "port_of_discharge": "VARCHAR",
    "country_of_dispatch": "VARCHAR",
    "freight_payment": "VARCHAR",
    "shipper_name": "VARCHAR",
    "shipper_country": "VARCHAR",
    "consignee_name": "VARCHAR",
    "consignee_address": "VARCHAR",
    "container_number": "VARCHAR",
    "size_type": "VARCHAR",
    "is_full": "BOOLEAN",
    "tare_mass_kg": "DOUBLE",
    "seal_numbers": "VARCHAR",
    "goods_description": "VARCHAR",
    "hs_code": "VARCHAR",
    "package_count": "BIGINT",
    "gross_mass_kg": "DOUBLE",
    "declared_value_usd": "DOUBLE",
}
"""The columns of the file, and what DuckDB is told of them."""


def write_file(path: Path, rows: int) -> None:
    """Write a year of a port: two goods lines in every other box, 20,000 traders, 300 calls."""
    draw = np.random.default_rng(SEED)
    voyage = np.sort(draw.integers(0, max(1, rows // 3_300), rows))
    box = np.cumsum(draw.random(rows) < 0.67)
    bill = np.cumsum(draw.random(rows) < 0.5)
    voyage = voyage[np.searchsorted(bill, bill)]  # a bill is of one voyage
    ports = np.array(
        [
            "ECGYE",
            "COCTG",
            "PECLL",
            "BRSSZ",
            "CLVAP",
            "CNSHA",
            "SGSIN",
            "ITGOA",
            "ESALG",
            "MACAS",
        ]
    )
    goods = np.array(
        [
            f"{word} {form}{more}"
            for word in ("BANANAS", "FROZEN SHRIMP", "COFFEE BEANS", "TILES", "SCRAP", "TIMBER")
            for form in ("FRESH", "GRADE A", "IN BAGS", "ON PALLETS")
            for more in ("", ", 1080 BOXES", " 20 PALLETS", ", STC, FREIGHT PREPAID")
        ]
    )
    hs = np.array(["080390", "030617", "090111", "690721", "720449", "440710"])
    days = np.datetime64("2025-01-01") + voyage
    of_bill = bill % 20_011
    kind = draw.integers(0, len(goods), rows)
    port = of_bill % len(ports)
    numbers = _container_numbers(int(box[-1]) + 1)
    pl.DataFrame(
        {
            "vessel_name": _made("EXAMPLE VESSEL {}", voyage % 60),
            "voyage_number": _made("{}E", 100 + voyage),
            "carrier_code": np.array(["XOCN", "XEXA", "XSAM"])[voyage % 3],
            "arrival_expected_on": days,
            "bill_of_lading": _made("XOCNGYE{}", 10_000_000 + bill),
            "presented_on": days - 2,
            "issued_on": days - 10 - bill % 9,
            "port_of_loading": ports[port],
            "port_of_discharge": np.full(rows, "BEANR"),
            "country_of_dispatch": [text[:2] for text in ports[port].tolist()],
            "freight_payment": np.array(["prepaid", "collect"])[bill % 2],
            "shipper_name": _made("Agroexport {} S.A.", of_bill),
            "shipper_country": [text[:2] for text in ports[port].tolist()],
            "consignee_name": _made("Scheldt Trading {} NV", bill % 15_013),
            "consignee_address": _made("Kaai {}, Antwerpen", bill % 15_013),
            "container_number": numbers.gather(box),
            "size_type": np.array(["45R1", "22G1", "45G1"])[box % 3],
            "is_full": np.full(rows, "true"),
            "tare_mass_kg": np.array([4650, 2280, 3900])[box % 3],
            "seal_numbers": _made("XO{}", 400_000 + box),
            "goods_description": goods[kind],
            "hs_code": hs[kind // 16],
            "package_count": draw.integers(1, 2000, rows),
            "gross_mass_kg": np.round(draw.uniform(500, 26_000, rows), 1),
            "declared_value_usd": np.round(draw.uniform(1000, 90_000, rows), 2),
        }
    ).select(TYPES.keys()).write_csv(path)


def _made(form: str, numbers: np.ndarray) -> pl.Series:
    return pl.select(pl.format(form, pl.Series(numbers))).to_series()


def _container_numbers(count: int) -> pl.Series:
    stems = [f"CSQU{serial % 1_000_000:06d}" for serial in range(count)]
    return pl.Series([f"{stem}{check_digit(stem)}" for stem in stems])


def by_duckdb(path: Path) -> int:
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE manifest AS SELECT * FROM read_csv(?, header=true, delim=',', columns=?)",
            [str(path), TYPES],
        )
        [[count]] = connection.execute("SELECT count(*) FROM manifest").fetchall()
    return count


def by_us(path: Path) -> int:
    return read_manifest(path).manifest.goods_items.height


def framed_by_us(path: Path) -> int:
    return read_csv(path.read_bytes(), file=path.name, settings=FileSettings()).frame.height


TURNS = {
    "DuckDB read_csv, typed": by_duckdb,
    "read_manifest, whole": by_us,
    "framing alone": framed_by_us,
}


def one_turn(name: str, path: Path) -> None:
    """Read once to warm what every process warms once (imports, tables), then measure."""
    small = path.with_name("small.csv")
    TURNS[name](small)
    begun, worked = time.perf_counter(), time.process_time()
    count = TURNS[name](path)
    seconds, work = time.perf_counter() - begun, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "work": work, "count": count, "peak": peak}))


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    with tempfile.TemporaryDirectory() as made:
        path = Path(made) / "manifest.csv"
        write_file(path, rows)
        write_file(path.with_name("small.csv"), 1000)
        size = path.stat().st_size
        print(f"{rows} rows, {len(TYPES)} columns, {size / 1e6:.0f} MB")
        found: dict[str, list[dict[str, float]]] = {name: [] for name in TURNS}
        for _ in range(rounds):
            for name in TURNS:
                done = subprocess.run(
                    [sys.executable, __file__, "--turn", name, str(path)],
                    capture_output=True,
                    text=True,
                    check=True,
                )
                found[name].append(json.loads(done.stdout))
        duckdb_turns = found["DuckDB read_csv, typed"]
        bare = statistics.median(turn["seconds"] for turn in duckdb_turns)
        bare_work = statistics.median(turn["work"] for turn in duckdb_turns)
        for name, turns in found.items():
            seconds = statistics.median(turn["seconds"] for turn in turns)
            spread = (
                f"{min(t['seconds'] for t in turns):.2f}-{max(t['seconds'] for t in turns):.2f}"
            )
            work = statistics.median(turn["work"] for turn in turns)
            peak = max(turn["peak"] for turn in turns)
            print(
                f"{name:24} {seconds:6.2f} s ({spread})  {seconds / bare:5.2f} x DuckDB"
                f"  of both cores {work:5.2f} s = {work / bare_work:4.2f} x"
                f"  peak {peak / 1e9:.2f} GB = {peak / size:.1f} x the file"
            )
            assert all(turn["count"] == rows for turn in turns)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--turn"]:
        one_turn(sys.argv[2], Path(sys.argv[3]))
    else:
        main()
