"""The tree of errors is what its drawing says."""

from __future__ import annotations

from riskengine import errors


def drawn() -> list[tuple[int, str]]:
    lines = (errors.__doc__ or "").splitlines()
    return [
        ((len(line) - len(line.lstrip())) // 2, line.split()[0])
        for line in lines
        if line.strip() and "Everything" not in line
    ]


def test_the_drawing_of_the_errors_is_the_tree():
    """Each class stands under its parent, and none is missing."""
    path: list[str] = []
    for depth, name in drawn():
        path = [*path[:depth], name]
        parent = getattr(errors, name).__mro__[1].__name__
        assert parent == ("Exception" if depth == 0 else path[depth - 1])


def test_every_error_is_drawn():
    """An error that is not in the drawing is not known to those who read it."""
    classes = {
        name
        for name, thing in vars(errors).items()
        if isinstance(thing, type) and issubclass(thing, Exception)
    }
    assert classes == {name for _, name in drawn()}
