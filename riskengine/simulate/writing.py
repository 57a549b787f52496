"""A simulated world as files: manifests, a labelled history with its mapping, and the truth apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.errors import UsageError
from riskengine.manifest.write import SUFFIXES, write_manifest
from riskengine.simulate.lines import canonical_names

if TYPE_CHECKING:
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
    for manifest in simulated.manifests:
        path = (manifests / manifest.source.file).with_suffix(suffix)
        write_manifest(manifest, path)
        written.append(path)
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
