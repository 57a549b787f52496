"""The wheel alone, in a clean environment, on the lowest versions that its metadata promises.

    python benchmarks/smoke/run.py

Builds the wheel, installs it with the hash-locked lowest versions, and runs `--help`, `demo`, `init`, `score` and `explain` from an
empty folder: what an officer's laptop does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]


def main() -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        _run(
            sys.executable,
            "-m",
            "hatchling",
            "build",
            "-t",
            "wheel",
            "-d",
            str(folder / "dist"),
            at=ROOT,
        )
        (wheel,) = (folder / "dist").glob("*.whl")
        venv.create(folder / "env", with_pip=True)
        python = folder / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
        lowest = ROOT / "requirements-lowest.txt"
        _run(
            str(python),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--require-hashes",
            "-r",
            str(lowest),
            at=folder,
        )
        _run(str(python), "-m", "pip", "install", "--quiet", "--no-deps", str(wheel), at=folder)
        engine = (str(python), "-m", "riskengine")
        _run(*engine, "--help", at=folder)
        _run(*engine, "demo", at=folder)
        _run(*engine, "init", "unit", at=folder)
        where = _run(
            str(python),
            "-c",
            "from riskengine.engine.founding import shipped; print(shipped('sample_manifests/voyage.csv'))",
            at=folder,
        )
        lines = _run(
            *engine, "score", where.strip(), "--json", "--all-reasons", "-w", "unit", at=folder
        ).splitlines()
        first = json.loads(lines[0])
        added = first["base_log_odds"] + sum(reason["log_odds"] for reason in first["reasons"])
        if abs(added - first["log_odds"]) > 1e-9:
            raise SystemExit(f"the reasons of {first['container_number']} do not add up")
        _run(*engine, "explain", first["container_number"], "-w", "unit", at=folder)
    print(f"smoke: {wheel.name} alone founded a workspace and scored {len(lines)} containers")


def _run(*command: str, at: Path) -> str:
    done = subprocess.run(command, cwd=at, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
