"""What counts is a rule's standing here, with what this unit tuned and excused; and the digest tells."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import duckdb
import polars as pl
import pytest

from riskengine.errors import RuleError, RuleNotFound, RulesRefused
from riskengine.features.catalog import catalog
from riskengine.ledger import migrations as ledger_migrations
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.migrations import create_ledger, migrate, migrations
from riskengine.rules.applied import as_written, overlay_json, rule_as_applied
from riskengine.rules.evaluate import evaluate
from riskengine.rules.exceptions import put_end, put_exceptions, standing_exceptions
from riskengine.rules.pack import load_pack, read_exception_file
from riskengine.rules.reference import verdict_of
from riskengine.rules.rule import RuleStatus
from riskengine.rules.standing import (
    installed,
    is_carried_out,
    ran_from,
    set_standing,
    standing_events,
)
from riskengine.rules.store import in_force, install
from riskengine.rules.stored import Signed
from riskengine.rules.tuning import checked_setting, put_setting, tuned_in
from riskengine.workspace import Workspace

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = date(2026, 3, 2)
ID = "TST-ONE-001"
RULE = """\
settings:
  least: {value: 2, from: 1, to: 9}
when:
  all:
    - seal_count >= least
    - any:
        - pair_containers_before >= 10 * least
        - is_full
"""
EXCEPTION = """\
schema: 1
id: EXC-1
rules: [TST-ONE-001]
field: shipper_name
values: [ACME]
reason: audited
approved_by: Ama
from: 2026-03-01
expires: 2026-03-31
"""


@pytest.fixture
def workspace(tmp_path):
    made = Workspace(tmp_path / "unit")
    create_ledger(made)
    return made


@pytest.fixture
def pack_of(tmp_path, rule_text):
    """A function: the keys to change in the one rule of a loose pack to that pack."""

    def pack_of(conditions=RULE, **changed):
        folder = tmp_path / "tests"
        folder.mkdir(exist_ok=True)
        (folder / "tst-one-001.yaml").write_text(rule_text(conditions, **changed), "utf-8")
        return load_pack(folder, catalog())

    return pack_of


@pytest.fixture
def put(workspace, pack_of):
    """A function: install a version of the rule, give it a standing, and return it."""

    def put(standing=RuleStatus.ACTIVE, **changed):
        pack = pack_of(**changed)
        install(workspace, pack, at=AT, who="chief", standing=RuleStatus.DRAFT)
        (rule,) = pack.rules
        if standing is not RuleStatus.DRAFT:
            set_standing(workspace, rule.id, rule.sha256, standing, signed())
        return rule

    return put


@pytest.fixture
def excuse(workspace, tmp_path):
    """A function: enter the exception of this file, some of its words changed."""

    def excuse(old="", new=""):
        file = tmp_path / "exception.yaml"
        file.write_text(EXCEPTION.replace(old, new), "utf-8")
        found, faults = read_exception_file(file, catalog())
        assert faults == ()
        with open_ledger(workspace) as connection:
            return put_exceptions(connection, found, signed())

    return excuse


def signed(**changed):
    return Signed(**({"at": AT, "who": "chief", "reason": "to see"} | changed))


def tune_setting(workspace, rule_id, name, value, by):
    with open_ledger(workspace) as connection:
        setting = checked_setting(connection, rule_id, name, value)
        put_setting(connection, rule_id, name, value, by)
    return setting.value


def end_exception(workspace, exception_id, by):
    with open_ledger(workspace) as connection:
        put_end(connection, exception_id, by)


def running(workspace, on=DAY):
    return [(rule.version, rule.status.value) for rule in in_force(workspace, on).rules]


def test_a_draft_runs_nowhere_whatever_its_file_says(workspace, put):
    put(RuleStatus.DRAFT, status="shadow")
    assert running(workspace) == []
    (one,) = installed(workspace)
    assert (one.status, one.who, one.since, one.pack) == ("draft", "chief", AT, "tests")


def test_one_version_counts_and_the_one_before_it_is_retired_as_superseded(workspace, put):
    put()
    put(RuleStatus.TRIAL, version="2")
    assert running(workspace) == [(2, "trial")]
    last = standing_events(workspace, ID)[-2]
    assert (last.version, last.status, last.reason) == (1, "retired", "superseded by version 2")


def test_the_newest_version_in_shadow_runs_beside_the_one_that_counts(workspace, put):
    put()
    put(RuleStatus.SHADOW, version="2")
    put(RuleStatus.SHADOW, version="3")
    assert running(workspace) == [(1, "active"), (3, "shadow")]


def test_two_versions_of_a_rule_answer_apart(workspace, put):
    put()
    put(RuleStatus.SHADOW, version="2", conditions="when: {all: [seal_count >= 5]}\n")
    frame = pl.DataFrame(
        {"container_id": [1, 2], "seal_count": [3.0, 6.0], "is_full": [True] * 2}
    )
    found = evaluate(in_force(workspace, DAY).rules, frame).frame
    assert found.select("container_id", "version").rows() == [(1, 1), (2, 1), (2, 2)]


def test_a_rule_out_of_its_days_does_not_run(workspace, put):
    put(valid_until="2026-03-31")
    assert running(workspace, date(2026, 3, 31)) == [(1, "active")]
    assert running(workspace, date(2026, 4, 1)) == []


def test_another_text_of_the_same_meaning_is_taken_over_and_keeps_its_standing(
    workspace, put, pack_of
):
    put()
    done = install(
        workspace, pack_of(owner="tests", status="shadow"), at=AT, who="deputy",
        standing=RuleStatus.DRAFT,
    )  # fmt: skip
    assert [rule.id for rule in done.reworded] == [ID]
    assert running(workspace) == [(1, "active")]


def test_all_rules_that_say_something_else_are_refused_together(
    workspace, put, tmp_path, rule_text
):
    put()
    folder = tmp_path / "tests"
    for number, severity in ((1, "critical"), (2, "low")):
        text = rule_text(RULE, id=f"TST-ONE-00{number}", severity=severity)
        (folder / f"tst-one-00{number}.yaml").write_text(text, "utf-8")
    install(workspace, load_pack(folder / "tst-one-002.yaml", catalog()), at=AT, who="chief")
    (folder / "tst-one-002.yaml").write_text(rule_text(RULE, id="TST-ONE-002"), "utf-8")
    with pytest.raises(RulesRefused) as refused:
        install(workspace, load_pack(folder, catalog()), at=AT, who="chief")
    assert [fault.place.file.rsplit("/", 1)[1] for fault in refused.value.faults] == [
        "tst-one-001.yaml", "tst-one-002.yaml"]  # fmt: skip


def test_a_version_nobody_installed_gets_no_standing(workspace):
    with pytest.raises(RuleNotFound):
        set_standing(workspace, ID, "0" * 64, RuleStatus.ACTIVE, signed())
    with pytest.raises(RuleNotFound):
        standing_events(workspace, ID)


def test_a_tuned_setting_changes_verdict_and_digest_and_not_the_rule(workspace, put):
    put()
    row = {"seal_count": 3.0, "pair_containers_before": 25.0, "is_full": False}
    before = in_force(workspace, DAY)
    authors = tune_setting(workspace, ID, "least", 3, signed())
    after = in_force(workspace, DAY)
    assert authors == 2.0
    assert before.digest != after.digest
    assert before.rules[0].sha256 == after.rules[0].sha256
    assert [one.name for one in tuned_in(after.rules[0])] == ["least"]
    said = [
        (verdict_of(rules[0], row)[0], evaluate(rules, one_row(row)).frame.height)
        for rules in (before.rules, after.rules)
    ]
    assert said == [("match", 1), ("no_match", 0)]
    tune_setting(workspace, ID, "least", None, signed())
    assert in_force(workspace, DAY).digest == before.digest


def one_row(row):
    return pl.DataFrame([{"container_id": 1, **row}])


@pytest.mark.parametrize("value", [0, 10, float("inf"), float("nan")])
def test_a_number_outside_the_bounds_is_refused_with_the_bounds(workspace, put, value):
    put()
    with pytest.raises(RuleError, match="allows 1 to 9"):
        tune_setting(workspace, ID, "least", value, signed())


def test_a_setting_that_is_not_there_is_refused_with_the_nearest(workspace, put):
    put()
    with pytest.raises(RuleError, match="Did you mean 'least'"):
        tune_setting(workspace, ID, "lest", 3, signed())
    with pytest.raises(RuleNotFound):
        tune_setting(workspace, "TST-TWO-001", "least", 3, signed())


def test_a_tuned_setting_that_a_new_version_bounds_otherwise_is_named_and_not_used(
    workspace, put
):
    put()
    tune_setting(workspace, ID, "least", 9, signed())
    put(version="2", conditions=RULE.replace("to: 9", "to: 5"))
    force = in_force(workspace, DAY)
    assert force.unfit_settings == ((ID, 2, "least"),)
    assert [setting.value for setting in force.rules[0].settings] == [2.0]
    assert installed(workspace)[-1].unfit_settings == ("least",)


def test_an_exception_excuses_until_its_last_day_and_is_shown_after_it(workspace, put, excuse):
    put()
    bare = in_force(workspace, DAY).digest
    excuse()
    row = {"seal_count": 3.0, "is_full": True, "shipper_name": "ACME"}
    said = []
    for day in (date(2026, 3, 31), date(2026, 4, 1)):
        force = in_force(workspace, day)
        said.append(
            (
                evaluate(force.rules, one_row(row)).frame["verdict"][0],
                [exception.id for exception in force.exceptions],
                [exception.id for exception in force.expired_exceptions],
                force.digest == bare,
            )
        )
    assert said == [
        ("excused", ["EXC-1"], [], False),
        ("match", [], ["EXC-1"], True),
    ]


def test_an_exception_has_editions_and_its_id_is_not_used_again(workspace, put, excuse):
    put()
    assert excuse().new == ("EXC-1",)
    assert excuse().unchanged == ("EXC-1",)
    assert excuse("03-31", "04-30").changed == ("EXC-1",)
    (entry,) = standing_exceptions(workspace)
    assert entry.exception.expires == date(2026, 4, 30)
    end_exception(workspace, "EXC-1", signed())
    assert standing_exceptions(workspace) == ()
    assert in_force(workspace, DAY).exceptions == ()
    with pytest.raises(RuleError, match="never used again"):
        excuse()
    with pytest.raises(RuleError, match="No exception EXC-1 stands"):
        end_exception(workspace, "EXC-1", signed())


def test_an_exception_that_was_changed_in_the_ledger_is_noticed(workspace, excuse):
    excuse()
    with open_ledger(workspace) as connection:
        connection.execute(
            "UPDATE rule_exception SET source_yaml = replace(source_yaml, 'ACME', 'EVIL')"
        )
    with pytest.raises(RuleError, match="not the one that was entered"):
        in_force(workspace, DAY)


def test_a_rule_is_read_again_as_it_was_applied_without_the_ledger(workspace, put, excuse):
    put()
    tune_setting(workspace, ID, "least", 3, signed())
    excuse()
    (rule,) = in_force(workspace, DAY).rules
    again = rule_as_applied(rule.source_yaml, rule.status.value, overlay_json(rule))
    assert (again.status, again.settings, again.sha256) == (
        rule.status,
        rule.settings,
        rule.sha256,
    )
    assert again.when == rule.when
    assert [e.sha256 for e in again.exceptions] == [e.sha256 for e in rule.exceptions]
    written = as_written(rule)
    assert (written.exceptions, written.settings[0].value) == ((), 2.0)


def test_a_rule_of_a_run_from_before_standings_is_what_its_file_says(put):
    rule = put(RuleStatus.DRAFT)
    assert rule_as_applied(rule.source_yaml).status is rule.status
    assert overlay_json(rule) is None


def test_a_change_is_known_by_its_id_wherever_it_went(workspace, put, excuse):
    rule = put()
    set_standing(workspace, ID, rule.sha256, RuleStatus.ACTIVE, signed(change_id="a"))
    tune_setting(workspace, ID, "least", 3, signed(change_id="b"))
    excuse()
    end_exception(workspace, "EXC-1", signed(change_id="c"))
    with open_ledger(workspace) as connection:
        assert [is_carried_out(connection, one) for one in "abcd"] == [True, True, True, False]


def test_an_older_ledger_is_brought_forward_with_its_rules_as_they_stood(
    tmp_path, pack_of, monkeypatch
):
    """Of each rule the newest version keeps what its file says; what it took the place of is retired."""
    workspace = Workspace(tmp_path / "old")
    known = migrations()
    monkeypatch.setattr(ledger_migrations, "migrations", lambda: known[:2])
    create_ledger(workspace)
    tests = (
        "tests:\n  - {name: a, expect: match, record: {seal_count: 9, is_full: true}}\n"
        "  - {name: b, expect: no_match, record: {seal_count: 1}}\n"
    )
    old = [pack_of(RULE + tests, status="active", version=v).rules[0] for v in ("1", "2")]
    with duckdb.connect(str(workspace.ledger_file)) as connection:
        for number, rule in enumerate(old):
            connection.execute(
                "INSERT INTO rule_version VALUES (?, ?, ?, 'tests', '1', '', ?, ?, 'chief')",
                [rule.id, rule.version, rule.sha256, rule.source_yaml,
                 (AT + timedelta(days=number)).replace(tzinfo=None)],
            )  # fmt: skip
    monkeypatch.setattr(ledger_migrations, "migrations", lambda: known)
    assert "rule_life" in [step.name for step in migrate(workspace)]
    assert running(workspace) == [(2, "active")]
    assert [(one.rule.version, one.status.value) for one in installed(workspace)] == [
        (1, "retired"), (2, "active")]  # fmt: skip
    assert [event.status for event in standing_events(workspace, ID)] == ["retired", "active"]
    put_back = old[0]
    set_standing(workspace, ID, put_back.sha256, RuleStatus.TRIAL, signed())
    assert running(workspace) == [(1, "trial")]


def test_what_stood_as_written_keeps_its_standing_when_its_file_says_otherwise(
    tmp_path, workspace, pack_of
):
    pack = pack_of(status="shadow")
    install(workspace, pack, at=AT, who="chief")
    with open_ledger(workspace) as connection:
        connection.execute("UPDATE rule_standing SET status = 'as_written'")
    install(workspace, pack_of(status="draft"), at=AT, who="chief", standing=RuleStatus.DRAFT)
    assert running(workspace) == [(1, "shadow")]
    assert [event.status for event in standing_events(workspace, ID)] == ["shadow"]
    assert list(ran_from(workspace).values()) == [AT.date()]
    with open_ledger(workspace) as connection:
        (left,) = connection.execute(
            "SELECT count(*) FROM rule_standing WHERE status = 'as_written'"
        ).fetchone()
    assert left == 0
