"""Exceptions: read with every fault at its place, an excuse like any other, and gone after their last day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskengine.domain import Typology
from riskengine.rules.evaluate import evaluate
from riskengine.rules.exception_file import read_exceptions
from riskengine.rules.exceptions import (
    applies_to,
    exception_from_source,
    remarks,
    with_exceptions,
)
from riskengine.rules.faults import Source
from riskengine.rules.pack import read_exception_file, read_pack
from riskengine.rules.reference import excused_by, explain_rule, verdict_of

ONE = """\
schema: 1
id: EXC-2026-001
rules: [TST-ONE-001]
field: shipper_name
values: ["Acme  Trading"]
reason: audited in May
approved_by: Chief Ama
from: 2026-03-01
expires: 2027-03-01
"""


def read(text, fields):
    source = Source("exceptions/one.yaml", text)
    return read_exceptions(source, fields), source.faults


def changed(**keys):
    lines = [line for line in ONE.splitlines() if line.split(":")[0] not in keys]
    lines += [f"{key}: {value}" for key, value in keys.items() if value is not None]
    return "\n".join([*lines, ""])


def test_an_exception_is_read_in_the_form_in_which_texts_are_compared(fields):
    (exception,), faults = read(ONE, fields)
    assert faults == []
    assert (exception.id, exception.rules, exception.typologies) == (
        "EXC-2026-001", ("TST-ONE-001",), ())  # fmt: skip
    assert (exception.starts, exception.expires) == (date(2026, 3, 1), date(2027, 3, 1))
    assert exception.condition.text == "shipper_name = 'ACME TRADING'"
    assert (exception.approved_by, exception.reason) == ("Chief Ama", "audited in May")


def test_several_exceptions_stand_in_one_file_and_each_is_read_again_alone(fields):
    entry = ONE.replace("schema: 1\n", "").replace("\n", "\n    ").strip()
    other = entry.replace("2026-001", "2026-002")
    text = f"schema: 1\nexceptions:\n  - {entry}\n  - {other}\n"
    found, faults = read(text, fields)
    assert [str(fault) for fault in faults] == []
    assert [exception.id for exception in found] == ["EXC-2026-001", "EXC-2026-002"]
    for exception in found:
        (again,), faults = read(exception.source_yaml, fields)
        assert (again.id, again.sha256) == (exception.id, exception.sha256)


@pytest.mark.parametrize(
    ("keys", "line", "sentence", "hint"),
    [
        ({"expires": None}, 1, "the key 'expires' is needed", ""),
        ({"expires": "2027-05-01"}, 9, "at most 400 days", "Look at it again"),
        ({"expires": "2026-02-01"}, 9, "ends before it begins", ""),
        ({"rules": "[velocity]"}, 9, "'velocity' is no id of a rule", ""),
        ({"rules": "[TST-ONE-001, TST-ONE-001]"}, 9, "a second time", ""),
        ({"typologies": "[cloned_container]"}, 3, "not for both", ""),
        ({"field": "shiper_name"}, 9, "no field named 'shiper_name'", "shipper_name"),
        ({"field": "is_full"}, 9, "tells nobody from anybody", ""),
        ({"field": "mass_kg", "values": "[heavy]"}, 9, "a number, not 'heavy'", ""),
        ({"field": "issued_on", "values": "[2026-13-01]"}, 9, "a day", ""),
        ({"values": "[null]"}, 9, "a missing value excuses nobody", ""),
        ({"values": "[]"}, 9, "'values' is empty", ""),
        ({"reason": None}, 1, "the key 'reason' is needed", ""),
        ({"approved_by": None}, 1, "the key 'approved_by' is needed", ""),
        ({"id": "exc-1"}, 9, "written like EXC-2026-014", ""),
        ({"until": "2027-01-01"}, 10, "there is no key 'until'", ""),
        ({"reazon": "x"}, 10, "there is no key 'reazon'", "reason"),
    ],
)
def test_a_fault_is_told_with_its_place_and_what_was_meant(keys, line, sentence, hint, fields):
    found, faults = read(changed(**keys), fields)
    assert found == ()
    told = {(fault.place.line, fault.sentence, fault.hint) for fault in faults}
    assert any(at == line and sentence in what and hint in why for at, what, why in told), told


def test_all_faults_of_a_file_are_told_at_once(fields):
    _, faults = read(changed(expires=None, field="nothing", reason=None), fields)
    assert len(faults) == 3


@pytest.mark.parametrize(
    ("field", "values", "held", "not_held", "kind"),
    [
        ("shipper_name", "[ACME, 'B & C']", "B & C", "ACME LTD", pl.String),
        ("hs_codes", "['0803', '0804']", ["0101", "0804"], ["0101"], pl.List(pl.String)),
        ("mass_kg", "[12, 13.5]", 13.5, 13.0, pl.Float64),
        ("issued_on", "[2026-03-01]", date(2026, 3, 1), date(2026, 3, 2), pl.Date),
    ],
)
def test_an_exception_excuses_in_both_evaluators_and_a_missing_value_never_does(
    field, values, held, not_held, kind, make_rule, fields
):
    (exception,), faults = read(changed(field=field, values=values), fields)
    assert faults == []
    rule = replace(make_rule("is_reefer"), exceptions=(exception,))
    found = [held, not_held, None]
    frame = pl.DataFrame(
        {
            "container_id": pl.Series([0, 1, 2], dtype=pl.Int32),
            "is_reefer": [True] * 3,
            field: pl.Series(found, dtype=kind),
        }
    )
    said = evaluate([rule], frame).frame["verdict"].to_list()
    by_reference = [verdict_of(rule, {"is_reefer": True, field: value})[0] for value in found]
    assert said == by_reference == ["excused", "match", "match"]


def test_what_excused_a_container_can_be_told(make_rule, fields):
    (exception,), _ = read(ONE, fields)
    rule = replace(make_rule("is_reefer", unless=("is_full",)), exceptions=(exception,))
    row = {"is_reefer": True, "is_full": False, "shipper_name": "ACME TRADING"}
    assert excused_by(rule, row) == (exception,)
    leaf = explain_rule(rule, row).leaves[-1]
    assert (leaf.is_excuse, leaf.holds, leaf.exception) == (True, True, exception)
    assert excused_by(rule, row | {"is_full": True}) == ()
    assert excused_by(rule, row | {"shipper_name": "ACME"}) == ()


def test_an_exception_excuses_from_its_first_day_to_its_last(make_rule, fields):
    (exception,), _ = read(ONE, fields)
    rule = make_rule("is_reefer")
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2027, 3, 1), date(2027, 3, 2)]
    excused = [with_exceptions(rule, [exception], day).exceptions for day in days]
    assert excused == [(), (exception,), (exception,), ()]


def test_a_wide_exception_is_made_for_every_rule_of_a_typology_and_says_so(make_rule, fields):
    (wide,), faults = read(changed(rules=None, typologies="[cloned_container]"), fields)
    assert faults == []
    assert wide.typologies == (Typology.CLONED_CONTAINER,)
    rule = make_rule("is_reefer", effect="must_inspect")
    assert applies_to(wide, rule)
    assert not applies_to(wide, make_rule("is_reefer", typology="[cold_route]"))
    assert remarks(wide, [rule]) == (
        ("wide", "cloned_container"), ("must_inspect", "TST-ONE-001"))  # fmt: skip


def test_an_exception_for_a_rule_nobody_has_says_so(fields):
    (exception,), _ = read(ONE, fields)
    assert remarks(exception, []) == (("no_rule", "TST-ONE-001"),)


def test_a_pack_holds_exceptions_and_an_id_once(tmp_path, rule_text):
    (tmp_path / "exceptions").mkdir()
    (tmp_path / "tst-one-001.yaml").write_text(rule_text("when: {all: [is_full]}\n"), "utf-8")
    (tmp_path / "exceptions" / "a.yaml").write_text(ONE, "utf-8")
    fields = {"is_full": "boolean", "shipper_name": "text"}
    pack, faults = read_pack(tmp_path, fields)
    assert faults == ()
    assert [exception.id for exception in pack.exceptions] == ["EXC-2026-001"]
    (tmp_path / "exceptions" / "b.yaml").write_text(ONE, "utf-8")
    _, faults = read_pack(tmp_path, fields)
    assert ["a.yaml already" in fault.sentence for fault in faults] == [True]
    found, faults = read_exception_file(tmp_path / "exceptions" / "b.yaml", fields)
    assert (len(found), faults) == (1, ())


def test_an_exception_is_read_again_from_its_text_alone():
    again = exception_from_source(ONE)
    assert again.condition.text == "shipper_name = 'ACME TRADING'"


@given(st.text(max_size=200))
def test_any_text_is_read_or_has_faults(text):
    source = Source("x.yaml", text)
    found = read_exceptions(source, {"shipper_name": "text"})
    assert bool(found) != bool(source.faults)
