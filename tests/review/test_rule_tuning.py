"""What a unit makes its own waits for another person where it reaches far, and is never without an entry."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from riskengine.errors import RegisterError, RuleError, RulesRefused
from riskengine.features.catalog import catalog
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.migrations import create_ledger
from riskengine.register import audit
from riskengine.register.connection import create_register
from riskengine.register.rule_changes import ChangeState, changes
from riskengine.review import pending_changes, rule_tuning
from riskengine.review.rule_change import finish_changes
from riskengine.review.rule_history import history_of
from riskengine.review.rule_tuning import (
    Signature,
    add_pack,
    approve_overlay,
    enter_exceptions,
    refuse_overlay,
    tune,
    waiting_overlays,
)
from riskengine.rules.exceptions import standing_exceptions
from riskengine.rules.pack import load_pack, read_exception_file
from riskengine.rules.rule import RuleStatus
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
SECOND = RULE.replace("TST-ONE-001", "TST-TWO-001")
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


def signed(by="Ana", reason="seen"):
    return Signature(by=by, at=NOW, reason=reason)


@pytest.fixture
def unit(tmp_path):
    """A unit with empty stores."""
    made = Workspace(tmp_path / "unit")
    create_ledger(made)
    create_register(made)
    return made


@pytest.fixture
def pack_of(tmp_path):
    """A function: the texts of rules, lists and pack.yaml to a pack."""

    def pack_of(*rules, lists=(), head="", name="tests"):
        folder = tmp_path / name
        for file in folder.rglob("*.yaml"):
            file.unlink()
        (folder / "lists").mkdir(parents=True, exist_ok=True)
        for text in rules:
            rule_id = next(x for x in text.splitlines() if x.startswith("id:"))[4:]
            (folder / f"{rule_id.lower()}.yaml").write_text(text, "utf-8")
        for text in lists:
            entry = next(x for x in text.splitlines() if x.startswith("name:"))[6:]
            (folder / "lists" / f"{entry}.yaml").write_text(text, "utf-8")
        if head:
            (folder / "pack.yaml").write_text(head, "utf-8")
        return load_pack(folder, catalog())

    return pack_of


@pytest.fixture
def counting(unit, pack_of):
    """A function: add rules and let them count."""

    def counting(*texts, **more):
        add_pack(unit, pack_of(*texts, **more), signed("author"))
        for one in installed(unit):
            if one.status is RuleStatus.DRAFT:
                by = Signed(at=NOW, who="chief", reason="before")
                set_standing(unit, one.rule.id, one.rule.sha256, RuleStatus.ACTIVE, by)

    return counting


@pytest.fixture
def excuse(unit, tmp_path):
    """A function: enter the exception with some of its text changed, several times under other ids."""

    def excuse(*swaps, times=1, by="Ana"):
        text = EXCEPTION
        for old, new in swaps:
            assert old in text
            text = text.replace(old, new)
        found = []
        for number in range(1, times + 1):
            file = tmp_path / "exception.yaml"
            file.write_text(text.replace("EXC-1", f"EXC-{number}"), "utf-8")
            read, faults = read_exception_file(file, catalog())
            assert faults == ()
            found += read
        return enter_exceptions(unit, found, signed(by))

    return excuse


def least(unit):
    (rule,) = in_force(unit, NOW.date()).rules
    return rule.settings[0].value


def test_the_tuning_of_a_rule_that_counts_waits_for_another_person(unit, counting):
    counting(RULE)
    assert tune(unit, ID, "least", 9, signed()).is_pending
    assert least(unit) == 2
    assert pending_changes(unit) == ()
    with pytest.raises(RuleError, match="waits for a decision"):
        tune(unit, ID, "least", 8, signed("Cleo"))
    with pytest.raises(RegisterError, match="cannot approve it"):
        approve_overlay(unit, ID, signed("ANA"))
    approve_overlay(unit, ID, signed("Ben"))
    assert least(unit) == 9
    assert waiting_overlays(unit) == ()
    tune(unit, ID, "least", None, signed())
    refuse_overlay(unit, ID, signed("Ben"))
    assert least(unit) == 9
    assert [event.what for event in history_of(unit, ID)].count("setting") == 1


def test_a_draft_is_tuned_by_one(unit, pack_of):
    add_pack(unit, pack_of(RULE), signed("author"))
    assert not tune(unit, ID, "least", 9, signed()).is_pending
    assert installed(unit)[0].rule.settings[0].value == 9


def test_one_officer_excuses_one_party_from_one_rule(unit, counting, excuse):
    counting(RULE, SECOND)
    assert excuse().waits_for == ""
    assert [e.exception.id for e in standing_exceptions(unit)] == ["EXC-1"]


@pytest.mark.parametrize(
    "swaps",
    [
        [("rules: [TST-ONE-001]", "typologies: [cloned_container]")],
        [("shipper_name", "port_of_loading"), ("ACME", "ECGYE")],
        [("[ACME]", "[A1, B2, C3, D4, E5, F6]")],
        [("[TST-ONE-001]", "[TST-ONE-001, TST-TWO-001]")],  # all that the typology has
        [("TST-ONE-001", "TST-NEW-001")],  # a rule that may come
    ],
    ids=["typology", "place", "many", "all of a typology", "no rule"],
)
def test_what_reaches_far_waits_for_the_person_who_is_named(unit, counting, excuse, swaps):
    counting(RULE, SECOND)
    assert excuse(*swaps).waits_for == "Chief Ama"
    assert standing_exceptions(unit) == ()
    with pytest.raises(RuleError, match="Waiting for a decision already: EXC-1"):
        excuse()
    with pytest.raises(RuleError, match="Chief Ama approves them, not Ben"):
        approve_overlay(unit, "EXC-1", signed("Ben"))
    approve_overlay(unit, "EXC-1", signed("chief ama"))
    assert [e.exception.id for e in standing_exceptions(unit)] == ["EXC-1"]


def test_the_only_rule_of_a_typology_and_one_that_claims_an_examination_are_not_excused_by_one(
    unit, counting, excuse
):
    counting(RULE, SECOND.replace("cloned_container", "cold_route"))
    assert excuse().waits_for
    refuse_overlay(unit, "EXC-1", signed("Ben"))
    counting(
        RULE.replace("TST-ONE-001", "TST-MUS-001").replace(
            "effect: score", "effect: must_inspect"
        ),
        name="more",
    )
    assert excuse().waits_for == ""
    assert excuse(("TST-ONE-001", "TST-MUS-001"), ("EXC-1", "EXC-2")).waits_for


def test_another_edition_is_decided_by_another(unit, counting, excuse):
    counting(RULE, SECOND)
    excuse()
    assert excuse(("03-31", "04-30")).waits_for == "Chief Ama"
    (entry,) = standing_exceptions(unit)
    assert entry.exception.expires.month == 3
    approve_overlay(unit, "EXC-1", signed("Chief Ama"))
    assert standing_exceptions(unit)[0].exception.expires.month == 4


@pytest.mark.parametrize(
    ("field", "value"), [("port_of_loading", "ECGYE"), ("vessel_name", "SEA")]
)
def test_a_place_or_a_ship_is_not_excused_from_a_whole_typology(
    unit, counting, excuse, field, value
):
    counting(RULE)
    wide = ("rules: [TST-ONE-001]", "typologies: [cloned_container]")
    with pytest.raises(RulesRefused) as refused:
        excuse(wide, ("shipper_name", field), ("ACME", value))
    assert "names more than one party, box, bill or seal" in refused.value.faults[0].sentence
    assert changes(unit) == ()


def test_exceptions_of_one_file_are_one_change(unit, counting, excuse):
    counting(RULE, SECOND)
    assert excuse(times=4).waits_for == ""
    assert len(changes(unit)) == 1
    assert [event.params for event in history_of(unit, ID) if event.what == "exception"] == [
        {"exception": f"EXC-{number}"} for number in range(1, 5)
    ]


def test_exceptions_of_which_one_was_overtaken_are_all_abandoned(
    unit, counting, excuse, monkeypatch
):
    counting(RULE, SECOND)
    wide = ("shipper_name", "port_of_loading")
    excuse(wide, times=2)
    (waiting,) = waiting_overlays(unit)
    with monkeypatch.context() as patched:
        patched.setattr(rule_tuning, "waiting_overlays", lambda *_: ())
        excuse()
    with pytest.raises(RuleError, match="Another edition stands by now: EXC-1"):
        approve_overlay(unit, waiting.change_id, signed("Chief Ama"))
    assert [e.exception.id for e in standing_exceptions(unit)] == ["EXC-1"]
    states = {change.change_id: change.state for change in changes(unit)}
    assert states[waiting.change_id] is ChangeState.ABANDONED


LIST = """\
schema: 1
name: ports
title: Ports
source: [none]
valid_until: 2026-12-31
values: [ECGYE]
"""
ASKS = (
    RULE.replace("seal_count >= least", "seal_count >= least, port_of_loading in list ports")
    .replace("{seal_count: 2}", "{seal_count: 2, port_of_loading: ECGYE}")
    .replace("{seal_count: 1}", "{seal_count: 1, port_of_loading: ECGYE}")
)
HEAD = "schema: 1\nname: field\nversion: '1.2'\nissuer: {issuer}\nlicence: none\n"


def ports(unit):
    return [entry.values for rule in in_force(unit, NOW.date()).rules for entry in rule.lists]


def test_a_list_that_counting_rules_ask_stays_until_somebody_takes_it(unit, pack_of, counting):
    counting(ASKS, lists=[LIST])
    newer = pack_of(ASKS, lists=[LIST.replace("ECGYE", "ECGYE, NLRTM")])
    assert add_pack(unit, newer, signed()).lists_kept == ("ports",)
    assert ports(unit) == [("ECGYE",)]
    done = add_pack(unit, newer, signed(), take_lists=True)
    assert (done.lists_kept, done.installation.lists) == ((), ("ports",))
    assert ports(unit) == [("ECGYE", "NLRTM")]


def test_a_pack_of_another_issuer_does_not_take_the_name_and_the_lists(unit, pack_of, counting):
    counting(ASKS, lists=[LIST], head=HEAD.format(issuer="ours"))
    other = LIST.replace("ECGYE", "NLRTM")
    theirs = pack_of(SECOND, lists=[other], head=HEAD.format(issuer="theirs"))
    with pytest.raises(RulesRefused, match="stands here already, issued by ours"):
        add_pack(unit, theirs, signed(), take_lists=True)
    assert ports(unit) == [("ECGYE",)]
    older = HEAD.format(issuer="ours").replace("1.2", "1.1.9")
    with pytest.raises(RulesRefused, match=r"this is the older version 1\.1\.9"):
        add_pack(unit, pack_of(SECOND, head=older), signed())


@pytest.mark.parametrize(
    ("swap", "told"),
    [
        (
            ("  - {name: none, expect: unknown, record: {}}\n", ""),
            "with 3 tests, and this text has 2",
        ),
        (
            ("expect: unknown, record: {}", "expect: no_match, record: {seal_count: 0}"),
            "none for one",
        ),
        (
            ("record: {seal_count: 2}", "record: {seal_count: 0}"),
            "tests of this text fail: two",
        ),
    ],
)
def test_a_rule_that_runs_keeps_its_tests(unit, pack_of, counting, swap, told):
    counting(RULE)
    with pytest.raises(RulesRefused, match=told):
        add_pack(unit, pack_of(RULE.replace(*swap)), signed())
    assert installed(unit)[0].rule.source_yaml == RULE
    more = RULE + "  - {name: nine, expect: match, record: {seal_count: 9}}\n"
    assert add_pack(unit, pack_of(more), signed()).installation.reworded


def test_a_draft_may_lose_its_tests(unit, pack_of):
    draft = RULE.replace("status: active", "status: draft")
    add_pack(unit, pack_of(draft), signed())
    bare = draft[: draft.index("tests:")]
    assert add_pack(unit, pack_of(bare), signed()).installation.reworded


class PowerCutError(Exception):
    """The machine went off."""


def power_cut(*_args, **_more):
    raise PowerCutError


def actions(unit):
    return [entry.action for entry in audit.entries(unit)]


def test_what_the_ledger_has_is_in_the_chain_even_after_a_crash(unit, pack_of, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(rule_tuning.InstallationLog, "complete", power_cut)
        with pytest.raises(PowerCutError):
            add_pack(unit, pack_of(RULE), signed())
    assert [one.rule.id for one in installed(unit)] == [ID]
    assert actions(unit) == ["rules_adding"]
    assert finish_changes(unit) == 1
    assert finish_changes(unit) == 0
    (entry,) = audit.entries(unit, action="rules_added")
    assert (entry.actor, json.loads(entry.payload)["rules"][0][:11]) == ("Ana", ID)
    add_pack(unit, pack_of(RULE), signed())
    assert actions(unit) == ["rules_adding", "rules_added"]
    audit.verify(unit)


def test_what_the_ledger_never_got_is_told_as_abandoned(unit, pack_of, monkeypatch):
    real = rule_tuning.InstallationLog.begin

    def begin(log, done):
        real(log, done)
        power_cut()

    with monkeypatch.context() as patched:
        patched.setattr(rule_tuning.InstallationLog, "begin", begin)
        with pytest.raises(PowerCutError):
            add_pack(unit, pack_of(RULE), signed())
    assert installed(unit) == ()
    assert finish_changes(unit) == 1
    assert actions(unit) == ["rules_adding", "rules_add_abandoned"]


def test_a_rule_that_nobody_can_read_is_named_and_stops_no_other(unit, counting):
    counting(RULE, SECOND)
    before = in_force(unit, NOW.date())
    with open_ledger(unit) as ledger:
        ledger.execute(
            "UPDATE rule_version SET source_yaml = 'nothing: 1' WHERE rule_id = ?", [ID]
        )
    force = in_force(unit, NOW.date())
    assert [rule.id for rule in force.rules] == ["TST-TWO-001"]
    assert [one.stored.rule_id for one in force.unreadable] == [ID]
    assert force.digest != before.digest
    assert [one.rule.id for one in installed(unit)] == ["TST-TWO-001"]
    by = Signed(at=NOW, who="chief", reason="gone")
    with open_ledger(unit) as ledger:
        (sha256,) = ledger.execute(
            "SELECT sha256 FROM rule_version WHERE rule_id = ?", [ID]
        ).fetchone()
    set_standing(unit, ID, sha256, RuleStatus.RETIRED, by)
    assert in_force(unit, NOW.date()).unreadable == ()
