"""How long a large day takes: 25,000 container rows scored with every reason, as a user would.

python benchmarks/scoring/run.py [ROWS]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 25_000


def main() -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        _run(
            "simulate",
            str(folder / "world"),
            "--months",
            "1",
            "--containers",
            str(ROWS),
            "--seed",
            "11",
        )
        _run("init", str(folder / "unit"))
        manifests = sorted((folder / "world" / "manifests").glob("*.csv"))
        frames = [pl.read_csv(path, infer_schema=False) for path in manifests]
        everything = pl.concat(frames, how="diagonal").head(ROWS)
        everything.write_csv(folder / "day.csv")
        unit = ["-w", str(folder / "unit")]
        timings = {}
        for name, extra in (
            ("score, table", ["--dry-run"]),
            ("score --json, five reasons each", ["--dry-run", "--json"]),
            ("score --json --all-reasons, recorded", ["--json", "--all-reasons"]),
        ):
            begun = time.perf_counter()
            out = _run("score", str(folder / "day.csv"), *extra, *unit)
            timings[name] = time.perf_counter() - begun
        lines = out.splitlines()
        reasons = sum(len(json.loads(line)["reasons"]) for line in lines)
        print(
            f"{everything.height} rows, {len(lines)} containers, {reasons} reasons, whole cold processes"
        )
        for name, seconds in timings.items():
            print(f"{name:40} {seconds:6.1f} s   {everything.height / seconds:8.0f} rows/s")


def _run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "riskengine", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)}\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
