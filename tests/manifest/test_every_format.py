"""The same voyage in every format reads to the same manifest, field by field that the format carries."""

from pathlib import Path

import polars as pl
import pytest

from riskengine.manifest import read_manifest
from riskengine.manifest.carried import STANDARDS, carried_by, page
from riskengine.manifest.fields import FIELDS
from riskengine.manifest.write import flat_list

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_manifests"
WHOLE_VOYAGE = {
    "voyage.cuscar.edi": "cuscar",
    "voyage.x12": "x12_309",
    "voyage.awmds.xml": "awmds",
    "voyage.wco.xml": "wco_cargo_report",
    "voyage.dcsa_bill.json": "dcsa_bill",
    "voyage.dcsa_arrival.json": "dcsa_arrival",
}
BOXES_ONLY = {
    "voyage.baplie22.edi": "stow_plan",
    "voyage.baplie31.edi": "stow_plan",
    "voyage.coprar.edi": "movements",
    "voyage.coarri.edi": "movements",
    "voyage.codeco.edi": "movements",
    "voyage.dcsa_events.json": "movements",
}


@pytest.fixture(scope="module")
def voyage() -> pl.DataFrame:
    return flat_list(read_manifest(SAMPLES / "voyage.csv").manifest)


def compared(lines: pl.DataFrame, fields: list[str]) -> list[tuple[object, ...]]:
    """The lines in an order of their own, for a format may sort bills as it likes."""
    asked = [
        pl.col(name) if name in lines.columns else pl.lit(None).alias(name) for name in fields
    ]
    return sorted(lines.select(asked).rows(), key=repr)


@pytest.mark.parametrize("name", WHOLE_VOYAGE)
def test_a_standard_format_says_what_the_list_says(name: str, voyage: pl.DataFrame):
    read = flat_list(read_manifest(SAMPLES / name).manifest)
    carried = carried_by(WHOLE_VOYAGE[name])
    fields = [field for field in FIELDS if field in carried and field in voyage.columns]
    assert {"bill_of_lading", "container_number", "goods_description"} <= set(fields)
    differing = [
        field
        for field in fields
        if compared(read, list(dict.fromkeys(["bill_of_lading", "container_number", field])))
        != compared(voyage, list(dict.fromkeys(["bill_of_lading", "container_number", field])))
    ]
    assert differing == []


@pytest.mark.parametrize(("name", "kind"), BOXES_ONLY.items())
def test_lists_of_boxes_name_the_boxes_of_the_voyage_and_what_they_are(
    name: str, kind: str, voyage: pl.DataFrame
):
    reading = read_manifest(SAMPLES / name)
    assert reading.manifest.source.document.kind == kind
    numbers = set(reading.manifest.containers["container_number"].drop_nulls())
    assert numbers
    assert numbers <= set(voyage["container_number"].drop_nulls())


def test_every_standard_has_a_sample_that_is_compared():
    of_boxes = {"baplie", "container_lists", "dcsa_events"}
    assert set(WHOLE_VOYAGE.values()) | of_boxes == set(STANDARDS)


@pytest.mark.parametrize("module", STANDARDS)
def test_a_reader_names_canonical_fields_only(module: str):
    assert carried_by(module) <= set(FIELDS)


def test_the_page_of_formats_is_up_to_date():
    assert (ROOT / "docs" / "formats.md").read_text("utf-8") == page()
