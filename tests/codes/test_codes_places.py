"""Ports and countries as documents write them."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.codes import countries, ports
from riskengine.errors import UsageError

NOTABLE_PORTS = """
    ECGYE ECPSJ COTRB COCTG COBUN COSMR PECLL BRSSZ PAMIT PABLB PACFZ CRMOB GTPRQ DOCAU
    JMKIN TTPOS GYGEO SRPBM CVMIN CVRAI SNDKR GMBJL GWOXB GNCKY SLFNA LRMLW CIABJ GHTEM
    TGLFW BJCOO NGAPP NGTIN CMDLA GALBV AOLAD NAWVB ZADUR MZMPM TZDAR KEMBA DJJIB MAPTM
    DZALG TNRAD LYTIP EGPSD BEANR NLRTM DEHAM ESALG ESVLC PTSIE ITGIT GRPIR TRMER AEJEA
    OMSLL PKBQM INNSA LKCMB SGSIN MYPKG VNCMT HKHKG CNSHA KRPUS AUSYD NZAKL USNYC CAMTR
"""

codes = st.sampled_from(ports.port_table()["port"].to_list())


def test_every_listed_code_resolves_to_itself():
    listed = ports.port_table()["port"]
    assert ports.resolve(listed).to_list() == listed.to_list()


def test_every_name_with_its_country_finds_its_port():
    table = ports.port_table()
    asked = table.with_columns(place=pl.concat_str("name", "country", separator=", "))
    found = asked.with_columns(found=ports.resolve(pl.col("place")))
    shared = asked.filter(pl.col("place").is_duplicated())
    assert found.filter(pl.col("found") != pl.col("port")).is_empty()
    assert shared.is_empty()


@given(codes)
@settings(max_examples=30, deadline=None)
def test_a_code_is_understood_in_any_spelling(port):
    spellings = [f"{port[:2]} {port[2:]}", f"{port[:2]}-{port[2:]}".lower(), f" {port} "]
    assert [ports.resolve(text) for text in spellings] == [port] * 3


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("GUAYAQUIL", "ECGYE"),
        ("Port of Guayaquil, Ecuador", "ECGYE"),
        ("ECGYE - GUAYAQUIL", "ECGYE"),
        ("GUAYAQUIL (ECGYE)", "ECGYE"),
        ("Puerto Quetzal", "GTPRQ"),
        ("Le Havre", "FRLEH"),
        ("Anvers", "BEANR"),
        ("AMBERES", "BEANR"),
        ("Antuérpia", "BEANR"),
        ("Tanger Med", "MAPTM"),
        ("Mindelo", "CVMIN"),
        ("Zona Libre de Colón", "PACFZ"),
        ("Lagos", "NGLOS"),
        ("Cartagena, Colombia", "COCTG"),
        ("Cartagena, España", "ESCAR"),
        ("CNNBO", "CNNGB"),
        ("ECXXX", "ECXXX"),
        ("Genoa", "ITGOA"),
        ("Cartagena", None),
        ("Paris", None),
        ("Chile", None),
        ("Ghana", None),
        ("any safe port", None),
        ("", None),
        (None, None),
    ],
)
def test_a_place_is_read_as_the_trade_writes_it(text, port):
    column = pl.DataFrame({"place": [text]}, schema={"place": pl.String})
    assert column.select(ports.resolve(pl.col("place"))).item() == port


@pytest.mark.parametrize("port", NOTABLE_PORTS.split())
def test_notable_ports_are_in_the_table(port):
    assert ports.port_name(port) is not None


@given(codes, codes)
@settings(max_examples=30, deadline=None)
def test_distance_is_symmetric_zero_at_home_and_never_beyond_the_antipode(here, there):
    pair = pl.DataFrame({"a": [here], "b": [there]})
    a, b = pl.col("a"), pl.col("b")
    forth, back, home = pair.select(
        x=ports.distance_km(a, b), y=ports.distance_km(b, a), z=ports.distance_km(a, a)
    ).row(0)
    assert math.isclose(forth, back, abs_tol=1e-9)
    assert home == 0.0
    assert 0.0 <= forth <= math.pi * 6371.01


def test_distance_to_a_port_without_coordinates_is_unknown():
    pair = pl.DataFrame({"a": ["ECGYE", "ECGYE", None], "b": ["NLRTM", "ECXXX", "NLRTM"]})
    kilometres = pair.select(ports.distance_km(pl.col("a"), pl.col("b"))).to_series().to_list()
    assert 9_000 < kilometres[0] < 10_500
    assert kilometres[1:] == [None, None]


def test_the_country_of_a_port_is_known_even_where_the_port_is_not():
    column = pl.DataFrame({"port": ["ECXXX", "ZZZZZ", None]})
    assert column.select(ports.port_country(pl.col("port"))).to_series().to_list() == [
        "EC",
        None,
        None,
    ]


@pytest.mark.parametrize("language", ["en", "fr", "es", "pt"])
def test_every_country_is_found_by_its_own_name(language):
    """Names of four languages do not collide."""
    names = {code: countries.country_name(code, language) for code in countries.alpha2_codes()}
    assert {code: countries.resolve(name) for code, name in names.items() if name} == {
        code: code for code, name in names.items() if name
    }


def test_countries_are_read_by_code_and_usual_name():
    asked = [
        "ec",
        "ECU",
        "Perú",
        "Pérou",
        "Holland",
        "UK",
        "U.S.A.",
        "Costa do Marfim",
        "Atlantis",
        None,
    ]
    resolved = countries.resolve(pl.Series("country", asked)).to_list()
    assert resolved == ["EC", "EC", "PE", "PE", "NL", "GB", "US", "CI", None, None]


def test_a_language_without_country_names_is_refused():
    with pytest.raises(UsageError):
        countries.country_name("EC", "de")
