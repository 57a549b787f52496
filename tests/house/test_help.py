"""Help is instant, and every verb is documented."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import typer

from riskengine.cli import app
from riskengine.selectivity import Policy

ROOT = Path(__file__).parents[2]
HEAVY = (
    "polars",
    "duckdb",
    "lightgbm",
    "shap",
    "numba",
    "pyarrow",
    "pandas",
    "sklearn",
    "scipy",
    "numpy",
    "babel",
)


def verbs() -> dict[str, object]:
    top = typer.main.get_command(app)
    found: dict[str, object] = {}
    for name, command in top.commands.items():
        below = getattr(command, "commands", None)
        if below is None:
            found[name] = command
        else:
            found |= {f"{name} {sub}": thing for sub, thing in below.items()}
    return found


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["score", "--help"], ["rules", "--help"], ["models", "list", "--help"]],
)
def test_help_imports_nothing_heavy(arguments: list[str]):
    """An officer who asks for help does not wait for a model library."""
    script = (
        "import sys\n"
        f"sys.argv = ['riskengine', *{arguments!r}]\n"
        "from riskengine.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        f"print('HEAVY', sorted(set({HEAVY!r}) & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "HEAVY []" in done.stdout


@pytest.mark.parametrize("verb", sorted(verbs()))
def test_every_verb_is_documented(verb: str):
    """Each verb has help, and a heading of its own in the page on the command line."""
    help_text = getattr(verbs()[verb], "help", None)
    page = (ROOT / "docs" / "command-line.md").read_text("utf-8")
    assert help_text
    assert f"### `riskengine {verb}`" in page


def test_no_verb_is_documented_that_is_not_there():
    """A page that promises a verb which was removed is worse than no page."""
    page = (ROOT / "docs" / "command-line.md").read_text("utf-8")
    assert set(re.findall(r"^### `riskengine ([a-z -]+)`", page, re.MULTILINE)) == set(verbs())


def test_every_setting_of_the_policy_is_documented():
    """A supervisor finds the meaning of each key."""
    page = (ROOT / "docs" / "command-line.md").read_text("utf-8")
    assert [field.name for field in fields(Policy) if f"`{field.name}`" not in page] == []
