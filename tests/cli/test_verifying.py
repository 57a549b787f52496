"""``verify``: a run computed again, every byte checked; and an explanation that reads the same years later."""

from __future__ import annotations

import json

import pytest

from riskengine import messages
from riskengine.engine import own_texts, verified
from riskengine.engine.verified import Difference, Verified
from riskengine.ledger.run_register import find_run, latest_run

BOX = "XOCU7285184"


@pytest.fixture
def found(run):
    """Return what came of verifying the run, made up."""

    def made(**said):
        values = {
            "run_id": run.card.run_id,
            "is_same": False,
            "is_rounding_only": False,
            "is_computed": True,
            "lost": (),
            "differences": (),
            "different": 0,
            "values": 83558,
            "containers": 50,
            "added": 0,
            "engine_then": "0.1.0",
            "engine_now": "0.1.0",
            "libraries": {"polars": ("2.1.0", "2.1.0")},
        }
        return Verified(**(values | said))

    return made


@pytest.fixture
def desk(scored_unit, command, run, monkeypatch):
    """Verify the run at the desk, where computing it again is answered with what is given."""

    def answered(outcome, *more):
        monkeypatch.setattr(verified, "verify_run", lambda *_a, **_k: outcome)
        return command("verify", run.card.run_id, *more, "-w", scored_unit.root)

    return answered


def test_a_recorded_run_is_computed_again_and_is_the_same(scored_unit, command, run):
    said = command("verify", run.card.run_id, "-w", scored_unit.root)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(
        f"{run.card.run_id}: computed again and the same to the last bit"
    )


def test_a_run_that_is_not_recorded_names_those_recorded_last(scored_unit, command, run):
    said = command("verify", "nope", "-w", scored_unit.root)
    assert said.code == 3
    assert f"Recorded last: {run.card.run_id}" in said.err
    assert "explain CONTAINER" not in said.err
    near = command("verify", f"{run.card.run_id[:-1]}~", "-w", scored_unit.root)
    assert f"Did you mean {run.card.run_id}" in near.err


def test_what_differs_is_named_and_the_code_is_one(desk, found):
    one = Difference(
        frame="assessments", column="log_odds", container=BOX, was="0.5", now="[bold]0.75"
    )
    said = desk(found(differences=(one,), different=7))
    assert said.code == 1
    assert "not the same: 7 of 83,558 values differ" in said.out
    assert BOX in said.out
    assert "[bold]0.75" in said.out
    assert "and others: 6" in said.out


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize(
    ("said_of", "key"),
    [
        ({"is_same": True}, "same"),
        ({"different": 3, "is_rounding_only": True}, "rounding"),
        ({"lost": ("verify.lost.history",)}, "lost_only"),
        ({"is_computed": False, "lost": ("verify.lost.model",)}, "not_computed"),
    ],
)
def test_every_answer_is_said_in_every_language(desk, found, run, said_of, key, language):
    outcome = found(**said_of)
    said = desk(outcome, "--lang", language)
    assert said.code == (0 if outcome.is_same else 1)
    params = {
        "run": run.card.run_id,
        "values": 83558,
        "containers": 50,
        "different": outcome.different,
        "limit": "1e-09",
    }
    assert messages.render(f"verify.run.{key}", params, language) in said.out
    for lost in outcome.lost:
        assert messages.render(lost, {}, language) in said.out


def test_another_engine_and_other_libraries_are_said_beside(desk, found):
    said = desk(
        found(
            is_same=True,
            engine_then="0.0.9",
            libraries={"polars": ("1.40.0", "2.1.0"), "numpy": ("2.4.6", "2.4.6")},
            added=4,
        )
    )
    assert said.code == 0
    assert "recorded by engine version 0.0.9; this is version 0.1.0" in said.err
    assert "polars: version 1.40.0 then, 2.1.0 now." in said.err
    assert "numpy" not in said.err
    assert "did not keep: 4" in said.err
    older = desk(found(is_same=True, engine_then=""))
    assert "does not say which version" in older.err


def test_scripts_are_told_in_one_line(desk, found, run):
    said = desk(found(is_same=True), "--json")
    (line,) = said.out.splitlines()
    told = json.loads(line)
    assert (told["run_id"], told["is_same"]) == (run.card.run_id, True)
    assert told["libraries"] == {"polars": ["2.1.0", "2.1.0"]}


def test_a_sound_workspace_is_told_so_with_the_head_of_its_chain(scored_unit, command):
    said = command("verify", "-w", scored_unit.root)
    assert said.code == 0
    assert len(said.out.splitlines()) == 5
    assert "Recorded runs: 7, every file as it was written." in said.out
    assert "hand it out" in said.err
    told = [
        json.loads(line)
        for line in command("verify", "--json", "-w", scored_unit.root).out.splitlines()
    ]
    assert [one["kind"] for one in told] == ["audit", "runs", "models", "received", "texts"]
    assert command("verify", "--head", told[0]["head"], "-w", scored_unit.root).code == 0
    other = f"{told[0]['count']}:{'a' * 64}"
    refused = command("verify", "--head", other, "-w", scored_unit.root)
    assert refused.code == 1
    assert "Audit chain: broken" in refused.out


def test_a_file_that_was_changed_is_named_and_a_damaged_run_is_not_computed(scored, command):
    folder = latest_run(scored).folder_in(scored)
    file = folder / "contributions.parquet"
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:-4])
    said = command("verify", "-w", scored.root)
    assert said.code == 1
    assert "Recorded runs: 7; faults: 1" in said.out
    assert folder.name in said.out
    refused = command("verify", folder.name, "-w", scored.root)
    assert (refused.code, refused.out) == (3, "")
    assert "not those that were written" in refused.err


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("2026-03-04-000000000000",), 3, "No run 2026-03-04-000000000000 is recorded."),
        (("--head", "7:short"), 2, "is no head"),
        (("2026-03-04-000000000000", "--head", "7:" + "a" * 64), 2, "leave RUN out"),
    ],
)
def test_what_cannot_be_verified_is_answered(scored_unit, command, arguments, code, sentence):
    said = command("verify", *arguments, "-w", scored_unit.root)
    assert (said.code, said.out) == (code, "")
    assert sentence in " ".join(said.err.replace("│", " ").split())


def test_there_is_nothing_to_verify_without_a_workspace(command, tmp_path):
    assert command("verify", "-w", tmp_path / "none").code == 3


@pytest.fixture
def later_catalogue(monkeypatch):
    """Put other words into every text of today, as an engine of later years may have."""
    today = messages._catalogue

    def changed(language):
        return {key: f"LATER {text}" for key, text in today(language).items()}

    monkeypatch.setattr(messages, "_catalogue", changed)
    monkeypatch.setattr(own_texts, "texts_of_today", lambda: "b" * 64)


@pytest.fixture
def without_what_if(monkeypatch):
    """Leave out what other facts would have done: it takes longest, and its words are words like all others."""
    monkeypatch.setattr("riskengine.engine.explained.what_if", lambda *_a, **_k: None)


@pytest.mark.usefixtures("without_what_if")
@pytest.mark.parametrize("language", ["en", "pt"])
def test_an_explanation_has_the_same_bytes_in_the_words_of_its_day(
    scored_unit, command, run, language, request
):
    asked = ("explain", BOX, "--run", run.card.run_id, "--lang", language)
    before = command(*asked, "-w", scored_unit.root)
    request.getfixturevalue("later_catalogue")
    after = command(*asked, "-w", scored_unit.root)
    assert before.code == after.code == 0
    assert after.out == before.out


@pytest.mark.usefixtures("without_what_if", "later_catalogue")
def test_texts_that_are_gone_are_said_to_be_gone_and_those_of_today_are_used(
    scored, command, run
):
    (texts,) = scored.texts_folder.iterdir()
    texts.unlink()
    said = command("explain", BOX, "--run", run.card.run_id, "-w", scored.root)
    assert said.code == 0
    assert "texts that this run was first explained with cannot be read" in said.err
    assert said.out.count("LATER") > 10


@pytest.mark.usefixtures("without_what_if")
def test_a_run_from_before_texts_were_kept_has_those_of_today(scored, command, run):
    card = find_run(scored, run.card.run_id).folder_in(scored) / "run.json"
    told = json.loads(card.read_text("utf-8"))
    told["texts_sha256"] = ""
    card.chmod(0o600)
    card.write_text(json.dumps(told), "utf-8")
    said = command("explain", BOX, "-w", scored.root)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(BOX)
