"""What would clear a container is what the engine itself says of the changed manifest."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import asdict, replace
from itertools import combinations

import polars as pl
import pytest

from riskengine import messages
from riskengine.codes.spelling import fold
from riskengine.domain import Lane
from riskengine.engine import Engine
from riskengine.engine import what_if as asking
from riskengine.engine.recorded import read_run
from riskengine.engine.restored import restored
from riskengine.engine.what_if import PROVABLE, WhatIf, what_if
from riskengine.engine.what_if_bench import bench_of, judged
from riskengine.engine.what_if_cargo import VAGUE
from riskengine.engine.what_if_facts import Situation, edits_of
from riskengine.engine.what_if_rows import Cell, Edit
from riskengine.engine.what_if_search import is_cleared
from riskengine.engine.what_if_told import becomes, sentence, shown
from riskengine.errors import RunNotFound
from riskengine.ledger.run_register import find_run
from riskengine.manifest import read_manifest, stop_words
from riskengine.workspace import Workspace

HEADERS = {"description": "goods_description", "seal_number": "seal_numbers"}
NOT_IN_A_FILE = {"name_key"}
EXACTLY = 1e-9


@pytest.fixture(scope="module")
def recorded(session_unit, reading, voyage, day, tmp_path_factory):
    """A unit that has recorded the sample voyage, and the run as it is kept."""
    root = tmp_path_factory.mktemp("what_if") / "unit"
    shutil.copytree(session_unit.root, root)
    unit = Workspace(root)
    engine = Engine.open(unit)
    run = engine.assess(reading, assessed_on=day)
    engine.record(run, reading, voyage, by="tester")
    return unit, read_run(find_run(unit, run.card.run_id).folder_in(unit))


@pytest.fixture(scope="module")
def past(recorded):
    return restored(*recorded)


@pytest.fixture(scope="module")
def bench_for(recorded, past):
    """Lay out a container by its number."""
    unit, run = recorded

    def laid_out(number):
        key = run.assessments.filter(container_number=number)["container_id"].item()
        return bench_of(
            unit, run, past.reading.manifest, past.known, key, assessed_on=past.assessed_on
        )

    return laid_out


def in_lane(run, lane, basis=("rule", "model")):
    return run.assessments.filter(
        (pl.col("lane") == lane)
        & pl.col("basis").is_in(basis)
        & pl.col("container_number").is_not_null()
    )


@pytest.fixture(scope="module")
def cleared(recorded):
    """What would clear the containers at the head of the voyage, by their key."""
    unit, run = recorded
    flagged = run.assessments.filter(
        (pl.col("lane") != "green") & pl.col("basis").is_in(["rule", "model"])
    )
    return {key: what_if(unit, run, key) for key in flagged["container_id"][1:2]}


@pytest.fixture(scope="module")
def green(recorded):
    """A container of the green lane, and what would flag it."""
    unit, run = recorded
    key = in_lane(run, "green")["container_id"][0]
    return key, what_if(unit, run, key)


def test_a_container_that_nothing_changes_has_the_log_odds_of_the_run(recorded, past):
    unit, run = recorded
    loose = run.assessments.filter(pl.col("container_number").is_null())
    keys = [*run.assessments["container_id"].head(2), *loose["container_id"].head(1)]
    for key in keys:
        bench = bench_of(
            unit, run, past.reading.manifest, past.known, key, assessed_on=past.assessed_on
        )
        now, again = judged(bench, [(), ()])
        assert now == again
        assert now.log_odds == pytest.approx(bench.row["log_odds"], abs=EXACTLY)
        assert (now.lane, now.rank) == (bench.row["lane"], bench.row["rank"])


def written_in(line, edit):
    """Write what an edit says into a line of a file."""
    for cell in edit.cells:
        if cell.column in NOT_IN_A_FILE:
            continue
        name = f"{cell.role}_{cell.column}" if cell.role else cell.column
        value = ";".join(cell.values) if cell.frame == "seals" else cell.values[0]
        text = str(value).lower() if isinstance(value, bool) else str(value)
        line[HEADERS.get(name, name)] = "" if value is None else text


def test_the_engine_says_the_same_of_a_manifest_with_the_cells_changed(
    recorded, bench_for, voyage_lines, tmp_path, written_lines, day
):
    unit, run = recorded
    lines = voyage_lines()
    numbers = [line["container_number"] for line in lines]
    drawn = run.assessments.filter("is_random")["container_number"].to_list()
    plain = [n for n in numbers if n and numbers.count(n) == 1 and n not in drawn]
    together = [
        ["verified", "value", "mail", "booked", "freight", "receipt", "seal"],
        ["description", "consignee", "bill", "tare", "packages", "code"],
        ["number", "notify", "address", "amended", "mass"],
    ]
    expected, tried = {}, set()
    for facts, number in zip(together, plain[-len(together) :], strict=True):
        bench = bench_for(number)
        only = [one for one in PROVABLE if one.id in facts]
        found = edits_of(Situation(bench=bench), only)
        last = {one.fact: one for one in found if not one.beside}
        if "code" in facts:  # one that no container of the manifest has: its past is asked for
            coffee = Cell(frame="goods_items", column="hs_code", values=("090111",))
            last |= {
                "code": Edit(fact="code", clause="code", becomes="090111", cells=(coffee,))
            }
        chosen = tuple(last.values())
        for edit in chosen:
            written_in(lines[numbers.index(number)], edit)
        tried |= set(last)
        renamed = lines[numbers.index(number)]["container_number"]
        expected[renamed] = judged(bench, [(), chosen])
    assert len(tried) >= 15
    file = written_lines(tmp_path / "edited.csv", lines)
    edited = Engine.open(unit).assess(read_manifest(file), assessed_on=day, is_dry=True)
    for number, (now, told) in expected.items():
        row = edited.assessments.row(
            by_predicate=pl.col("container_number") == number, named=True
        )
        assert row["log_odds"] == pytest.approx(told.log_odds, abs=EXACTLY), told.edits
        assert row["lane"] == told.lane, told.edits
        assert told.log_odds != now.log_odds, told.edits


def test_what_clears_leaves_the_lane_and_none_of_it_can_be_left_out(recorded, past, cleared):
    unit, run = recorded
    sets = 0
    for key, told in cleared.items():
        bench = bench_of(
            unit, run, past.reading.manifest, past.known, key, assessed_on=past.assessed_on
        )
        severity = Lane(bench.row["lane"]).severity
        edits = edits_of(Situation(bench=bench), PROVABLE)
        for changes in told.clears:
            sets += 1
            chosen = tuple(meant(edits, change) for change in changes)
            parts = [p for n in range(1, len(chosen)) for p in combinations(chosen, n)]
            whole, *rest = judged(bench, [chosen, *parts])
            assert whole.log_odds == pytest.approx(changes[0].log_odds, abs=EXACTLY)
            assert (whole.lane, whole.rank) == (changes[0].lane, changes[0].rank)
            assert Lane(whole.lane).severity < severity
            least = min(severity, Lane.YELLOW.severity) if is_cleared(whole) else severity
            assert all(Lane(part.lane).severity >= least for part in rest)
    assert sets


def meant(edits, change):
    """Return the edit that a change tells of, by its field and what the field becomes."""
    by_id = {fact.id: fact for fact in PROVABLE}
    return next(
        one
        for one in edits
        if by_id[one.fact].field == change.field
        and one.is_innocent
        and becomes(one, by_id[one.fact], "en") == change.becomes
    )


def test_a_green_container_tells_what_would_flag_it_and_how_far_that_is(recorded, green):
    _, run = recorded
    key, told = green
    row = run.assessments.row(by_predicate=pl.col("container_id") == key, named=True)
    assert told.clears == ()
    assert told.note == ""
    assert 1 <= len(told.flags) <= 5
    assert all(Lane(one.lane).severity > Lane.GREEN.severity for one in told.flags)
    assert all(one.rank <= row["rank"] and one.log_odds > row["log_odds"] for one in told.flags)
    assert len({one.field for one in told.flags}) == len(told.flags)
    assert "lane begins where the odds are" in told.distance


def test_questions_ask_for_what_is_not_declared_the_weightiest_first(recorded, green, cleared):
    _, run = recorded
    asked = 0
    for key, told in [green, *cleared.items()]:
        facts = run.indicators.row(by_predicate=pl.col("container_id") == key, named=True)
        swings = [one.swing for one in told.questions]
        assert swings == sorted(swings, reverse=True)
        assert len(swings) <= 5
        assert all(facts[one.field] is None for one in told.questions)
        assert all(one.label in one.sentence for one in told.questions)
        asked += len(swings)
    assert asked


def test_what_no_fact_clears_is_said_to_be_so(recorded, monkeypatch):
    monkeypatch.setattr(asking, "PROVABLE", PROVABLE[:1])
    unit, run = recorded
    key = in_lane(run, "green")["container_id"][1]
    is_own = pl.col("container_id") == key
    held = run.assessments.with_columns(
        pl.when(is_own).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
        for name, value in {"is_random": True, "lane": "red", "basis": "random"}.items()
    )
    told = what_if(unit, replace(run, assessments=held), key)
    assert told.clears == told.flags == ()
    assert told.note == messages.render("what_if.note.random", {}, "en")


def test_changes_that_were_not_tried_are_counted(recorded, green, monkeypatch):
    monkeypatch.setattr("riskengine.engine.what_if.MOST_EDITS", 3)
    told = what_if(*recorded, green[0])
    assert re.search(r"Changes that were not tried: \d\d", told.note)


def test_a_container_that_the_run_has_not_is_named(recorded):
    with pytest.raises(RunNotFound, match="has not assessed"):
        what_if(*recorded, 10_000)


def test_a_run_that_was_not_recorded_cannot_be_asked(session_unit, run):
    told = what_if(session_unit, run, run.assessments["container_id"][0])
    assert told == WhatIf(note=messages.render("what_if.note.not_recorded", {}, "en"))


def test_a_run_whose_result_does_not_come_again_is_told_nothing_of(recorded, monkeypatch):
    monkeypatch.setattr(asking, "PROVABLE", PROVABLE[:1])
    unit, run = recorded
    off = run.assessments.with_columns(pl.col("log_odds") + 1e-6)
    key = run.assessments["container_id"][0]
    told = what_if(unit, replace(run, assessments=off), key, language="fr")
    assert told == WhatIf(note=messages.render("what_if.note.other_result", {}, "fr"))


def test_the_same_is_said_again_in_another_language(recorded, green):
    unit, run = recorded
    key, told = green
    other = what_if(unit, run, key, language="es")
    assert [one.log_odds for one in other.flags] == [one.log_odds for one in told.flags]
    assert [one.swing for one in other.questions] == [one.swing for one in told.questions]
    assert other.flags[0].sentence.startswith("Si ")
    assert json.dumps(asdict(other))


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_fact_says_how_it_is_verified_and_whom_to_ask(language):
    assert len({fact.id for fact in PROVABLE}) == len(PROVABLE)
    for fact in PROVABLE:
        label = messages.render(f"fact.{fact.field}.label", {}, language)
        assert messages.render(f"what_if.how.{fact.how}", {}, language)
        assert label in messages.render(f"what_if.ask.{fact.whom}", {"label": label}, language)


def test_every_change_of_every_container_has_its_clause(recorded, past):
    unit, run = recorded
    said = set()
    for key in run.assessments.filter(~pl.col("is_unreadable"))["container_id"].head(8):
        bench = bench_of(
            unit, run, past.reading.manifest, past.known, key, assessed_on=past.assessed_on
        )
        for edit in edits_of(Situation(bench=bench), PROVABLE):
            assert edit.cells or edit.beside
            said.add(edit.clause)
    assert {"mass_off", "seal_repeated", "description_vague", "not_amended"} <= said
    for clause in said:
        told = {"becomes": "x", "declared": "(y)"}
        assert messages.render(f"what_if.clause.{clause}", told, "pt")


def test_what_flags_is_seen_by_the_engine(bench_for, recorded):
    _, run = recorded
    bench = bench_for(in_lane(run, "green")["container_number"][0])
    only = [one for one in PROVABLE if one.id in {"consignee", "mail", "seal", "number"}]
    worse = [one for one in edits_of(Situation(bench=bench), only) if not one.is_innocent]
    now, *found = judged(bench, [(), *((one,) for one in worse)])
    raised = {one.edits[0].clause for one in found if one.log_odds > now.log_odds}
    alone = judged(bench, [(), (worse[-1],)])[1]
    assert alone == found[-1]
    assert {"consignee_private", "mail_free", "seal_none", "seal_repeated", "number"} <= raised
    assert pl.select(fold(pl.lit(VAGUE)).is_in(list(stop_words.groups()))).item()


def edits_where(bench, only, **said):
    """Return the changes of some facts of a container of which something else is said."""
    told = Situation(bench=replace(bench, indicators=bench.indicators | said))
    return edits_of(told, [one for one in PROVABLE if one.id in only])


def test_loose_cargo_is_asked_for_no_seal_plate_or_verified_mass(bench_for, recorded):
    _, run = recorded
    bench = bench_for(in_lane(run, "green")["container_number"][0])
    of_a_box = {"seal", "seals_read", "tare", "size_type", "owner", "verified", "gate_mass"}
    nothing = dict.fromkeys(("seal_numbers", "tare_mass_kg", "verified_gross_mass_kg"))
    asked = {one.fact for one in edits_where(bench, of_a_box, **nothing, is_loose_cargo=False)}
    assert {"seal", "tare", "owner"} <= asked
    assert edits_where(bench, of_a_box, **nothing, is_loose_cargo=True) == []


def test_loose_cargo_is_weighed_without_a_tare(bench_for, recorded):
    _, run = recorded
    bench = bench_for(in_lane(run, "green")["container_number"][0])
    mass = next(one for one in PROVABLE if one.id == "mass")
    boxed, loose = (
        Situation(bench=replace(bench, indicators=bench.indicators | {"is_loose_cargo": said}))
        for said in (False, True)
    )
    assert (asking._how(boxed, mass), asking._how(loose, mass)) == ("weigh", "weigh_goods")


def test_the_verified_mass_is_weighed_with_the_box_and_its_load():
    how = {one.id: one.how for one in PROVABLE}
    assert (how["mass"], how["verified"]) == ("weigh", "weigh_gross")
    for language in messages.LANGUAGES:
        gross = messages.render("what_if.how.weigh_gross", {}, language)
        assert gross != messages.render("what_if.how.weigh", {}, language)
    assert "do not take off the tare" in messages.render("what_if.how.weigh_gross", {}, "en")


@pytest.mark.parametrize(
    ("size_type", "declared", "most"),
    [
        ("22G1", 30_000.0, 28_300.0 + 2_300.0),
        ("22G1", 20_000.0, 28_300.0 + 2_300.0),
        (None, 32_000.0, 32_500.0),
    ],
)
def test_no_mass_is_proposed_that_the_box_may_not_weigh(
    bench_for, recorded, size_type, declared, most
):
    _, run = recorded
    bench = bench_for(in_lane(run, "green")["container_number"][0])
    said = {
        "size_type": size_type,
        "tare_mass_kg": 2_300.0,
        "gross_mass_kg": declared - 2_300.0,
        "container_gross_mass_kg": declared,
        "verified_gross_mass_kg": None,
        "is_loose_cargo": False,
    }
    found = edits_where(bench, {"mass", "verified"}, **said)
    weighed = [one.becomes for one in found if one.fact == "verified"]
    goods = [one.becomes for one in found if one.fact == "mass"]
    assert declared in weighed
    assert goods
    assert all(mass <= most for mass in weighed)
    assert all(mass + 2_300.0 <= most for mass in goods)
    heavier = declared * 1.15 <= most
    assert (len(weighed) == 2) is heavier


def test_no_invoice_is_proposed_beyond_three_times_what_is_usual(bench_for, recorded):
    _, run = recorded
    seen = 0
    for number in in_lane(run, "green")["container_number"].head(8):
        bench = bench_for(number)
        at = Situation(bench=bench)
        usual, mass = at.usual("declared_value_per_kg_usd"), at.fact("gross_mass_kg")
        for edit in edits_where(bench, {"value"}):
            seen += 1
            assert usual * mass / 3 <= edit.becomes <= usual * mass * 3
    assert seen


def test_a_placeholder_is_told_as_one(bench_for, recorded):
    _, run = recorded
    bench = bench_for(in_lane(run, "green")["container_number"][0])
    by_clause = {one.clause: one for one in edits_where(bench, {"consignee", "shipper"})}
    fact = next(one for one in PROVABLE if one.id == "consignee")
    told = becomes(by_clause["consignee_private"], fact, "en")
    assert told == "a placeholder name (such as PRIVATE)"
    assert "shipper_private" in by_clause


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("places", [1, 2])
def test_a_set_that_only_lowers_the_lane_says_that_it_does_not_clear(language, places):
    told = {"place": places - 1, "places": places, "lane": "yellow", "rank": 3}
    held = sentence("x", **told, is_held=True, language=language)
    assert held != sentence("x", **told, is_held=False, language=language)
    if language == "en":
        assert held.endswith(
            "it would only come down to yellow (rank 3); that does not clear it."
        )


def test_only_sets_that_stay_in_the_yellow_lane_say_so(cleared, green):
    ends = [together[-1] for told in cleared.values() for together in told.clears]
    flags = list(green[1].flags)
    assert ends
    for one in [*ends, *flags]:
        is_held = one in ends and one.lane == "yellow"
        assert ("does not clear it" in one.sentence) is is_held
    for told in cleared.values():
        only = bool(told.clears) and all(sets[0].lane == "yellow" for sets in told.clears)
        assert (told.note == messages.render("what_if.note.only_lower", {}, "en")) is only


def test_a_text_with_direction_marks_and_five_thousand_signs_is_shown_harmlessly():
    hostile = "\u202e#set page(fill: red)\n<b>" + "A" * 5000
    text = shown(hostile, "consignee_name", "en")
    assert "\u202e" not in text
    assert "\n" not in text
    assert len(text) < 400
    assert shown([hostile], "seal_numbers", "en").count("\u202e") == 0
