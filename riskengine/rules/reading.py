"""Typed values taken out of a YAML shape; every fault is noted with its place, and reading goes on."""

from __future__ import annotations

import difflib
import re
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from riskengine.messages import LANGUAGES
from riskengine.rules.faults import Source, did_you_mean
from riskengine.rules.hints import day_hint, number_hint, truth_hint
from riskengine.rules.rule import Wording
from riskengine.rules.tokens import comparable
from riskengine.rules.yaml_shape import Scalar, Sequence, Shape, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from riskengine.rules.tree import FieldKind, Value

_Choice = TypeVar("_Choice", bound=StrEnum)
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?%?")
_LONGEST_TEXT = 4000
_LONGEST_SHOWN = 60
# Letters by the book, and blank on the page: the fillers of Hangul.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
# One line of each key that a file may lack.
_EXAMPLES = {
    "schema": "schema: 1",
    "id": "id: CRG-VEL-001",
    "version": "version: 1",
    "status": "status: draft",
    "title": "title: {en: …, fr: …, es: …, pt: …}",
    "why": "why: {en: …}",
    "innocent": "innocent: {en: …}",
    "blind_spot": "blind_spot: {en: …}",
    "source": "source: [{ref: 'Experience of this unit, 2026'}]",
    "typology": "typology: [cloned_container]",
    "owner": "owner: analysis desk",
    "handling": "handling: TLP:AMBER",
    "severity": "severity: medium",
    "effect": "effect: score",
    "valid_from": "valid_from: 2026-01-01",
    "valid_until": "valid_until: 2026-12-31",
    "when": "when: {all: [is_full]}",
    "name": "name: source_ports",
    "rules": "rules: [CRG-VEL-001]",
    "field": "field: consignee_name",
    "approved_by": "approved_by: ANA",
    "label": "label: {en: …, fr: …, es: …, pt: …}",
    "same": "same: [consignee_address]",
    "within_days": "within_days: 90",
    "peers": "peers: counted",
    "days_before": "days_before: 3",
    "record": "record: {gross_mass_kg: 26000}",
    "values": "values: ['ECGYE', 'COTRB']",
    "expect": "expect: match",
    "ref": "ref: 'Experience of this unit, 2026'",
    "en": "en: …",
    "from": "from: 5",
    "to": "to: 50",
    "value": "value: 10",
    "reason": "reason: …",
    "on": "on: 2026-12-31",
    "expires": "expires: 2026-12-31",
}


class Reader:
    """Reads the keys of one mapping of one file.

    What is faulty, or needed and not there, is noted in the source, and a stand-in is returned so that
    reading goes on: whoever reads throws the whole away when faults were noted.
    """

    def __init__(
        self, source: Source, table: Table, examples: Mapping[str, str] | None = None
    ) -> None:
        self.source = source
        self.table = table
        self._examples = _EXAMPLES if examples is None else examples
        self._strange: list[str] = []

    def only(self, known: Collection[str]) -> None:
        """Note every key that is not known."""
        for key, _ in self.table.entries:
            if key.text not in known:
                self._strange.append(key.text)
                hint = did_you_mean(key.text, known) or f"Known keys: {', '.join(known)}."
                self.fault(key, f"there is no key {key.text!r} here", hint)

    def fault(self, shape: Shape, sentence: str, hint: str = "") -> None:
        """Note a fault at *shape*."""
        self.source.fault(shape.line, shape.column, sentence, hint)

    def shape(self, key: str, *, needed: bool = True) -> Shape | None:
        """Return whatever stands under *key*; None where nothing does."""
        found = self.table.get(key)
        if found is None or (isinstance(found, Scalar) and found.is_null):
            if needed:
                strange = {name.lower(): name for name in self._strange}
                near = difflib.get_close_matches(key, list(strange)[:20], n=1)
                example = self._examples.get(key, f"{key}: …")
                hint = f"Write something like {example!r}."
                if near:
                    hint = f"Is {strange[near[0]]!r} a slip of the pen for it?"
                self.fault(found or self.table, f"the key {key!r} is needed here", hint)
            return None
        return found

    def text(self, key: str, *, needed: bool = True) -> str:
        """Return one text; empty where there is none."""
        shape = self.shape(key, needed=needed)
        return "" if shape is None else self._readable(shape, repr(key))

    def _readable(self, shape: Shape, what: str) -> str:
        """Return *shape* as one text in which there is something to read: a letter or a digit."""
        text = self.text_of(shape, what)
        if text and not any(sign.isalnum() and sign not in _FILLERS for sign in text):
            self.fault(
                shape, f"{what} has no letter and no digit", "Write what people will read."
            )
        return text

    def text_of(self, shape: Shape, what: str) -> str:
        """Return *shape* as one text."""
        if not isinstance(shape, Scalar):
            hint = "Put it in quotes, without brackets and braces around it."
            self.fault(shape, f"{what} is one text", hint)
            return ""
        text = shape.text.strip()
        if not text or len(text) > _LONGEST_TEXT or shape.is_null:
            hint = "Shorten it." if text and not shape.is_null else "Write it, or leave it out."
            sentence = f"{what} is a text of 1 to {_LONGEST_TEXT} characters"
            self.fault(shape, sentence, hint)
            return ""
        return text

    def matching(self, key: str, pattern: str, said: str, hint: str = "") -> str:
        """Return one text that has the form of *pattern*."""
        text = self.text(key)
        if text and re.fullmatch(pattern, text, re.ASCII) is None:
            example = hint or f"Write something like {self._examples.get(key, f'{key}: …')!r}."
            sentence = f"{key!r} is {said}, not {_short(text)!r}"
            self.fault(self.table.get(key) or self.table, sentence, example)
        return text

    def whole(self, key: str) -> int:
        """Return a whole number from 1."""
        text = self.matching(key, "[1-9][0-9]{0,5}", "a whole number from 1")
        return int(text) if re.fullmatch("[0-9]{1,6}", text, re.ASCII) else 0

    def choice(self, key: str, choices: type[_Choice]) -> _Choice:
        """Return one of the words of *choices*."""
        shape = self.shape(key)
        found = None if shape is None else self.choice_of(shape, key, choices)
        return found or next(iter(choices))

    def choice_of(self, shape: Shape, key: str, choices: type[_Choice]) -> _Choice | None:
        """Return *shape* as one of the words of *choices*."""
        known = [choice.value for choice in choices]
        text = self.text_of(shape, repr(key))
        if text in known:
            return choices(text)
        if text:
            hint = did_you_mean(text, known) or f"It is one of: {', '.join(known)}."
            self.fault(shape, f"{_short(text)!r} is no {key}", hint)
        return None

    def choices(self, key: str, choices: type[_Choice]) -> tuple[_Choice, ...]:
        """Return one or several of the words of *choices*."""
        found = [self.choice_of(item, key, choices) for item in self.items(key)]
        return tuple(choice for choice in found if choice is not None)

    def items(self, key: str, *, needed: bool = True) -> tuple[Shape, ...]:
        """Return the items of a list; a single value counts as a list of one."""
        shape = self.shape(key, needed=needed)
        if isinstance(shape, Sequence):
            if needed and not shape.items:
                self.fault(
                    shape,
                    f"{key!r} is empty",
                    f"Write something like {self._examples.get(key, f'{key}: …')!r}.",
                )
            return shape.items
        return () if shape is None else (shape,)

    def texts(self, key: str, *, needed: bool = True) -> tuple[str, ...]:
        """Return a list of texts."""
        items = self.items(key, needed=needed)
        return tuple(self.text_of(item, f"an entry of {key!r}") for item in items)

    def day(self, key: str) -> date:
        """Return a day written as 2026-01-31."""
        if self.shape(key) is None:
            return date.max
        return self.optional_day(key) or date.max

    def optional_day(self, key: str) -> date | None:
        """Return a day written as 2026-01-31; None where there is none."""
        shape = self.shape(key, needed=False)
        value = None if shape is None else self.value_of(shape, "date", repr(key))
        return value if isinstance(value, date) else None

    def wording(self, key: str) -> Wording:
        """Return a text per language; a plain text is English."""
        if self.shape(key) is None:
            return Wording(en="")
        return self.optional_wording(key) or Wording(en="")

    def optional_wording(self, key: str) -> Wording | None:
        """Return a text per language; None where there is none."""
        shape = self.shape(key, needed=False)
        if shape is None:
            return None
        if not isinstance(shape, Table):
            return Wording(en=self._readable(shape, repr(key)))
        inner = Reader(self.source, shape)
        inner.only(LANGUAGES)
        fr, es, pt = (inner.text(name, needed=False) or None for name in ("fr", "es", "pt"))
        return Wording(en=inner.text("en"), fr=fr, es=es, pt=pt)

    def references(self, key: str, part: str, *, needed: bool = True) -> tuple[str, ...]:
        """Return a list of texts, each alone or under the key *part* of a small mapping."""
        found: list[str] = []
        for item in self.items(key, needed=needed):
            if isinstance(item, Table):
                found.append(Reader(self.source, item).text(part))
            else:
                found.append(self.text_of(item, f"an entry of {key!r}"))
        return tuple(found)

    def number(self, key: str) -> float:
        """Return a number."""
        shape = self.shape(key)
        value = None if shape is None else self.value_of(shape, "number", repr(key))
        return value if isinstance(value, float) else 0.0

    def value_of(self, shape: Shape, kind: FieldKind, what: str) -> Value:
        """Return *shape* as a value of *kind*; None is a missing value."""
        if isinstance(shape, Scalar) and shape.is_null:
            return None
        if kind == "texts":
            items = shape.items if isinstance(shape, Sequence) else (shape,)
            # An entry without a text is one that is missing among others.
            return tuple(
                None
                if isinstance(item, Scalar) and item.is_null
                else comparable(self.text_of(item, f"an entry of {what}"))
                for item in items
            )
        text = self.text_of(shape, what)
        if not text:
            return None
        if kind == "text":
            return comparable(text)
        value = _converted(text, kind)
        if value is None:
            said = {
                "number": "a number",
                "boolean": "true or false",
                "date": "a day, as 2026-01-31",
            }
            hint = _KIND_HINTS[kind](text)
            self.fault(shape, f"{what} is {said[kind]}, not {_short(text)!r}", hint)
        return value


def _how_day(text: str) -> str:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return "There is no such day in the calendar."
    return day_hint(text) or "Write year-month-day: 2026-12-31."


_KIND_HINTS: Mapping[str, Callable[[str], str]] = {
    "number": number_hint,
    "boolean": truth_hint,
    "date": _how_day,
}


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _converted(text: str, kind: str) -> float | bool | date | None:
    if kind == "number" and _NUMBER.fullmatch(text):
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    if kind == "boolean" and text in {"true", "false"}:
        return text == "true"
    if kind == "date" and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    return None
