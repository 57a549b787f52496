"""The parser of the language that one line of a rule is written in.

::

    cond  := or ;  or := and {"or" and} ;  and := not {"and" not} ;  not := "not" not | cmp
    cmp   := sum ( ("="|"!="|"<"|"<="|">"|">=") sum
                 | ["not"] "in" ( "list" NAME | "[" value {"," value} "]" )
                 | ["not"] "between" sum "and" sum
                 | ["not"] "contains" ( TEXT | "any" "of" "list" NAME )
                 | ["not"] ("starts"|"ends") "with" TEXT
                 | "is" ["not"] "missing" )?
    sum   := term {("+"|"-") term} ;  term := unit {("*"|"/") unit}
    unit  := NUMBER["%"] | TEXT | DATE | true | false | FIELD | SETTING
           | FUNC "(" sum {"," sum} ")" | "(" or ")" | "-" unit
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from riskengine.errors import Place, RuleFault, RulesRefused
from riskengine.rules.faults import LineFault, LineRefused, did_you_mean, excerpt
from riskengine.rules.hints import (
    EXPECTED,
    WILDCARD,
    function_hint,
    in_hint,
    name_hint,
    text_hint,
    unexpected_hint,
    unit_hint,
    word_hint,
)
from riskengine.rules.tokens import KEYWORDS, Token, tokens
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
    FieldKind,
    FieldRef,
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
from riskengine.rules.types import FUNCTIONS, type_faults

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

DEEPEST = 16
MOST_VALUES = 100
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The names that a condition may use.

    Attributes:
        fields: Every field of a container, with its kind.
        settings: The rule's own named numbers.
        lists: The names of the lists of its pack; None where lists are not checked.
        columns: Where a name among the fields stands for a column of another name, that name.
        faulty: Names that are declared, wrongly: a condition that uses them has no fault of its own.
    """

    fields: Mapping[str, FieldKind]
    settings: Mapping[str, float] = field(default_factory=dict[str, float])
    lists: Collection[str] | None = None
    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    faulty: Collection[str] = ()


def parse(text: str, fields: Mapping[str, FieldKind], place: Place | None = None) -> Condition:
    """Return what one condition means.

    >>> parse("seal_count = 0", {"seal_count": "number"}).tree
    Compare(operator='=', left=FieldRef(name='seal_count', kind='number', at=0), \
right=Number(value=0.0, at=13), at=11)

    Raises:
        RulesRefused: The text is no condition, or its kinds do not fit; all faults are carried.
    """
    where = place or Place(file="condition", line=1, column=1)
    tree, faults = read_condition(text, Vocabulary(fields=fields))
    if tree is None or faults:
        raise RulesRefused(tuple(_placed(fault, text, where) for fault in faults))
    return Condition(text=text, tree=tree, place=where)


def read_condition(
    text: str, vocabulary: Vocabulary
) -> tuple[Node | None, tuple[LineFault, ...]]:
    """Return the tree of a condition and every fault in it; no tree where it cannot be read."""
    parser: _Parser | None = None
    try:
        parser = _Parser(tokens(text), vocabulary)
        tree = parser.whole()
    except LineRefused as refused:
        return None, (*(parser.faults if parser else ()), refused.fault)
    return tree, (*parser.faults, *type_faults(tree))


def _placed(fault: LineFault, text: str, where: Place) -> RuleFault:
    line, caret = excerpt(text, fault.at)
    return RuleFault(
        place=Place(file=where.file, line=where.line, column=(where.column or 1) + fault.at),
        sentence=fault.sentence,
        hint=fault.hint,
        line=line,
        caret=caret,
    )


class _Parser:
    """Recursive descent over the tokens; names that are not known are noted, not fatal."""

    def __init__(self, words: tuple[Token, ...], vocabulary: Vocabulary) -> None:
        self._words = words
        self._vocabulary = vocabulary
        self._next = 0
        self._depth = 0
        self.faults: list[LineFault] = []

    def whole(self) -> Node:
        if len(self._words) == 1:
            hint = "Write what must hold, or delete the line."
            raise LineRefused(0, "this condition is empty", hint)
        tree = self._or()
        if self._here.kind != "end":
            hint = unexpected_hint(self._words, self._next, KEYWORDS)
            raise LineRefused(self._here.at, f"did not expect {self._found()} here", hint)
        return tree

    @property
    def _here(self) -> Token:
        return self._words[self._next]

    def _take(self) -> Token:
        token = self._here
        self._next += 1
        return token

    def _sees(self, *texts: str, kind: str = "word") -> bool:
        return self._here.kind == kind and self._here.text in texts

    def _accept(self, text: str, kind: str = "word") -> bool:
        if self._sees(text, kind=kind):
            self._next += 1
            return True
        return False

    def _expect(self, text: str, kind: str = "word") -> None:
        if not self._accept(text, kind):
            values = text == ")" and self._sees(",", kind="sign")
            raise self._expected(repr(text), EXPECTED["," if values else text])

    def _expected(self, what: str, hint: str) -> LineRefused:
        return LineRefused(self._here.at, f"expected {what} here, found {self._found()}", hint)

    def _found(self) -> str:
        return repr(self._here.text) if self._here.kind != "end" else "the end of the line"

    def _or(self) -> Node:
        left = self._and()
        while self._sees("or"):
            at = self._take().at
            left = Either(left, self._and(), at)
        return left

    def _and(self) -> Node:
        left = self._not()
        while self._sees("and"):
            at = self._take().at
            left = Both(left, self._not(), at)
        return left

    def _not(self) -> Node:
        if not self._sees("not"):
            return self._comparison()
        at = self._take().at
        self._enter(at)
        operand = self._not()
        self._depth -= 1
        return Not(operand, at)

    def _comparison(self) -> Node:
        left = self._sum()
        if self._here.kind == "sign" and self._here.text in COMPARISONS:
            sign = self._take()
            right = self._sum()
            if self._here.kind == "sign" and self._here.text in COMPARISONS:
                raise LineRefused(
                    self._here.at,
                    "two comparisons stand in one",
                    "Write 'x between 1 and 5', or join two comparisons with 'and'.",
                )
            return Compare(sign.text, left, right, sign.at)
        at = self._here.at
        if self._accept("is"):
            negated = self._accept("not")
            if not self._accept("missing"):
                hint = "Write 'is missing' or 'is not missing'; compare values with '='."
                raise self._expected("'missing'", hint)
            return Not(IsMissing(left, at), at) if negated else IsMissing(left, at)
        follows = self._words[self._next + 1].text if self._here.kind != "end" else ""
        negated = self._sees("not") and follows in {
            "in",
            "between",
            "contains",
            "starts",
            "ends",
        }
        if negated:
            self._next += 1
        tree = self._membership(left)
        return Not(tree, at) if negated else tree

    def _membership(self, left: Node) -> Node:
        at = self._here.at
        if self._accept("in"):
            return self._in(left, at)
        if self._accept("between"):
            low = self._sum()
            self._expect("and")
            return Between(left, low, self._sum(), at)
        if self._accept("contains"):
            if self._accept("any"):
                self._expect("of")
                self._expect("list")
                return ContainsAny(left, self._list_name(), at)
            return Contains(left, self._text(), at)
        if self._sees("starts", "ends"):
            end = "starts" if self._take().text == "starts" else "ends"
            self._expect("with")
            return Affix(end, left, self._text(), at)
        return left

    def _in(self, left: Node, at: int) -> Node:
        if self._accept("list"):
            return InList(left, self._list_name(), at)
        if not self._accept("[", "sign"):
            raise self._expected("'list' or '['", in_hint(self._here, self._vocabulary.lists))
        values = [self._value()]
        while self._accept(",", "sign"):
            values.append(self._value())
            if len(values) > MOST_VALUES:
                hint = "Put them into a list file, and write 'in list NAME'."
                raise LineRefused(self._here.at, f"more than {MOST_VALUES} values", hint)
        self._expect("]", "sign")
        return OneOf(left, tuple(values), at)

    def _value(self) -> Node:
        if self._sees("-", kind="sign"):
            at = self._take().at
            inner = self._value()
            if isinstance(inner, Number):
                return Number(-inner.value, at)
            hint = "Write -5, or a text or a day without '-'."
            raise LineRefused(at, "only a number can stand after '-'", hint)
        token = self._here
        literal = self._literal(token)
        if literal is None or isinstance(literal, Truth):
            hint = "Texts stand in quotes." if token.kind == "word" else EXPECTED["]"]
            raise self._expected("a number, a text or a date", hint)
        self._next += 1
        return literal

    def _text(self) -> str:
        token = self._here
        if token.kind != "text":
            raise self._expected("a text in quotes", text_hint(token))
        if not token.text:
            hint = "Write 'is not missing' to ask for any text."
            raise LineRefused(token.at, "an empty text is found in everything", hint)
        if WILDCARD.fullmatch(token.text):
            hint = "Leave the sign out; \"contains 'X'\" finds X anywhere."
            raise LineRefused(
                token.at, "'%' and '*' stand for themselves, not for any text", hint
            )
        self._next += 1
        return token.text

    def _list_name(self) -> str:
        token = self._here
        if token.kind != "word" or token.text in KEYWORDS:
            raise self._expected("the name of a list", EXPECTED["name"])
        self._next += 1
        known = self._vocabulary.lists
        if known is not None and token.text not in known:
            self.faults.append(
                LineFault(
                    token.at,
                    f"the pack has no list named {token.text[:60]!r}",
                    did_you_mean(token.text, known) or EXPECTED["file"],
                )
            )
        return token.text

    def _sum(self) -> Node:
        left = self._term()
        while self._sees("+", "-", kind="sign"):
            sign = self._take()
            left = Arithmetic(sign.text, left, self._term(), sign.at)
        return left

    def _term(self) -> Node:
        left = self._unit()
        while self._sees("*", "/", kind="sign"):
            sign = self._take()
            left = Arithmetic(sign.text, left, self._unit(), sign.at)
        return left

    def _unit(self) -> Node:
        token = self._here
        self._enter(token.at)
        unit = self._open_unit(token)
        self._depth -= 1
        return unit

    def _open_unit(self, token: Token) -> Node:
        literal = self._literal(token)
        if literal is not None:
            self._next += 1
            return literal
        if self._accept("-", "sign"):
            return Minus(self._unit(), token.at)
        if self._accept("(", "sign"):
            inner = self._or()
            self._expect(")", "sign")
            return inner
        if token.kind == "word" and token.text not in KEYWORDS:
            self._next += 1
            return self._call(token) if self._sees("(", kind="sign") else self._name(token)
        raise self._expected("a field or a value", unit_hint(token))

    def _literal(self, token: Token) -> Node | None:
        if token.kind == "number" and isinstance(token.value, float):
            return Number(token.value, token.at)
        if token.kind == "text":
            return Text(token.text, token.at)
        if token.kind == "date" and isinstance(token.value, date):
            return Day(token.value, token.at)
        if token.kind == "word" and token.text in {"true", "false"}:
            return Truth(token.text == "true", token.at)
        return None

    def _call(self, name: Token) -> Node:
        if name.text not in FUNCTIONS:
            raise LineRefused(
                name.at,
                f"there is no function {name.text!r}",
                function_hint(name.text)
                or did_you_mean(name.text, FUNCTIONS)
                or f"There are: {', '.join(FUNCTIONS)}.",
            )
        self._expect("(", "sign")
        arguments = [self._sum()]
        while self._accept(",", "sign"):
            arguments.append(self._sum())
        self._expect(")", "sign")
        return Call(name.text, tuple(arguments), name.at)

    def _name(self, token: Token) -> Node:
        name = token.text
        if name in self._vocabulary.settings:
            return SettingRef(name, self._vocabulary.settings[name], token.at)
        kind = self._vocabulary.fields.get(name)
        if kind is None and name not in self._vocabulary.faulty:
            known = [*self._vocabulary.fields, *self._vocabulary.settings]
            before = self._words[self._next - 2] if self._next > 1 else None
            hint = word_hint(name, KEYWORDS) or did_you_mean(name, known)
            hint = hint or name_hint(name, before)
            self.faults.append(LineFault(token.at, f"there is no field named {name!r}", hint))
        return FieldRef(self._vocabulary.columns.get(name, name), kind, token.at)

    def _enter(self, at: int) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            hint = "Put parts of it under 'all' or 'any'."
            raise LineRefused(at, f"more than {DEEPEST} brackets stand in each other", hint)
