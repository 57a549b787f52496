"""The page of an explanation: what is told leads, what is missing stands apart, and an officer reads the end of it."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import polars as pl
import pytest

from riskengine import messages
from riskengine.cli.explanation_page import show_explanation
from riskengine.cli.explanation_reasons import signed
from riskengine.domain import Lane, Reason
from riskengine.engine.explanation import RuleNote, explain
from riskengine.engine.reasons import grouped

BOX = "XOCU7285184"
HEADINGS = (
    "As declared",
    "What speaks for examination",
    "What speaks against",
    "What is missing moved the score",
    messages.render("explain.likely", {}),
    "Innocent explanations to ask proof of",
    "Rules that match",
    "The box before this voyage",
    "What could not be checked",
    "Follows from",
)


def words(key, language="en", **params):
    return messages.render(f"desk.explain.{key}", params, language)


@pytest.fixture
def shown(capsys):
    """Print an explanation and return the page."""

    def page(explanation, language="en", **how):
        show_explanation(explanation, language, **how)
        return capsys.readouterr().out

    return page


@pytest.fixture(scope="module")
def of_box(run):
    return explain(run, BOX)


@pytest.fixture(scope="module")
def of_loose_cargo(run):
    loose = run.assessments.filter(pl.col("container_number").is_null())
    return explain(run, loose["bills_of_lading"][0][0])


def reason(source, log_odds, **told):
    return Reason(
        source=source, kind="feature", log_odds=log_odds, sentence=f"says {source}", **told
    )


def with_reasons(explanation, *reasons):
    return replace(explanation, reasons=reasons, groups=grouped(reasons, "en"))


def part(page, heading):
    """Return the lines beneath a heading, down to the next empty one."""
    lines = page.splitlines()
    after = lines[lines.index(heading) + 1 :]
    return after[: after.index("")]


def note(rule_id, points):
    return RuleNote(
        rule_id=rule_id,
        title=f"title of {rule_id}",
        why=f"why of {rule_id}",
        innocent="",
        blind_spot=f"blind spot of {rule_id}",
        guide=f"guide of {rule_id}",
        points=points,
    )


def test_what_is_acted_on_stands_before_what_is_looked_up(of_box, shown):
    lines = shown(of_box, life=()).splitlines()
    places = [lines.index(heading) for heading in HEADINGS if heading in lines]
    assert places == sorted(places)
    needed = {*HEADINGS} - {"What speaks against", "What is missing moved the score"}
    assert needed <= {*lines}


def test_a_missing_value_leads_no_reason_for_or_against(run, shown):
    """Every container of the voyage: what cannot be told stands in a part of its own."""
    unsaid = re.compile(r"cannot be told from what was declared|no past to tell it from yet")
    seen = 0
    for name in run.assessments["container_number"].drop_nulls().head(12):
        explanation = explain(run, name)
        page = shown(explanation)
        for heading in ("What speaks for examination", "What speaks against"):
            if heading in page:
                leads = [line for line in part(page, heading) if line[:1] in "█░"]
                assert not [line for line in leads if unsaid.search(line)]
        untold = [group for group in explanation.groups if not group.is_told]
        assert all(unsaid.search(group.sentence) or "not declared" in group.sentence or "version" in group.sentence for group in untold)  # fmt: skip
        assert (words("missing_moved") in page) is bool(untold)
        seen += len(untold)
    assert seen


def test_groups_that_hardly_move_it_are_counted_and_shown_on_request(of_box, shown):
    told = with_reasons(
        of_box,
        reason("seal_count", 0.4),
        reason("voyage_days", 0.04),
        reason("declared_value_usd", 0.03),
        reason("gross_mass_kg", -0.02),
        reason("is_reefer", -0.0079),
    )
    page = shown(told)
    assert "says voyage_days" not in page
    assert words("and_more", count=2, log_odds=0.07) in page
    assert words("only_weak", count=2, log_odds=-0.03) in page
    every = shown(told, show_all=True)
    assert all(f"says {one.source}" in every for one in told.reasons)


def test_a_side_that_adds_up_to_nought_is_shown_on_request_only(of_box, shown):
    told = with_reasons(of_box, reason("seal_count", 0.4), reason("voyage_days", -0.003))
    assert words("against") not in shown(told)
    assert "says voyage_days" in shown(told, show_all=True)


def test_what_is_mostly_missing_says_so_beneath_what_is_told(of_box, shown):
    page = shown(
        with_reasons(
            of_box,
            reason("seal_count", 0.1),
            reason("is_seal_repeated", 0.6, is_told=False),
            reason("voyage_days", 0.5),
            reason("days_to_arrival", 0.2, is_told=False),
        )
    )
    assert page.count(words("mostly_missing", sentence="says is_seal_repeated")) == 1
    assert page.count("More than half of it is what is missing") == 1


def test_earlier_containers_stand_beneath_what_speaks_for_only(of_box, shown):
    told = with_reasons(
        of_box,
        reason("shipper_find_rate", 0.5, precedents=("an earlier find",)),
        reason("consignee_find_rate", -0.5, precedents=("an earlier nil",)),
    )
    assert "an earlier find" in shown(told)
    assert "an earlier nil" not in shown(told)
    assert "an earlier nil" in shown(told, show_all=True)


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_the_words_for_strength_are_explained_once(of_box, language, shown):
    page = shown(of_box, language)
    assert page.count(messages.render("evidence.strength.grades", {}, language)) == 1


def test_slight_reasons_that_are_strong_together_are_said_to_be(of_box, shown):
    names = ("seal_count", "voyage_days", "declared_value_usd", "gross_mass_kg", "is_reefer")
    together = messages.render("evidence.strength.only_together", {"count": 5})
    many = [reason(name, 0.5) for name in names]
    assert together in shown(with_reasons(of_box, *many))
    assert "together are" not in shown(with_reasons(of_box, *many[:3]))
    assert "together are" not in shown(with_reasons(of_box, *many, reason("detour_ratio", 3.0)))


def test_a_rule_of_no_points_is_named_without_its_reading_matter(of_box, shown):
    told = replace(of_box, matched=(note("A-1", 0.5), note("A-2", 0.0)))
    page = shown(told)
    assert {"A-1  title of A-1", "A-2  title of A-2"} <= {*page.splitlines()}
    assert "why of A-1" in page
    assert "why of A-2" not in page
    assert "guide of" not in page
    every = shown(told, show_all=True)
    assert "blind spot of A-2" in every
    assert "guide of A-2" in every


def test_what_could_not_be_checked_is_counted_by_what_is_missing(of_box, shown):
    facts = [(f"fact {number}", 20 - number) for number in range(10)]
    rules = tuple((f"rule {number}", "fact 0") for number in range(20))
    told = replace(of_box, awaited=tuple(facts), unknown=rules, about_box=())
    lines = part(shown(told), words("unknown"))
    assert lines[0] == words("unknown_rules", rules=20)
    assert lines[1:9] == [f"- fact {number}: {20 - number} rules" for number in range(8)]
    assert lines[9].strip() == words("unknown_more", count=2)
    by_rule = part(shown(told, show_all=True), words("unknown"))
    assert [line for line in by_rule if line.startswith("- rule")] == [
        f"- {words('unknown_rule', title=title, fields=missing)}" for title, missing in rules
    ]


def test_loose_cargo_waits_for_nothing_that_only_a_box_has(of_loose_cargo, shown):
    labels = {label for label, _ in of_loose_cargo.awaited}
    assert not labels & {"Full", "Tare", "Wrong check digit", "Seal missing", "Size and type"}
    assert len(of_loose_cargo.about_box) >= 10
    assert {*of_loose_cargo.about_box} <= {title for title, _ in of_loose_cargo.unknown}
    lines = part(shown(of_loose_cargo), words("unknown"))
    assert f"- {words('about_box', rules=len(of_loose_cargo.about_box))}" in lines
    assert len(lines) <= 14


def test_a_box_waits_for_what_a_box_has(of_box):
    assert of_box.about_box == ()
    assert {label for label, _ in of_box.awaited} & {"Box unlike the stow plan", "Tare"}
    titles = [title for title, _ in of_box.unknown]
    assert max(rules for _, rules in of_box.awaited) <= len(titles)


def test_where_nothing_holds_it_no_proof_is_asked_for(of_loose_cargo, shown):
    assert of_loose_cargo.lane is Lane.GREEN
    lines = shown(of_loose_cargo).splitlines()
    assert words("clear_nothing") in lines
    assert words("clear") not in lines


def test_only_what_weighs_with_its_fellows_is_to_be_shown_otherwise(run):
    """A declared value that its group outweighs: its proof would move nothing."""
    flagged = run.assessments.filter(pl.col("lane") != "green")["container_number"].drop_nulls()
    for name in flagged:
        explanation = explain(run, name)
        against = {
            one.sentence
            for group in explanation.groups
            if group.log_odds <= 0
            for one in group.parts
        }
        asked = {words("clear_model", sentence=sentence) for sentence in against}
        assert not asked & {*explanation.would_clear}


@pytest.mark.parametrize("log_odds", [-0.004, 0.004, 0.0, -0.0, -0.0079, 1 / 3, -2 / 3, 12.5])
def test_log_odds_have_two_decimals_and_nought_has_no_sign(log_odds):
    said = signed(log_odds, "en")
    assert re.fullmatch(r"0|[+-](?!0$)\d+(\.\d{1,2})?", said)
    assert math.isclose(float(said), log_odds, abs_tol=0.00501)
