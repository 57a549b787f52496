"""Headers of the usual exports, in four languages, are known without a mapping file."""

import pytest

from riskengine.manifest.fields import FIELDS
from riskengine.manifest.headers import recognise
from riskengine.manifest.vocabulary import coded_values, folded, header_synonyms


@pytest.mark.parametrize(
    ("header", "field", "unit"),
    [
        ("Gross Weight (KG)", "gross_mass_kg", "kg"),
        ("Poids brut kg", "gross_mass_kg", "kg"),
        ("PESO BRUTO (t)", "gross_mass_kg", "t"),
        ("gross weight LBS", "gross_mass_kg", "lb"),
        ("gross_mass_kg", "gross_mass_kg", None),
        ("Container No.", "container_number", None),
        ("Nº contenedor", "container_number", None),
        ("N° de conteneur", "container_number", None),
        ("B/L No", "bill_of_lading", None),
        ("  Consignee   Name ", "consignee_name", None),
        ("Adresse du destinataire", "consignee_address", None),
        ("País del exportador", "shipper_country", None),
        ("Valor FOB (USD)", "declared_value_usd", "usd"),
        ("Port de chargement", "port_of_loading", None),
        ("Descrição da mercadoria", "goods_description", None),
    ],
)
def test_headers_are_known_whatever_their_case_accents_and_units(
    header: str, field: str, unit: str | None
):
    known = recognise(header)
    assert known is not None
    assert (known.field, known.unit) == (field, unit)


@pytest.mark.parametrize(
    "header", ["Valor FOB", "Value (EUR)", "Gross weight (m3)", "colour", ""]
)
def test_a_currency_or_unit_is_never_assumed(header: str):
    assert recognise(header) is None


def test_every_canonical_field_is_known_by_its_own_name():
    for name in FIELDS:
        known = recognise(name)
        assert known is not None
        assert (known.field, known.preference) == (name, 0)


def test_synonyms_lead_to_canonical_fields_only():
    assert {field for field, _ in header_synonyms().values()} <= FIELDS.keys()
    assert all(header == folded(header) for header in header_synonyms())


def test_words_for_values_are_known_in_four_languages():
    payments = coded_values("freight_payment")
    assert {payments[word] for word in ("prepaid", "port paye", "pagado", "pago")} == {
        "prepaid"
    }
    assert coded_values("size_type")["40hc"] == "45G1"
