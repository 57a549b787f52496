"""Taking packs: into shadow, all or nothing, beside what is in force."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from riskengine.errors import PackConflict, RegisterError
from riskengine.exchange import pack_import
from riskengine.exchange.pack_import import examine, plan, take_in
from riskengine.exchange.trusted_keys import trust
from riskengine.ledger.connection import open_ledger
from riskengine.register import audit
from riskengine.rules.rule import RuleStatus
from riskengine.rules.standing import installed, set_standing
from riskengine.rules.store import in_force
from riskengine.rules.stored import Signed
from riskengine.rules.tuning import put_setting

DAY = date(2026, 3, 2)
ASKS = {"more": "    - port_of_loading in list ports\n"}


@pytest.fixture
def signed(issuer, writing, tmp_path):
    """A function: rules and lists to the path of a signed pack."""

    def signed(*rules: str, by=None, **head):
        return (by or issuer).signed(writing.archive_of(*rules, **head), tmp_path / "pack.zip")

    return signed


@pytest.fixture
def taken(here, signed, writing):
    """A function: rules to what taking a pack of them did."""

    def taken(*rules: str, keep_ours=False, take_lists=False, **pack):
        examined = examine(here, signed(*rules, **pack))
        planned = plan(here, examined, keep_ours=keep_ours, take_lists=take_lists)
        return take_in(here, examined, planned, at=writing.at, who="chief")

    return taken


def standings(unit) -> list[tuple[int, str]]:
    return [(version.rule.version, version.status.value) for version in installed(unit)]


@pytest.mark.parametrize("status", ["draft", "shadow", "trial", "active"])
def test_whatever_its_author_says_a_rule_lands_in_shadow(status, here, taken, writing):
    done = taken(writing.rule_text(status=status))
    assert [rule.id for rule in done.new] == ["TST-ONE-001"]
    assert standings(here) == [(1, "shadow")]


def test_the_rule_that_counts_goes_on_and_the_new_version_runs_beside_it(
    here, taken, install_here, writing
):
    install_here(writing.rule_text())
    taken(writing.rule_text(version="2", severity="critical"), version="1.1")
    assert standings(here) == [(1, "active"), (2, "shadow")]
    running = [(r.version, r.status, r.severity) for r in in_force(here, DAY).rules]
    assert running == [(1, "active", "medium"), (2, "shadow", "critical")]


def test_a_version_that_is_installed_already_stays_what_it_is(
    here, taken, install_here, writing
):
    install_here(writing.rule_text())
    before = in_force(here, DAY).digest
    done = taken(writing.rule_text(status="draft"))
    assert (done.new, standings(here)) == ((), [(1, "active")])
    assert in_force(here, DAY).digest == before


def test_the_audit_chain_tells_who_took_which_bytes_from_whom(here, taken, issuer, writing):
    taken(writing.rule_text())
    (entry,) = audit.entries(here, action="pack_imported")
    said = json.loads(entry.payload)
    assert (entry.actor, entry.object) == ("chief", "theirs")
    assert said["rules"] == ["TST-ONE-001 1"]
    assert (said["key"], said["issuer"]) == (issuer.public.fingerprint, writing.issuer)
    taken(writing.rule_text())
    assert len(audit.entries(here, action="pack_imported")) == 1


def test_a_crash_between_ledger_and_chain_is_mended_by_taking_the_pack_again(
    here, taken, writing, monkeypatch
):
    real = pack_import.install

    def then_crash(*arguments, **named):
        real(*arguments, **named)
        raise RegisterError("the light went out")

    with monkeypatch.context() as crash:
        crash.setattr(pack_import, "install", then_crash)
        with pytest.raises(RegisterError):
            taken(writing.rule_text())
    assert standings(here) == [(1, "shadow")]
    assert audit.entries(here, action="pack_imported") == ()
    assert taken(writing.rule_text()).new == ()
    assert len(audit.entries(here, action="pack_imported")) == 1


def test_lists_that_are_taken_later_are_in_the_chain_even_after_a_crash(
    here, taken, install_here, writing, monkeypatch
):
    install_here(writing.rule_text(**ASKS), lists={"ports": writing.list_text()})
    newer = writing.rule_text(version="2", severity="low", **ASKS)
    newer = newer.replace("port_of_loading: ECGYE", "port_of_loading: NLRTM", 1)
    newer = newer.replace("1, port_of_loading: NLRTM", "1, port_of_loading: DEHAM")
    lists = {"ports": writing.list_text("NLRTM, ECGYE")}
    taken(newer, lists=lists, version="2")

    def crash(_log):
        raise RegisterError("the light went out")

    with monkeypatch.context() as patched:
        patched.setattr(pack_import.InstallationLog, "complete", crash)
        with pytest.raises(RegisterError):
            taken(newer, lists=lists, version="2", take_lists=True)
    assert in_force(here, DAY).lists[0].values == ("ECGYE", "NLRTM")
    begun = json.loads(audit.entries(here, action="pack_importing")[-1].payload)
    assert [name for _, name, _ in begun["begins"]["lists"]] == ["ports"]
    taken(newer, lists=lists, version="2", take_lists=True)
    assert len(audit.entries(here, action="pack_imported")) == 2


def test_what_the_ledger_refuses_leaves_no_entry(here, taken, writing, monkeypatch):
    before = writing.state_of(here)

    def refuse(*_arguments, **_named):
        raise RegisterError("no")

    monkeypatch.setattr(pack_import, "install", refuse)
    with pytest.raises(RegisterError):
        taken(writing.rule_text())
    assert writing.state_of(here) == before


@pytest.fixture
def conflict(here, taken, writing):
    """A function: rules of a pack to the sentence of its refusal; the unit is as it was."""

    def conflict(*rules: str, **named) -> str:
        before = writing.state_of(here)
        with pytest.raises(PackConflict) as refused:
            taken(*rules, **named)
        assert writing.state_of(here) == before
        assert refused.value.remedy
        return refused.value.sentence

    return conflict


def test_other_words_under_the_same_version_of_the_same_issuer_are_refused(
    conflict, install_here, writing
):
    install_here(writing.rule_text())
    changed = writing.rule_text(severity="low")
    assert "same version before: TST-ONE-001" in conflict(changed, version="1.1")
    assert "same version before" in conflict(changed, version="1.1", keep_ours=True)


def test_other_words_under_the_same_version_of_this_unit_are_shown_and_can_be_left_out(
    here, conflict, taken, install_here, writing
):
    install_here(writing.rule_text(why="Ours."), name="ours", issuer="us")
    other = writing.rule_text(id="TST-TWO-001")
    sentence = conflict(writing.rule_text(), other)
    assert "TST-ONE-001 (version 1; here version 1 of us)" in sentence
    done = taken(writing.rule_text(), other, keep_ours=True)
    assert [rule.id for rule in done.new] == ["TST-TWO-001"]


def test_a_rule_older_than_what_its_issuer_gave_before_is_refused(
    here, conflict, taken, install_here, writing
):
    install_here(writing.rule_text(version="3"))
    assert "TST-ONE-001 (version 2; here version 3" in conflict(writing.rule_text(version="2"))


def test_a_version_that_was_retired_here_does_not_bar_the_way(here, taken, writing):
    taken(writing.rule_text(version="999999"), version="1.0")
    (held,) = installed(here)
    sha256 = held.rule.sha256
    set_standing(
        here,
        held.rule.id,
        sha256,
        RuleStatus.RETIRED,
        Signed(at=writing.at, who="c", reason="stolen key"),
    )
    taken(writing.rule_text(version="2"), version="1.1")
    assert standings(here) == [(2, "shadow"), (999999, "retired")]


def test_an_older_pack_and_a_second_one_of_the_same_version_are_refused(
    taken, conflict, writing
):
    taken(writing.rule_text(), version="1.10")
    other = writing.rule_text(id="TST-TWO-001")
    assert "was taken in before; this is the older" in conflict(other, version="1.9")
    assert "with other bytes" in conflict(other, version="1.10")
    assert "with other bytes" in conflict(other, version="1.10.0")
    assert taken(other, version="1.11").new


def test_a_new_key_of_the_issuer_begins_a_new_line_of_versions(
    here, taken, stranger, signed, writing
):
    """Whoever stole the old key cannot shut out the new one with a version of a thousand."""
    taken(writing.rule_text(), version="1000")
    trust(here, stranger.public, writing.issuer, by="chief")
    path = signed(writing.rule_text(version="2"), version="1.1", by=stranger)
    assert plan(here, examine(here, path)).pack.version == "1.1"


def test_a_rule_that_its_author_retired_is_told_and_nothing_is_done(
    here, taken, signed, install_here, writing
):
    install_here(writing.rule_text())
    gone = writing.rule_text(version="2", status="retired")
    gone += "retired: {reason: found useless, on: 2026-02-01}\n"
    examined = examine(here, signed(gone, version="1.1"))
    assert plan(here, examined).retired == ("TST-ONE-001",)
    taken(gone, version="1.1")
    assert standings(here) == [(1, "active")]


def test_a_list_that_counting_rules_ask_stays_until_somebody_takes_it(
    here, taken, signed, install_here, writing
):
    install_here(writing.rule_text(**ASKS), lists={"ports": writing.list_text()})
    before = in_force(here, DAY)
    lists = {"ports": writing.list_text("NLRTM, ECGYE")}
    newer = writing.rule_text(version="2", severity="low", **ASKS)
    newer = newer.replace("port_of_loading: ECGYE", "port_of_loading: NLRTM", 1)
    newer = newer.replace("1, port_of_loading: NLRTM", "1, port_of_loading: DEHAM")
    assert plan(here, examine(here, signed(newer, lists=lists, version="2"))).lists_kept == (
        "ports",
    )
    taken(newer, lists=lists, version="2")
    now = in_force(here, DAY)
    assert now.lists == before.lists
    assert [rule.version for rule in now.rules] == [1, 2]
    done = taken(newer, lists=lists, version="2", take_lists=True)
    assert done.lists == ("ports",)
    assert in_force(here, DAY).lists[0].values == ("ECGYE", "NLRTM")
    assert len(audit.entries(here, action="pack_imported")) == 2


def test_a_pack_of_another_issuer_cannot_take_the_name_of_one_that_is_here(
    here, conflict, install_here, writing
):
    """Lists are asked by the name of the pack."""
    install_here(writing.rule_text(), name="core", issuer="us")
    assert "stands here from us" in conflict(writing.rule_text(id="TST-TWO-001"), name="core")


def test_another_issuers_copy_of_a_rule_does_not_reword_it(here, taken, install_here, writing):
    copy = writing.rule_text(**ASKS).replace("name: above", "name: another test")
    lists = {"ports": writing.list_text()}
    install_here(writing.rule_text(**ASKS), name="ours", issuer="us", lists=lists)
    done = taken(copy, lists=lists)
    assert done.changes == 0
    assert "name: above" in installed(here)[0].rule.source_yaml


def test_the_engine_is_asked_again_when_a_tuned_unit_takes_a_pack(
    here, taken, install_here, writing
):
    """What a unit tuned goes on; the author's tests are run on the author's numbers."""
    install_here(writing.rule_text())
    with open_ledger(here) as ledger:
        put_setting(
            ledger,
            "TST-ONE-001",
            "heavy",
            29000.0,
            Signed(at=writing.at, who="chief", reason="quiet"),
        )
    taken(writing.rule_text(version="2"), version="2")
    values = [rule.settings[0].value for rule in in_force(here, DAY).rules]
    assert values == [29000.0, 29000.0]


def test_a_pack_of_many_rules_is_taken_whole(here, taken, writing):
    texts = [writing.rule_text(id=f"TST-MNY-{number:03}") for number in range(12)]
    assert len(taken(*texts).new) == 12
    assert in_force(here, DAY + timedelta(days=1)).rules[0].status == "shadow"
