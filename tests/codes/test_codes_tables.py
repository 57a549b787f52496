"""The shipped tables keep the promises of their README."""

from __future__ import annotations

import polars as pl
import pytest

from riskengine.codes import (
    commodities,
    commodity_lists,
    countries,
    ports,
)
from riskengine.codes.spelling import fold
from riskengine.codes.tables import read_table
from riskengine.errors import ReferenceTableError


def test_port_codes_are_unique_well_formed_and_of_real_countries():
    table = read_table("ports")
    assert table["port"].is_unique().all()
    assert table["port"].str.contains(r"^[A-Z]{2}[A-Z2-9]{3}$").all()
    assert (table["port"].str.slice(0, 2) == table["country"]).all()
    assert set(table["country"]) <= countries.alpha2_codes()
    assert len(table) >= 700


def test_coordinates_are_degrees_on_earth():
    table = ports.port_table()
    assert table["latitude"].is_between(-90, 90).all()
    assert table["longitude"].is_between(-180, 180).all()
    assert table.select("latitude", "longitude").null_count().sum_horizontal().item() == 0


def test_no_alias_belongs_to_two_ports():
    aliases = (
        read_table("ports").select("port", pl.col("aliases").str.split(";")).explode("aliases")
    )
    folded = aliases.drop_nulls().select("port", alias=fold(pl.col("aliases")))
    assert folded.unique().filter(pl.col("alias").is_duplicated()).is_empty()
    assert not (set(folded["alias"]) & set(ports.port_table()["port"]))


def test_every_chapter_of_the_system_has_a_name_in_four_languages():
    table = read_table("chapters")
    assert table.columns == ["chapter", "en", "fr", "es", "pt"]
    assert table.null_count().sum_horizontal().item() == 0
    assert table["chapter"].is_unique().all()
    assert {code[:2] for code in commodities.hs6_codes()} <= set(table["chapter"])


def test_every_prefix_of_the_commodity_lists_means_something_in_hs_2022():
    headings = {code[:length] for code in commodities.hs6_codes() for length in (2, 4, 6)}
    for name in commodity_lists.list_names():
        unknown = set(commodity_lists.prefixes(name)) - headings
        assert name == "personal_effects" or not unknown, (name, unknown)


def test_every_precursor_is_a_six_digit_code_with_a_text():
    assert len(commodity_lists.PRECURSORS) >= 26
    assert all(commodities.is_hs6(code) for code in commodity_lists.PRECURSORS)


def test_a_missing_table_is_named():
    with pytest.raises(ReferenceTableError, match="nowhere"):
        read_table("nowhere")
