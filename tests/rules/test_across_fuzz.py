"""Random measures over random containers: DuckDB and plain Python must not differ in one value."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from unittest import mock

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.rules import measuring as measuring_module
from riskengine.rules.across import Surroundings
from riskengine.rules.across_reference import Scene, measures_of
from riskengine.rules.columns import TYPES
from riskengine.rules.language import parse
from riskengine.rules.measuring import measure
from riskengine.rules.rule import Measure, Wording
from riskengine.rules.tree import FieldRef

KINDS = {
    "container_number": "text",
    "bills_of_lading": "texts",
    "name": "text",
    "seals": "texts",
    "mass": "number",
    "worth": "number",
    "is_full": "boolean",
    "issued_on": "date",
}
_FIRST = date(2026, 3, 1).toordinal()
_DAYS = st.none() | st.integers(0, 6).map(lambda n: date.fromordinal(_FIRST + n))
_NUMBERS = st.sampled_from([0.0, -0.0, 0.1, 0.2, 0.3, 1.0, 2.5, -3.25, 1e-7, 12345.678]) | (
    st.sampled_from([1e15, 9e15, -9e15, 1e16, 1e300, math.nan, math.inf, -math.inf])
)
_TEXTS = st.sampled_from(["A", "B", "C", "É", ""])
_KEYS = st.sampled_from([None, "", "X", "Y"])
_FIELDS = {
    "container_number": st.none() | _TEXTS,
    "bills_of_lading": st.none() | st.lists(st.none() | _TEXTS, max_size=3),
    "name": st.none() | _TEXTS,
    "seals": st.none() | st.lists(st.none() | _TEXTS, max_size=3),
    "mass": st.none() | _NUMBERS,
    "worth": st.none() | _NUMBERS | st.floats(-1e6, 1e6),
    "is_full": st.none() | st.booleans(),
    "issued_on": _DAYS,
}
_PRESENT = st.fixed_dictionaries(
    {**_FIELDS, "assessed_on": _DAYS, "voyage_key": _KEYS, "manifest_key": _KEYS}
)
_PAST = st.fixed_dictionaries({**_FIELDS, "on": _DAYS, "voyage_key": _KEYS})
_PLAN = st.fixed_dictionaries(_FIELDS)
_OF = {
    "count": ["containers", "bills", *KINDS],
    "sum": ["mass", "worth"],
    "smallest": ["mass", "worth", "issued_on"],
    "largest": ["mass", "worth", "issued_on"],
    "value_of": [name for name, kind in KINDS.items() if kind != "texts"],
}
_WHERE = st.sampled_from(
    ["is_full", "not is_full", "mass > 0", "seals contains 'A'", "name is missing"]
)


@st.composite
def _measures(draw):
    taken = draw(st.sampled_from(sorted(_OF)))
    of = draw(st.sampled_from(_OF[taken]))
    kind = {"containers": "text", "bills": "texts"}.get(of) or KINDS[of]
    names = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=2, unique=True))
    several = [name for name in names if KINDS[name] == "texts"]
    names = [name for name in names if name not in several[taken != "value_of" :]] or ["name"]
    planned = draw(st.integers(0, 5)) == 0
    days = 0 if planned else draw(st.sampled_from([0, 1, 2, 3, 400]))
    number = draw(st.integers(0, 10**9))
    return Measure(
        name=f"m{number}",
        column=f"TST-ONE-001.1.m{number}",
        kind="number" if taken in {"count", "sum"} else kind,
        label=Wording(en="Measure"),
        taken=taken,
        of=of,
        of_kind=kind,
        same=tuple(FieldRef(name, KINDS[name]) for name in names),
        within_days=days,
        counts_peers=not planned and (days == 0 or draw(st.booleans())),
        is_of_stow_plan=planned,
        where=tuple(parse(line, KINDS) for line in draw(st.lists(_WHERE, max_size=2))),
    )


@pytest.fixture(scope="session")
def measuring(make_rule):
    """A function: measures to a rule that has them."""

    def measuring(measures):
        return replace(make_rule("is_full"), measures=tuple(measures))

    return measuring


def frame_of(rows, **more):
    columns = {**KINDS, **more}
    return pl.DataFrame(
        {
            name: pl.Series([row.get(name) for row in rows], dtype=TYPES[kind])
            for name, kind in columns.items()
        }
    )


def present_of(rows):
    return frame_of(rows, assessed_on="date", voyage_key="text", manifest_key="text")


def around_of(past, plan):
    return Surroundings(
        past=frame_of(past, on="date", voyage_key="text"),
        stow_plan=None if plan is None else frame_of(plan),
    )


def computed(rule, rows, past, plan):
    taken = measure([rule], present_of(rows), around_of(past, plan))
    assert taken.failed == {}
    return taken.columns.to_dict(as_series=False)


_UNIQUE = st.lists(_measures(), min_size=1, max_size=6, unique_by=lambda m: m.column)


@pytest.mark.parametrize("pairs", [0, measuring_module.MOST_PAIRS], ids=["steps", "pairs"])
@settings(max_examples=20, deadline=None)
@given(
    _UNIQUE,
    st.lists(_PRESENT, max_size=8),
    st.lists(_PAST, max_size=10),
    st.none() | st.lists(_PLAN, max_size=4),
)
def test_duckdb_and_the_reference_never_differ(measuring, pairs, drawn, rows, past, plan):
    rule = measuring(drawn)
    scene = Scene(present=rows, past=past, stow_plan=plan)

    with mock.patch.object(measuring_module, "MOST_PAIRS", pairs):
        found = computed(rule, rows, past, plan)

    for column, values in found.items():
        assert values == [measures_of(rule, row, scene)[column] for row in rows]


@settings(max_examples=8, deadline=None)
@given(_UNIQUE, st.lists(_PRESENT, max_size=8), st.lists(_PAST, max_size=10), st.randoms())
def test_the_order_of_the_containers_does_not_matter(measuring, drawn, rows, past, chance):
    rule = measuring(drawn)
    order = list(range(len(rows)))
    chance.shuffle(order)
    shuffled = chance.sample(past, len(past))

    found = computed(rule, rows, past, None)
    again = computed(rule, [rows[at] for at in order], shuffled, None)

    assert again == {name: [values[at] for at in order] for name, values in found.items()}


@settings(max_examples=4, deadline=None)
@given(_UNIQUE, st.lists(_PRESENT, min_size=1, max_size=6), st.lists(_PAST, max_size=8))
def test_a_container_alone_measures_what_it_measures_among_peers_that_are_left_out(
    measuring, drawn, rows, past
):
    days = {"assessed_on": date(2026, 3, 5)}
    rows = [{**row, **days} for row in rows]
    left_out = [
        replace(
            one, counts_peers=False, within_days=one.within_days or 3, is_of_stow_plan=False
        )
        for one in drawn
    ]
    rule = measuring(left_out)

    together = computed(rule, rows, past, None)
    alone = [computed(rule, [row], past, None) for row in rows]

    assert together == {name: [one[name][0] for one in alone] for name in together}
