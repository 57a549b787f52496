"""A rule takes its steps on evidence: every gate is asked, a second person decides, a crash is mended."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from riskengine.engine.evidence import attach_backtest
from riskengine.engine.rule_hits import Watched
from riskengine.errors import PromotionRefused, RegisterError, RuleError, RuleNotFound
from riskengine.features.catalog import catalog
from riskengine.ledger.backtests import AttachedBacktest, attach
from riskengine.ledger.migrations import create_ledger
from riskengine.register import audit
from riskengine.register.connection import create_register, open_register
from riskengine.register.rule_changes import (
    ChangeKind,
    ChangeState,
    Wish,
    changes,
    request_change,
)
from riskengine.review import (
    Step,
    approve_step,
    pending_changes,
    refuse_step,
    request_step,
    rule_change,
    rule_gates,
    waiting_step,
)
from riskengine.review.rule_change import finish_changes
from riskengine.review.rule_history import history_of
from riskengine.review.rule_tuning import (
    Signature,
    add_pack,
    approve_overlay,
    end_exception,
    enter_exceptions,
    tune,
)
from riskengine.rules.applied import as_run
from riskengine.rules.backtest import Backtest
from riskengine.rules.backtest_json import to_json
from riskengine.rules.exceptions import standing_exceptions
from riskengine.rules.pack import load_pack, read_exception_file
from riskengine.rules.rates import Rate
from riskengine.rules.rule import Pack, RuleStatus
from riskengine.rules.standing import installed, set_standing
from riskengine.rules.store import in_force
from riskengine.rules.stored import Signed
from riskengine.workspace import Workspace

NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
ID = "TST-ONE-001"
RULE = """\
schema: 1
id: TST-ONE-001
version: 1
status: active
title: A test
why: To see.
innocent: Everybody does.
blind_spot: All else.
source: [none]
typology: [cloned_container]
owner: tests
handling: TLP:CLEAR
severity: high
effect: score
valid_from: 2026-01-01
settings:
  least: {value: 2, from: 1, to: 9}
when: {all: [seal_count >= least]}
tests:
  - {name: two, expect: match, record: {seal_count: 2}}
  - {name: one, expect: no_match, record: {seal_count: 1}}
  - {name: none, expect: unknown, record: {}}
"""
EXCEPTION = """\
schema: 1
id: EXC-1
rules: [TST-ONE-001]
field: shipper_name
values: [ACME]
reason: audited
approved_by: Chief Ama
from: 2026-03-01
expires: 2026-03-31
"""


@pytest.fixture
def unit(tmp_path):
    """A unit with empty stores: what is asked here needs no runs."""
    made = Workspace(tmp_path / "unit")
    create_ledger(made)
    create_register(made)
    return made


@pytest.fixture
def add(unit, tmp_path):
    """A function: add the rule with some of its text changed, and return it."""

    def add(*swaps, at=NOW - timedelta(days=40)):
        text = RULE
        for old, new in swaps:
            assert old in text
            text = text.replace(old, new)
        name = next(line for line in text.splitlines() if line.startswith("id:"))[4:]
        folder = tmp_path / "rules"
        folder.mkdir(exist_ok=True)
        (folder / f"{name.lower()}.yaml").write_text(text, "utf-8")
        pack = load_pack(folder / f"{name.lower()}.yaml", catalog())
        add_pack(unit, pack, Signature(by="author", at=at))
        return pack.rules[0]

    return add


@pytest.fixture
def stands(unit):
    """A function: give a version a standing without asking anybody."""

    def stands(rule, status, *, days_ago=20):
        signed = Signed(at=NOW - timedelta(days=days_ago), who="chief", reason="before")
        set_standing(unit, rule.id, rule.sha256, status, signed)
        return rule

    return stands


@pytest.fixture
def tested_back(unit):
    """A function: attach a back-test to a rule, and return it."""

    def tested_back(rule, *, days=120, match=120, days_ago=30, **changed):
        last = (NOW - timedelta(days=days_ago)).date()
        first = last - timedelta(days=days - 1)
        made = Backtest(
            rule_id=rule.id, version=rule.version, sha256=rule.sha256, first_day=first,
            last_day=last, days=days, days_with_containers=days, containers=9000, match=match,
            no_match=9000 - match, unknown=0, excused=0, slots_per_day=None, examined=0,
            find_rate=Rate(found=0, examined=0), random_drawn=0,
            random_rate=Rate(found=0, examined=0), random_hits=Rate(found=0, examined=0),
            base_rate=Rate(found=0, examined=0), is_base_random=True, since=None, overlaps=(),
            missing=(), examples=(), as_run=as_run(rule), source="runs",
        )  # fmt: skip
        made = replace(made, **changed)
        report = AttachedBacktest(
            rule_id=rule.id, sha256=rule.sha256, made_at=NOW, made_by="analyst",
            first_day=first, last_day=last, report_json=to_json(made),
        )  # fmt: skip
        attach(unit, report)
        return made

    return tested_back


def step(to, **changed):
    values = {"rule_id": ID, "to": RuleStatus(to), "by": "Ana", "at": NOW}
    return Step(**(values | changed))


def seen(hits, **changed):
    """Return what answers for the time in shadow."""
    usual = {"days": 14, "containers": 9000, "unknown": 0, "hits": hits}
    return lambda *_: Watched(**(usual | changed))


def refused(unit, asked):
    """Return the gates that refuse a step."""
    with pytest.raises(PromotionRefused) as told:
        request_step(unit, asked)
    return {gate for gate, _ in told.value.refusals}


def status_of(unit, version=1):
    return next(one.status for one in installed(unit, ID) if one.rule.version == version)


def test_all_gates_that_refuse_are_told_together(unit, add):
    add(
        ("status: active", "status: draft"),
        ("expect: unknown", "expect: no_match"),
        ("expect: match", "expect: excused"),
    )
    assert refused(unit, step("shadow")) == {"tests", "tests_lacking", "backtest"}
    assert changes(unit) == ()


def test_a_draft_with_tests_and_a_long_back_test_enters_the_shadow_without_a_second_person(
    unit, add, tested_back
):
    rule = add()
    assert refused(unit, step("shadow")) == {"backtest"}
    tested_back(rule, days=89)
    assert refused(unit, step("shadow")) == {"backtest_short"}
    tested_back(rule, days=90)
    change = request_step(unit, step("shadow", reason="a new method"))
    assert change.state is ChangeState.COMPLETED
    assert status_of(unit) == "shadow"
    assert change.particulars["evidence"]["tests_passed"] == 3
    assert change.particulars["evidence"]["backtest"]["hits_per_day"] == "1.33333"


def test_a_back_test_of_another_content_is_no_evidence(unit, add, tested_back):
    tested_back(add())
    add(("version: 1", "version: 2"), ("seal_count >=", "seal_count >"))
    assert "backtest" in refused(unit, step("shadow", version=2))


def test_a_step_is_taken_from_the_one_before_it(unit, add):
    add()
    assert {"step"} <= refused(unit, step("trial"))
    assert {"step"} <= refused(unit, step("active", reason="because"))
    with pytest.raises(RuleNotFound, match="Did you mean 'TST-ONE-001'"):
        request_step(unit, step("shadow", rule_id="TST-ON-001"))
    with pytest.raises(RuleNotFound, match="No version 7"):
        request_step(unit, step("shadow", version=7))


@pytest.mark.parametrize(
    ("days", "usual", "live", "expected"),
    [
        (13, 120, 13, {"shadow_short"}),
        (14, 120, 14, set()),
        (20, 120, 40, set()),
        (20, 120, 41, {"shadow_rate"}),
        (20, 120, 10, set()),
        (20, 120, 9, {"shadow_rate"}),
        (20, 1, 3, set()),  # seldom: a few more may be chance
        (20, 1, 4, {"shadow_rate"}),
    ],
)
def test_the_way_from_shadow_to_trial_needs_two_weeks_at_the_usual_rate(
    unit, add, stands, tested_back, monkeypatch, days, usual, live, expected
):
    rule = stands(add(), RuleStatus.SHADOW, days_ago=days)
    tested_back(rule, days=120, match=usual)
    monkeypatch.setattr(rule_gates, "watched", seen(live))
    if expected:
        assert refused(unit, step("trial")) == expected
    else:
        assert request_step(unit, step("trial")).state is ChangeState.PENDING


def test_a_rule_in_shadow_without_a_back_test_stays_there(unit, add, stands, monkeypatch):
    stands(add(), RuleStatus.SHADOW)
    monkeypatch.setattr(rule_gates, "watched", seen(5))
    assert refused(unit, step("trial")) == {"backtest"}


@pytest.mark.parametrize(
    ("changed", "gate"),
    [
        ({"days": 6}, "shadow_seldom"),
        ({"containers": 199}, "shadow_few"),
        ({"unknown": 4501}, "shadow_unknown"),
        ({"days": 7, "containers": 200, "unknown": 100}, None),
    ],
)
def test_time_in_shadow_is_time_in_which_the_rule_was_asked_and_could_answer(
    unit, add, stands, tested_back, monkeypatch, changed, gate
):
    tested_back(stands(add(), RuleStatus.SHADOW))
    monkeypatch.setattr(rule_gates, "watched", seen(20, **changed))
    if gate:
        assert refused(unit, step("trial")) == {gate}
    else:
        assert request_step(unit, step("trial")).state is ChangeState.PENDING


def test_a_rule_that_no_run_asked_has_spent_no_time_in_shadow(unit, add, stands, tested_back):
    """However seldom it matches, by the clock alone nobody has watched it."""
    tested_back(stands(add(), RuleStatus.SHADOW), match=2)
    assert refused(unit, step("trial")) == {"shadow_never"}


@pytest.mark.parametrize(
    ("changed", "gate"),
    [
        ({"as_run": ""}, "backtest_old"),
        ({"as_run": "0" * 64}, "backtest_otherwise"),
        ({"days_with_containers": 9}, "backtest_thin"),
        ({"days_with_containers": 10}, None),
    ],
)
def test_a_back_test_counts_that_says_it_is_of_this_rule_as_it_runs(
    unit, add, tested_back, changed, gate
):
    tested_back(add(), **changed)
    if gate:
        assert refused(unit, step("shadow")) == {gate}
    else:
        assert request_step(unit, step("shadow")).state is ChangeState.COMPLETED


def test_a_back_test_of_other_numbers_is_no_evidence(unit, add, tested_back):
    tested_back(add())
    tune(unit, ID, "least", 3, Signature(by="Ana", at=NOW, reason="noise"))
    assert refused(unit, step("shadow")) == {"backtest_otherwise"}
    tested_back(installed(unit, ID)[0].rule)
    assert request_step(unit, step("shadow")).state is ChangeState.COMPLETED


def test_time_in_shadow_is_compared_with_the_time_before_it(
    unit, add, stands, tested_back, monkeypatch
):
    rule = stands(add(), RuleStatus.SHADOW, days_ago=20)
    monkeypatch.setattr(rule_gates, "watched", seen(20))
    tested_back(rule, days_ago=20)
    assert refused(unit, step("trial")) == {"backtest_late"}
    tested_back(rule, days_ago=21)
    tested_back(rule, days_ago=0)  # the newest that will do is taken
    asked = request_step(unit, step("trial"))
    last = asked.particulars["evidence"]["backtest"]["last_day"]
    assert last == (NOW - timedelta(days=21)).date().isoformat()


def test_nobody_adds_asks_decides_or_excuses_under_a_name_that_names_nobody(
    unit, add, stands, tested_back, tmp_path
):
    rule = stands(add(), RuleStatus.TRIAL)
    blank = "\u3164"
    pack = Pack(name="x", version="1", issuer="", licence="", rules=(rule,), lists=())
    with pytest.raises(RegisterError):
        add_pack(unit, pack, Signature(by=blank, at=NOW))
    with pytest.raises(RegisterError):
        attach_backtest(unit, tested_back(rule), at=NOW, by=blank)
    with pytest.raises(RegisterError):
        request_step(unit, step("active", reason="x", by=blank))
    request_step(unit, step("active", reason="x"))
    with pytest.raises(PromotionRefused):
        approve_step(unit, ID, by=blank, at=NOW)
    with pytest.raises(RegisterError):
        refuse_step(unit, ID, by=blank, at=NOW, reason="x")
    (tmp_path / "one.yaml").write_text(EXCEPTION, "utf-8")
    found, _ = read_exception_file(tmp_path / "one.yaml", catalog())
    unapproved = [replace(exception, approved_by=blank) for exception in found]
    with pytest.raises(RegisterError):
        enter_exceptions(unit, unapproved, Signature(by="Ana", at=NOW))
    assert status_of(unit) == "trial"


def test_the_step_that_is_approved_is_the_one_that_was_seen(unit, add, stands):
    stands(add(), RuleStatus.TRIAL)
    seen_first = request_step(unit, step("active", reason="x"))
    assert waiting_step(unit, ID, version=1) == seen_first
    with pytest.raises(RuleError, match="version 1, not 2"):
        waiting_step(unit, ID, version=2)
    refuse_step(unit, ID, by="Ana", at=NOW, reason="another one instead")
    request_step(unit, step("retired", reason="x", leaves_uncovered=True))
    with pytest.raises(RuleError, match="Nothing waits"):
        approve_step(unit, seen_first.change_id, by="Ben", at=NOW)
    assert status_of(unit) == "trial"
    (now,) = pending_changes(unit)
    approve_step(unit, now.change_id[:12], by="Ben", at=NOW)
    assert status_of(unit) == "retired"


def test_a_rule_that_two_steps_wait_for_is_not_approved_by_its_name(unit, add, stands):
    """Two officers may ask in the same moment; a name then says too little."""
    stands(add(), RuleStatus.TRIAL)
    first = request_step(unit, step("active", reason="x"))
    wish = Wish(
        kind=ChangeKind.STANDING, about=ID, particulars=first.particulars, reason="x", by="Zoe",
        at=NOW, needs_second=True,
    )  # fmt: skip
    request_change(unit, wish)
    with pytest.raises(RuleError, match="Several steps wait"):
        approve_step(unit, ID, by="Ben", at=NOW)
    approve_step(unit, first.change_id, by="Ben", at=NOW)
    assert status_of(unit) == "active"


@pytest.mark.parametrize(
    "stand_in",
    [
        ("effect: score", "effect: tag"),
        ("valid_from: 2026-01-01", "valid_from: 2026-01-01\nvalid_until: 2026-06-01"),
        ("valid_from: 2026-01-01", "valid_from: 2026-03-21"),
    ],
)
def test_what_only_names_ends_sooner_or_begins_later_covers_no_typology(
    unit, add, stands, stand_in
):
    stands(add(), RuleStatus.ACTIVE)
    stands(add(("TST-ONE-001", "TST-TWO-001"), stand_in), RuleStatus.ACTIVE)
    assert refused(unit, step("retired", reason="useless")) == {"uncovered"}


def test_an_urgent_version_that_ends_takes_no_place_for_good_unless_somebody_says_so(
    unit, add, stands
):
    stands(add(), RuleStatus.ACTIVE)
    until = ("valid_from: 2026-01-01", "valid_from: 2026-01-01\nvalid_until: 2026-05-01")
    add(("version: 1", "version: 2"), until)
    asked = step("trial", is_urgent=True, reason="changed this morning", version=2)
    assert refused(unit, asked) == {"uncovered"}
    stands(add(("TST-ONE-001", "TST-TWO-001")), RuleStatus.ACTIVE)
    assert request_step(unit, asked).state is ChangeState.PENDING


def test_a_reason_without_a_letter_is_none(unit, add, stands):
    stands(add(), RuleStatus.TRIAL)
    assert refused(unit, step("active", reason=" -.\u200b")) == {"inspected"}


def test_another_person_approves_and_the_same_in_other_letters_does_not(
    unit, add, stands, tested_back, monkeypatch
):
    tested_back(stands(add(), RuleStatus.SHADOW))
    monkeypatch.setattr(rule_gates, "watched", seen(20))
    request_step(unit, step("trial", by="Ana Ruiz"))
    assert status_of(unit) == "shadow"
    assert refused(unit, step("trial", by="Ben")) == {"pending"}
    with pytest.raises(PromotionRefused) as told:
        approve_step(unit, ID, by=" ANA  ruiz", at=NOW)
    assert [gate for gate, _ in told.value.refusals] == ["same_person"]
    decided = approve_step(unit, ID, by="Ben", at=NOW)
    assert (decided.decided_by, decided.requested_by) == ("Ben", "Ana Ruiz")
    assert status_of(unit) == "trial"
    assert pending_changes(unit) == ()
    with pytest.raises(RuleError, match="Nothing waits"):
        approve_step(unit, ID, by="Ben", at=NOW)


def test_gates_are_asked_again_at_the_approval(unit, add, stands, tested_back, monkeypatch):
    tested_back(stands(add(), RuleStatus.SHADOW))
    monkeypatch.setattr(rule_gates, "watched", seen(20))
    request_step(unit, step("trial"))
    monkeypatch.setattr(rule_gates, "watched", seen(200))
    with pytest.raises(PromotionRefused, match="more than twice"):
        approve_step(unit, ID, by="Ben", at=NOW)
    assert status_of(unit) == "shadow"


def test_a_step_is_refused_with_a_reason_or_taken_back(
    unit, add, stands, tested_back, monkeypatch
):
    tested_back(stands(add(), RuleStatus.SHADOW))
    monkeypatch.setattr(rule_gates, "watched", seen(20))
    request_step(unit, step("trial"))
    with pytest.raises(RuleError, match="needs a reason"):
        refuse_step(unit, ID, by="Ben", at=NOW, reason=" ")
    assert refuse_step(unit, ID, by="Ben", at=NOW, reason="too many").state == "refused"
    request_step(unit, step("trial"))
    refuse_step(unit, ID, by="Ana", at=NOW, reason="I was wrong")
    assert pending_changes(unit) == ()
    assert status_of(unit) == "shadow"


def test_thirty_inspected_matches_or_a_reason_make_a_rule_active(
    unit, add, stands, monkeypatch
):
    stands(add(), RuleStatus.TRIAL)
    hits = rule_gates.inspected_hits(unit, installed(unit, ID)[0].rule)
    assert (hits.inspected, hits.found) == (0, 0)
    assert refused(unit, step("active")) == {"inspected"}
    assert request_step(unit, step("active", reason="we know")).state is ChangeState.PENDING
    refuse_step(unit, ID, by="Ben", at=NOW, reason="wait for evidence")
    monkeypatch.setattr(
        rule_gates, "inspected_hits", lambda *_: type(hits)(inspected=30, found=4)
    )
    assert request_step(unit, step("active")).state is ChangeState.PENDING
    approve_step(unit, ID, by="Ben", at=NOW)
    assert status_of(unit) == "active"


def test_the_last_rule_of_a_typology_is_not_retired_unless_somebody_says_so(unit, add, stands):
    stands(add(), RuleStatus.ACTIVE)
    assert refused(unit, step("retired")) == {"reason", "uncovered"}
    assert refused(unit, step("retired", reason="useless")) == {"uncovered"}
    asked = step("retired", reason="useless", leaves_uncovered=True)
    assert request_step(unit, asked).state is ChangeState.PENDING
    approve_step(unit, ID, by="Ben", at=NOW)
    assert status_of(unit) == "retired"
    assert in_force(unit, NOW.date()).rules == ()


def test_a_rule_beside_another_of_its_typology_is_retired_with_a_reason(unit, add, stands):
    stands(add(), RuleStatus.ACTIVE)
    stands(add(("TST-ONE-001", "TST-TWO-001")), RuleStatus.TRIAL)
    assert request_step(unit, step("retired", reason="useless")).state is ChangeState.PENDING


def test_a_draft_is_put_away_by_its_author_alone(unit, add):
    add()
    assert request_step(unit, step("retired", reason="a slip")).state is ChangeState.COMPLETED


def test_a_new_version_that_leaves_a_typology_out_does_not_supersede_silently(
    unit, add, stands
):
    both = ("[cloned_container]", "[cloned_container, cold_route]")
    stands(add(both), RuleStatus.ACTIVE)
    add(("version: 1", "version: 2"), ("valid_from: 2026-01-01", "valid_from: 2026-01-02\nvalid_until: 2026-05-01"))  # fmt: skip
    urgent = {"is_urgent": True, "reason": "changed this morning"}
    with pytest.raises(PromotionRefused, match="cold_route"):
        request_step(unit, step("trial", **urgent))
    request_step(unit, step("trial", **urgent, leaves_uncovered=True))
    approve_step(unit, ID, by="Ben", at=NOW)
    assert (status_of(unit, 1), status_of(unit, 2)) == ("retired", "trial")


@pytest.mark.parametrize(
    ("until", "reason", "expected"),
    [
        (None, "now", {"urgent_endless"}),
        ("2026-06-19", "now", {"urgent_long"}),
        ("2026-06-18", "", {"reason"}),
        ("2026-03-19", "now", {"ended"}),
        ("2026-06-18", "now", set()),
    ],
)
def test_the_urgent_way_needs_a_reason_and_a_last_day_within_ninety(
    unit, add, until, reason, expected
):
    end = f"valid_from: 2026-01-01\nvalid_until: {until}" if until else "valid_from: 2026-01-01"
    add(("valid_from: 2026-01-01", end))
    asked = step("trial", is_urgent=True, reason=reason)
    if expected:
        assert refused(unit, asked) == expected
    else:
        assert request_step(unit, asked).state is ChangeState.PENDING
        assert status_of(unit) == "draft"
        approve_step(unit, ID, by="Ben", at=NOW)
        assert status_of(unit) == "trial"


def test_a_rule_that_has_not_begun_takes_no_place(unit, add, stands):
    """The version before it would be gone, and nothing in its place until its first day."""
    stands(add(), RuleStatus.ACTIVE)
    add(
        ("version: 1", "version: 2"),
        ("valid_from: 2026-01-01", "valid_from: 2026-04-01\nvalid_until: 2026-05-01"),
    )
    asked = step("trial", is_urgent=True, reason="now", leaves_uncovered=True)
    assert refused(unit, asked) == {"not_begun"}


def test_the_urgent_way_skips_no_test(unit, add):
    add(
        ("valid_from: 2026-01-01", "valid_from: 2026-01-01\nvalid_until: 2026-04-01"),
        ("record: {seal_count: 1}", "record: {seal_count: 5}"),
    )
    assert refused(unit, step("trial", is_urgent=True, reason="now")) == {"tests"}


def test_a_version_that_counted_before_takes_its_place_back_with_a_reason(unit, add, stands):
    stands(add(), RuleStatus.ACTIVE)
    second = add(("version: 1", "version: 2"))
    stands(second, RuleStatus.ACTIVE)
    assert status_of(unit, 1) == "retired"
    assert refused(unit, step("trial", version=1)) == {"reason"}
    request_step(unit, step("trial", version=1, reason="version 2 floods us"))
    approve_step(unit, ID, by="Ben", at=NOW)
    assert (status_of(unit, 1), status_of(unit, 2)) == ("trial", "retired")
    third = add(("version: 1", "version: 3"))
    stands(third, RuleStatus.RETIRED)
    assert refused(unit, step("trial", version=3, reason="x")) == {"never_counted"}


def tuned(unit, value, *, reason="noise"):
    tune(unit, ID, "least", value, Signature(by="Ana", at=NOW, reason=reason))
    approve_overlay(unit, ID, Signature(by="Ben", at=NOW))


def test_a_tuned_number_that_a_new_version_does_not_allow_stands_against_it(unit, add, stands):
    stands(add(), RuleStatus.ACTIVE)
    tuned(unit, 9)
    stands(add(("version: 1", "version: 2"), ("to: 9", "to: 5")), RuleStatus.TRIAL)
    assert refused(unit, step("active", reason="x")) == {"settings"}


def test_a_tuned_number_does_not_make_the_authors_tests_fail(unit, add, stands):
    stands(add(), RuleStatus.TRIAL)
    tuned(unit, 9)
    assert request_step(unit, step("active", reason="x")).state is ChangeState.PENDING


class PowerCutError(Exception):
    """The machine went off."""


def power_cut(*_args, **_more):
    raise PowerCutError


@pytest.mark.parametrize("where", ["open_ledger", "settle_change"])
def test_a_crash_between_register_and_ledger_is_mended_once(
    unit, add, tested_back, monkeypatch, where
):
    tested_back(add())
    with monkeypatch.context() as patched:
        patched.setattr(rule_change, where, power_cut)
        with pytest.raises(PowerCutError):
            request_step(unit, step("shadow"))
    (begun,) = changes(unit)
    assert begun.state is ChangeState.DUE
    assert finish_changes(unit) == 1
    assert finish_changes(unit) == 0
    assert status_of(unit) == "shadow"
    steps = [event.what for event in history_of(unit, ID)]
    assert steps.count("standing") == 1
    audit.verify(unit)


def test_a_change_that_another_one_overtook_is_abandoned(unit, add, tested_back, monkeypatch):
    rule = add()
    tested_back(rule)
    with monkeypatch.context() as patched:
        patched.setattr(rule_change, "open_ledger", power_cut)
        with pytest.raises(PowerCutError):
            request_step(unit, step("shadow"))
    set_standing(unit, ID, rule.sha256, RuleStatus.RETIRED, Signed(at=NOW, who="x", reason="y"))
    assert finish_changes(unit) == 1
    assert changes(unit)[0].state is ChangeState.ABANDONED
    assert status_of(unit) == "retired"


def test_who_asked_who_decided_why_and_on_what_is_in_the_chain_and_in_the_history(
    unit, add, stands
):
    stands(add(), RuleStatus.TRIAL)
    request_step(unit, step("active", reason="twelve finds in a week"))
    approve_step(unit, ID, by="Ben", at=NOW, reason="seen")
    kept = audit.entries(unit, about=ID)
    assert [(entry.actor, entry.action) for entry in kept] == [
        ("Ana", "rule_change_requested"),
        ("Ben", "rule_change_approved"),
        ("Ben", "rule_change_completed"),
    ]
    assert json.loads(kept[0].payload)["reason"] == "twelve finds in a week"
    told = [(event.what, event.who, event.why) for event in history_of(unit, ID)]
    assert told == [
        ("installed", "author", "pack rules"),
        ("standing", "chief", "before"),
        ("asked", "Ana", "twelve finds in a week"),
        ("approved", "Ben", "seen"),
        ("standing", "Ana", "twelve finds in a week"),
    ]
    assert history_of(unit, ID)[2].evidence["inspected"] == 0
    audit.verify(unit)


def test_what_was_decided_is_not_edited(unit, add, stands):
    stands(add(), RuleStatus.TRIAL)
    change = request_step(unit, step("active", reason="x"))
    for statement in ("UPDATE rule_change SET requested_by = 'Zoe'", "DELETE FROM rule_change"):
        with pytest.raises(RegisterError, match="asked for anew"):
            _edit(unit, statement)
    assert changes(unit) == (change,)


def _edit(unit, statement):
    with open_register(unit) as connection:
        connection.execute(statement)


def test_tuning_needs_a_reason_and_is_in_the_history(unit, add, stands):
    stands(add(), RuleStatus.ACTIVE)
    with pytest.raises(RuleError, match="needs a reason"):
        tune(unit, ID, "least", 3, Signature(by="Ana", at=NOW))
    tuned(unit, 3, reason="two is usual here")
    tuned(unit, None, reason="not any more")
    told = [(event.what, event.params) for event in history_of(unit, ID)][-2:]
    assert told == [
        ("setting", {"name": "least", "value": 3.0}),
        ("setting_back", {"name": "least"}),
    ]


def test_whoever_approved_an_exception_does_not_enter_it(unit, add, tmp_path):
    add()
    (tmp_path / "one.yaml").write_text(EXCEPTION, "utf-8")
    found, _ = read_exception_file(tmp_path / "one.yaml", catalog())
    with pytest.raises(RuleError, match="cannot enter it too"):
        enter_exceptions(unit, found, Signature(by="chief  AMA", at=NOW))
    assert standing_exceptions(unit) == ()
    done = enter_exceptions(unit, found, Signature(by="Ana", at=NOW))
    assert (done.new, done.unchanged) == (("EXC-1",), ())
    assert enter_exceptions(unit, found, Signature(by="Ana", at=NOW)).unchanged == ("EXC-1",)
    end_exception(unit, "EXC-1", Signature(by="Ben", at=NOW, reason="licence withdrawn"))
    assert standing_exceptions(unit) == ()
    told = [(event.what, event.who, event.why) for event in history_of(unit, ID)][-2:]
    assert told == [
        ("exception", "Ana", "audited"),
        ("exception_end", "Ben", "licence withdrawn"),
    ]
    with pytest.raises(RuleError, match="never used again"):
        enter_exceptions(unit, found, Signature(by="Ana", at=NOW))


def test_texts_that_nobody_has_written_do_not_go_to_trial(unit, add, stands):
    placeholder = "Write here which honest trade looks the same."
    rule = add(("Everybody does.", placeholder))
    urgent = step("trial", is_urgent=True, reason="found this morning")
    assert "unwritten" in refused(unit, urgent)
    stands(rule, RuleStatus.SHADOW)
    assert "unwritten" in refused(unit, step("trial"))


def test_a_retired_draft_is_told_how_to_come_back_and_comes_back_by_its_version(
    unit, add, tested_back
):
    tested_back(add())
    request_step(unit, step("retired", reason="a slip"))
    for status in ("shadow", "trial", "active"):
        assert {"step", "retired"} <= refused(unit, step(status))
    assert request_step(unit, step("shadow", version=1)).state is ChangeState.COMPLETED
    assert status_of(unit) == "shadow"
