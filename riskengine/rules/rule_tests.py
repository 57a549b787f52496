"""The tests inside a rule file: one container, perhaps with others beside it, and what is expected."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskengine.domain import Verdict
from riskengine.errors import Place
from riskengine.rules.faults import did_you_mean
from riskengine.rules.reading import Reader
from riskengine.rules.rule import Measure, Neighbour, RuleTest
from riskengine.rules.yaml_shape import Scalar, Shape, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.rules.tree import FieldKind, Value

TEST_KEYS = ("name", "expect", "record", "others")
OTHER_KEYS = ("days_before", "record", "is_of_stow_plan")
MOST_OTHERS = 100


@dataclass(frozen=True, slots=True)
class _Names:
    """What a record may name: fields, and the measures that it gives instead of having them computed."""

    fields: Mapping[str, FieldKind]
    measures: Mapping[str, Measure]


def read_tests(
    reader: Reader, fields: Mapping[str, FieldKind], measures: tuple[Measure, ...]
) -> tuple[RuleTest, ...]:
    """Return the tests of a rule; what is wrong in them is noted."""
    found: list[RuleTest] = []
    taken: set[str] = set()
    by_name = {measure.name: measure for measure in measures}
    for item in reader.items("tests", needed=False):
        if not isinstance(item, Table):
            hint = "Write '{name: heavy, expect: match, record: {gross_mass_kg: 26000}}'."
            reader.fault(item, "a test has name, expect and record", hint)
            continue
        inner = Reader(reader.source, item)
        inner.only(TEST_KEYS)
        name = inner.text("name")
        if name in taken:
            hint = "Give it a name of its own."
            inner.fault(item, f"a test named {name[:60]!r} stands above already", hint)
        taken.add(name)
        others = _others(inner, fields, by_name)
        # Where others stand beside it, the measures are computed and cannot be given.
        given = {} if others is not None else by_name
        found.append(
            RuleTest(
                name=name,
                expect=inner.choice("expect", Verdict),
                values=_record(inner, _Names(fields, given), set(by_name)),
                others=others,
                place=Place(file=inner.source.file, line=item.line, column=item.column),
            )
        )
    return tuple(found)


def _others(
    reader: Reader, fields: Mapping[str, FieldKind], measures: Mapping[str, Measure]
) -> tuple[Neighbour, ...] | None:
    shape = reader.table.get("others")
    if shape is None:
        return None
    if not measures:
        hint = "Declare a measure under 'across', or leave 'others' out."
        reader.fault(shape, "other containers mean nothing to a rule without measures", hint)
        return ()
    items = reader.items("others", needed=False)
    if len(items) > MOST_OTHERS:
        hint = "Leave out those that change nothing."
        reader.fault(shape, f"a test has at most {MOST_OTHERS} other containers", hint)
    found: list[Neighbour] = []
    for item in items:
        if not isinstance(item, Table):
            hint = "Write '{days_before: 3, record: {consignee_name: ACME}}'."
            reader.fault(item, "another container has days_before and record", hint)
            continue
        inner = Reader(reader.source, item)
        inner.only(OTHER_KEYS)
        planned = _is_planned(inner)
        record = inner.table.get("record")
        day = record.get("assessed_on") if isinstance(record, Table) else None
        if day is not None:
            inner.fault(day, "the day of another container follows from 'days_before'")
        found.append(
            Neighbour(
                days_before=0 if planned else _days_before(inner),
                is_of_stow_plan=planned,
                values=_record(inner, _Names(fields, {}), set(measures)),
            )
        )
    return tuple(found)


def _is_planned(reader: Reader) -> bool:
    shape = reader.table.get("is_of_stow_plan")
    if shape is None:
        return False
    days = reader.table.get("days_before")
    if days is not None:
        hint = "Leave 'days_before' out."
        reader.fault(days, "a stow plan has no days before", hint)
    return reader.value_of(shape, "boolean", "'is_of_stow_plan'") is True


def _days_before(reader: Reader) -> int:
    said = "a whole number of days from 0, which is the same manifest, to 999"
    text = reader.matching("days_before", "[0-9]{1,3}", said)
    return int(text) if re.fullmatch("[0-9]{1,3}", text, re.ASCII) else 0


def _record(reader: Reader, names: _Names, measures: set[str]) -> Mapping[str, Value]:
    shape = reader.table.get("record")
    if not isinstance(shape, Table):
        # Nothing under the key is a container of which nothing is known.
        if shape is None or not (isinstance(shape, Scalar) and shape.is_null):
            shape = shape or reader.table
            hint = "Write 'record: {gross_mass_kg: 26000}'."
            reader.fault(shape, "'record' holds fields and their values", hint)
        return {}
    values: dict[str, Value] = {}
    for key, value in shape.entries:
        measure = names.measures.get(key.text)
        kind = measure.kind if measure else names.fields.get(key.text)
        if kind is None:
            _fault_name(reader, key, names, measures)
        else:
            column = measure.column if measure else key.text
            values[column] = reader.value_of(value, kind, repr(key.text))
    return values


def _fault_name(reader: Reader, key: Shape, names: _Names, measures: set[str]) -> None:
    written = key.text if isinstance(key, Scalar) else ""
    if written in measures:
        hint = "Leave it out; or leave 'others' out and give every measure."
        reader.fault(key, f"{written!r} is computed from the other containers", hint)
        return
    known = [*names.fields, *names.measures]
    hint = did_you_mean(written, known) or "The page docs/indicators.md names every field."
    reader.fault(key, f"there is no field named {written[:60]!r}", hint)
