"""The nodes of a parsed condition, frozen, and the few questions that are asked of any of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskengine.errors import Place

FieldKind: TypeAlias = Literal["number", "text", "texts", "boolean", "date"]
Value: TypeAlias = float | str | bool | date | tuple[str | None, ...] | None


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written; ``97%`` is 0.97."""

    value: float
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    """A text, already in the form in which texts are compared."""

    value: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day."""

    value: date
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Truth:
    """``true`` or ``false``."""

    value: bool
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A field of the container, with its kind; None where the field is not known."""

    name: str
    kind: FieldKind | None
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class SettingRef:
    """A number that a port may tune within the bounds its author gave."""

    name: str
    value: float
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Minus:
    """The negative of a number."""

    operand: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``+ - * /`` of two numbers; what is divided by zero is missing."""

    operator: str
    left: Node
    right: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One of the few functions of the language."""

    function: str
    arguments: tuple[Node, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """``= != < <= > >=``."""

    operator: str
    left: Node
    right: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class OneOf:
    """``in [...]``: one of the values written here."""

    operand: Node
    values: tuple[Node, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class InList:
    """``in list NAME``: a text that a list of the pack holds."""

    operand: Node
    list_name: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Between:
    """``between LOW and HIGH``, both included."""

    operand: Node
    low: Node
    high: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Contains:
    """``contains 'X'``: X stands inside a text, or is one of several texts."""

    operand: Node
    text: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class ContainsAny:
    """``contains any of list NAME``."""

    operand: Node
    list_name: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Affix:
    """``starts with`` and ``ends with``."""

    end: Literal["starts", "ends"]
    operand: Node
    text: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class IsMissing:
    """``is missing``: never itself unknown."""

    operand: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary; unknown stays unknown."""

    operand: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Both:
    """``and``."""

    left: Node
    right: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Either:
    """``or``."""

    left: Node
    right: Node
    at: int = field(default=0, compare=False)


Node: TypeAlias = (
    Number
    | Text
    | Day
    | Truth
    | FieldRef
    | SettingRef
    | Minus
    | Arithmetic
    | Call
    | Compare
    | OneOf
    | InList
    | Between
    | Contains
    | ContainsAny
    | Affix
    | IsMissing
    | Not
    | Both
    | Either
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One line of a rule: the text as written and what it means."""

    text: str
    tree: Node
    place: Place = field(compare=False)


class Mode(StrEnum):
    """How the members of a group count together."""

    ALL = "all"
    ANY = "any"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Conditions, or further groups, under ``all``, ``any`` or ``none``."""

    mode: Mode
    members: tuple[Group | Condition, ...]


def nodes(tree: Node | Group | Condition) -> Iterator[Node]:
    """Yield every node of a tree, from the outside in and from left to right."""
    if isinstance(tree, Group):
        for member in tree.members:
            yield from nodes(member)
    elif isinstance(tree, Condition):
        yield from nodes(tree.tree)
    else:
        yield tree
        for child in _children(tree):
            yield from nodes(child)


def leaves(tree: Group | Condition) -> Iterator[Condition]:
    """Yield every line of a rule in its order."""
    if isinstance(tree, Condition):
        yield tree
        return
    for member in tree.members:
        yield from leaves(member)


def fields_read(tree: Node | Group | Condition) -> tuple[FieldRef, ...]:
    """Return every field that *tree* reads, each once, in the order of first reading."""
    seen = {node.name: node for node in reversed([*nodes(tree)]) if isinstance(node, FieldRef)}
    return tuple(reversed(seen.values()))


def fields_needed(tree: Node | Group | Condition) -> tuple[FieldRef, ...]:
    """Return the fields whose absence can leave *tree* unknown: all but those only tested for it."""
    found: dict[str, FieldRef] = {}

    def visit(node: Node | Group | Condition) -> None:
        if isinstance(node, Group):
            for member in node.members:
                visit(member)
        elif isinstance(node, Condition):
            visit(node.tree)
        elif isinstance(node, FieldRef):
            found.setdefault(node.name, node)
        elif not isinstance(node, IsMissing):
            for child in _children(node):
                visit(child)

    visit(tree)
    return tuple(found.values())


def lists_read(tree: Node | Group | Condition) -> tuple[str, ...]:
    """Return the names of the lists that *tree* reads, sorted."""
    return tuple(
        sorted({n.list_name for n in nodes(tree) if isinstance(n, (InList, ContainsAny))})
    )


def canonical(tree: Node | Group | Condition) -> str:
    """Return *tree* as one line of JSON that depends on its meaning only, not on its layout.

    >>> canonical(Compare(">", FieldRef("seal_count", "number"), Number(2.0)))
    '["Compare",">",["FieldRef","seal_count","number"],["Number",2.0]]'
    """
    return json.dumps(_as_json(tree), ensure_ascii=False, separators=(",", ":"))


def _children(node: Node) -> Iterator[Node]:
    for part in fields(node):
        value = getattr(node, part.name)
        if isinstance(value, tuple):
            yield from value
        elif is_dataclass(value) and not isinstance(value, type):
            yield value  # pyright: ignore[reportReturnType] - only nodes are parts of nodes


def _as_json(value: object) -> object:
    if isinstance(value, Condition):
        return _as_json(value.tree)
    if isinstance(value, Group):
        return [value.mode.value, *(_as_json(member) for member in value.members)]
    if is_dataclass(value) and not isinstance(value, type):
        parts = [part.name for part in fields(value) if part.compare]
        return [type(value).__name__, *(_as_json(getattr(value, name)) for name in parts)]
    if isinstance(value, tuple):
        return [_as_json(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
