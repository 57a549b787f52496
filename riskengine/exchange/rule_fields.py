"""A rule file taken apart: each thing it says, by name and in lines, whatever its layout."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from riskengine.errors import RulesRefused
from riskengine.rules.faults import Source
from riskengine.rules.yaml_shape import Scalar, Sequence, Table, read_shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from riskengine.rules.yaml_shape import Shape

_NOT_COMPARED: Final = {"schema", "id", "version"}
_BY_LINES: Final = {"when", "unless"}
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?%?", re.ASCII)


def fields_of(
    source_yaml: str, tuned: Mapping[str, float] | None = None
) -> dict[str, tuple[str, ...]]:
    """Return what a rule file says, field by field: ``title.fr``, ``settings.mass.to``, ``tests.plain match``.

    Args:
        source_yaml: A rule file without faults.
        tuned: Numbers that a unit uses in the place of the author's.

    Raises:
        RulesRefused: The text is not even YAML.
    """
    source = Source("rule", source_yaml)
    table = read_shape(source)
    if table is None:
        raise RulesRefused(tuple(source.faults))
    said: dict[str, tuple[str, ...]] = {}
    for key, shape in table.entries:
        if key.text in _BY_LINES:
            said[key.text] = tuple(_lines(shape, ""))
        elif key.text == "tests" and isinstance(shape, Sequence):
            said |= dict(_tests(shape))
        elif key.text not in _NOT_COMPARED:
            said |= dict(_parts(key.text, shape))
    for name, value in (tuned or {}).items():
        said[f"settings.{name}.value"] = (_plain(f"{value:.12g}"),)
    return said


def _parts(name: str, shape: Shape) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(shape, Table):
        for key, inner in shape.entries:
            yield from _parts(f"{name}.{key.text}", inner)
    elif isinstance(shape, Scalar):
        text = _plain(shape.text) if name.startswith("settings.") else _one_line(shape)
        yield name, (text,)
    else:
        yield name, tuple(_lines(shape, ""))


def _tests(shape: Sequence) -> Iterator[tuple[str, tuple[str, ...]]]:
    for item in shape.items:
        name = item.get("name") if isinstance(item, Table) else None
        if isinstance(name, Scalar):
            lines = [line for line in _lines(item, "") if not line.startswith("name:")]
            yield f"tests.{_one_line(name)}", tuple(lines)


def _lines(shape: Shape, indent: str) -> Iterator[str]:
    """Yield a shape as lines of YAML, all in one layout."""
    if isinstance(shape, Scalar):
        yield f"{indent}{_one_line(shape)}"
    elif isinstance(shape, Table):
        for key, inner in shape.entries:
            if isinstance(inner, Scalar):
                yield f"{indent}{key.text}: {_one_line(inner)}"
            else:
                yield f"{indent}{key.text}:"
                yield from _lines(inner, f"{indent}  ")
    else:
        for item in shape.items:
            if isinstance(item, Scalar):
                yield f"{indent}- {_one_line(item)}"
            else:
                first, *rest = [*_lines(item, f"{indent}  ")] or [indent]
                yield f"{indent}- {first.strip()}"
                yield from rest


def _one_line(scalar: Scalar) -> str:
    return " ".join(scalar.text.split())


def _plain(number: str) -> str:
    """Return a number in the one form in which it is compared.

    >>> [_plain(text) for text in ("0.050", "5%", "12")]
    ['0.05', '0.05', '12']
    """
    text = number.strip()
    if _NUMBER.fullmatch(text) is None:
        return text
    value = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    return f"{value:.12g}"
