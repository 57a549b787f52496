"""The samples are what their README says, and every defect can be told in four languages."""

import tomllib
from pathlib import Path

import pytest

from riskengine.domain import DefectEffect
from riskengine.errors import ManifestError
from riskengine.manifest import read_manifest
from riskengine.manifest.schema import SCHEMAS
from riskengine.messages import LANGUAGES, has, render

SAMPLES = Path(__file__).parents[2] / "sample_manifests"
MESSAGES = Path(__file__).parents[2] / "riskengine" / "messages"


def test_the_sample_voyage_has_fifty_lots_and_one_wrong_check_digit():
    reading = read_manifest(SAMPLES / "voyage.csv")
    assert [(defect.code, defect.container_number) for defect in reading.defects] == [
        ("check_digit_wrong", "XOCU4525496")
    ]
    boxes = reading.manifest.containers
    assert (boxes.height, int(boxes["is_loose_cargo"].sum())) == (50, 1)
    assert reading.manifest.voyages.height == 1
    assert reading.manifest.consignments["port_of_loading"].null_count() == 0


@pytest.mark.parametrize(
    "name", ["voyage.xlsx", "voyage.xls", "voyage.ods", "voyage.parquet", "voyage_es.csv"]
)
def test_the_same_voyage_in_other_formats_gives_the_same_frames(name: str):
    one, other = read_manifest(SAMPLES / "voyage.csv"), read_manifest(SAMPLES / name)
    differing = [
        frame
        for frame in SCHEMAS
        if frame != "received"
        and not getattr(one.manifest, frame).equals(getattr(other.manifest, frame))
    ]
    assert differing == []


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("ragged.csv", {"too_few_fields", "too_many_fields"}),
        ("unterminated_quote.csv", {"unterminated_quote"}),
        ("latin1.csv", {"encoding_guessed"}),
        ("nul_bytes.csv", {"nul_bytes"}),
        ("eaten_zero.csv", {"hs_zero_restored"}),
        ("wrong_dates.csv", {"date_out_of_range", "ambiguous_date", "not_a_date"}),
        (
            "decimal_comma.csv",
            {"ambiguous_number", "negative_number", "number_out_of_range", "not_a_number"},
        ),
        ("check_digits.csv", {"check_digit_wrong", "container_number_malformed"}),
        ("same_container_twice.csv", {"conflicting_value"}),
        (
            "title_and_totals.csv",
            {"lines_above_header", "totals_line", "line_below_totals"},
        ),
        ("two_lists.csv", {"header_changed"}),
        ("shared_cell.csv", {"containers_share_cell"}),
        ("bill_once.csv", {"bills_carried_down"}),
        ("twin_headers.csv", {"twin_columns"}),
        ("header_only.csv", {"no_records"}),
        ("wrong_suffix.xlsx", {"wrong_suffix"}),
    ],
)
def test_a_broken_sample_has_its_own_damage_and_keeps_its_containers(
    name: str, codes: set[str]
):
    reading = read_manifest(SAMPLES / "broken" / name)
    assert {defect.code for defect in reading.defects} == codes
    assert reading.manifest.containers.height == (0 if name == "header_only.csv" else 10)
    for defect in reading.defects:
        for language in LANGUAGES:
            assert render(f"defect.{defect.code}", defect.params, language)


@pytest.mark.parametrize("name", ["empty.csv", "duplicate_headers.csv"])
def test_some_samples_are_refused_whole(name: str):
    with pytest.raises(ManifestError):
        read_manifest(SAMPLES / "broken" / name)


def test_every_sample_is_described():
    readme = (SAMPLES / "README.md").read_text("utf-8")
    files = [
        path
        for path in (*SAMPLES.glob("*.*"), *SAMPLES.glob("broken/*"))
        if path.suffix != ".md"
    ]
    assert [path.name for path in files if f"`{path.name}`" not in readme] == []


def test_every_defect_the_code_can_name_has_its_sentence():
    source = "\n".join(
        path.read_text("utf-8")
        for floor in ("manifest", "engine")
        for path in (SAMPLES.parent / "riskengine" / floor).glob("*.py")
    )
    sentences = tomllib.loads((MESSAGES / "en" / "defect.toml").read_text("utf-8"))
    codes = {key.removesuffix("_one") for key in sentences}
    assert [code for code in codes if f'"{code}"' not in source] == []
    assert all(has(f"defect.{code}") for code in codes)


def test_a_defect_has_a_place_that_an_officer_can_go_to():
    reading = read_manifest(SAMPLES / "broken" / "wrong_dates.csv")
    assert {str(defect.place) for defect in reading.defects} == {
        f"wrong_dates.csv:{line}:6" for line in (2, 3, 4, 5)
    }
    assert {defect.effect for defect in reading.defects} == {DefectEffect.CELL}
