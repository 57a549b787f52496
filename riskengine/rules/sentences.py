"""What a rule that matched says of one container, in the reader's language."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from riskengine.messages import fill, has, render
from riskengine.rules.reference import value_in
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

    from riskengine.rules.rule import Rule

_COMPARISONS = {
    "=": "equal",
    "!=": "different",
    "<": "less",
    "<=": "at_most",
    ">": "more",
    ">=": "at_least",
}
# "Consignee: Notify party" would read as if the one were the value of the other.
_BESIDE_ANOTHER = {"=": "same", "!=": "differs"}
_SIGNS = {"*": "\u00d7", "/": "\u00f7", "+": "+", "-": "\u2212"}
_MOST_SHOWN = 5


def sentence(rule: Rule, facts: Mapping[str, object], language: str = "en") -> str:
    """Return why *rule* matched a container: the author's sentence, or one made from its conditions.

    Args:
        rule: The rule that matched.
        facts: The facts and indicators of the container by name, and its measures by their columns.
        language: Of the reader. An author's sentence in English only serves English readers; the others
            get one made in their own language.
    """
    if rule.because is not None and language in rule.because.languages():
        taken = {measure.name: facts.get(measure.column) for measure in rule.measures}
        values = {name: _plain(value, language) for name, value in {**facts, **taken}.items()}
        return fill(rule.because.in_language(language), values, language)
    reasons = _Phrases(rule, facts, language).of(rule.when)
    params = {"title": rule.title_in(language), "reasons": "; ".join(reasons)}
    return render("rule.whole.matched", params, language)


def field_label(name: str, language: str) -> str:
    """Return the short name of a field for people.

    >>> field_label("no_such_field", "en")
    'no such field'
    """
    for area in ("indicator", "fact"):
        if has(f"{area}.{name}.label"):
            return render(f"{area}.{name}.label", {}, language)
    return name.replace("_", " ")


def label_of(rule: Rule, column: str, language: str) -> str:
    """Return the short name, for people, of a field or of a measure of *rule*."""
    labels = {m.column: m.label.in_language(language) for m in rule.measures}
    return labels.get(column) or field_label(column, language)


def statement(rule: Rule, tree: Node | Condition, language: str = "en") -> str:
    """Return what a condition of *rule* asks, in words, whatever a container says to it."""
    node = tree.tree if isinstance(tree, Condition) else tree
    return _Statements(rule, {}, language).of_node(node)


def shown_value(value: object, language: str) -> str | None:
    """Return the value of a field as people read it; None where it is missing.

    >>> shown_value(True, "fr"), shown_value(1234.5, "en"), shown_value(None, "en")
    ('oui', '1,234.5', None)
    """
    plain = _plain(value, language)
    return None if plain is None else _shown(plain, language)


class _Phrases:
    """Phrases of the conditions that hold for one container; what does not hold is passed over."""

    def __init__(self, rule: Rule, facts: Mapping[str, object], language: str) -> None:
        self._rule = rule
        self._facts = facts
        self._language = language

    def of(self, tree: Group | Condition) -> list[str]:
        if isinstance(tree, Condition):
            return self._holding(tree.tree)
        if tree.mode is Mode.NONE:
            return []
        return [phrase for member in tree.members for phrase in self.of(member)]

    def _holding(self, node: Node) -> list[str]:
        if isinstance(node, (Both, Either)):
            return self._holding(node.left) + self._holding(node.right)
        return [self._phrase(node)] if self._value(node) is True else []

    def _phrase(self, node: Node) -> str:
        if isinstance(node, FieldRef):
            return self._say("phrase.yes", left=self._name(node))
        if isinstance(node, Not):
            return self._contrary(node.operand)
        if isinstance(node, IsMissing):
            return self._say("phrase.missing", left=self._name(node.operand))
        if isinstance(node, Compare):
            right = self._name(node.right)
            is_beside_another = isinstance(node.right, (FieldRef, Arithmetic, Call))
            words = _BESIDE_ANOTHER if is_beside_another else {}
            key = words.get(node.operator, _COMPARISONS[node.operator])
            phrase = self._say(f"phrase.{key}", left=self._name(node.left), right=right)
            told = node.operator == "=" and not is_beside_another
            return phrase if told else self._found(phrase, node.left)
        if isinstance(node, Between):
            low, high = self._name(node.low), self._name(node.high)
            phrase = self._say(
                "phrase.between", left=self._name(node.operand), low=low, high=high
            )
            return self._found(phrase, node.operand)
        return self._search(node)

    def _search(self, node: Node) -> str:
        if isinstance(node, OneOf):
            right = ", ".join(self._name(value) for value in node.values)
            return self._found(self._left("one_of", node.operand, right), node.operand)
        if isinstance(node, InList):
            right = self._rule.list_title(node.list_name, self._language)
            return self._found(self._left("in_list", node.operand, right), node.operand)
        if isinstance(node, ContainsAny):
            right = ", ".join(self._entries_in(node))
            return self._left("contains", node.operand, right)
        if isinstance(node, Contains):
            return self._left("contains", node.operand, node.text)
        if isinstance(node, Affix):
            return self._found(self._left(node.end, node.operand, node.text), node.operand)
        # A condition in brackets, compared or negated as a whole.
        return (
            "; ".join(self._holding(node))
            if isinstance(node, (Both, Either))
            else self._name(node)
        )

    def _contrary(self, node: Node) -> str:
        if isinstance(node, FieldRef):
            return self._say("phrase.no", left=self._name(node))
        if isinstance(node, IsMissing):
            present = self._say("phrase.present", left=self._name(node.operand))
            return self._found(present, node.operand)
        if isinstance(node, (Both, Either)):
            parts = [
                self._contrary(side)
                for side in (node.left, node.right)
                if self._value(side) is False
            ]
            return "; ".join(parts)
        if isinstance(node, Not):
            return self._phrase(node.operand)
        return self._say("phrase.contrary", phrase=self._phrase(node))

    def _left(self, key: str, operand: Node, right: str) -> str:
        return self._say(f"phrase.{key}", left=self._name(operand), right=right)

    def _found(self, phrase: str, node: Node) -> str:
        value = _plain(self._value(node), self._language)
        if isinstance(node, (Number, Text, Day, Truth, SettingRef)) or value is None:
            return phrase
        return self._say("whole.found", phrase=phrase, value=_shown(value, self._language))

    def _entries_in(self, node: ContainsAny) -> list[str]:
        value = self._value(node.operand)
        entries = next(
            (found.values for found in self._rule.lists if found.name == node.list_name), ()
        )
        if isinstance(value, tuple):
            held = [entry for entry in entries if entry in value]
        else:
            held = [entry for entry in entries if isinstance(value, str) and entry in value]
        return held[:_MOST_SHOWN] or [self._rule.list_title(node.list_name, self._language)]

    def _name(self, node: Node) -> str:
        """Return an expression as people read it: labels for fields, locale numbers."""
        if isinstance(node, FieldRef):
            return label_of(self._rule, node.name, self._language)
        if isinstance(node, (Number, Text, Day, Truth, SettingRef)):
            return _shown(_plain(node.value, self._language), self._language)
        if isinstance(node, Minus):
            return f"{_SIGNS['-']}{self._name(node.operand)}"
        if isinstance(node, Arithmetic):
            left, right = (self._in_brackets(side) for side in (node.left, node.right))
            return f"{left} {_SIGNS[node.operator]} {right}"
        if isinstance(node, Call):
            return self._call(node)
        return self._phrase(node)

    def _in_brackets(self, node: Node) -> str:
        return f"({self._name(node)})" if isinstance(node, Arithmetic) else self._name(node)

    def _call(self, node: Call) -> str:
        names = [self._name(argument) for argument in node.arguments]
        if node.function == "days_between":
            return self._say("function.days_between", first=names[0], second=names[1])
        return self._say(f"function.{node.function}", first=", ".join(names))

    def _value(self, node: Node) -> object:
        return value_in(self._rule, self._facts, node)

    def _say(self, key: str, **params: object) -> str:
        return render(f"rule.{key}", params, self._language)


_CONTRARIES = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


class _Statements(_Phrases):
    """Conditions as they are written, in words: both sides of an ``or``, lists by their names."""

    def of_node(self, node: Node) -> str:
        return self._phrase(node)

    def _phrase(self, node: Node) -> str:
        if isinstance(node, (Both, Either)):
            key = "both" if isinstance(node, Both) else "either"
            left, right = (self._side(side, node) for side in (node.left, node.right))
            return render(
                f"answer.phrase.{key}", {"left": left, "right": right}, self._language
            )
        return super()._phrase(node)

    def _side(self, side: Node, whole: Node) -> str:
        # An `or` inside an `and`, or the other way round, is not clear without its brackets.
        is_other = isinstance(side, (Both, Either)) and type(side) is not type(whole)
        return f"({self._phrase(side)})" if is_other else self._phrase(side)

    def _contrary(self, node: Node) -> str:
        if isinstance(node, (Both, Either)):
            return self._say("phrase.contrary", phrase=self._phrase(node))
        if isinstance(node, Compare):
            contrary = Compare(_CONTRARIES[node.operator], node.left, node.right, node.at)
            return self._phrase(contrary)
        return super()._contrary(node)

    def _found(self, phrase: str, node: Node) -> str:
        del node  # there is no container in which anything could be found
        return phrase

    def _entries_in(self, node: ContainsAny) -> list[str]:
        return [
            render(
                "answer.phrase.any_of_list",
                {"name": self._rule.list_title(node.list_name, self._language)},
                self._language,
            )
        ]


def _plain(value: object, language: str) -> object:
    """Return *value* as ``fill`` takes it: truths in words, several texts in one."""
    if isinstance(value, bool):
        return render(f"rule.value.{'true' if value else 'false'}", {}, language)
    if isinstance(value, (list, tuple)):
        return ", ".join(_item(str(item), language) for item in value) or None  # pyright: ignore[reportUnknownArgumentType]
    return value


def _item(text: str, language: str) -> str:
    """Return one of several texts; the name of a field, as of one that was amended, by its label."""
    return line_field_label(text.lower(), language) or text


def line_field_label(name: str, language: str) -> str | None:
    """Return the label of a field of a manifest's line, by the fact of a container that it becomes.

    >>> line_field_label("hs_code", "en"), line_field_label("nobody_says_it", "en")
    ('HS codes', None)
    """
    # What a line declares once is a fact in the plural of a container: hs_code, hs_codes.
    becomes = _BECOMES.get(name, f"{name}s")
    keys = (f"fact.{name}.label", f"fact.{becomes}.label")
    return next((render(key, {}, language) for key in keys if has(key)), None)


_BECOMES = {
    "bill_of_lading": "bills_of_lading",
    "country_of_origin": "countries_of_origin",
    "marks": "goods_marks",
}


def _shown(value: object, language: str) -> str:
    form = ":date" if isinstance(value, date) else ":number" if isinstance(value, float) else ""
    return fill(f"{{value{form}}}", {"value": value}, language)
