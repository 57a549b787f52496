"""Excel 97 and OpenDocument: the same list, the same frames; hostile and damaged ones refused."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.errors import ManifestError
from riskengine.manifest import read_manifest
from riskengine.manifest.sheet_cells import _by_bytes, _one_by_one, cells_of

SAMPLES = Path(__file__).parents[2] / "sample_manifests"


def ods_with(change) -> bytes:
    """The sample as OpenDocument with another content."""
    whole = io.BytesIO()
    with zipfile.ZipFile(SAMPLES / "voyage.ods") as old, zipfile.ZipFile(whole, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "content.xml":
                content = change(content.decode()).encode()
            new.writestr(entry, content)
    return whole.getvalue()


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_a_cell_that_stands_for_a_billion_is_refused(tmp_path):
    def repeat(content: str) -> str:
        return re.sub(
            r"<table:table-cell office", '<table:table-cell table:number-columns-repeated="999999999" office',
            content, count=1,
        )  # fmt: skip

    with pytest.raises(ManifestError, match="unpacks to far more"):
        read_manifest(written(tmp_path, "bomb.ods", ods_with(repeat)))


def test_a_document_with_entities_of_its_own_is_refused(tmp_path):
    def laugh(content: str) -> str:
        return content.replace("?>", '?><!DOCTYPE x [<!ENTITY a "ha">]>', 1)

    with pytest.raises(ManifestError, match="entities"):
        read_manifest(written(tmp_path, "laugh.ods", ods_with(laugh)))


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.95])
@pytest.mark.parametrize("name", ["voyage.xls", "voyage.ods"])
def test_a_cut_workbook_is_refused_in_a_sentence(tmp_path, name, keep):
    whole = (SAMPLES / name).read_bytes()
    with pytest.raises(ManifestError):
        read_manifest(written(tmp_path, name, whole[: int(len(whole) * keep)]))


def test_a_workbook_under_another_name_is_read_and_the_name_is_called_wrong(tmp_path):
    path = written(tmp_path, "voyage.csv", (SAMPLES / "voyage.xls").read_bytes())
    reading = read_manifest(path)
    assert "wrong_suffix" in {defect.code for defect in reading.defects}
    assert reading.manifest.source.format == "xls"


REFERENCES = st.tuples(st.sampled_from(["A", "Z", "AA", "XFD"]), st.integers(1, 1_048_576))
KINDS = st.sampled_from(["", ' t="n"', ' t="s"', ' t="e"', ' t="str"', ' t="inlineStr"'])
BODIES = st.sampled_from(
    ["/>", "></c>", "><v>1.5</v></c>", "><v></v></c>", "><v/></c>", "><f>1</f><v>2</v></c>",
     "><is><t>x</t></is></c>", '><is><t xml:space="preserve"> x</t></is></c>', "><is><t/></is></c>"]
)  # fmt: skip
CELLS = st.builds(
    lambda place, style, kind, body: f'<c r="{place[0]}{place[1]}"{style}{kind}{body}',
    REFERENCES,
    st.sampled_from(["", ' s="3"']),
    KINDS,
    BODIES,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(CELLS, max_size=8))
def test_cells_found_by_bytes_are_those_found_one_by_one(cells):
    piece = ('<row r="1">' + "</row><row>".join(cells)).encode()
    fast, slow = _by_bytes(piece), _one_by_one(piece)
    assert fast is not None
    for part in (
        "rows", "columns", "are_filled", "are_numbers", "are_errors", "are_unvalued",
    ):  # fmt: skip
        assert getattr(fast, part).tolist() == getattr(slow, part).tolist(), part


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_are_too_strange_for_the_scan(noise):
    assert len(cells_of(noise + b'<c r="B2"><v>1</v></c>').rows) <= 60
