"""A history may say how likely each container was to be opened."""

from __future__ import annotations

import pytest

from riskengine.errors import MappingError
from riskengine.manifest import read_manifest
from riskengine.manifest.mapping import load_mapping

LINES = [
    {"bill_of_lading": "B1", "container_number": "CSQU3054383", "found": "0", "how": "lot"},
    {"bill_of_lading": "B2", "container_number": "MSCU6639870", "found": "1", "how": "officer"},
    {"bill_of_lading": "B3", "container_number": "TCLU4265244", "found": "0", "how": "tip"},
    {"bill_of_lading": "B4", "container_number": "MAEU6123450", "found": "", "how": ""},
]


@pytest.fixture
def read(tmp_path, written_lines):
    """Read lines with a label that says how they were chosen."""

    def reading(label, lines=LINES):
        path = written_lines(tmp_path / "history.csv", lines)
        mapping = tmp_path / "ours.toml"
        mapping.write_text(
            f'schema = 1\n[label]\ncolumn = "found"\nfind = ["1"]\nnil = ["0"]\n{label}\n',
            "utf-8",
        )
        return read_manifest(path, load_mapping(mapping))

    return reading


def test_how_it_was_chosen_tells_the_chance(read):
    told = read('chosen_by = "how"\nchance = { lot = 0.02, officer = 1 }').manifest.examinations
    assert told["selection_probability"].to_list() == [0.02, 1.0, None]


def test_a_column_may_hold_the_chance_itself(read):
    lines = [line | {"chance": text} for line, text in zip(LINES, "0.5 1 2 0.1".split())]  # noqa: B905, SIM905
    reading = read('probability = "chance"', lines)
    assert reading.manifest.examinations["selection_probability"].to_list() == [0.5, 1.0, None]
    assert [defect.raw for defect in reading.defects if defect.code == "value_unknown"] == ["2"]


def test_without_it_nobody_knows(read):
    assert read("").manifest.examinations["selection_probability"].null_count() == 3


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ('chosen_by = "how"', "chosen_by and chance together"),
        ('chosen_by = "how"\nprobability = "p"\nchance = { a = 1 }', "either probability or"),
        ('chosen_by = "how"\nchance = { a = 0 }', "above 0 and at most 1"),
        ('chosen_by = "how"\nchance = { a = "often" }', "above 0 and at most 1"),
    ],
)
def test_a_label_that_contradicts_itself_is_refused(read, label, said):
    with pytest.raises(MappingError, match=said):
        read(label)
