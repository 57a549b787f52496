"""A simulated world as files: manifests, a labelled history with its mapping, and the truth apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.errors import UsageError
from riskengine.simulate.frames import received_bytes
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


def write_world(simulated: SimulatedWorld, folder: Path) -> tuple[Path, ...]:
    """Write a world to a folder and return the files written, in order.

    ``manifests/<manifest number>.csv`` holds one call each; ``history/history.parquet`` every line of
    every manifest with its outcome where it was examined, and ``history/mapping.toml`` how to read it;
    ``truth/truth.parquet`` and ``truth/outcomes.parquet`` what a benchmark needs and no engine may see.

    Raises:
        UsageError: The folder is a file, or holds something already: two worlds would be mixed.
    """
    _must_be_free(folder)
    manifests, history, truth = (folder / name for name in ("manifests", "history", "truth"))
    for each in (manifests, history, truth):
        each.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for manifest in simulated.manifests:
        path = manifests / manifest.source.file
        path.write_bytes(received_bytes(manifest))
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
