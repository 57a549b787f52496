"""What we write we read: the same frames in every format, and texts that stay texts."""

import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from riskengine.errors import ExportError
from riskengine.manifest import Manifest, read_manifest
from riskengine.manifest.schema import SCHEMAS
from riskengine.manifest.write import write_manifest

HEADER = "container_number,bill_of_lading,goods_description,gross_mass_kg"
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)  # each example reads two files


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    path = tmp_path / "voyage.csv"
    path.write_text(f"{HEADER}\nCSQU3054383,BL1,bananas,1\nMSCU1234566,cut\n", "utf-8")
    return read_manifest(path).manifest


TEXT = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="|"),
    min_size=1,
    max_size=12,
)
ROW = st.fixed_dictionaries(
    {
        "container_number": st.sampled_from(["CSQU3054383", "MSCU1234566", "TEMU1234565", ""]),
        "bill_of_lading": st.sampled_from(["B1", "B2", "B3"]),
        "voyage_number": st.sampled_from(["", "12E"]),
        "presented_on": st.sampled_from(["2026-03-01", "2026-03-02", ""]),
        "shipper_name": st.one_of(st.just(""), TEXT),
        "port_of_loading": st.sampled_from(["ECGYE", "Guayaquil", "nowhere", ""]),
        "transhipment_ports": st.sampled_from(["", "COCTG", "COCTG;ESALG"]),
        "size_type": st.sampled_from(["45R1", "40hc", ""]),
        "is_full": st.sampled_from(["yes", "vacio", ""]),
        "seal_numbers": st.sampled_from(["", "A1", "A1;A2"]),
        "sealing_party": st.sampled_from(["", "carrier"]),
        "goods_description": st.one_of(st.just(""), TEXT),
        "hs_code": st.sampled_from(["", "0803.90", "80390"]),
        "package_count": st.sampled_from(["", "0", "1080"]),
        "gross_mass_kg": st.one_of(st.just(""), st.decimals(0, 10**6, places=3).map(str)),
        "category:genus": st.sampled_from(["", "Rana"]),
        "number:duty": st.sampled_from(["", "0.5", "12.1230"]),
        "outcome": st.sampled_from(["", "nil", "seizure"]),
        "outcome_known_on": st.sampled_from(["2026-03-09", "2026-03-11"]),
    }
)


def frames(manifest: Manifest) -> dict[str, pl.DataFrame]:
    kept = {name: getattr(manifest, name) for name in SCHEMAS if name != "received"}
    kept["containers"] = kept["containers"].drop("defect_count", "record_number")
    kept["goods_items"] = kept["goods_items"].drop("record_number")
    return kept


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@given(rows=st.lists(ROW, min_size=1, max_size=8))
@settings(max_examples=10, deadline=None, phases=UNSHRUNK)
def test_a_manifest_that_we_wrote_is_read_as_it_was(suffix: str, rows: list[dict[str, str]]):
    """Reading what was written gives the same frames, whatever the first file looked like."""
    with tempfile.TemporaryDirectory() as folder:
        first, again = Path(folder) / "first.csv", Path(folder) / f"again.{suffix}"
        pl.DataFrame(rows).write_csv(first)
        manifest = read_manifest(first).manifest
        write_manifest(manifest, again)
        for name, frame in frames(read_manifest(again).manifest).items():
            assert frame.equals(frames(manifest)[name]), name


def test_the_sample_voyage_survives_a_workbook(tmp_path: Path):
    sample = Path(__file__).parents[2] / "sample_manifests" / "voyage.csv"
    manifest = read_manifest(sample).manifest
    write_manifest(manifest, tmp_path / "again.xlsx")
    again = frames(read_manifest(tmp_path / "again.xlsx").manifest)
    assert [
        name for name, frame in frames(manifest).items() if not frame.equals(again[name])
    ] == []


def test_hostile_texts_are_texts_in_a_workbook_and_come_back_as_they_were(tmp_path: Path):
    hostile = [
        '=HYPERLINK("http://x","y")',
        "+1+1",
        "@SUM(A1)",
        "http://example.invalid",
        "-2",
        "007",
    ]
    path = tmp_path / "voyage.csv"
    numbers = ["CSQU3054383"] * len(hostile)
    pl.DataFrame({"container_number": numbers, "goods_description": hostile}).write_csv(path)
    write_manifest(read_manifest(path).manifest, tmp_path / "voyage.xlsx")
    again = read_manifest(tmp_path / "voyage.xlsx").manifest
    assert again.goods_items["description"].to_list() == hostile
    data = (tmp_path / "voyage.xlsx").read_bytes()
    assert b"hyperlink" not in data


def test_an_unreadable_container_is_written_as_one(manifest: Manifest, tmp_path: Path):
    write_manifest(manifest, tmp_path / "again.csv")
    again = read_manifest(tmp_path / "again.csv").manifest.containers
    assert again["container_number"].to_list() == ["CSQU3054383", "MSCU1234566"]
    assert again["is_unreadable"].to_list() == [False, True]


def test_an_unknown_suffix_or_a_missing_folder_is_refused(manifest: Manifest, tmp_path: Path):
    with pytest.raises(ExportError, match=r"\.csv, \.xlsx, \.parquet, \.edi, \.xml"):
        write_manifest(manifest, tmp_path / "voyage.pdf")
    for suffix in ("csv", "xlsx", "parquet"):
        with pytest.raises(ExportError, match="cannot be written"):
            write_manifest(manifest, tmp_path / "nowhere" / f"voyage.{suffix}")
