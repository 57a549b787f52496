"""The kinds of a condition's parts, checked against the fields before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.rules.faults import LineFault
from riskengine.rules.tree import (
    Affix,
    Arithmetic,
    Between,
    Both,
    Call,
    Compare,
    Contains,
    ContainsAny,
    Day,
    Either,
    FieldKind,
    FieldRef,
    InList,
    Minus,
    Node,
    Not,
    Number,
    OneOf,
    SettingRef,
    Text,
    fields_read,
)

if TYPE_CHECKING:
    from collections.abc import Collection

FUNCTIONS = ("abs", "round", "days_between", "smaller_of", "larger_of", "length")

_SAID = {
    "number": "a number",
    "text": "a text",
    "texts": "several texts",
    "boolean": "true or false",
    "date": "a date",
}
_USES = {
    "abs": "Write abs(x).",
    "round": "Write round(x).",
    "length": "Write length(x).",
    "days_between": "Write days_between(earlier, later).",
    "smaller_of": "Write smaller_of(x, y).",
    "larger_of": "Write larger_of(x, y).",
}
_ORDERED = frozenset({"number", "date"})
_USE_CONTAINS = 'It holds several texts: write "contains \'X\'" or "contains any of list NAME".'


def type_faults(tree: Node) -> tuple[LineFault, ...]:
    """Return every place where the kinds of *tree* do not fit, or where it decides nothing."""
    checker = _Checker()
    kind = checker.kind(tree)
    if kind not in {None, "boolean"}:
        hint = "Compare it with something, or write 'is missing'."
        checker.note(tree, f"this is {_SAID[kind]}, not a condition", hint)  # type: ignore[index]
    if not fields_read(tree):
        checker.note(
            tree,
            "this condition reads no field: it says the same of every container",
            "Compare a field with something.",
        )
    return tuple(checker.faults)


class _Checker:
    """Finds the kind of each node; None stands for a kind that an earlier fault has hidden."""

    def __init__(self) -> None:
        self.faults: list[LineFault] = []

    def note(self, node: Node, sentence: str, hint: str = "") -> None:
        self.faults.append(LineFault(node.at, sentence, hint))

    def kind(self, node: Node) -> FieldKind | None:  # noqa: PLR0911 - one for each kind of node
        if isinstance(node, (Number, SettingRef)):
            return "number"
        if isinstance(node, Text):
            return "text"
        if isinstance(node, Day):
            return "date"
        if isinstance(node, FieldRef):
            return node.kind
        if isinstance(node, Minus):
            self._must_be(node.operand, "number", "'-'")
            return "number"
        if isinstance(node, Arithmetic):
            return self._arithmetic(node)
        if isinstance(node, Call):
            return self._call(node)
        self._condition(node)
        return "boolean"

    def _condition(self, node: Node) -> None:
        if isinstance(node, (Both, Either)):
            word = "'and'" if isinstance(node, Both) else "'or'"
            self._must_be(node.left, "boolean", word)
            self._must_be(node.right, "boolean", word)
        elif isinstance(node, Not):
            self._must_be(node.operand, "boolean", "'not'")
        elif isinstance(node, Compare):
            self._compare(node)
        elif isinstance(node, Between):
            self._between(node)
        elif isinstance(node, OneOf):
            self._one_of(node)
        elif isinstance(node, InList):
            self._must_be(node.operand, "text", "'in list'")
        elif isinstance(node, (Contains, ContainsAny)):
            self._must_be_one_of(node.operand, {"text", "texts"}, "'contains'")
        elif isinstance(node, Affix):
            self._must_be(node.operand, "text", f"'{node.end} with'")
        else:
            self.kind(node.operand) if hasattr(node, "operand") else None  # type: ignore[union-attr]

    def _arithmetic(self, node: Arithmetic) -> FieldKind | None:
        left, right = self.kind(node.left), self.kind(node.right)
        if {left, right} & {"date"}:
            self.note(
                node, "dates are not added or subtracted", "Write days_between(earlier, later)."
            )
            return None
        for side, found in ((node.left, left), (node.right, right)):
            if found not in {None, "number"}:
                hint = (
                    "Texts are not joined; compare each alone." if "text" in str(found) else ""
                )
                sentence = f"'{node.operator}' needs numbers; this is {_SAID[str(found)]}"
                self.note(side, sentence, hint or "Ask it in a condition of its own.")
        return "number"

    def _call(self, node: Call) -> FieldKind:
        name, count = node.function, len(node.arguments)
        wanted = 1 if name in {"abs", "round", "length"} else 2
        if count < wanted or (count > wanted and name not in {"smaller_of", "larger_of"}):
            self.note(node, f"{name!r} takes {wanted}, not {count}", _USES[name])
        allowed = {"days_between": {"date"}, "length": {"text", "texts"}}.get(name, {"number"})
        for argument in node.arguments:
            self._must_be_one_of(argument, allowed, repr(name))
        return "number"

    def _compare(self, node: Compare) -> None:
        left, right = self.kind(node.left), self.kind(node.right)
        if left is None or right is None:
            return
        if "texts" in {left, right}:
            self.note(
                node.left if left == "texts" else node.right,
                _cannot(node.operator),
                _USE_CONTAINS,
            )
        elif left != right:
            self.note(
                node, f"{_SAID[left]} is compared with {_SAID[right]}", _unlike(left, right)
            )
        elif node.operator not in {"=", "!="} and left not in _ORDERED:
            said = "texts" if left == "text" else _SAID[left]
            hint = "Compare them with '=' or '!='."
            if left == "text":
                hint = "Write \"= 'X'\", \"in ['X', 'Y']\" or \"starts with 'X'\"."
            self.note(
                node, f"'{node.operator}' is for numbers and dates; these are {said}", hint
            )

    def _between(self, node: Between) -> None:
        kind = self.kind(node.operand)
        bounds = [(side, self.kind(side)) for side in (node.low, node.high)]
        if kind is None:
            return
        if kind not in _ORDERED:
            hint = "Write \"in ['X', 'Y']\", or 'in list NAME'."
            self.note(
                node.operand, f"'between' is for numbers and dates; this is {_SAID[kind]}", hint
            )
            return
        if isinstance(node.low, (Number, Day)) and isinstance(node.high, type(node.low)):
            low, high = node.low.value, node.high.value
            if low > high:  # type: ignore[operator] - of one class, hence of one kind
                self.note(
                    node, "nothing lies between these two", "Write the smaller one first."
                )
        for side, found in bounds:
            if found not in {None, kind}:
                sentence = f"{_SAID[kind]} is compared with {_SAID[str(found)]}"
                self.note(side, sentence, _unlike(kind, str(found)))

    def _one_of(self, node: OneOf) -> None:
        kind = self.kind(node.operand)
        if kind is None:
            return
        if kind not in {"number", "text", "date"}:
            hint = _USE_CONTAINS if kind == "texts" else ""
            self.note(node.operand, f"'in' asks for one value; this is {_SAID[kind]}", hint)
            return
        for value in node.values:
            found = self.kind(value)
            if found != kind:
                sentence = f"{_SAID[kind]} is compared with {_SAID[str(found)]}"
                self.note(value, sentence, _unlike(kind, str(found)))

    def _must_be(self, node: Node, wanted: FieldKind, where: str) -> None:
        self._must_be_one_of(node, {wanted}, where)

    def _must_be_one_of(self, node: Node, wanted: Collection[str], where: str) -> None:
        found = self.kind(node)
        if found is None or found in wanted:
            return
        said = " or ".join(_SAID[kind] for kind in sorted(wanted))
        hint = _USE_CONTAINS if found == "texts" else ""
        if wanted == {"boolean"}:
            hint = hint or "Compare it with something first."
        elif wanted == {"number"} and found == "text":
            hint = "A number is written without quotes; what holds a text is compared with one."
        elif wanted == {"date"}:
            hint = "A day is written 2026-12-31, without quotes."
        elif not hint:
            hint = f"It holds {_SAID[found]}: compare it with '='."
        self.note(node, f"{where} needs {said}; this is {_SAID[found]}", hint)


def _unlike(left: str, right: str) -> str:
    """Return what to write where two kinds that do not fit are compared."""
    kinds = {left, right}
    if "boolean" in kinds:
        return "Write the field alone where it must be true, or 'not' and the field."
    if "date" in kinds:
        days = "A day is written 2026-12-31, without quotes"
        return f"{days}; days_between(earlier, later) gives a number."
    if "texts" in kinds:
        return _USE_CONTAINS
    return "Write the text in quotes, the number without."


def _cannot(operator: str) -> str:
    return f"'{operator}' compares one value with one value; this is several texts"
