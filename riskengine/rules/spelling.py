"""A tree written back as the line that a hand would write."""

from __future__ import annotations

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
    Node,
    Not,
    Number,
    OneOf,
    SettingRef,
    Text,
    Truth,
)

_MEMBERSHIP = (InList, OneOf, Between, Contains, ContainsAny, Affix)
_PRODUCTS = frozenset("*/")


def spelled(tree: Node | Group | Condition) -> str:  # noqa: PLR0911 - one for each kind of node
    """Return *tree* in the words of the language; a group on one line.

    >>> spelled(Not(InList(FieldRef("port_of_loading", "text"), "source_ports")))
    'port_of_loading not in list source_ports'
    """
    if isinstance(tree, Group):
        return f"{tree.mode.value}: [{'; '.join(spelled(member) for member in tree.members)}]"
    if isinstance(tree, Condition):
        return tree.text
    if isinstance(tree, (Both, Either)):
        word = "and" if isinstance(tree, Both) else "or"
        return f"{_side(tree.left, tree)} {word} {_side(tree.right, tree)}"
    if isinstance(tree, Not):
        return _contrary(tree.operand)
    if isinstance(tree, IsMissing):
        return f"{spelled(tree.operand)} is missing"
    if isinstance(tree, Compare):
        return f"{spelled(tree.left)} {tree.operator} {spelled(tree.right)}"
    if isinstance(tree, _MEMBERSHIP):
        return f"{spelled(tree.operand)} {_membership(tree)}"
    return _value(tree)


def number(value: float) -> str:
    """Return a number as people write it in a rule.

    >>> [number(20000.0), number(0.05), number(-3.5)]
    ['20000', '0.05', '-3.5']
    """
    return f"{value:.12f}".rstrip("0").rstrip(".")


def _contrary(node: Node) -> str:
    if isinstance(node, _MEMBERSHIP):
        return f"{spelled(node.operand)} not {_membership(node)}"
    if isinstance(node, IsMissing):
        return f"{spelled(node.operand)} is not missing"
    if isinstance(node, FieldRef):
        return f"not {spelled(node)}"
    return f"not ({spelled(node)})"


def _side(node: Node, within: Both | Either) -> str:
    # 'and' binds before 'or'.
    needs_brackets = isinstance(node, Either) and isinstance(within, Both)
    return f"({spelled(node)})" if needs_brackets else spelled(node)


def _membership(node: Node) -> str:
    if isinstance(node, InList):
        return f"in list {node.list_name}"
    if isinstance(node, OneOf):
        return f"in [{', '.join(spelled(value) for value in node.values)}]"
    if isinstance(node, Between):
        return f"between {spelled(node.low)} and {spelled(node.high)}"
    if isinstance(node, ContainsAny):
        return f"contains any of list {node.list_name}"
    if isinstance(node, Affix):
        return f"{node.end} with {_quoted(node.text)}"
    return f"contains {_quoted(node.text)}" if isinstance(node, Contains) else ""


def _value(node: Node) -> str:  # noqa: PLR0911 - one for each kind of node
    if isinstance(node, FieldRef):
        # The column of a measure bears the rule's id before its name.
        return node.name.rsplit(".", 1)[-1]
    if isinstance(node, SettingRef):
        return node.name
    if isinstance(node, Number):
        return number(node.value)
    if isinstance(node, Text):
        return _quoted(node.value)
    if isinstance(node, Day):
        return node.value.isoformat()
    if isinstance(node, Truth):
        return "true" if node.value else "false"
    if isinstance(node, Minus):
        inner = spelled(node.operand)
        return f"-({inner})" if isinstance(node.operand, Arithmetic) else f"-{inner}"
    if isinstance(node, Call):
        return f"{node.function}({', '.join(spelled(each) for each in node.arguments)})"
    return _sum(node) if isinstance(node, Arithmetic) else ""


def _sum(node: Arithmetic) -> str:
    left, right = spelled(node.left), spelled(node.right)
    if isinstance(node.left, Arithmetic) and (
        node.operator in _PRODUCTS and node.left.operator not in _PRODUCTS
    ):
        left = f"({left})"
    if isinstance(node.right, Arithmetic) and not (
        node.operator == "+" and node.right.operator in _PRODUCTS
    ):
        right = f"({right})"
    return f"{left} {node.operator} {right}"


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
