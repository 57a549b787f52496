"""``explain`` asked for what is not there, of runs that were harmed or are old, of texts that want to harm the page."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date

import pytest

from riskengine import messages
from riskengine.engine import Engine
from riskengine.ledger.run_register import find_run
from riskengine.manifest import read_manifest
from riskengine.workspace import Workspace

BOX = "XOCU7285184"
OTHER = "XOCU7285148"
LONG = "ENDLESS " * 625
HOSTILE = {
    "markup": "[bold red]ACME[/bold red] [link=file:///etc/passwd]here[/link]",
    "html": "<b>ACME</b><script>alert(1)</script>",
    "ansi": "ACME\x1b[2J\x1b[31mred\x07",
    "right to left": "ACME \u202egnp.exe\u202c \u2066x\u2069 \u200f",
    "long": LONG,
    "placeholder": "{value:integer} {0.__class__} %s #let x = 1",
}


@pytest.fixture(autouse=True)
def without_what_if(request, monkeypatch):
    """Leave out what other facts would have done, which takes longest, where a test does not ask for it."""
    if "with_what_if" not in request.fixturenames:
        monkeypatch.setattr("riskengine.engine.explained.what_if", lambda *_a, **_k: None)


@pytest.fixture
def with_what_if():
    """Ask also what other facts would have done."""


@pytest.fixture(scope="module")
def hostile(session_unit, tmp_path_factory, voyage_lines, written_lines):
    """A unit that recorded a voyage of which six consignees have names that want something; and whose box is whose."""
    folder = tmp_path_factory.mktemp("hostile")
    unit = Workspace(shutil.copytree(session_unit.root, folder / "unit"))
    lines = voyage_lines()
    numbers = list(dict.fromkeys(line["container_number"] for line in lines))
    numbers = [number for number in numbers if number][: len(HOSTILE)]
    names = dict(zip(numbers, HOSTILE.values(), strict=True))
    changed = [
        line | {"consignee_name": names.get(line["container_number"], line["consignee_name"])}
        for line in lines
        if line["container_number"] in names
    ]
    file = written_lines(folder / "hostile.csv", changed)
    reading, engine = read_manifest(file), Engine.open(unit)
    run = engine.assess(reading, assessed_on=date(2026, 3, 4))
    engine.record(run, reading, file, by="tester")
    return unit, dict(zip(HOSTILE, numbers, strict=True))


def test_a_container_that_the_run_has_not_assessed_is_answered_with_the_run_and_near_numbers(
    scored_unit, command, run
):
    said = command("explain", OTHER, "--run", run.card.run_id, "-w", scored_unit.root)
    assert (said.code, said.out) == (3, "")
    assert said.err == (
        f"riskengine: The run {run.card.run_id} (voyage.csv, 2026-03-04) has not assessed {OTHER}."
        f" Did you mean {BOX}?\n"
    )
    far = command("explain", "ZZZZ", "--run", run.card.run_id, "-w", scored_unit.root)
    assert "Leave --run out" in far.err


def test_an_unknown_run_is_answered_with_the_nearest(scored_unit, command, run):
    slip = f"{run.card.run_id[:-1]}{'0' if run.card.run_id[-1] != '0' else '1'}"
    said = command("explain", BOX, "--run", slip, "-w", scored_unit.root)
    assert (said.code, said.out) == (3, "")
    assert f"No run {slip} is recorded. Did you mean {run.card.run_id}?" in said.err


@pytest.mark.parametrize(
    "run_id", ["", "../../etc/passwd", "x\x1b[2J", "'; DROP TABLE run; --"]
)
def test_what_is_no_run_is_no_run(scored_unit, command, run_id):
    said = command("explain", BOX, f"--run={run_id}", "-w", scored_unit.root)
    # Nothing named is nothing asked: the latest run is taken.
    assert said.code == (3 if run_id else 0)
    assert "\x1b" not in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    "asked", [LONG, "X" * 100_000, "\u202e\x00XOCU", "[bold]XOCU[/bold]", "  "]
)
def test_a_name_that_nobody_means_is_answered_in_one_short_line(
    scored_unit, command, run, asked
):
    for more in ((), ("--run", run.card.run_id)):
        said = command("explain", asked, *more, "-w", scored_unit.root)
        assert (said.code, said.out) == (3, "")
        assert len(said.err.splitlines()) == 1
        assert len(said.err) < 500
        assert "\u202e" not in said.err


def test_a_language_that_there_is_none_of_is_a_wrong_use_and_names_those_there_are(
    scored_unit, command
):
    said = command("explain", BOX, "--lang", "de", "-w", scored_unit.root)
    assert (said.code, said.out) == (2, "")
    assert all(language in said.err for language in ("'en'", "'fr'", "'es'", "'pt'"))


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", list(HOSTILE))
def test_a_hostile_name_is_shown_and_the_page_is_whole(hostile, command, kind, language):
    unit, boxes = hostile
    said = command("explain", boxes[kind], "--lang", language, "-w", unit.root)
    assert said.code == 0
    assert said.out.startswith(boxes[kind])
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u200f\u202a-\u202e\u2066-\u2069]", said.out)
    # The last line of every page.
    assert said.out.rstrip().endswith(messages.render("desk.explain.advice", {}, language))
    assert max(map(len, said.out.splitlines())) <= 140
    assert len(said.out) < 40_000


def test_markup_is_text(hostile, command):
    unit, boxes = hostile
    folded = "".join(command("explain", boxes["markup"], "-w", unit.root).out.split())
    assert "[BOLDRED]ACME[/BOLDRED]" in folded
    folded = "".join(command("explain", boxes["html"], "-w", unit.root).out.split())
    assert "<B>ACME</B><SCRIPT>ALERT(1)</SCRIPT>" in folded
    folded = "".join(command("explain", boxes["ansi"], "-w", unit.root).out.split())
    assert "ACME<U+001B>[2J<U+001B>[31MRED<U+0007>" in folded


@pytest.mark.parametrize("kind", list(HOSTILE))
def test_a_script_is_given_a_line_of_json_whatever_the_name_is(hostile, command, kind):
    unit, boxes = hostile
    said = command("explain", boxes[kind], "--json", "-w", unit.root)
    assert said.code == 0
    (line,) = said.out.splitlines()
    assert json.loads(line)["name"] == boxes[kind]


@pytest.fixture
def card_changed(scored, run):
    """Change the card of the recorded run, as an older engine, or a thief, would have written it."""
    folder = find_run(scored, run.card.run_id).folder_in(scored)
    card = folder / "run.json"
    card.chmod(0o600)

    def changed(change):
        told = json.loads(card.read_text("utf-8"))
        change(told)
        card.write_text(json.dumps(told), "utf-8")

    return changed


def without(*beginnings):
    """Return a change that takes frames off the card: an older engine did not write them."""

    def change(told):
        told["files"] = {
            name: said
            for name, said in told["files"].items()
            if not name.startswith(beginnings)
        }

    return change


_NEW_ON_THE_CARD = (
    *("challenger_id", "engine_version", "habits_id", "libraries", "policy_json"),
    *("stow_plan_mapping_sha256", "stow_plan_sha256", "texts_sha256"),
)


def test_a_run_of_an_older_engine_is_explained_with_what_it_kept(scored, command, card_changed):
    def older(told):
        without("beside_", "history_", "manifest_movements", "manifest_seals")(told)
        for name in _NEW_ON_THE_CARD:
            told.pop(name, None)

    card_changed(older)
    said = command("explain", BOX, "-w", scored.root)
    assert said.code == 0
    assert said.out.startswith(BOX)
    assert "model" in said.out


@pytest.mark.parametrize(
    "frame", ["assessments", "contributions", "indicators", "rules", "verdicts"]
)
def test_a_run_without_what_every_run_has_is_refused_by_name(
    scored, command, card_changed, frame
):
    card_changed(without(frame))
    said = command("explain", BOX, "-w", scored.root)
    assert (said.code, said.out) == (3, "")
    assert f"has no frame '{frame}'" in said.err


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda told: told.update(schema=2), "is not of version 1"),
        (lambda told: told.pop("digests"), "names no digests"),
        (lambda told: told.update(unheard_of=1), "is damaged"),
        (lambda told: told.pop("base_log_odds"), "is damaged"),
        (lambda told: told.update(digests={"manifest": "a"}), "is damaged"),
    ],
)
def test_a_card_that_this_engine_cannot_read_is_refused(
    scored, command, card_changed, change, sentence
):
    card_changed(change)
    said = command("explain", BOX, "-w", scored.root)
    assert (said.code, said.out) == (3, "")
    assert sentence in said.err


@pytest.mark.parametrize("harm", ["changed", "gone", "no card", "no json"])
def test_a_run_whose_files_were_harmed_is_refused(scored, command, run, harm):
    folder = find_run(scored, run.card.run_id).folder_in(scored)
    file = folder / ("run.json" if "no " in harm else "indicators.parquet")
    file.chmod(0o600)
    if harm in {"gone", "no card"}:
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[7:])
    said = command("explain", BOX, "-w", scored.root)
    assert (said.code, said.out) == (3, "")
    assert said.err.count("\n") == 1


@pytest.mark.usefixtures("with_what_if")
def test_a_model_that_was_changed_leaves_the_recorded_explanation_and_is_named(
    scored, command, run
):
    """What was recorded stands; what would have to be computed again is not, and that is said."""
    model = scored.models_folder / run.card.model_id / "model.txt"
    model.chmod(0o600)
    model.write_text(model.read_text("utf-8").replace("leaf_value=", "leaf_value=0"), "utf-8")
    said = command("explain", BOX, "-w", scored.root)
    assert said.code == 0
    assert said.out.startswith(BOX)
    assert "is not on the shelf, or is not what it was" in " ".join(said.out.split())
    assert command("score", "none.csv", "-w", scored.root).code == 3
