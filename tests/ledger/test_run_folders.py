"""A run's folder is whole or not there, and its bytes are checked whenever they are read."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from riskengine.errors import LedgerError
from riskengine.ledger.runs import read_card, read_frame, sweep, write_run
from riskengine.workspace import Workspace

DAY = date(2026, 3, 1)
EFFECTS = (
    (os, "fsync"),
    (Path, "mkdir"),
    (Path, "write_bytes"),
    (Path, "chmod"),
    (Path, "rename"),
)


class Killed(BaseException):
    """Stands for a process that ends at once: nothing of it runs after."""


def frames():
    return {
        "assessments": pl.DataFrame(
            {
                "container_id": pl.Series([1, 2], dtype=pl.Int32),
                "container_number": ["MSKU9070323", None],
                "bills": [["B1", "B2"], []],
                "log_odds": [0.1 + 0.2, -1e-300],
                "lane": pl.Series(["red", "green"], dtype=pl.Enum(["green", "red"])),
                "assessed_at": [datetime(2026, 3, 1, 4, tzinfo=UTC)] * 2,
                "on": [DAY, None],
                "is_full": [True, None],
            }
        ),
        "verdicts": pl.DataFrame(
            schema={"rule_id": pl.String(), "missing": pl.List(pl.String())}
        ),
    }


def write(workspace, run_id="run-1", **card):
    return write_run(workspace, run_id, DAY, frames(), card)


def visible(workspace):
    """The runs that somebody could come across, finished or not, that are not marked unfinished."""
    return [path for path in workspace.runs_folder.glob("*/*") if not path.name.startswith(".")]


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


def test_what_was_written_is_what_is_read(workspace):
    folder = write(workspace)
    assert folder == workspace.root / "runs" / "2026-03-01" / "run-1"
    for name, frame in frames().items():
        assert_frame_equal(read_frame(folder, name), frame)


def test_the_card_names_every_file_with_its_digest(workspace):
    card = read_card(write(workspace, policy={"slots": 6}))
    assert card["policy"] == {"slots": 6}
    assert card["run_id"] == "run-1"
    assert card["files"]["assessments"]["row_count"] == 2
    assert set(card["files"]) == {"assessments", "verdicts"}


def test_the_same_run_has_the_same_bytes_in_any_workspace(tmp_path):
    contents = []
    for name in ("one", "other"):
        folder = write(Workspace(tmp_path / name), b=1, a=2)
        contents.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert contents[0] == contents[1]


def failing_at(monkeypatch, count, failure):
    """Let the count-th call that touches the disk fail."""
    calls = 0
    for owner, name in EFFECTS:
        genuine = getattr(owner, name)

        def effect(*args, genuine=genuine, **kwargs):
            nonlocal calls
            calls += 1
            if calls == count:
                raise failure
            return genuine(*args, **kwargs)

        monkeypatch.setattr(owner, name, effect)
    return lambda: calls


def effects_of_writing(workspace, monkeypatch):
    with monkeypatch.context() as patch:
        count = failing_at(patch, 0, OSError())
        write(workspace)
        return count()


def test_whichever_step_fails_the_run_is_whole_or_not_there_and_can_be_repeated(
    tmp_path, monkeypatch
):
    steps = effects_of_writing(Workspace(tmp_path / "count"), monkeypatch)
    assert steps > 10
    for step in range(1, steps + 1):
        workspace = Workspace(tmp_path / str(step))
        with monkeypatch.context() as patch:
            failing_at(patch, step, OSError(28, "No space left on device"))
            with pytest.raises(LedgerError, match="No space left on device"):
                write(workspace)
        for folder in visible(workspace):
            assert read_frame(folder, "assessments").height == 2
        assert read_frame(write(workspace), "assessments").height == 2
        assert len(list(workspace.runs_folder.glob("*/.*"))) == 0


def test_whichever_step_is_killed_the_run_is_whole_or_not_there_and_can_be_repeated(
    tmp_path, monkeypatch
):
    steps = effects_of_writing(Workspace(tmp_path / "count"), monkeypatch)
    left_over = 0
    for step in range(1, steps + 1):
        workspace = Workspace(tmp_path / str(step))
        with monkeypatch.context() as patch:
            failing_at(patch, step, Killed())
            patch.setattr(shutil, "rmtree", lambda *_, **__: None)
            with pytest.raises(Killed):
                write(workspace)
        for folder in visible(workspace):
            assert read_frame(folder, "assessments").height == 2
        assert read_frame(write(workspace), "assessments").height == 2
        left_over += len(sweep(workspace, older_than=timedelta(0)))
        assert visible(workspace) == [workspace.runs_folder / "2026-03-01" / "run-1"]
        assert len(list(workspace.runs_folder.glob("*/.*"))) == 0
    assert left_over > 0


def test_sweeping_spares_what_may_still_be_in_the_making(workspace):
    write(workspace)
    unfinished = workspace.runs_folder / "2026-03-01" / ".run-2.abc.unfinished"
    unfinished.mkdir()
    made = unfinished.stat().st_mtime
    assert sweep(workspace, now=made + 3599) == ()
    assert sweep(workspace, now=made + 3600) == (unfinished,)
    assert not unfinished.exists()


def test_writing_the_same_run_again_is_no_error(workspace):
    assert write(workspace, a=1) == write(workspace, a=1)


def test_another_run_never_takes_the_place_of_one(workspace):
    folder = write(workspace, a=1)
    with pytest.raises(LedgerError, match="Another run stands in"):
        write(workspace, a=2)
    assert read_card(folder)["a"] == 1


def test_every_changed_byte_of_a_file_is_noticed(workspace):
    folder = write(workspace)
    path = folder / "assessments.parquet"
    content = path.read_bytes()
    path.chmod(0o600)
    for place in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[place] ^= 1
        path.write_bytes(bytes(damaged))
        with pytest.raises(LedgerError, match="are not those that were written"):
            read_frame(folder, "assessments")


def test_pages_carry_checksums_for_readers_that_do_not_know_the_card(workspace):
    """A flipped bit in a page is found by its checksum even where the card was lost."""
    folder = write(workspace)
    path, card = folder / "assessments.parquet", folder / "run.json"
    content = bytearray(path.read_bytes())
    content[content.index(b"MSKU9070323") if b"MSKU9070323" in content else 60] ^= 1
    promised = json.loads(card.read_text())
    promised["files"]["assessments"]["sha256"] = hashlib.sha256(content).hexdigest()
    for each in (path, card):
        each.chmod(0o600)
    path.write_bytes(content)
    card.write_text(json.dumps(promised))
    with pytest.raises(LedgerError, match="are not those that were written"):
        read_frame(folder, "assessments")


def test_a_frame_that_the_run_has_not_is_named(workspace):
    with pytest.raises(LedgerError, match="no frame 'contributions'"):
        read_frame(write(workspace), "contributions")


def test_a_folder_without_a_card_is_no_run(workspace):
    with pytest.raises(LedgerError, match="card"):
        read_card(workspace.root)


@pytest.mark.parametrize("run_id", ["", "..", "../x", "a/b", ".hidden", "a b", "x" * 81])
def test_an_id_that_could_leave_the_folder_is_refused(workspace, run_id):
    with pytest.raises(LedgerError, match="cannot name a run's folder"):
        write(workspace, run_id)
    assert not workspace.runs_folder.exists()


def test_a_frame_name_that_could_leave_the_folder_is_refused(workspace):
    with pytest.raises(LedgerError, match="cannot name a frame"):
        write_run(workspace, "run-1", DAY, {"../x": pl.DataFrame()}, {})


@pytest.mark.parametrize(
    ("card", "sentence"),
    [
        ({"x": float("nan")}, "no JSON"),
        ({"x": {1, 2}}, "no JSON"),
        ({"files": {}}, "may not say"),
    ],
)
def test_a_card_that_json_cannot_hold_is_refused(workspace, card, sentence):
    with pytest.raises(LedgerError, match=sentence):
        write_run(workspace, "run-1", DAY, frames(), card)
