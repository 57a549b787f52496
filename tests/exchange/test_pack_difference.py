"""Three versions beside each other: the author's last, the pack's, and what this unit made of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from riskengine.errors import Place
from riskengine.exchange.pack_difference import (
    FieldChange,
    RuleChange,
    difference_between,
    difference_to,
)
from riskengine.exchange.rule_fields import fields_of
from riskengine.features.catalog import catalog
from riskengine.rules.exceptions import exception_from_source
from riskengine.rules.pack import read_pack_files
from riskengine.rules.rule import RuleStatus, Wording
from riskengine.rules.standing import Installed
from riskengine.rules.stored import rule_from_source
from riskengine.rules.tuning import with_settings

THEIRS = "Port of Elsewhere"
EXCEPTION = """\
schema: 1
id: EXC-001
{made_for}
field: {field}
values: ["{value}"]
reason: known
approved_by: chief
from: 2026-01-01
expires: 2026-06-01
"""


@pytest.fixture
def held():
    """A function: the text of a rule to a version that is installed here."""

    def held(text, status="active", issuer=THEIRS, pack="theirs", lists=(), **tuned):
        rule = with_settings(rule_from_source(text), tuned)
        return Installed(
            rule=replace(rule, status=RuleStatus(status), lists=tuple(lists)),
            since=datetime(2026, 1, 1, tzinfo=UTC),
            who="chief",
            reason="",
            pack=pack,
            pack_version="1",
            issuer=issuer,
            unfit_settings=(),
        )

    return held


@pytest.fixture
def pack_of(writing):
    """A function: rules and lists to a pack."""

    def pack_of(*rules, lists=None, **head):
        pack, faults = read_pack_files(
            writing.files_of(*rules, lists=lists, **head), catalog(), "p"
        )
        assert faults == (), faults
        return pack

    return pack_of


@pytest.fixture
def one(pack_of):
    """A function: the pack's rule and what stands here to their one difference."""

    def one(theirs, *versions, exceptions=()):
        (found,) = difference_to(pack_of(theirs), versions, exceptions).rules
        return found

    return one


def changes(difference) -> dict[str, str]:
    return {field.field: field.change.value for field in difference.fields}


def test_what_is_not_here_is_new(one, writing):
    found = one(writing.rule_text())
    assert (found.change, found.fields, found.ours) == (RuleChange.NEW, (), None)


def test_what_is_here_is_the_same_whatever_its_standing(one, held, writing):
    text = writing.rule_text()
    assert one(text, held(text, status="retired")).change is RuleChange.SAME


def test_what_the_author_changed_added_and_removed_is_told_field_by_field(one, held, writing):
    before = writing.rule_text(why="{en: To see., fr: Pour voir.}")
    after = writing.rule_text(version="2", severity="high", why="{en: To see., es: Para ver.}")
    found = one(after, held(before))
    assert found.change is RuleChange.CHANGED
    assert changes(found) == {"severity": "theirs", "why.es": "added", "why.fr": "removed"}
    assert found.conflicts == ()


def test_conditions_are_told_line_by_line(one, held, writing):
    after = writing.rule_text(
        version="2", more="    - any:\n        - is_full\n        - is_reefer\n"
    )
    (when,) = one(after, held(writing.rule_text())).fields
    assert when.field == "when"
    assert when.ours == ("all:", "  - gross_mass_kg > heavy")
    assert when.theirs == (
        "all:",
        "  - gross_mass_kg > heavy",
        "  - any:",
        "      - is_full",
        "      - is_reefer",
    )


def test_another_layout_is_no_difference(one, held, writing):
    text = writing.rule_text()
    other = text.replace("value: 20000, from: 10000", "value: 20000.0, from: 10000.00")
    other = other.replace("why: To see.", "why: >-\n  To\n  see.").replace(
        "    - gross_mass_kg > heavy", "    - 'gross_mass_kg  >  heavy' # tonnes"
    )
    assert fields_of(other) == fields_of(text)


def test_a_setting_tuned_here_is_changed_here_and_in_conflict_where_the_author_moved_it_too(
    one, held, writing
):
    ours = held(writing.rule_text(), heavy=25000.0)
    quiet = one(writing.rule_text(version="2", severity="low"), ours)
    assert changes(quiet) == {"severity": "theirs", "settings.heavy.value": "ours"}
    moved = one(writing.rule_text(version="2", heavy="21000"), ours)
    (conflict,) = moved.conflicts
    assert (conflict.base, conflict.theirs, conflict.ours) == (
        ("20000",),
        ("21000",),
        ("25000",),
    )
    agreed = one(writing.rule_text(version="2", heavy="25000"), ours)
    assert changes(agreed) == {}


def test_a_setting_tuned_here_that_the_new_bounds_shut_out_is_a_remark(one, held, writing):
    ours = held(writing.rule_text(), heavy=29000.0)
    found = one(writing.rule_text(version="2", highest="28000"), ours)
    (remark,) = found.remarks
    assert remark.key == "setting_outside"
    assert remark.values == {
        "setting": "heavy",
        "number": 29000.0,
        "lowest": 10000.0,
        "highest": 28000.0,
    }


def test_a_setting_tuned_here_that_is_gone_is_a_remark(one, held, writing):
    ours = held(writing.rule_text(), heavy=29000.0)
    after = (
        writing.rule_text(version="2")
        .replace("heavy: {", "weighty: {")
        .replace("> heavy", "> weighty")
    )
    found = one(after, ours)
    assert [remark.key for remark in found.remarks] == ["setting_gone"]
    assert changes(found)["settings.heavy.value"] == "both"


def test_a_fork_of_this_unit_is_compared_through_the_authors_version(one, held, writing):
    base = held(writing.rule_text(), status="retired")
    fork = held(
        writing.rule_text(version="2", severity="critical", why="Ours."),
        issuer="us",
        pack="ours",
    )
    theirs = writing.rule_text(version="3", why="Theirs.", heavy="21000")
    found = one(theirs, base, fork)
    assert changes(found) == {
        "why": "both",
        "severity": "ours",
        "settings.heavy.value": "theirs",
    }
    assert [remark.key for remark in found.remarks] == ["other_issuer"]


def test_without_a_common_start_every_difference_is_a_conflict(one, held, writing):
    ours = held(writing.rule_text(version="2", severity="low"), issuer="us", pack="ours")
    assert changes(one(writing.rule_text(), ours)) == {"severity": "both"}


def test_tests_are_compared_by_name(one, held, writing):
    text = writing.rule_text()
    after = writing.rule_text(version="2").replace(
        "name: below, expect", "name: far below, expect"
    )
    assert changes(one(after, held(text))) == {
        "tests.far below": "added",
        "tests.below": "removed",
    }


@pytest.mark.parametrize(
    ("version", "issuer", "status", "expected"),
    [
        ("1", THEIRS, "active", RuleChange.CONTRADICTS),
        ("1", "us", "shadow", RuleChange.CONTRADICTS),
        ("2", THEIRS, "active", RuleChange.OLDER),
        ("2", THEIRS, "retired", RuleChange.CHANGED),
        ("2", "us", "active", RuleChange.CHANGED),
    ],
)
def test_what_stands_against_a_rule_is_told(
    version, issuer, status, expected, one, held, writing
):
    stands = held(
        writing.rule_text(version=version, severity="low"), status=status, issuer=issuer
    )
    found = one(writing.rule_text(), stands)
    assert found.change is expected
    assert (found.against is stands) == (expected in {RuleChange.CONTRADICTS, RuleChange.OLDER})


def test_a_rule_that_its_author_retired_is_told(one, held, writing):
    gone = (
        writing.rule_text(version="2", status="retired")
        + "retired: {reason: x, on: 2026-02-01}\n"
    )
    assert one(gone, held(writing.rule_text())).change is RuleChange.RETIRED


def test_a_rule_that_the_pack_no_longer_has_is_told_with_its_exceptions(pack_of, held, writing):
    lost = held(writing.rule_text(id="TST-LOST-001"))
    gone = held(writing.rule_text(id="TST-GONE-001"), status="retired")
    other = held(writing.rule_text(id="TST-OTHER-001"), pack="another")
    excused = exception("rules: [TST-LOST-001]")
    difference = difference_to(pack_of(writing.rule_text()), [lost, gone, other], [excused])
    assert [(rule.rule_id, rule.change.value) for rule in difference.rules] == [
        ("TST-LOST-001", "left_out"),
        ("TST-ONE-001", "new"),
    ]
    assert [remark.key for remark in difference.rules[0].remarks] == ["exception_lost"]


def exception(made_for, field="consignee_name", value="GOOD TRADER"):
    return exception_from_source(EXCEPTION.format(made_for=made_for, field=field, value=value))


def test_an_exception_by_a_field_that_the_new_version_does_not_read_is_a_remark(
    one, held, writing
):
    reads = writing.rule_text(more="    - port_of_loading != 'DEHAM'\n")
    excused = exception("rules: [TST-ONE-001]", "port_of_loading", "ECGYE")
    found = one(writing.rule_text(version="2"), held(reads), exceptions=[excused])
    assert [(r.key, r.values["field"]) for r in found.remarks] == [
        ("exception_field", "port_of_loading")
    ]
    still = one(writing.rule_text(version="2", severity="low", more="    - port_of_loading != 'DEHAM'\n"),
                held(reads), exceptions=[excused])  # fmt: skip
    assert still.remarks == ()


def test_an_exception_for_a_typology_that_the_new_version_left_is_a_remark(one, held, writing):
    after = writing.rule_text(version="2").replace("[cloned_container]", "[stolen_identity]")
    found = one(
        after,
        held(writing.rule_text()),
        exceptions=[exception("typologies: [cloned_container]")],
    )
    assert [remark.key for remark in found.remarks] == ["exception_lost"]


def test_a_list_is_compared_value_by_value_and_says_who_asks_it(pack_of, held, writing):
    asks = writing.rule_text(more="    - port_of_loading in list ports\n")
    here = pack_of(asks, lists={"ports": writing.list_text("ECGYE, COTRB")}).lists
    theirs = pack_of(asks, lists={"ports": writing.list_text("ECGYE, NLRTM", "2031-01-01")})
    (found,) = difference_to(theirs, [held(asks, lists=here)], ()).lists
    assert (found.added, found.removed, found.asked_by) == (
        ("NLRTM",),
        ("COTRB",),
        ("TST-ONE-001",),
    )
    assert (found.valid_until, found.valid_until_here) == (date(2031, 1, 1), date(2030, 12, 31))
    (quiet,) = difference_to(theirs, [held(asks, status="shadow", lists=here)], ()).lists
    assert quiet.asked_by == ()
    assert difference_to(theirs, [held(asks, pack="another", lists=here)], ()).lists == ()


def test_a_list_that_is_only_named_anew_differs_in_its_title(pack_of, held, writing):
    asks = writing.rule_text(more="    - port_of_loading in list ports\n")
    here = pack_of(asks, lists={"ports": writing.list_text()}).lists
    theirs = pack_of(asks, lists={"ports": f"{writing.list_text()}title: watched ports\n"})
    (found,) = difference_to(theirs, [held(asks, lists=here)], ()).lists
    assert (found.title, found.title_here) == (Wording(en="watched ports"), None)
    assert (found.added, found.removed) == ((), ())


def test_two_versions_are_compared_as_written(writing):
    earlier, later = (
        rule_from_source(text)
        for text in (writing.rule_text(), writing.rule_text(version="2", severity="high"))
    )
    (field,) = difference_between(earlier, later)
    assert (field.field, field.change) == ("severity", FieldChange.THEIRS)
    assert (field.ours, field.theirs) == (("medium",), ("high",))
    assert difference_between(earlier, earlier) == ()


def test_a_measure_is_compared_part_by_part():
    text = "across:\n  boxes:\n    label: {en: A}\n    count: containers\n    where:\n      - is_full\n"
    assert fields_of(text) == {
        "across.boxes.label.en": ("A",),
        "across.boxes.count": ("containers",),
        "across.boxes.where": ("- is_full",),
    }


def test_places_do_not_matter(one, held, writing):
    moved = held(writing.rule_text())
    moved = replace(moved, rule=replace(moved.rule, place=Place(file="elsewhere", line=3)))
    assert one(writing.rule_text(), moved).fields == ()
