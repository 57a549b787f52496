"""Giving packs: what may leave, what stays, and the same bytes every time."""

from __future__ import annotations

import json
import shutil
from dataclasses import fields

import pytest

from riskengine.errors import PackError, RulesRefused
from riskengine.exchange.handling import Handling
from riskengine.exchange.naming_values import NAMING_FIELDS, naming_values
from riskengine.exchange.pack_export import (
    Prepared,
    collect_folder,
    collect_installed,
    give,
    prepare,
)
from riskengine.exchange.pack_file import opened, version_key
from riskengine.exchange.pack_import import examine, plan, take_in
from riskengine.exchange.signing import KeyFile
from riskengine.features.catalog import catalog
from riskengine.ledger.connection import open_ledger
from riskengine.register import audit
from riskengine.rules.pack import read_pack_files
from riskengine.rules.rule import RuleStatus
from riskengine.rules.standing import installed, set_standing
from riskengine.rules.stored import Signed
from riskengine.rules.tuning import put_setting

ASKS = {"more": "    - port_of_loading in list ports\n"}


@pytest.fixture
def folder_of(tmp_path, writing):
    """A function: rules and lists to the folder of a pack, laid out as its author likes."""

    def folder_of(*rules: str, at="pack", lists=None, **head):
        root = tmp_path / at
        for name, content in writing.files_of(*rules, lists=lists, **head).items():
            place = root / (name if name.startswith(("lists", "pack")) else name.split("/")[1])
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        return root

    return folder_of


def test_what_one_unit_gives_another_takes_and_gives_on_unchanged(
    here, folder_of, issuer, writing, tmp_path
):
    """Round trip: folder, pack, ledger of another unit, and the same rules out of it again."""
    rules = [writing.rule_text(**ASKS), writing.rule_text(id="TST-TWO-001")]
    folder = folder_of(*rules, lists={"ports": writing.list_text()})
    prepared = prepare(collect_folder(folder))
    give(here, prepared, tmp_path / "pack.zip", key=issuer.file, by="chief")
    examined = examine(here, tmp_path / "pack.zip")
    take_in(here, examined, plan(here, examined), at=writing.at, who="chief")
    again = prepare(collect_installed(here, "theirs", licence="CC0-1.0"))
    assert [rule.source_yaml for rule in again.rules] == [
        rule.source_yaml for rule in prepared.rules
    ]
    assert again.lists == prepared.lists == ("ports",)
    assert {rule.source_yaml for rule in again.rules} == set(rules)


def test_the_same_rules_give_the_same_bytes_wherever_and_whenever(folder_of, writing):
    rules = [writing.rule_text(), writing.rule_text(id="TST-TWO-001")]
    first = prepare(collect_folder(folder_of(*rules)))
    second = prepare(collect_folder(folder_of(*reversed(rules), at="elsewhere/deeper")))
    assert first.archive == second.archive
    assert opened(first.archive).head.made_on is None


def test_a_rule_that_was_written_on_windows_is_given_without_its_mark(folder_of, writing):
    folder = folder_of(writing.rule_text())
    file = folder / "tst-one-001.yaml"
    plain = prepare(collect_folder(folder)).archive
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert prepare(collect_folder(folder)).archive == plain


@pytest.mark.parametrize("acknowledged", [False, True])
def test_red_never_leaves(acknowledged, folder_of, writing):
    rules = [
        writing.rule_text(),
        writing.rule_text(id="TST-RED-001", handling="TLP:RED"),
        writing.rule_text(id="TST-RED-002", handling="TLP:RED"),
    ]
    collected = collect_folder(folder_of(*rules))
    with pytest.raises(PackError, match="TST-RED-001, TST-RED-002"):
        prepare(collected, within_our_organisation=acknowledged)


def test_strict_amber_leaves_only_within_the_organisation(folder_of, writing):
    collected = collect_folder(folder_of(writing.rule_text(handling="TLP:AMBER+STRICT")))
    with pytest.raises(PackError, match="--within-our-organisation"):
        prepare(collected)
    prepared = prepare(collected, within_our_organisation=True)
    assert prepared.head.handling is Handling.AMBER_STRICT


def test_a_pack_is_handled_as_its_most_guarded_rule(folder_of, writing):
    rules = [
        writing.rule_text(handling="TLP:CLEAR"),
        writing.rule_text(id="TST-TWO-001", handling="TLP:AMBER"),
    ]
    assert prepare(collect_folder(folder_of(*rules))).head.handling is Handling.AMBER


def test_an_amber_rule_of_another_unit_is_not_given_on_in_our_name(here, install_here, writing):
    install_here(writing.rule_text(handling="TLP:AMBER"))
    theirs = collect_installed(here, "theirs", licence="none")
    assert prepare(theirs).head.issuer == writing.issuer
    in_our_name = collect_installed(here, "theirs", licence="none", issuer="us")
    with pytest.raises(PackError, match="not given on: TST-ONE-001"):
        prepare(in_our_name)


def test_what_this_unit_made_of_a_rule_stays_here(here, install_here, writing):
    """Standing, settings and exceptions are the unit's; the rule leaves as its author wrote it."""
    text = writing.rule_text(status="draft")
    install_here(text)
    (held,) = installed(here)
    set_standing(
        here,
        "TST-ONE-001",
        held.rule.sha256,
        RuleStatus.ACTIVE,
        Signed(at=writing.at, who="c", reason="r"),
    )
    with open_ledger(here) as ledger:
        put_setting(
            ledger, "TST-ONE-001", "heavy", 29000.0, Signed(at=writing.at, who="c", reason="r")
        )
    prepared = prepare(collect_installed(here, "theirs", licence="none"))
    files = opened(prepared.archive).files
    assert files["cloned_container/tst-one-001.yaml"].decode() == text
    assert set(files) == {"pack.yaml", "cloned_container/tst-one-001.yaml"}
    assert b"29000" not in prepared.archive


def test_exceptions_in_the_folder_of_a_pack_stay_there(folder_of, writing):
    folder = folder_of(writing.rule_text())
    (folder / "exceptions").mkdir()
    (folder / "exceptions" / "ours.yaml").write_text(
        "schema: 1\nid: EXC-001\nrules: [TST-ONE-001]\nfield: consignee_name\nvalues: [GOOD TRADER]\n"
        "reason: known\napproved_by: chief\nfrom: 2026-01-01\nexpires: 2026-06-01\n",
        "utf-8",
    )
    assert b"GOOD TRADER" not in prepare(collect_folder(folder)).archive


def test_of_each_rule_the_version_that_counts_is_given(here, install_here, writing):
    install_here(writing.rule_text(), writing.rule_text(id="TST-OLD-001"))
    install_here(writing.rule_text(version="2", status="draft"), version="1.1")
    (old,) = installed(here, "TST-OLD-001")
    set_standing(
        here,
        old.rule.id,
        old.rule.sha256,
        RuleStatus.RETIRED,
        Signed(at=writing.at, who="c", reason="r"),
    )
    prepared = prepare(collect_installed(here, "theirs", licence="none"))
    assert [(rule.id, rule.version) for rule in prepared.rules] == [("TST-ONE-001", 1)]
    assert prepared.rules_left_out == ("TST-OLD-001",)
    assert prepared.head.version == "1.1"


def test_lists_that_no_rule_asks_stay_and_are_named(folder_of, writing):
    lists = {
        "ports": writing.list_text(),
        "watched": writing.list_text().replace("ports", "watched"),
    }
    prepared = prepare(collect_folder(folder_of(writing.rule_text(**ASKS), lists=lists)))
    assert (prepared.lists, prepared.lists_left_out) == (("ports",), ("watched",))


def test_values_that_name_somebody_are_told(folder_of, writing):
    text = writing.rule_text(
        more="    - consignee_name != 'ACME SA' or seal_numbers contains 'ML1' or shipper_name in list ports\n"
    ).replace("port_of_loading: ECGYE", "consignee_name: JOE LTD, seal_numbers: [A1]")
    lists = {"ports": writing.list_text()}
    pack, faults = read_pack_files(writing.files_of(text, lists=lists), catalog(), "pack")
    assert faults == ()
    told = {(value.stands_in, value.value) for value in naming_values(pack.rules)}
    assert told >= {
        ("test", "JOE LTD"),
        ("test", "A1"),
        ("condition", "ACME SA"),
        ("list", "ports"),
    }


def test_every_field_of_a_party_counts_as_naming_somebody():
    known = {field.name for field in catalog()}
    parties = {
        name
        for name in {field.name for field in catalog() if field.kind == "text"}
        - {"vessel_name"}
        if name.endswith(("_name", "_address", "_email", "_phone", "_tax_id"))
    }
    assert known >= NAMING_FIELDS >= parties


def test_a_pack_whose_tests_fail_or_that_has_faults_does_not_leave(folder_of, writing):
    failing = writing.rule_text().replace("gross_mass_kg: 99000", "gross_mass_kg: 15000")
    with pytest.raises(PackError, match="TST-ONE-001: above"):
        prepare(collect_folder(folder_of(failing)))
    with pytest.raises(RulesRefused):
        collect_folder(folder_of("id: TST-ONE-001\n"))


def test_a_pack_has_a_name_a_version_and_rules(tmp_path, folder_of, here, writing):
    folder = folder_of(writing.rule_text(), version="latest")
    with pytest.raises(PackError, match=r"1\.4\.0, not latest"):
        prepare(collect_folder(folder))
    (folder / "pack.yaml").unlink()
    with pytest.raises(PackError, match=r"no pack\.yaml"):
        collect_folder(folder)
    with pytest.raises(PackError, match="are not there"):
        collect_installed(here, "nothing", licence="none")


def test_several_issuers_under_one_name_have_to_be_told_apart(here, install_here, writing):
    install_here(writing.rule_text())
    install_here(writing.rule_text(id="TST-TWO-001"))
    with open_ledger(
        here
    ) as ledger:  # as in a ledger from before a name belonged to one issuer
        ledger.execute("UPDATE rule_version SET issuer = 'us' WHERE rule_id = 'TST-TWO-001'")
    with pytest.raises(PackError, match="several issuers: Port of Elsewhere, us"):
        collect_installed(here, "theirs", licence="none")


def test_the_chain_knows_of_a_pack_before_it_is_there(
    here, folder_of, issuer, writing, tmp_path
):
    prepared = prepare(collect_folder(folder_of(writing.rule_text())))
    with pytest.raises(PackError, match="cannot be written"):
        give(here, prepared, tmp_path / "nowhere" / "pack.zip", key=issuer.file, by="chief")
    (entry,) = audit.entries(here, action="pack_exported")
    said = json.loads(entry.payload)
    assert (said["sha256"], said["handling"]) == (prepared.sha256, "TLP:GREEN")


def test_without_a_key_nothing_is_written(here, folder_of, writing, tmp_path):
    prepared = prepare(collect_folder(folder_of(writing.rule_text())))
    with pytest.raises(PackError, match="no file"):
        give(
            here, prepared, tmp_path / "pack.zip", key=KeyFile(tmp_path / "no.key"), by="chief"
        )
    assert not (tmp_path / "pack.zip").exists()
    assert audit.entries(here, action="pack_exported") == ()


def test_a_read_me_travels_as_text(folder_of, writing):
    folder = folder_of(writing.rule_text())
    (folder / "README.md").write_text("# What these rules are for\n", "utf-8")
    assert opened(prepare(collect_folder(folder)).archive).read_me.startswith("# What")
    shutil.copy(__file__, folder / "notes.py")
    assert len(opened(prepare(collect_folder(folder)).archive).files) == 2


@pytest.mark.parametrize("text", ["", "1.", "v1", "1.2.3.4.5", "1" * 9, "1.-2", "\u0661"])
def test_a_version_is_numbers_with_dots(text):
    with pytest.raises(PackError, match="one to four numbers"):
        version_key(text)


def test_a_prepared_pack_knows_what_was_left_out():
    assert {field.name for field in fields(Prepared)} >= {"lists_left_out", "rules_left_out"}
