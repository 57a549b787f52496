"""Rules in the ledger: installed once, never overwritten, read again as written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from riskengine.errors import RulesRefused
from riskengine.features.catalog import catalog
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.migrations import create_ledger
from riskengine.rules.pack import load_pack, load_rule, read_pack
from riskengine.rules.standing import standing_events
from riskengine.rules.store import in_force, install, rule_from_source
from riskengine.workspace import Workspace

AT = datetime(2026, 3, 1, 12, 0, tzinfo=timezone(timedelta(hours=-5)))
DAY = date(2026, 3, 2)
LIST = "schema: 1\nname: ports\nvalues: [ECGYE]\nsource: x\nvalid_until: 2026-12-31\n"
PACK = "schema: 1\nname: tests\nversion: '1'\nissuer: tests\nlicence: none\n"
CONDITIONS = "when: {all: [port_of_loading in list ports]}\n"
TESTS = (
    "tests:\n"
    "  - {name: a, expect: match, record: {port_of_loading: ECGYE}}\n"
    "  - {name: b, expect: no_match, record: {port_of_loading: NLRTM}}\n"
)


@pytest.fixture
def workspace(tmp_path):
    made = Workspace(tmp_path / "unit")
    create_ledger(made)
    return made


@pytest.fixture
def pack_of(tmp_path, rule_text):
    """A function: the keys to change in the one rule of a pack to that pack."""

    def pack_of(conditions=CONDITIONS + TESTS, listed=LIST, **changed):
        folder = tmp_path / "tests"
        (folder / "lists").mkdir(parents=True, exist_ok=True)
        (folder / "pack.yaml").write_text(PACK, "utf-8")
        (folder / "lists" / "ports.yaml").write_text(listed, "utf-8")
        text = rule_text(conditions, **{"status": "active", **changed})
        (folder / "tst-one-001.yaml").write_text(text, "utf-8")
        return load_pack(folder, catalog())

    return pack_of


def test_what_was_installed_is_in_force_with_its_lists(workspace, pack_of):
    pack = pack_of()

    assert install(workspace, pack, at=AT, who="chief").changes == 2
    assert in_force(workspace, DAY).rules == pack.rules
    assert in_force(workspace, DAY).lists == pack.lists


def test_installing_again_changes_nothing(workspace, pack_of):
    install(workspace, pack_of(), at=AT, who="chief")
    digest = in_force(workspace, DAY).digest

    assert install(workspace, pack_of(), at=AT, who="chief").changes == 0
    assert in_force(workspace, DAY).digest == digest


def test_a_version_is_never_overwritten_by_another_meaning(workspace, pack_of):
    install(workspace, pack_of(), at=AT, who="chief")

    with pytest.raises(RulesRefused, match="says something else") as refused:
        install(workspace, pack_of(severity="critical"), at=AT, who="chief")
    assert refused.value.faults[0].hint == "Raise the version of the changed rule to 2."

    assert in_force(workspace, DAY).rules[0].severity == "medium"


def test_the_highest_version_is_in_force_and_the_digest_moves(workspace, pack_of):
    install(workspace, pack_of(), at=AT, who="chief")
    before = in_force(workspace, DAY).digest
    install(workspace, pack_of(severity="critical", version="2"), at=AT, who="chief")

    after = in_force(workspace, DAY)

    assert [(rule.version, rule.severity) for rule in after.rules] == [(2, "critical")]
    assert after.digest != before


def test_a_change_of_status_is_taken_over_and_kept_as_an_event(workspace, pack_of):
    install(workspace, pack_of(), at=AT, who="chief")
    install(workspace, pack_of(status="draft"), at=AT, who="deputy")

    assert in_force(workspace, DAY).rules == ()
    events = standing_events(workspace, "TST-ONE-001")
    assert [(event.at, event.who, event.status) for event in events] == [
        (AT, "chief", "active"),
        (AT, "deputy", "draft"),
    ]


def test_a_changed_list_changes_the_digest_and_an_expired_one_is_named(workspace, pack_of):
    install(workspace, pack_of(), at=AT, who="chief")
    before = in_force(workspace, DAY)
    install(
        workspace, pack_of(listed=LIST.replace("ECGYE", "ECGYE, COTRB")), at=AT, who="chief"
    )

    after = in_force(workspace, DAY)

    assert after.lists[0].values == ("COTRB", "ECGYE")
    assert after.digest != before.digest
    assert after.expired_lists == ()
    assert in_force(workspace, date(2027, 1, 1)).expired_lists == ("ports",)


def test_a_text_changed_in_the_ledger_is_noticed(workspace, pack_of):
    install(workspace, pack_of(), at=AT, who="chief")
    with open_ledger(workspace) as connection:
        connection.execute(
            "UPDATE rule_version SET source_yaml = replace(source_yaml, 'medium', 'low')"
        )

    (found,) = in_force(workspace, DAY).unreadable
    assert "is not the one that was installed" in found.sentence
    assert in_force(workspace, DAY).rules == ()


def test_a_rule_is_read_again_from_its_text_alone(pack_of):
    (rule,) = pack_of().rules

    again = rule_from_source(rule.source_yaml)

    assert (again.id, again.sha256, again.when) == (rule.id, rule.sha256, rule.when)


def test_all_faults_of_all_files_are_told_at_once(tmp_path, pack_of, rule_text):
    pack_of()
    folder = tmp_path / "tests"
    (folder / "lists" / "bad.yaml").write_text("schema: 1\nname: good\n", "utf-8")
    (folder / "wrong-name.yaml").write_text(rule_text("when: {all: [is_full]}\n"), "utf-8")
    (folder / "latin.yaml").write_bytes(b"id: \xe9\n")
    (folder / "tst-two-001.yaml").write_text(
        rule_text("when: {all: [is_ful]}\n", id="TST-TWO-001"), "utf-8"
    )

    pack, faults = read_pack(folder, catalog())

    assert {fault.place.file for fault in faults} == {
        f"{folder.as_posix()}/{name}"
        for name in ("lists/bad.yaml", "wrong-name.yaml", "latin.yaml", "tst-two-001.yaml")
    }
    assert "TST-ONE-001" in {rule.id for rule in pack.rules}
    with pytest.raises(RulesRefused) as refused:
        load_pack(folder, catalog())
    assert refused.value.faults == faults


def test_one_file_of_a_pack_is_checked_with_the_lists_of_its_pack(tmp_path, pack_of):
    pack_of()
    file = tmp_path / "tests" / "tst-one-001.yaml"

    pack, faults = read_pack(file, catalog())

    assert faults == ()
    assert [entry.name for entry in pack.rules[0].lists] == ["ports"]
    assert load_rule(file, catalog()).lists == ()


@pytest.mark.parametrize(
    "typed", ["typo.yaml", "./typo.yaml", "../here/typo.yaml", "rules/typo.yaml"]
)
def test_a_fault_is_placed_in_the_file_as_it_was_typed(tmp_path, monkeypatch, rule_text, typed):
    here = tmp_path / "here"
    (here / "rules").mkdir(parents=True)
    monkeypatch.chdir(here)
    Path(typed).write_text(rule_text("when: {all: [is_ful]}\n"), "utf-8")

    _, faults = read_pack(Path(typed), catalog())

    assert {fault.place.file for fault in faults} == {Path(typed).as_posix()}
    assert all(Path(fault.place.file).is_file() for fault in faults)


def test_faults_of_a_relative_folder_and_of_its_lists_are_relative(
    tmp_path, monkeypatch, pack_of
):
    pack_of()
    (tmp_path / "tests" / "lists" / "bad.yaml").write_text("schema: 1\n", "utf-8")
    monkeypatch.chdir(tmp_path)

    _, of_folder = read_pack(Path("tests"), catalog())
    _, of_file = read_pack(Path("tests/tst-one-001.yaml"), catalog())

    for faults in (of_folder, of_file):
        assert {fault.place.file for fault in faults} == {"tests/lists/bad.yaml"}


def test_a_missing_file_is_named_as_it_was_typed_and_has_no_lines(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    _, faults = read_pack(Path("nothing.yaml"), catalog())

    assert [str(fault.place) for fault in faults] == ["nothing.yaml"]
    assert "cannot be read" in faults[0].sentence


def test_a_file_that_is_not_there_is_a_fault(tmp_path):
    with pytest.raises(RulesRefused, match="cannot be read"):
        load_rule(tmp_path / "none.yaml", catalog())
    assert read_pack(tmp_path, catalog())[1][0].sentence == "there are no rules here"


def test_instants_are_kept_in_utc(workspace, pack_of):
    install(workspace, pack_of(), at=AT, who="chief")
    with open_ledger(workspace) as connection:
        (row,) = connection.execute("SELECT installed_at FROM rule_version").fetchall()
    assert row[0].replace(tzinfo=UTC) == AT
