"""Measures: what a rule asks of several containers at once, read from the ``across`` block of its file.

A measure counts, adds up or picks a value over the containers that share something with the one asked
about: those of the past days, those of the same manifest, or the boxes of the stow plan. Conditions then
use its name like a field.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from riskengine.rules.condition_lines import read_line
from riskengine.rules.faults import did_you_mean
from riskengine.rules.reading import Reader
from riskengine.rules.rule import Measure
from riskengine.rules.tokens import KEYWORDS
from riskengine.rules.tree import FieldRef
from riskengine.rules.types import FUNCTIONS
from riskengine.rules.yaml_shape import Scalar, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from riskengine.rules.language import Vocabulary
    from riskengine.rules.rule import Rule
    from riskengine.rules.tree import Condition, FieldKind
    from riskengine.rules.yaml_shape import Shape

__all__ = ["Surroundings", "asks_stow_plan", "fields_across", "longest_window", "read_measures"]

MOST_MEASURES = 8
MOST_KEYS = 4
MOST_LINES = 10
LONGEST_WINDOW = 400
LONGEST_NAME = 60
STOW_PLAN = "stow_plan"
_OTHER_NAME = "Name the measure otherwise."
_FIELDS = "The page docs/indicators.md names every field."
TAKEN: dict[str, Literal["count", "sum", "smallest", "largest", "value_of"]] = {
    "count": "count",
    "sum": "sum",
    "smallest": "smallest",
    "largest": "largest",
    "value_of": "value_of",
}
MEASURE_KEYS = ("label", *TAKEN, "same", "within_days", "peers", "of", "where")
COUNTED: dict[str, FieldKind] = {"containers": "text", "bills": "texts"}
FITTING: dict[str, frozenset[str]] = {
    "sum": frozenset({"number"}),
    "smallest": frozenset({"number", "date"}),
    "largest": frozenset({"number", "date"}),
    "value_of": frozenset({"number", "text", "boolean", "date"}),
}
_SAID = {
    "sum": "a number",
    "smallest": "a number or a date",
    "largest": "a number or a date",
    "value_of": "one value",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What stands around the containers that are assessed.

    Attributes:
        past: Containers of earlier days: the fields of ``fields_across``, ``on`` (the day) and
            ``voyage_key``; None where nothing earlier is known.
        stow_plan: The boxes on the stow plan, with the fields it fills; None where none was received.
    """

    past: pl.DataFrame | None = None
    stow_plan: pl.DataFrame | None = None


def fields_across(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Return the fields that containers of the past must bring for the measures of *rules*, sorted."""
    looking_back = [m for rule in rules for m in rule.measures if m.within_days > 0]
    return tuple(sorted(frozenset[str]().union(*(m.fields for m in looking_back))))


def longest_window(rules: Iterable[Rule]) -> int:
    """Return how many days back the measures of *rules* look; 0 where none does."""
    return max((m.within_days for rule in rules for m in rule.measures), default=0)


def asks_stow_plan(rules: Iterable[Rule]) -> bool:
    """Tell whether a measure of *rules* looks at the stow plan."""
    return any(measure.is_of_stow_plan for rule in rules for measure in rule.measures)


def read_measures(reader: Reader, vocabulary: Vocabulary, owner: str) -> tuple[Measure, ...]:
    """Return the measures of a rule; what is wrong in them is noted.

    Args:
        reader: Of the whole rule file.
        vocabulary: The fields, settings and lists that a ``where`` line may name.
        owner: The rule's id and version, from which the columns are named.
    """
    shape = reader.shape("across", needed=False)
    if shape is None:
        return ()
    if not isinstance(shape, Table) or not shape.entries:
        hint = "Write a name, and under it label, count, same, within_days and peers."
        reader.fault(shape, "'across' holds named measures", hint)
        return ()
    if len(shape.entries) > MOST_MEASURES:
        hint = "Make several rules of it."
        place = shape.entries[MOST_MEASURES][0]
        reader.fault(place, f"a rule has at most {MOST_MEASURES} measures", hint)
    found: list[Measure] = []
    for key, value in shape.entries[:MOST_MEASURES]:
        _check_name(reader, key, vocabulary)
        if not isinstance(value, Table):
            hint = "Write each of them on a line of its own under the name of the measure."
            sentence = "a measure has label, count, same, within_days and peers"
            reader.fault(value, sentence, hint)
            continue
        measure = _measure(Reader(reader.source, value), vocabulary)
        if measure is not None:
            column = f"{owner}.{key.text}"
            found.append(replace(measure, name=key.text, column=column))
    return tuple(found)


def _check_name(reader: Reader, key: Scalar, vocabulary: Vocabulary) -> None:
    name = key.text
    if re.fullmatch("[a-z][a-z0-9_]*", name) is None or len(name) > LONGEST_NAME:
        hint = f"Use small letters, digits and '_', at most {LONGEST_NAME} characters."
        reader.fault(key, f"{name[:LONGEST_NAME]!r} cannot name a measure", hint)
    elif name in vocabulary.fields:
        reader.fault(key, f"{name!r} is a field already", _OTHER_NAME)
    elif name in vocabulary.settings:
        reader.fault(key, f"{name!r} is a setting already", _OTHER_NAME)
    elif name in KEYWORDS or name in FUNCTIONS:
        reader.fault(key, f"{name!r} is a word of the language", _OTHER_NAME)


def _measure(reader: Reader, vocabulary: Vocabulary) -> Measure | None:
    """Return a measure, not yet named; None where what it takes cannot be told."""
    reader.only(MEASURE_KEYS)
    taken, of, of_kind = _taken(reader, vocabulary)
    planned = _is_of_stow_plan(reader)
    label, where = reader.wording("label"), _where(reader, vocabulary)
    same = _same(reader, vocabulary)
    within_days = 0 if planned else _within_days(reader)
    counts_peers = not planned and _counts_peers(reader, within_days)
    if taken == "value_of" and any(ref.kind == "texts" for ref in same):
        hint = "Count instead, or share a field that holds one value."
        place = reader.table.get("same") or reader.table
        reader.fault(place, "'value_of' cannot be taken over a field of several texts", hint)
    if taken is None or of_kind is None:
        return None
    return Measure(
        name="",
        column="",
        kind="number" if taken in {"count", "sum"} else of_kind,
        label=label,
        taken=taken,
        of=of,
        of_kind=of_kind,
        same=same,
        within_days=within_days,
        counts_peers=counts_peers,
        is_of_stow_plan=planned,
        where=where,
    )


def _taken(
    reader: Reader, vocabulary: Vocabulary
) -> tuple[
    Literal["count", "sum", "smallest", "largest", "value_of"] | None, str, FieldKind | None
]:
    """Return what is taken, of which field, and what that field holds; None where that is not told."""
    written = [key for key, _ in reader.table.entries if key.text in TAKEN]
    if len(written) != 1:
        place = written[1] if written else reader.table
        hint = f"Write exactly one of: {', '.join(TAKEN)}."
        said = "takes two things at once" if written else "does not say what it takes"
        reader.fault(place, f"this measure {said}", hint)
        return None, "", None
    taken = TAKEN[written[0].text]
    of = reader.text(taken)
    if not of:
        return None, "", None
    place = reader.table.get(taken) or reader.table
    if taken == "count" and of in COUNTED:
        return taken, of, COUNTED[of]
    kind = vocabulary.fields.get(of)
    if kind is None:
        known = [*vocabulary.fields, *(COUNTED if taken == "count" else ())]
        hint = did_you_mean(of, known) or _FIELDS
        reader.fault(place, f"there is no field named {of[:LONGEST_NAME]!r}", hint)
        return None, "", None
    if kind not in FITTING.get(taken, {kind}):
        hint = "Count it instead, or take another field."
        reader.fault(place, f"{taken!r} needs {_SAID[taken]}; {of!r} holds a {kind}", hint)
        return taken, of, None
    return taken, of, kind


def _is_of_stow_plan(reader: Reader) -> bool:
    shape = reader.table.get("of")
    if shape is None:
        return False
    text = reader.text("of")
    if text and text != STOW_PLAN:
        hint = f"Write 'of: {STOW_PLAN}', or leave it out to look at other containers."
        reader.fault(shape, f"a measure cannot look at {text!r}", hint)
    for key in ("within_days", "peers"):
        place = reader.table.get(key)
        if place is not None:
            hint = f"Leave {key!r} out."
            reader.fault(place, "a stow plan has neither days nor peers", hint)
    return True


def _within_days(reader: Reader) -> int:
    said = f"a whole number of days from 0 to {LONGEST_WINDOW}"
    text = reader.matching("within_days", "[0-9]{1,3}", said)
    days = int(text) if re.fullmatch("[0-9]{1,3}", text, re.ASCII) else 1
    if days > LONGEST_WINDOW:
        place = reader.table.get("within_days") or reader.table
        hint = "History older than that is not looked at."
        reader.fault(place, f"'within_days' is {said}, not '{days}'", hint)
    return days


def _counts_peers(reader: Reader, within_days: int) -> bool:
    text = reader.matching("peers", "counted|left_out", "'counted' or 'left_out'")
    if text == "left_out" and within_days == 0:
        place = reader.table.get("peers") or reader.table
        hint = "Write 'peers: counted', or a number of days above 0."
        reader.fault(place, "without days and without peers there is nothing to look at", hint)
    return text == "counted"


def _same(reader: Reader, vocabulary: Vocabulary) -> tuple[FieldRef, ...]:
    found: list[FieldRef] = []
    items = reader.items("same")
    for item in items:
        name = reader.text_of(item, "an entry of 'same'")
        kind = vocabulary.fields.get(name)
        if name and kind is None:
            hint = did_you_mean(name, vocabulary.fields) or _FIELDS
            reader.fault(item, f"there is no field named {name[:LONGEST_NAME]!r}", hint)
        elif name in {ref.name for ref in found}:
            reader.fault(item, f"{name!r} stands above already", "Delete one of the two.")
        elif kind == "texts" and any(ref.kind == "texts" for ref in found):
            hint = "Keep one of them; ask the other in a measure of its own."
            reader.fault(item, "only one field of several texts can be shared", hint)
        elif kind is not None:
            found.append(FieldRef(name, kind))
    if len(items) > MOST_KEYS:
        hint = "What else must hold of the others stands under 'where'."
        reader.fault(items[MOST_KEYS], f"at most {MOST_KEYS} fields can be shared", hint)
    return tuple(found)


def _where(reader: Reader, vocabulary: Vocabulary) -> tuple[Condition, ...]:
    items = reader.items("where", needed=False)
    if len(items) > MOST_LINES:
        hint = "Join lines with 'and' and 'or'."
        reader.fault(items[MOST_LINES], f"'where' has at most {MOST_LINES} lines", hint)
    lines = [_line(reader, vocabulary, item) for item in items[:MOST_LINES]]
    return tuple(line for line in lines if line is not None)


def _line(reader: Reader, vocabulary: Vocabulary, item: Shape) -> Condition | None:
    if isinstance(item, Scalar):
        return read_line(reader, vocabulary, item)
    hint = "Write '- is_full'; join with 'or' inside a line where one of several is enough."
    reader.fault(item, "'where' holds conditions, one a line; every one must hold", hint)
    return None
