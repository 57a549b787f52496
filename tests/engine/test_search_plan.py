"""Where to look: every method in every box has a plan that can be carried out there, in an order that makes sense."""

import re
import tomllib
from importlib.resources import files
from io import StringIO
from types import SimpleNamespace

import pytest
from rich.console import Console

from riskengine import messages
from riskengine.cli.explanation_plan import show_plan
from riskengine.domain import Lane, Reason, Typology
from riskengine.engine.search_plan import general_plan, leading_typologies
from riskengine.engine.typologies import is_possible_in
from riskengine.errors import UsageError

BOXES = {
    "dry": {"container_family": "dry", "is_full": True},
    "reefer": {"container_family": "reefer", "is_full": True},
    "tank": {"container_family": "tank", "is_full": True},
    "open_top": {"container_family": "open_top", "is_full": True},
    "flat": {"container_family": "flat", "is_full": True},
    "bulk": {"container_family": "bulk", "is_full": True},
    "named_cargo": {"container_family": "named_cargo", "is_full": True},
    "air": {"container_family": "air", "is_full": True},
    "loose": {"is_loose_cargo": True},
    "unknown": {},
    "empty dry": {"container_family": "dry", "is_full": False},
    "empty reefer": {"container_family": "reefer", "is_full": False},
    "unreadable": {"container_family": None, "is_full": None, "is_loose_cargo": None},
}
TABLE = tomllib.loads((files("riskengine.engine") / "search_plan.toml").read_text("utf-8"))
REEFER_PLACES = {"machinery", "evaporator", "rear_wall"}


def reason(source, log_odds, *typologies, kind="rule", is_told=True):
    return Reason(
        source=source,
        kind=kind,
        log_odds=log_odds,
        sentence=f"{source}.",
        typologies=typologies,
        is_told=is_told,
    )


def plan(facts, *typologies, language="en"):
    kept = [{"id": one, "log_odds": 3.0 - place} for place, one in enumerate(typologies)]
    reasons = [reason(f"RULE-{one}", 1.0, Typology(one)) for one in typologies]
    return leading_typologies(kept, reasons, facts, language)


def is_possible(typology, name):
    facts = BOXES[name]
    box = "loose" if facts.get("is_loose_cargo") else facts.get("container_family") or "unknown"
    return is_possible_in(Typology(typology), box, is_empty=facts.get("is_full") is False)


@pytest.mark.parametrize("name", BOXES)
@pytest.mark.parametrize("typology", [one.value for one in Typology])
def test_every_method_that_can_be_in_a_box_has_a_plan_there(typology, name):
    leading = plan(BOXES[name], typology)
    if not is_possible(typology, name):
        assert leading == ()
        return

    (only,) = leading
    stages = [TABLE["step"][f"{s.place}_{s.means}"]["stage"] for s in only.steps]
    places = {step.place for step in only.steps}
    assert [step.order for step in only.steps] == list(range(1, len(only.steps) + 1))
    assert stages == sorted(stages)
    assert any(step.means in {"comparing", "own_files"} for step in only.steps)
    assert {"weighing", "scanner"} <= {step.means for step in only.steps}
    if "reefer" not in name and name not in {"unknown", "unreadable"}:
        assert not places & REEFER_PLACES
    if name == "loose":
        assert not places & {"doors", "seal", "floor", "structure", "first_rows", "box_number"}
    if name.startswith("empty"):
        assert not places & {"load", "packages", "first_rows"}


@pytest.mark.parametrize("typology", TABLE["plan"])
def test_whoever_could_be_warned_is_called_only_after_the_box_is_held(typology):
    steps = [TABLE["step"][name] for name in TABLE["plan"][typology]]
    calls = [step["stage"] for step in steps if step["means"] == "call"]
    holds = [step["stage"] for step in steps if step["means"] == "hold"]

    assert not calls or max(holds) < min(calls)


@pytest.mark.parametrize("typology", TABLE["plan"])
def test_nobody_opens_before_gas_was_measured_and_protection_stands(typology):
    steps = [TABLE["step"][name] for name in TABLE["plan"][typology]]
    opening = [step["stage"] for step in steps if step["means"] in {"opening", "dipping"}]
    safety = {"gas_test", "protection", "armed_unit"}
    before = [step["stage"] for step in steps if step["means"] in safety]

    assert not opening or (before and max(before) < min(opening))


def test_arms_are_not_opened_without_an_armed_unit_and_chemicals_not_without_protection():
    assert "surroundings_armed_unit" in TABLE["plan"]["concealed_arms"]
    for typology in ("misdeclared_chemicals", "misdeclared_waste", "carrier_material"):
        assert "surroundings_protection" in TABLE["plan"][typology]


def test_a_reefer_plan_looks_at_its_machinery_and_a_tank_plan_at_its_manhole():
    (reefer,) = plan(BOXES["reefer"], "reefer_machinery")
    (tank,) = plan(BOXES["tank"], "misdeclared_chemicals")

    assert {step.place for step in reefer.steps} >= REEFER_PLACES
    assert "manhole" in {step.place for step in tank.steps}


@pytest.mark.parametrize("name", BOXES)
def test_three_plans_are_one_search_without_a_step_twice(name):
    leading = plan(BOXES[name], "cold_route", "vessel_side_loading", "split_consignments")
    steps = [step for one in leading for step in one.steps]

    assert len({(step.place, step.means) for step in steps}) == len(steps)
    assert sorted(step.order for step in steps) == list(range(1, len(steps) + 1))


def test_at_most_three_lead_and_their_shares_are_of_all():
    some = list(Typology)[3:8]
    kept = [{"id": one.value, "log_odds": 1.0} for one in some]
    reasons = [reason(f"RULE-{one}", 1.0, one) for one in some]

    leading = leading_typologies(kept, reasons, BOXES["dry"], "en")
    assert [one.share for one in leading] == [pytest.approx(0.2)] * 3


def test_without_evidence_there_is_a_general_plan_and_no_leading_method():
    assert leading_typologies([], [], BOXES["dry"], "en") == ()
    means = [step.means for step in general_plan(BOXES["dry"], "en")]

    assert means == ["comparing", "look", "seal_check", "weighing", "scanner"]
    assert [step.means for step in general_plan(BOXES["loose"], "en")][-1] == "scanner"


def test_reasons_stand_under_the_methods_they_speak_for_the_most_telling_first():
    rip, load = Typology.RIP_ON_RIP_OFF, Typology.CONCEALED_IN_LOAD
    reasons = [
        reason("BROAD", 0.5, *list(Typology)),
        reason("NARROW", 0.5, rip),
        reason("ELSEWHERE", 2.0, load),
        reason("WHISPER", 0.001, rip),
        reason("AGAINST", -0.3, rip),
        reason("consignee_find_rate", -0.3, rip, kind="feature", is_told=False),
        reason("is_seal_missing", 0.4, rip, kind="feature"),
        reason("lane_find_rate", 0.4, rip, kind="feature", is_told=False),
    ]
    facts = {**BOXES["dry"], "is_seal_missing": False}
    (only,) = leading_typologies([{"id": rip.value, "log_odds": 1.0}], reasons, facts, "en")

    assert only.supports == ("NARROW.", "BROAD.")
    assert only.against == ("AGAINST.",)


RIP = Typology.RIP_ON_RIP_OFF
KEPT = [{"id": RIP.value, "log_odds": 5.0}]


def test_one_thing_stands_for_a_method_or_against_it_and_never_both():
    consignee = [
        reason("consignee_find_rate", 0.9, RIP, kind="feature"),
        reason("consignee_containers_before", -0.5, RIP, kind="feature"),
        reason("lane_find_rate", 0.3, RIP, kind="feature"),
        reason("lane_ramp_ratio", -0.4, RIP, kind="feature"),
    ]
    reasons = [*consignee, reason("RULE", 1.0, RIP)]
    (only,) = leading_typologies(KEPT, reasons, BOXES["dry"], "en")

    assert only.supports == ("RULE.", "consignee_find_rate.")
    assert only.against == ("lane_ramp_ratio.",)


@pytest.mark.parametrize(
    ("added", "is_named"),
    [
        ((0.02,), False),
        ((0.69,), False),
        ((0.70,), True),
        ((1.0, -0.4), False),
        ((1.0, -0.2), True),
    ],
)
def test_a_whisper_is_no_method_however_loud_it_is_among_whispers(added, is_named):
    reasons = [reason(f"RULE-{place}", one, RIP) for place, one in enumerate(added)]

    assert bool(leading_typologies(KEPT, reasons, BOXES["dry"], "en")) is is_named


def test_a_reason_that_speaks_first_for_another_method_counts_half():
    reasons = [reason("RULE", 1.0, Typology.COLD_ROUTE, RIP)]

    assert leading_typologies(KEPT, reasons, BOXES["dry"], "en") == ()


def test_a_line_that_could_not_be_read_names_no_method():
    reasons = [reason("RULE", 3.0, RIP)]

    assert leading_typologies(KEPT, reasons, BOXES["unreadable"], "en")
    assert not leading_typologies(
        KEPT, reasons, {**BOXES["unreadable"], "is_unreadable": True}, "en"
    )


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_box_is_scanned_once_for_all_that_is_looked_for_on_the_image(language):
    methods = ("reefer_machinery", "container_structure", "concealed_in_load")
    leading = plan(BOXES["reefer"], *methods, language=language)
    (scan,) = [
        step
        for one in leading
        for step in one.steps
        if step.stage.id == "image" and step.means == "scanner"
    ]

    assert scan.place == "whole_box"
    assert scan.minutes == 30
    assert scan.text.count(";") == 2
    assert len(scan.text) <= 135


def test_in_an_empty_box_divers_are_sent_only_where_the_ship_leads():
    def means(name, *methods):
        return {step.means for one in plan(BOXES[name], *methods) for step in one.steps}

    assert "divers" in means("empty dry", "vessel_side_loading", "cloned_container")
    assert "divers" not in means("empty dry", "cloned_container", "vessel_side_loading")
    assert "divers" in means("dry", "cloned_container", "vessel_side_loading")


@pytest.mark.parametrize("name", BOXES)
def test_the_parts_of_a_search_follow_each_other_and_the_quiet_ones_leave_the_box_alone(
    name,
):
    leading = plan(BOXES[name], "container_structure", "vessel_side_loading", "cold_route")
    steps = sorted((s for one in leading for s in one.steps), key=lambda step: step.order)
    parts = [step.stage.id for step in steps]
    quiet = [step.means for step in steps if not step.stage.disturbs]

    assert parts == sorted(parts, key=[*TABLE["stage"]].index)
    assert not {
        "opening",
        "dipping",
        "probing",
        "endoscope",
        "unloading",
        "dog",
        "hold",
        "call",
    } & {*quiet}
    assert not any(step.stage.disturbs for step in general_plan(BOXES[name], "en"))


def shown(steps, lane, *, show_all=False, is_general=False, language="en"):
    told = SimpleNamespace(
        leading=() if is_general else steps, general_plan=steps if is_general else (), lane=lane
    )
    console = Console(width=200, file=StringIO())
    show_plan(console, told, language, show_all=show_all)
    return console.file.getvalue()


def test_who_is_to_open_reads_every_part_with_its_minutes_and_where_to_stop():
    page = shown(plan(BOXES["dry"], "concealed_in_load"), Lane.RED)

    assert "Papers and own files (about 25 min)" in page
    assert "Unloading, samples and what follows (about 180 min)" in page
    assert page.count("Stop here if everything fits.") == 4
    assert "--all-reasons" not in page


@pytest.mark.parametrize("lane", [Lane.GREEN, Lane.BLUE])
def test_for_a_box_that_leaves_nothing_is_held_or_opened_unless_all_is_asked(lane):
    leading = plan(BOXES["dry"], "concealed_in_load")
    page = shown(leading, lane)
    hidden = sum(step.stage.disturbs for step in leading[0].steps)

    assert "Open on camera" not in page
    assert "Hold it" not in page
    assert f"with --all-reasons: {hidden}" in page
    assert "Open on camera" in shown(leading, lane, show_all=True)


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_general_plan_is_told_part_by_part_too(language):
    page = shown(
        general_plan(BOXES["dry"], language), Lane.RED, is_general=True, language=language
    )

    assert messages.render("search.stage.outside", {}, language) in page
    assert "--all-reasons" not in page


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_step_place_and_means_has_a_short_text_in_every_language(language):
    for name, step in TABLE["step"].items():
        part = "image" if step.get("is_on_image") else "step"
        text = messages.render(f"search.{part}.{name}", {}, language)
        assert name == f"{step['place']}_{step['means']}"
        assert 15 <= len(text) <= 135, text
        assert part == "image" or re.search(r"[.?]$", text), text
        assert messages.render(f"search.place.{step['place']}", {}, language)
        assert messages.render(f"search.means.{step['means']}", {}, language)


def test_a_plan_is_told_in_the_language_of_the_reader():
    texts = {
        language: plan(BOXES["dry"], "cold_route", language=language)[0].steps[0].text
        for language in messages.LANGUAGES
    }
    assert len(set(texts.values())) == len(messages.LANGUAGES)
    with pytest.raises(UsageError):
        plan(BOXES["dry"], "cold_route", language="xx")


def test_every_step_is_in_some_plan_and_every_method_has_one():
    used = {name for names in TABLE["plan"].values() for name in names}

    assert used == set(TABLE["step"])
    assert set(TABLE["plan"]) == {"general", *(one.value for one in Typology)}
