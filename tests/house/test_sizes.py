"""No room of the house grows unseen."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "riskengine"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST_MODULE = 400
LONGEST_FUNCTION = 80
FORBIDDEN_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "base",
    "manager",
    "data",
    "info",
}


@pytest.mark.parametrize(
    "module", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix()
)
def test_a_module_is_one_room(module: Path):
    """A module that has grown over 400 lines knows more than one thing."""
    assert len(module.read_text("utf-8").splitlines()) <= LONGEST_MODULE


@pytest.mark.parametrize(
    "module", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix()
)
def test_a_function_fits_on_a_screen(module: Path):
    """A function longer than 80 lines hides what it does."""
    tree = ast.parse(module.read_text("utf-8"))
    functions = [
        n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    long = {f.name: f.end_lineno - f.lineno + 1 for f in functions if f.end_lineno is not None}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FUNCTION} == {}


def test_no_module_has_a_name_that_says_nothing():
    """A helper belongs to the noun it helps."""
    assert [
        m for m in MODULES if m.stem in FORBIDDEN_NAMES or m.parent.name in FORBIDDEN_NAMES
    ] == []


def test_every_module_says_what_it_knows():
    """Each module that holds code opens with a docstring."""
    silent = [
        m
        for m in MODULES
        if (t := m.read_text("utf-8")).strip() and not ast.get_docstring(ast.parse(t))
    ]
    assert silent == []
