"""The printed sheet: the same bytes twice, whatever a manifest says, in four languages, with nothing dropped in silence."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from datetime import date
from importlib.resources import files

import pytest
import typst

from riskengine import messages
from riskengine.cli.sheet_writing import day_of, write_sheet
from riskengine.domain import Basis, Digests, Lane, Reason
from riskengine.engine.biography import Chapter, CloneSign
from riskengine.engine.explanation import Explanation, RuleNote, explain
from riskengine.engine.reasons import ReasonGroup
from riskengine.engine.route_stops import RouteStop
from riskengine.engine.search_plan import (
    LeadingTypology,
    SearchStage,
    SearchStep,
    general_plan,
    leading_typologies,
)
from riskengine.engine.what_if import Change, Question, WhatIf
from riskengine.errors import ExportError, UsageError
from riskengine.review.examination_sheet import (
    examination_sheet,
    sheet_content,
    sheet_name,
)
from riskengine.review.print_text import breakable, printable, squeezed

DAY = date(2026, 3, 4)
RUN = "2026-03-04-77bac253a44f"
HOSTILE = (
    '#panic("x") #read("/etc/passwd") $ x $ *b* _i_ `r` <l> @r // c /* \\ [x] {y} \u202eabc\u202c '
    "\x00\x1b[2J\n\r\u2028 中国远洋 شركة الشحن 🚢 é ñ ç ã õ œ \ud800 </text><script> "
    + "X"
    * 5000
)


def reason(source: str, log_odds: float, **told: object) -> Reason:
    return Reason(source=source, kind="feature", log_odds=log_odds, sentence=f"{source} speaks.", **told)  # fmt: skip


def group(label: str, log_odds: float, **told: object) -> ReasonGroup:
    part = reason(label, log_odds, **told)
    return ReasonGroup(
        id=label, label=label, log_odds=log_odds, strength="slight", sentence=part.sentence, parts=(part,)
    )  # fmt: skip


def bare(**told: object) -> Explanation:
    """An explanation that says as little as one can."""
    digests = Digests(**{name: name[0] * 64 for name in ("manifest", "history", "rules", "model", "policy")})  # fmt: skip
    nothing = dict.fromkeys(
        ("facts", "reasons", "matched", "excused", "shadow", "unknown", "without_stow_plan", "without_versions",
         "without_reports", "without_past", "typologies", "would_clear", "changes", "differences", "defects"), ()
    )  # fmt: skip
    return Explanation(
        **{
            "name": "CSQU3054383", "container_id": 7, "rank": 3, "containers": 71, "lane": Lane.RED,
            "basis": Basis.MODEL, "lift": 12.0, "lift_by_members": None, "expected_finds_per_1000": 24.0,
            "base": -3.0, "typical": -3.98, "model": 1.0, "rules": 0.5, "total": -1.5, "run_id": RUN, "digests": digests,
            **nothing, **told,
        }
    )  # fmt: skip


def full() -> Explanation:
    """An explanation in which every part says something."""
    change = Change(
        field="gross_mass_kg", label="Gross mass", was="9 t", becomes="20 t", sentence="With 20 t it would be green.",
        lane="green", rank=60, log_odds=-3.0, how="weigh it"
    )  # fmt: skip
    return bare(
        facts=(("Vessel and voyage", "EXAMPLE ANDES 609E"), ("Goods", "SCRAP ALUMINIUM")),
        groups=(
            group("Seal", 2.0, usual="Two seals in nine of ten.", precedents=("Nil on 3 May.",)),
            group("Route", -0.5),
        ),
        matched=(
            RuleNote(
                rule_id="RIP-001", title="t", why="w", innocent="i", blind_spot="b", guide="Look at the doors.", points=1.0
            ),
        ),
        leading=(
            LeadingTypology(
                id="rip_on_rip_off", title="Rip-on", log_odds=1.0, share=0.6, supports=("Seal changed.",),
                steps=(SearchStep(order=1, place="seals", means="dog", text="Open the left door.", minutes=5),),
            ),
        ),
        what_if=WhatIf(
            clears=((change,),),
            questions=(Question(field="booked_on", label="b", sentence="When was it booked?", swing=1.0),),
        ),
        changes=("The consignee changed.",),
        differences=("The gate says another seal.",),
        unknown=(("Weight at the gate", "Gross mass"),),
        defects=(("voyage.csv:7", "The mass is no number."),),
        route=(
            RouteStop(role="loading", code="ECGYE", name="Guayaquil", latitude=-2.2, longitude=-79.9),
            RouteStop(role="discharge", code="BEANR", name="Antwerp", latitude=51.3, longitude=4.3),
        ),
    )  # fmt: skip


CHAPTERS = (
    Chapter(kind="voyage", on=date(2025, 5, 1), vessel="EXAMPLE ANDES", ports=("ECGYE", "BEANR")),
    Chapter(kind="examination", on=date(2025, 5, 3), outcome="seizure", examined_count=1),
)  # fmt: skip
SIGNS = (
    CloneSign(
        code="tare_changed",
        params={"before": 2200, "now": 4000},
        earlier=("ECGYE", date(2025, 5, 1)),
        later=("BEANR", DAY),
    ),
)


def sheet(explanation: Explanation, language: str = "en", chapters=(), signs=()) -> bytes:
    return examination_sheet(
        explanation, chapters=chapters, signs=signs, made_on=DAY, language=language
    )


def content(explanation: Explanation, language: str = "en", chapters=(), signs=()):
    return sheet_content(
        explanation, chapters=chapters, signs=signs, made_on=DAY, language=language
    )


def said(told: object) -> str:
    """Return every text of a content without its pictures."""
    if isinstance(told, dict):
        return "\n".join(said(value) for key, value in told.items() if key != "picture")
    if isinstance(told, list):
        return "\n".join(said(value) for value in told)
    return str(told).replace("\u200b", "")


def pages(explanation: Explanation, language: str = "en") -> int:
    template = files("riskengine.review").joinpath("examination_sheet.typ").read_bytes()
    drawn = typst.compile(
        template,
        format="svg",
        ignore_system_fonts=True,
        sys_inputs={"sheet": json.dumps(content(explanation, language, CHAPTERS, SIGNS))},
    )
    return len(drawn) if isinstance(drawn, list) else 1


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_the_same_explanation_gives_the_same_bytes_in_every_language(language):
    made = sheet(full(), language, CHAPTERS, SIGNS)
    assert made == sheet(full(), language, CHAPTERS, SIGNS)
    assert made.startswith(b"%PDF-1.7")
    # Kept for years, read aloud, and of the day of the assessment.
    assert b"pdfaid:part>2<" in made
    assert b"pdfuaid:part>1<" in made
    assert f"/Lang({language})".encode() in made or f"/Lang ({language})".encode() in made
    assert b"D:20260304" in made


def test_a_sheet_says_all_that_an_officer_needs():
    told = said(content(full(), chapters=CHAPTERS, signs=SIGNS))
    for text in (
        "CSQU3054383", "Rank 3 of 71", "RED", "examine", "EXAMPLE ANDES 609E", "Open the left door. (5 min)",
        "Seal speaks.", "Two seals in nine of ten.", "Before: Nil on 3 May.", "Route speaks.",
        "With 20 t it would be green. Check: weigh it", "When was it booked?", "The consignee changed.",
        "The gate says another seal.", "Weight at the gate: missing Gross mass", "The mass is no number.",
        "examined: seizure", "Tare 2200 kg", "nil", "discrepancy", "seizure", "Seal numbers found", "Signature",
        f"riskengine verify {RUN}", "m" * 64, "p" * 64, "24 finds expected from opening 1,000 like it",
        "Facts and assessments are kept apart.", "The engine advises; an officer decides.",
    ):  # fmt: skip
        assert text in told


def test_no_bare_probability_stands_on_a_sheet():
    told = said(content(full(), chapters=CHAPTERS, signs=SIGNS))
    assert "0.024" not in told
    assert "2.4 %" not in told
    assert "probab" not in told.lower()


def test_facts_stand_apart_from_assessments():
    made = content(full(), chapters=CHAPTERS, signs=SIGNS)
    facts, judged = (said(part["blocks"]) for part in made["parts"][:2])
    for text in ("SCRAP ALUMINIUM", "The consignee changed.", "examined: seizure"):
        assert text in facts
        assert text not in judged
    for text in ("Seal speaks.", "Open the left door.", "When was it booked?"):
        assert text in judged
        assert text not in facts


def test_the_waterfall_says_its_numbers_to_those_who_hear_it():
    (why,) = (
        block for block in content(full())["parts"][1]["blocks"] if block["kind"] == "picture"
    )
    assert "a container taken at random has -3.98" in why["heard"]
    assert "Before any reason −3; Seal +2; Route −0.5; This container −1.5" in why["heard"]  # noqa: RUF001  # fmt: skip


def test_sections_without_content_are_left_out():
    told = said(content(bare()))
    assert "As declared" in told
    for heading in ("plan", "clear", "questions", "unchecked", "changes", "life", "for", "against"):  # fmt: skip
        assert messages.render(f"sheet.section.{heading}", {}) not in told.splitlines()
    assert sheet(bare()) == sheet(bare())


def test_the_steps_of_every_modus_operandi_are_one_search_in_one_order():
    one = full().leading[0]
    steps = [
        SearchStep(order=n, place="load", means="dog", text=f"Step {n}.") for n in range(1, 31)
    ]
    leading = (replace(one, steps=tuple(steps[::2])), replace(one, steps=tuple(steps[1::2])))
    blocks = content(replace(full(), leading=leading))["parts"][1]["blocks"]
    (plan,) = (block for block in blocks if block["kind"] == "plan")
    (stage,) = plan["stages"]
    assert stage["steps"] == [f"Step {n}." for n in range(1, 29)]
    assert "Not printed here: 2." in plan["left_out"]


def staged(order: int, stage: str, minutes: int | None) -> SearchStep:
    part = SearchStage(
        id=stage, title=stage.title(), disturbs=stage in {"terminal", "inside"}, may_end=stage == "image"
    )  # fmt: skip
    return SearchStep(order=order, place="x", means="y", text=f"Step {order}.", minutes=minutes, stage=part)  # fmt: skip


STAGED = (
    staged(3, "outside", 5), staged(1, "papers", 10), staged(4, "image", None), staged(5, "inside", 60),
    staged(2, "terminal", 15),
)  # fmt: skip


def plan_of(explanation: Explanation):
    blocks = content(explanation)["parts"][1]["blocks"]
    (plan,) = (block for block in blocks if block["kind"] == "plan")
    return plan


def test_a_plan_has_its_parts_with_their_minutes():
    one = full().leading[0]
    leading = (replace(one, steps=STAGED[:2]), replace(one, steps=STAGED[2:]))
    plan = plan_of(replace(full(), leading=leading))
    assert [stage["title"] for stage in plan["stages"]] == [
        "Papers (10 min)", "Terminal (15 min)", "Outside (5 min)", "Image", "Inside (60 min)"
    ]  # fmt: skip
    assert [stage["steps"] for stage in plan["stages"]] == [
        ["Step 1. (10 min)"], ["Step 2. (15 min)"], ["Step 3. (5 min)"], ["Step 4."], ["Step 5. (60 min)"]
    ]  # fmt: skip
    assert [bool(stage["end"]) for stage in plan["stages"]] == [False, False, False, True, False]  # fmt: skip
    assert not plan["left_out"]
    assert sheet(replace(full(), leading=leading))


def test_a_container_that_is_not_held_has_no_step_that_holds_or_opens_it():
    plan = plan_of(bare(lane=Lane.GREEN, general_plan=STAGED))
    assert [stage["title"] for stage in plan["stages"]] == [
        "Papers (10 min)",
        "Outside (5 min)",
        "Image",
    ]
    assert "Not printed here: 2." in plan["left_out"]


def test_a_container_without_any_modus_operandi_has_the_general_plan():
    steps = general_plan({"container_family": "dry"}, "en")
    plan = plan_of(bare(general_plan=steps))
    assert sum(len(stage["steps"]) for stage in plan["stages"]) == len(steps)
    assert not [block for block in content(bare())["parts"][1]["blocks"] if block.get("ways")]


def test_every_modus_operandi_says_what_speaks_for_it():
    one = full().leading[0]
    leading = tuple(
        replace(one, title=f"Way {n}", supports=(f"First {n}.", f"Second {n}."), against=(f"Not {n}.",))
        for n in (1, 2, 3)
    )  # fmt: skip
    (why,) = (
        block
        for block in content(replace(full(), leading=leading))["parts"][1]["blocks"]
        if block["kind"] == "picture"
    )
    assert [way["notes"] for way in why["ways"]] == [
        ["For it: First 1. · Second 1.", "Against it: Not 1."],
        ["For it: First 2."],
        ["For it: First 3."],
    ]


def test_a_rule_has_its_name_in_the_picture_and_its_title_in_the_list():
    title = "Freight costs more than the goods that it carries, again and again"
    note = replace(full().matched[0], rule_id="FRE-001", title=title)
    rule = replace(group("Rule FRE-001", 1.0), id="FRE-001")
    blocks = content(replace(full(), groups=(rule,), matched=(note,)))["parts"][1]["blocks"]
    picture, reasons = blocks[:2]
    assert ">FRE-001<" in picture["picture"]
    assert "Freight costs" not in picture["picture"]
    assert reasons["rows"][0]["label"] == f"FRE-001 {title}"


def test_without_a_plan_the_rules_say_where_to_look():
    told = said(content(replace(full(), leading=())))
    assert "Look at the doors." in told


def test_sixty_reasons_are_counted_and_not_dropped():
    many = tuple(reason(f"s{n}", (60 - n) / 30 * (-1) ** n) for n in range(60))
    told = said(content(bare(reasons=many)))
    assert "others (53)" in told
    assert "and 23 weaker reasons, together" in told
    assert "and 27 weaker reasons, together" in told
    assert len(sheet(bare(reasons=many))) > 0


def test_lines_that_are_not_printed_are_counted():
    told = said(content(bare(changes=tuple(f"Change {n}." for n in range(9)))))
    assert f"Not printed here: 3. All of it: riskengine explain CSQU3054383 --run {RUN}" in told


def hostile() -> Explanation:
    told = full()
    change = replace(told.what_if.clears[0][0], sentence=HOSTILE, how=HOSTILE)
    leading = replace(
        told.leading[0],
        title=HOSTILE,
        supports=(HOSTILE,) * 4,
        steps=(replace(told.leading[0].steps[0], text=HOSTILE),) * 20,
    )
    bad = group(HOSTILE, 1.0, usual=HOSTILE, precedents=(HOSTILE,) * 9)
    return replace(
        told,
        name=HOSTILE,
        facts=((HOSTILE, HOSTILE),) * 20,
        groups=(bad,) * 9,
        leading=(leading,) * 5,
        what_if=WhatIf(clears=((change,) * 3,) * 9, note=HOSTILE),
        changes=(HOSTILE,) * 9,
        defects=((HOSTILE, HOSTILE),),
        unknown=((HOSTILE, HOSTILE),),
        would_clear=(HOSTILE,) * 9,
        route=(replace(told.route[0], code=HOSTILE, name=HOSTILE), *told.route),
    )


def test_hostile_texts_are_text_and_nothing_else():
    """Code of the type setter is printed, not run; marks that turn the reading direction are shown; all is bounded."""
    life = (replace(CHAPTERS[0], shipper=HOSTILE, goods=HOSTILE, vessel=HOSTILE),)
    made = sheet(hostile(), "fr", life)
    assert made == sheet(hostile(), "fr", life)
    assert len(made) < 1_000_000
    made = content(hostile(), chapters=life)
    told = said(made)
    # Every text is cut, and where it stands whole is said once.
    assert said(made["closing"]).count("A text is cut here. In full: riskengine explain") == 1
    for line in said(made["parts"][0]["blocks"]).splitlines():
        assert len(line) < 300
    assert '#panic("x") #read("/etc/passwd")' in told
    assert "<U+202E>abc<U+202C>" in told
    assert not re.search(r"[\x00\x1b\u202e\u2028\ud800]", told)
    assert "X" * 300 not in told
    assert "ZhongGuo" in told
    assert messages.render("sheet.transcribed", {}) in told


def test_texts_of_a_manifest_never_become_source():
    template = files("riskengine.review").joinpath("examination_sheet.typ").read_text("utf-8")
    # Nothing in it evaluates a text, reads a file, asks a package or reaches for the network.
    assert not re.search(r"\b(eval|include|import|read|plugin|link)\b\s*\(?", re.sub(r"//.*", "", template))  # fmt: skip
    assert template.count("sys.inputs") == 2  # once in the comment, once in the code


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Exportação Œuvre Ñandú Łódź Αθήνα Москва", "Exportação Œuvre Ñandú Łódź Αθήνα Москва"),
        ("中国远洋", "≈ZhongGuoYuanYang"),
        ("e\u0301", "é"),
        ("\ufff0x", "<U+FFF0>x"),
        ("a\u202eb", "a<U+202E>b"),
        ("شركة \u202eالتصدير\u202c", "≈shrkh <U+202E> altsdyr <U+202C>"),  # noqa: RUF001
        ("شركة <U+202E>التصدير", "≈shrkh <U+202E> altsdyr"),
        ("می\u200cخواهم", "≈mykhwahm"),  # noqa: RUF001
        ("אבא בע״מ", "≈'v' v'\"m"),
        ("บริษัท", "≈brisath"),
        ("SCRAP 🚢", "SCRAP <U+1F6A2>"),
        ("中国🚢远洋", "≈ZhongGuo <U+1F6A2> YuanYang"),
    ],
)  # fmt: skip
def test_letters_without_a_font_are_transcribed_with_a_mark(text, printed):
    assert printable(text) == printed


def test_every_letter_that_is_printed_has_a_font():
    """Otherwise the standards would refuse the sheet of whoever has such a letter in his name."""
    signs = "".join(chr(code) for code in range(0x20, 0x3000) if code < 0xD800)
    lines = [printable(signs[at : at + 100], 2000) for at in range(0, len(signs), 100)]
    facts = tuple(("x", line) for line in lines)
    for at in range(0, len(facts), 14):
        assert sheet(bare(facts=facts[at : at + 14]))


@pytest.mark.parametrize("sign", ["L", "中", "\u202e", "🚢", "\u0627"])
def test_a_long_name_is_cut_with_a_mark(sign):
    made = printable(sign * 5000, 120)
    assert made.endswith("…")
    assert len(made) <= 122
    assert not re.search(r"<U\+[0-9A-F]*…", made)


def test_a_sentence_loses_its_middle_and_keeps_what_it_says():
    assert squeezed("short", 10) == "short"
    made = squeezed(f"{'L' * 300} is new here.", 60)
    assert made.startswith("LLL")
    assert made.endswith(" is new here.")
    assert len(made) == 63


def test_a_long_word_can_be_broken():
    parts = breakable("X" * 100).split("\u200b")
    assert max(map(len, parts)) <= 18
    assert "".join(parts) == "X" * 100


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_usual_containers_have_two_pages_at_most(run, language):
    for row in run.assessments.drop_nulls("container_number")[:4].iter_rows(named=True):
        told = explain(run, row["container_number"], language=language)
        facts = run.indicators.filter(run.indicators["container_id"] == row["container_id"])
        leading = leading_typologies(
            row["typologies"], told.reasons, facts.row(0, named=True), language
        )
        assert leading
        assert pages(replace(told, leading=leading), language) <= 2


@pytest.mark.parametrize("sign", ["\u0486", "\u0363", "⇫", "∎", "⊌", "\U0001f6a2"])
def test_no_sign_of_a_manifest_keeps_a_sheet_from_being_set(sign):
    """Also one that no font has, in the name that stands in type for machines and on the map."""
    told = hostile()
    stops = (
        RouteStop(role="receipt", code="X", name=f"Plaza {sign}", latitude=1.0, longitude=2.0),
    )
    named = replace(
        told, name=f"BL a{sign}", route=stops, facts=(("Goods", f"x{sign} y{sign}"),)
    )
    assert sheet(named, "pt").startswith(b"%PDF")


def test_an_unknown_language_is_refused():
    with pytest.raises(UsageError, match="en, fr, es, pt"):
        sheet(bare(), "xx")


def test_the_name_of_a_file_cannot_lead_elsewhere():
    assert sheet_name(bare()) == f"CSQU3054383_{RUN}.pdf"
    assert sheet_name(bare(name="../../etc/passwd")) == f"etcpasswd_{RUN}.pdf"
    assert sheet_name(bare(name="中国")) == f"7_{RUN}.pdf"


def test_a_sheet_is_written_whole_and_of_the_day_of_its_run(session_unit, run, tmp_path):
    path = tmp_path / "sheet.PDF"
    path.write_bytes(b"older")
    told = explain(run, run.assessments["container_number"][0])
    write_sheet(session_unit, run, told, path, "en", (), ())
    assert path.read_bytes().startswith(b"%PDF")
    assert [one.name for one in tmp_path.iterdir()] == ["sheet.PDF"]
    assert day_of(run, told) == DAY
    each_its_own = replace(run, card=replace(run.card, assessed_on="presented"))
    assert day_of(each_its_own, told) == DAY


@pytest.mark.parametrize("name", ["", "sheet.txt", "sheet", "nowhere/sheet.pdf"])
def test_a_path_that_is_no_pdf_is_refused(session_unit, run, tmp_path, name):
    with pytest.raises(UsageError):
        write_sheet(session_unit, run, bare(), tmp_path / name, "en", (), ())
    assert not list(tmp_path.iterdir())


def test_a_missing_type_setter_is_said_with_its_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(ExportError, match="pip install typst"):
        sheet(bare())
