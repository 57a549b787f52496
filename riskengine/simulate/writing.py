"""A simulated world as files: manifests, a labelled history with its mapping, and the truth apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from riskengine.errors import UsageError
from riskengine.manifest.write import SUFFIXES, write_list, write_manifest
from riskengine.simulate.lines import canonical_names

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from riskengine.simulate.simulated import SimulatedWorld

_HEAD = """\
# How to read history.parquet, the labelled history of a simulated world: its headers are the canonical
# fields. A line without an outcome was never examined.

schema = 1
name = "simulated-world"

[columns]
"""

_LABEL = """
[label]
column = "outcome"
known_on = "outcome_known_on"

[label.outcome]
nil = "nil"
discrepancy = "discrepancy"
seizure = "seizure"
"""


def write_world(
    simulated: SimulatedWorld, folder: Path, *, suffix: str = ".csv"
) -> tuple[Path, ...]:
    """Write a world to a folder and return the files written, in order.

    ``manifests/<manifest number><suffix>`` holds one call each, as a list, a CUSCAR message or an ASYCUDA
    World manifest; ``history/history.parquet`` every line of
    every manifest with its outcome where it was examined, and ``history/mapping.toml`` how to read it;
    ``truth/truth.parquet`` and ``truth/outcomes.parquet`` what a benchmark needs and no engine may see.
    Where the world made them: ``plans/<manifest number>.csv``, ``movements/<manifest number>.<stage>.csv``,
    ``earlier/<manifest number>.csv`` (the first version), and ``received.csv``: which file came on which day.

    Raises:
        UsageError: The folder is a file, or holds something already: two worlds would be mixed. Or nothing is
            written under this suffix.
    """
    if suffix not in SUFFIXES:
        raise UsageError(
            f"A manifest cannot be written as {suffix!r}.",
            remedy=f"Choose one of {', '.join(SUFFIXES)}.",
        )
    _must_be_free(folder)
    manifests, history, truth = (folder / name for name in ("manifests", "history", "truth"))
    for each in (manifests, history, truth):
        each.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    came: list[tuple[date, str, str]] = []
    for manifest in simulated.manifests:
        path = (manifests / manifest.source.file).with_suffix(suffix)
        write_manifest(manifest, path)
        written.append(path)
        came.append(
            (
                manifest.source.received_at.date(),
                "manifest",
                path.relative_to(folder).as_posix(),
            )
        )
    beside = _write_beside(simulated, folder)
    if beside:
        written.extend(folder / name for _, _, name in beside)
        written.append(_write_received(folder, [*beside, *came]))
    simulated.lines.write_parquet(history / "history.parquet")
    (history / "mapping.toml").write_text(_mapping(), encoding="utf-8", newline="\n")
    simulated.truth.write_parquet(truth / "truth.parquet")
    simulated.outcomes.write_parquet(truth / "outcomes.parquet")
    return (
        *written,
        history / "history.parquet",
        history / "mapping.toml",
        truth / "outcomes.parquet",
        truth / "truth.parquet",
    )


def _write_beside(simulated: SimulatedWorld, folder: Path) -> list[tuple[date, str, str]]:
    """Write plans, reports and first versions, and return the day, kind and name of each file."""
    beside = (
        ("manifest", "earlier", simulated.earlier, ["of_manifest", "received_on"]),
        ("stow_plan", "plans", simulated.plans, ["of_manifest", "received_on"]),
        (
            "movements",
            "movements",
            simulated.movements,
            ["of_manifest", "received_on", "stage"],
        ),
    )
    came: list[tuple[date, str, str]] = []
    for kind, name, frame, keys in beside:
        if frame.is_empty():
            continue
        (folder / name).mkdir()
        parts = frame.partition_by(keys, as_dict=True, include_key=False, maintain_order=True)
        for key, lines in parts.items():
            number, received_on, *stage = key
            file = f"{name}/{'.'.join(str(part) for part in (number, *stage))}.csv"
            filled = [column for column in lines if column.null_count() < lines.height]
            write_list(_as_text(lines.select(filled)), folder / file)
            came.append((received_on, kind, file))
    return came


def _as_text(lines: pl.DataFrame) -> pl.DataFrame:
    """Write instants as ISO 8601 has them."""
    return lines.with_columns(pl.col(pl.Datetime).dt.to_string("%Y-%m-%dT%H:%M:%SZ"))


def _write_received(folder: Path, came: list[tuple[date, str, str]]) -> Path:
    """Write which file came on which day, in that order; of one day what is beside the manifest comes first."""
    path = folder / "received.csv"
    order = ["movements", "stow_plan", "manifest"]
    rows = sorted(came, key=lambda each: (each[0], order.index(each[1]), each[2]))
    pl.DataFrame(rows, schema=["received_on", "kind", "file"], orient="row").write_csv(path)
    return path


def _must_be_free(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file.", remedy="Name a folder to be made.")
    if any(folder.iterdir()):
        raise UsageError(
            f"The folder {folder} is not empty; a simulated world needs one of its own.",
            remedy="Name a folder that does not exist yet, or empty this one.",
        )


def _mapping() -> str:
    columns = "".join(f'{name} = "{name}"\n' for name in canonical_names())
    return _HEAD + columns + _LABEL
