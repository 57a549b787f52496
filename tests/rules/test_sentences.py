"""Why a rule matched, in four languages, with or without its author's words."""

from __future__ import annotations

from datetime import date

import pytest

from riskengine.messages import LANGUAGES
from riskengine.rules import sentences
from riskengine.rules.sentences import field_label, sentence


def test_the_authors_sentence_is_filled_in_the_readers_language(make_rule):
    rule = make_rule(
        "mass_kg > 3",
        because="{en: '{shipper_name}: {mass_kg:number} kg', es: '{mass_kg:number} kg de {shipper_name}'}",
    )
    facts = {"mass_kg": 12345.5, "shipper_name": "ACME"}

    assert sentence(rule, facts, "en") == "ACME: 12,345.5 kg"
    assert sentence(rule, facts, "es") == "12.345,5 kg de ACME"


def test_a_reader_whose_language_the_author_did_not_write_gets_a_made_sentence(make_rule):
    rule = make_rule("mass_kg > 3", because="{en: heavy}")

    assert (
        sentence(rule, {"mass_kg": 4.0}, "fr")
        == "Un essai (mass kg : plus de 3 (constaté : 4))"
    )


def test_values_of_every_kind_are_shown_for_people(make_rule):
    rule = make_rule(
        "is_full",
        because="'{hs_codes} / {is_reefer} / {issued_on:date} / {port} / {mass_kg:integer}'",
    )
    facts = {
        "hs_codes": ["010121", "0803"],
        "is_reefer": False,
        "issued_on": date(2026, 1, 31),
        "port": None,
        "mass_kg": None,
    }

    shown = sentence(rule, facts, "en")

    assert shown.startswith("010121, 0803 / no / Jan 31, 2026 / ")
    assert "0" not in shown.split(" / ")[4]


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", "Consignee, HS codes, BERTH changed"),
        ("fr", "Destinataire, Codes SH, BERTH changed"),
        ("pt", "Consignat\u00e1rio, C\u00f3digos SH, BERTH changed"),
    ],
)
def test_names_of_amended_fields_are_shown_as_labels(make_rule, language, shown):
    changed = "'{hs_codes} changed'"
    rule = make_rule("is_full", because=f"{{en: {changed}, fr: {changed}, pt: {changed}}}")
    facts = {"hs_codes": ["CONSIGNEE_NAME", "HS_CODE", "BERTH"]}

    assert sentence(rule, facts, language) == shown


def test_a_manifest_cannot_write_on_the_screen(make_rule):
    rule = make_rule("is_full", because="'from {shipper_name}'")

    shown = sentence(rule, {"shipper_name": "{mass_kg}\x1b[2J\u202e"}, "en")

    assert shown == "from {mass_kg}<U+001B>[2J<U+202E>"


@pytest.mark.parametrize(
    ("line", "facts", "shown"),
    [
        ("is_full", {"is_full": True}, "is full: yes"),
        ("not is_full", {"is_full": False}, "is full: no"),
        (
            "boxes_7d > 4 * usual_week",
            {"boxes_7d": 12.0, "usual_week": 1.5},
            "boxes 7d: more than 4 × usual week (found: 12)",  # noqa: RUF001
        ),
        ("port = 'ECGYE'", {"port": "ECGYE"}, "port: ECGYE"),
        (
            "port != shipper_name",
            {"port": "A", "shipper_name": "B"},
            "port differs from shipper name (found: A)",
        ),
        (
            "port = shipper_name",
            {"port": "A", "shipper_name": "A"},
            "port equals shipper name (found: A)",
        ),
        ("port != 'A'", {"port": "B"}, "port: not A (found: B)"),
        ("port in list source_ports", {"port": "ECGYE"}, "port: in the list source ports (found: ECGYE)"),
        ("port not in ['A']", {"port": "B"}, "not (port: one of A (found: B))"),
        ("hs_codes contains '0803'", {"hs_codes": ["0803"]}, "hs codes: contains 0803"),
        (
            "ports_called contains any of list source_ports",
            {"ports_called": ["NLRTM", "COTRB"]},
            "ports called: contains COTRB",
        ),
        (
            "shipper_name contains any of list words",
            {"shipper_name": "OLD SCRAP"},
            "shipper name: contains SCRAP",
        ),
        ("mass_kg is missing", {}, "mass kg: not declared"),
        ("mass_kg is not missing", {"mass_kg": 2.0}, "mass kg: declared (found: 2)"),
        (
            "days_between(issued_on, departed_on) < 2",
            {"issued_on": date(2026, 1, 1), "departed_on": date(2026, 1, 2)},
            "days from issued on to departed on: less than 2 (found: 1)",
        ),
        ("is_full or is_reefer", {"is_full": False, "is_reefer": True}, "is reefer: yes"),
        ("mass_kg between 1 and 3", {"mass_kg": 2.0}, "mass kg: between 1 and 3 (found: 2)"),
        ("not (is_full or is_reefer)", {"is_full": False, "is_reefer": False}, "is full: no; is reefer: no"),
        ("port starts with 'EC'", {"port": "ECGYE"}, "port: starts with EC (found: ECGYE)"),
    ],
)  # fmt: skip
def test_a_sentence_is_made_from_the_conditions_that_hold(
    make_rule, monkeypatch, line, facts, shown
):
    monkeypatch.setattr(sentences, "has", lambda _: False)  # labels come and go; names stay
    assert sentence(make_rule(line), facts, "en") == f"A test ({shown})"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_is_there_in_every_language(make_rule, language):
    rule = make_rule(
        "is_full and not is_reefer",
        "abs(mass_kg) >= 1 and round(mass_kg) <= 9 and mass_kg != 5 and mass_kg < 9",
        "smaller_of(mass_kg, 9) = 2 or larger_of(mass_kg, 1) = 2",
        "length(port) = 5 and port ends with 'E' and port starts with 'E' and port in ['ECGYE']",
        "value_usd is missing and mass_kg is not missing",
    )
    facts = {"is_full": True, "is_reefer": False, "mass_kg": 2.0, "port": "ECGYE"}

    shown = sentence(rule, facts, language)

    assert rule.title_in(language) in shown
    assert "rule." not in shown


def test_a_label_comes_from_the_catalogue_of_messages():
    assert field_label("is_cover_load", "en") == "Known cover load"
