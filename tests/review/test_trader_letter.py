"""What a trader is told: enough to answer, and nothing that teaches how to pass."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from riskengine import messages
from riskengine.domain import Basis, Lane, Typology
from riskengine.engine.explanation import explain
from riskengine.engine.what_if import Change, Question, WhatIf
from riskengine.errors import UsageError
from riskengine.review.trader_letter import _ASKS, trader_text

HELD = (Lane.RED, Lane.YELLOW)
PARTIES = ("shipper_name", "consignee_name", "notify_party_name", "forwarder_name")
SECRETS = {
    "en": r"\brank\b|log-odds|\blift\b|\bodds\b|\brules?\b|model\b|score|random|\brisk|likely|weights?\b|suspici|threshold|intelligence",
    "fr": r"\brang\b|log-odds|\bcote\b|\brègles?\b|modèle|score|hasard|risque|probab|poids\b|suspect|seuil|renseignement",
    "es": r"\bpuesto\b|log-odds|\brazón\b|\breglas?\b|modelo|puntua|azar|riesgo|probab|\bpeso\b|sospech|umbral|inteligencia",
    "pt": r"\bposição\b|log-odds|\brazão\b|\bregras?\b|modelo|pontua|acaso|risco|probab|\bpeso\b|suspeit|limiar|inteligência",
}


def change(field: str) -> Change:
    return Change(
        field=field, label="label", was="WAS-1", becomes="BECOMES-2", sentence="SENTENCE-3", lane="green", rank=9,
        log_odds=-2.0, how="HOW-4"
    )  # fmt: skip


def question(field: str) -> Question:
    return Question(field=field, label="label", sentence="QUESTION-5", swing=1.5)


@pytest.fixture(scope="module")
def told(run):
    """Every container of the sample, with changes and questions about every fact that may be asked for."""
    fields = [field for answered_by in _ASKS.values() for field in answered_by]
    what_if = WhatIf(
        clears=tuple((change(field),) for field in fields[::2]),
        questions=tuple(question(field) for field in fields[1::2]),
        note="NOTE-6",
    )
    numbers = run.assessments.select("container_number", "bills_of_lading").rows()
    names = [number or "+".join(bills) for number, bills in numbers]
    return [replace(explain(run, name), what_if=what_if) for name in names]


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_no_text_tells_how_a_container_was_chosen(run, told, language):
    rules = set(run.rules["rule_id"])
    titles = {
        messages.render(f"desk.typology.{one.value}", {}, language) for one in Typology
    } | {title.lower() for one in told for title, _ in one.typologies}
    parties = {
        name
        for column in PARTIES
        if column in run.indicators.columns
        for name in run.indicators[column].drop_nulls()
    }
    assert len(rules) > 50
    assert len(parties) > 5
    for explanation in told:
        for lane in HELD:
            text = trader_text(replace(explanation, lane=lane), language)
            assert not re.search(SECRETS[language], text, re.IGNORECASE)
            assert not re.search(r"[A-Z]{3}-[A-Z]{3}-\d{3}", text)
            assert not [rule for rule in rules if rule in text]
            assert not [title for title in titles if title in text.lower()]
            assert not [name for name in parties if name in text]
            assert not [f"{value:.2f}" for value in (explanation.total, explanation.lift) if f"{value:.2f}" in text]  # fmt: skip
            assert not re.search(r"WAS|BECOMES|SENTENCE|HOW|QUESTION|NOTE", text)
            assert explanation.run_id not in text
            assert explanation.name in text


def test_only_what_the_trader_declared_is_asked(told):
    beside = WhatIf(
        clears=((change("planned_gross_mass_kg"),), (change("gate_gross_mass_kg"),)),
        questions=(question("earlier_seal_numbers"), question("gate_out_reference")),
    )
    red = replace(told[0], lane=Lane.RED, defects=())
    assert trader_text(replace(red, what_if=beside), "en") == trader_text(
        replace(red, what_if=None), "en"
    )


def test_what_is_asked_stands_in_one_order_whatever_weighs_most(told):
    red = replace(told[0], lane=Lane.RED)
    asked = tuple(question(one) for one in ("gross_mass_kg", "seal_numbers", "booked_on"))
    first, second = WhatIf(questions=asked), WhatIf(questions=asked[::-1])
    text = trader_text(replace(red, what_if=first), "en")
    assert text == trader_text(replace(red, what_if=second), "en")
    assert text.index("masses") < text.index("dates of booking") < text.index("numbers of the seals")  # fmt: skip


def test_a_blind_draw_reads_like_any_other_selection(told):
    """Nothing but its examination clears what was drawn blindly: what would clear others is not in their letters."""
    red = replace(told[0], lane=Lane.RED)
    texts = {trader_text(replace(red, basis=basis), "en") for basis in Basis}
    drawn = replace(red, what_if=replace(red.what_if, clears=()))
    texts.add(trader_text(drawn, "en"))
    assert len(texts) == 1


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_whether_a_container_is_opened_cannot_be_read(told, language):
    texts = {trader_text(replace(told[0], lane=lane), language) for lane in HELD}
    assert len(texts) == 1


@pytest.mark.parametrize("lane", [Lane.GREEN, Lane.BLUE])
def test_nothing_is_said_of_a_container_that_is_not_held(told, lane):
    with pytest.raises(UsageError, match="the container is not held") as refused:
        trader_text(replace(told[0], lane=lane), "en")
    assert refused.value.remedy == "Tell nobody which lane it is in."


def test_what_cannot_be_read_is_to_be_filed_again(told):
    red = replace(told[0], lane=Lane.RED)
    faulty = replace(red, defects=(("voyage.csv:7", "The plan names CSQU3054383."),))
    text = trader_text(faulty, "en")
    assert "file it again" in text
    assert "CSQU3054383" not in text
    assert "voyage.csv" not in text
    assert "file it again" not in trader_text(replace(red, defects=()), "en")


def test_a_hostile_name_is_shown_and_not_obeyed(told):
    text = trader_text(replace(told[0], lane=Lane.RED, name="\x1b[2J\u202e" + "X" * 5000), "en")
    assert "<U+001B>[2J<U+202E>XXX" in text
    assert "X" * 60 not in text


def test_an_unknown_language_is_refused(told):
    with pytest.raises(UsageError, match="en, fr, es, pt"):
        trader_text(replace(told[0], lane=Lane.RED), "xx")
