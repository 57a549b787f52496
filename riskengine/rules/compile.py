"""From a typed tree to the SQL text that DuckDB runs; every token of it is written here.

Nothing that an author wrote is passed on: names come from the catalogue and are quoted, texts are
escaped, numbers are printed by ``repr``. A missing value makes a comparison NULL, and NULL goes through
AND, OR and NOT by Kleene's logic; what is not finite, and what is divided by zero, is missing too.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from riskengine.errors import RuleError
from riskengine.rules.tree import (
    Affix,
    Arithmetic,
    Between,
    Both,
    Call,
    Compare,
    Condition,
    Contains,
    ContainsAny,
    Day,
    Either,
    FieldRef,
    Group,
    InList,
    IsMissing,
    Minus,
    Mode,
    Node,
    Not,
    Number,
    OneOf,
    SettingRef,
    Text,
    Truth,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


TABLE = "containers"
UNKNOWN, EXCUSED, MATCH = 0, 1, 2


def tree_sql(tree: Node | Group | Condition, lists: Mapping[str, tuple[str, ...]]) -> str:
    """Return the SQL expression of a condition or a group.

    >>> tree_sql(Compare(">", FieldRef("seal_count", "number"), Number(2.0)), {})
    '("seal_count" > 2.0e0)'

    Raises:
        RuleError: A list is not known, or a kind does not fit; a checked rule never does this.
    """
    return _Emitter(lists).tree(tree)


class _Emitter:
    def __init__(self, lists: Mapping[str, tuple[str, ...]]) -> None:
        self._lists = lists

    def tree(self, tree: Node | Group | Condition) -> str:
        if isinstance(tree, Condition):
            return self.node(tree.tree)
        if not isinstance(tree, Group):
            return self.node(tree)
        members = [self.tree(member) for member in tree.members]
        if tree.mode is Mode.ALL:
            return f"({' AND '.join(members)})"
        joined = f"({' OR '.join(members)})"
        return f"(NOT {joined})" if tree.mode is Mode.NONE else joined

    def node(self, node: Node) -> str:
        if isinstance(node, (Number, Text, Day, Truth, SettingRef)):
            return _literal(node.value)
        if isinstance(node, FieldRef):
            return quoted(node.name)
        if isinstance(node, Minus):
            return f"(- {self.node(node.operand)})"
        if isinstance(node, Arithmetic):
            right = self.node(node.right)
            if node.operator == "/":
                right = f"nullif({right}, 0.0e0)"
            return f"({self.node(node.left)} {node.operator} {right})"
        if isinstance(node, Call):
            return self._call(node)
        return self._condition(node)

    def _condition(self, node: Node) -> str:  # noqa: PLR0911 - one for each kind of node
        if isinstance(node, Both):
            return f"({self.node(node.left)} AND {self.node(node.right)})"
        if isinstance(node, Either):
            return f"({self.node(node.left)} OR {self.node(node.right)})"
        if isinstance(node, Not):
            return f"(NOT {self.node(node.operand)})"
        if isinstance(node, IsMissing):
            return f"({self._finite(node.operand)} IS NULL)"
        if isinstance(node, Compare):
            operator = "<>" if node.operator == "!=" else node.operator
            return f"({self._finite(node.left)} {operator} {self._finite(node.right)})"
        if isinstance(node, Between):
            low, high = self._finite(node.low), self._finite(node.high)
            return f"({self._finite(node.operand)} BETWEEN {low} AND {high})"
        if isinstance(node, OneOf):
            values = ", ".join(self.node(value) for value in node.values)
            return f"({self._finite(node.operand)} IN ({values}))"
        if isinstance(node, InList):
            return f"({self.node(node.operand)} IN ({self._values(node.list_name)}))"
        if isinstance(node, (Contains, ContainsAny, Affix)):
            return self._text_search(node)
        raise RuleError(f"A {type(node).__name__} cannot stand in a condition.")

    def _text_search(self, node: Contains | ContainsAny | Affix) -> str:
        operand = self.node(node.operand)
        if isinstance(node, Affix):
            return f"{node.end}_with({operand}, {_literal(node.text)})"
        several = isinstance(node.operand, FieldRef) and node.operand.kind == "texts"
        if isinstance(node, Contains):
            if not several:
                return f"contains({operand}, {_literal(node.text)})"
            found = f"list_contains({operand}, {_literal(node.text)})"
        else:
            values = f"[{self._values(node.list_name)}]"
            if not several:
                each = f"list_transform({values}, lambda entry: contains({operand}, entry))"
                return f"list_bool_or({each})"
            found = f"list_has_any({operand}, {values})"
        # A text that is missing among others could be the one that is looked for.
        complete = f"CASE WHEN list_count({operand}) = len({operand}) THEN FALSE END"
        return f"({found} OR {complete})"

    def _call(self, node: Call) -> str:
        arguments = [self.node(argument) for argument in node.arguments]
        listed = ", ".join(arguments)
        if node.function == "days_between":
            return f"CAST(date_diff('day', {listed}) AS DOUBLE)"
        if node.function == "length":
            return f"CAST(len({listed}) AS DOUBLE)"
        if node.function in {"smaller_of", "larger_of"}:
            # least() and greatest() pass over what is missing; here it makes the result missing.
            way = "ASC" if node.function == "smaller_of" else "DESC"
            finite = ", ".join(_finite_sql(argument) for argument in arguments)
            return f"list_sort([{finite}], '{way}', 'NULLS FIRST')[1]"
        return f"{node.function}({listed})"

    def _finite(self, node: Node) -> str:
        computed = isinstance(node, (Arithmetic, Minus, Call))
        return _finite_sql(self.node(node)) if computed else self.node(node)

    def _values(self, list_name: str) -> str:
        values = self._lists.get(list_name)
        if not values:
            raise RuleError(f"The list {list_name!r} is not known here.")
        return ", ".join(_literal(value) for value in values)


def _finite_sql(expression: str) -> str:
    inner = f"nullif({expression}, CAST('inf' AS DOUBLE))"
    return f"nullif(nullif({inner}, CAST('-inf' AS DOUBLE)), CAST('nan' AS DOUBLE))"


def quoted(name: str) -> str:
    """Return a name of the catalogue as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'


def _literal(value: float | str | bool | date) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    written = repr(value)
    # Without an exponent DuckDB would read a decimal, and count otherwise than in IEEE doubles.
    return written if "e" in written else f"{written}e0"
