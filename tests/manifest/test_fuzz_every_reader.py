"""Every sample in every format, damaged at random: what comes out is a refusal, or a manifest that lost nothing."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

_PATH = Path(__file__).parents[2] / "benchmarks" / "intake" / "fuzz.py"
_SPEC = importlib.util.spec_from_file_location("bench_intake_fuzz", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
fuzz = importlib.util.module_from_spec(_SPEC)
sys.modules[_SPEC.name] = fuzz  # dataclasses look their module up
_SPEC.loader.exec_module(fuzz)

SAMPLES = sorted(fuzz.SAMPLES.glob("voyage.*"))
TEXTS = [sample for sample in SAMPLES if sample.suffix not in fuzz.BINARY]
OTHERS = [sample for sample in SAMPLES if sample.suffix in fuzz.BINARY]
EDITS = st.lists(
    st.builds(
        fuzz.Edit,
        kind=st.sampled_from(fuzz.KINDS),
        at=st.floats(0, 1, exclude_max=True),
        length=st.sampled_from([1, 2, 20, 300]),
        piece=st.integers(0, 999),
        other=st.floats(0, 1, exclude_max=True),
    ),
    max_size=4,
)


def must_keep_its_promises(sample: Path, edits: list[object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _, broken = fuzz.attempted(fuzz.damaged(sample, edits), sample, Path(folder))
    assert broken == []


@pytest.mark.parametrize("sample", TEXTS, ids=lambda path: path.name)
@given(edits=EDITS)
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_damaged_text_is_refused_or_loses_nothing(sample: Path, edits: list[object]):
    must_keep_its_promises(sample, edits)


@pytest.mark.parametrize("sample", OTHERS, ids=lambda path: path.name)
@given(edits=EDITS)
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_damaged_workbook_or_parquet_file_is_refused_or_adds_up(
    sample: Path, edits: list[object]
):
    must_keep_its_promises(sample, edits)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_an_undamaged_sample_keeps_its_promises(sample: Path, tmp_path: Path):
    assert fuzz.attempted(sample.read_bytes(), sample, tmp_path) == ("read", [])


@pytest.mark.parametrize("sample", TEXTS, ids=lambda path: path.name)
def test_the_places_that_are_searched_hold_the_containers_of_the_sample(sample: Path):
    """Else the search for lost containers would find none, and never fail."""
    assert fuzz.named_in(sample.read_bytes(), sample)
