"""What arrives in a watched folder is assessed once, whenever the watching is killed and started again."""

from __future__ import annotations

import os
import shutil
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from riskengine.engine.drop_folder import DropFolder, is_unfinished
from riskengine.engine.in_hand import clear_left_behind, taken_in_hand
from riskengine.engine.watch import watcher_of
from riskengine.errors import LedgerBusy, LedgerError, UsageError
from riskengine.ledger import received_files, run_register
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.migrations import create_ledger
from riskengine.ledger.runs import read_frame
from riskengine.manifest import read_manifests
from riskengine.register.connection import create_register
from riskengine.register.seeds import make_stratum_seed
from riskengine.selectivity.policy import settings_text
from riskengine.workspace import Workspace

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HEADERS = "bill_of_lading,container_number,vessel_name,voyage_number,port_of_loading,port_of_discharge"
MANIFEST = f"{HEADERS}\nB1,CSQU3054383,EXAMPLE ANDES,601E,ECGYE,ESBCN\n"
OTHER = MANIFEST.replace("CSQU3054383", "MSCU6639870").replace("601E", "602E")
MOVEMENTS = "container_number,movement,moved_on\nCSQU3054383,gate_in,2026-03-01\n"


class Killed(BaseException):
    """What no step of the engine catches, as nothing catches kill -9."""


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    """A unit without rules and model, whose assessments take no time: nobody may change it."""
    made = Workspace(tmp_path_factory.mktemp("founded") / "unit")
    create_ledger(made)
    create_register(made)
    make_stratum_seed(made, "chief", entropy=lambda count: b"s" * count)
    made.settings_file.write_text(settings_text(), "utf-8")
    return made


@pytest.fixture
def unit(tmp_path, founded):
    shutil.copytree(founded.root, tmp_path / "unit")
    return Workspace(tmp_path / "unit")


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "arrivals"
    made.mkdir()
    return made


@pytest.fixture
def watched(unit, folder):
    """Start a watcher; *between* is called instead of each sleep."""

    def started(between=None, *, stop=None):
        return watcher_of(
            unit,
            folder,
            mapping=None,
            by="tester",
            clock=lambda: NOON,
            sleep=lambda _: between() if between else None,
            is_stopped=stop or (lambda: False),
        )

    return started


@pytest.fixture
def taken(watched):
    """Look once, and return what became of which file."""

    def once(**options):
        found = watched(**options).watch(every=1, is_once=True)
        return [(one.path.name, one.what) for one in found]

    return once


@pytest.fixture
def scored(unit):
    """Return the files of the runs that are recorded."""
    return lambda: [entry.manifest_file for entry in run_register.recorded_runs(unit)]


def received(unit):
    return [entry.file for entry in received_files.list_received(unit)]


def test_a_file_is_scored_once(folder, taken, scored, unit):
    (folder / "a.csv").write_text(MANIFEST)
    assert taken() == [("a.csv", "scored")]
    assert taken() == []
    assert (scored(), received(unit)) == (["a.csv"], ["a.csv"])
    # Nothing is left in hand.
    assert list(unit.received_folder.glob("in-hand-*")) == []


def test_the_same_bytes_under_another_name_are_the_same_file(folder, taken, unit):
    (folder / "a.csv").write_text(MOVEMENTS)
    (folder / "b.csv").write_text(MOVEMENTS)
    assert taken() == [("a.csv", "received")]
    os.utime(folder / "a.csv", ns=(1, 1))
    assert taken() == []
    assert received(unit) == ["a.csv"]


def test_a_watch_goes_on_and_ends_when_it_is_asked_to(folder, watched, scored):
    """Two files, one after the other; the second arrives while the first is scored."""
    looks = iter(range(4))
    ends: list[int] = []

    def between():
        if next(looks, None) is None:
            ends.append(1)

    (folder / "a.csv").write_text(MANIFEST)
    watching = watched(between, stop=lambda: bool(ends)).watch(every=1, is_once=False)
    assert next(watching).path.name == "a.csv"
    (folder / "b.csv").write_text(OTHER)
    assert [one.path.name for one in watching] == ["b.csv"]
    assert scored() == ["a.csv", "b.csv"]


def test_what_is_asked_to_stop_ends_after_the_file_in_hand(folder, watched, scored):
    for name, text in (("a.csv", MANIFEST), ("b.csv", OTHER)):
        (folder / name).write_text(text)
    ends: list[int] = []
    watching = watched(stop=lambda: bool(ends)).watch(every=1, is_once=False)
    next(watching)
    ends.append(1)
    assert list(watching) == []
    assert scored() == ["a.csv"]


def test_files_are_taken_in_the_order_of_their_arrival(folder):
    drop = DropFolder(folder)
    (folder / "d.csv").write_text(MANIFEST)
    drop.look()
    for place, name in enumerate(["c.csv", "a.csv", "b.csv"]):
        (folder / name).write_text(MANIFEST)
        os.utime(folder / name, ns=(place, place))
    drop.look()
    arrived, _ = drop.look()
    assert [file.name for file in arrived] == ["d.csv", "c.csv", "a.csv", "b.csv"]


def test_a_file_that_still_grows_is_left_until_it_is_whole(folder, taken, unit):
    file = folder / "a.csv"
    file.write_text(MOVEMENTS[:50])
    assert taken(between=lambda: file.write_text(MOVEMENTS)) == []
    assert taken() == [("a.csv", "received")]
    assert received(unit) == ["a.csv"]


@pytest.mark.parametrize(
    "name", [".a.csv", "a.csv.part", "a.csv.tmp", "a.csv.filepart", "~$a.xlsx", "a.csv~"]
)
def test_what_a_sender_has_not_finished_is_not_looked_at(folder, taken, name):
    (folder / name).write_text(MANIFEST)
    assert is_unfinished(name)
    assert taken() == []


def test_a_link_is_refused_and_a_folder_is_none_of_ours(folder, taken, tmp_path):
    outside = tmp_path / "outside.csv"
    outside.write_text(MANIFEST)
    (folder / "a.csv").symlink_to(outside)
    os.mkfifo(folder / "pipe.csv")
    (folder / "below").mkdir()
    (folder / "below" / "b.csv").write_text(MANIFEST)
    assert taken() == [("a.csv", "refused"), ("pipe.csv", "refused")]


def test_a_link_that_takes_the_place_of_a_file_is_not_followed(folder, tmp_path):
    """Between the look and the reading lies a moment that an adversary may use."""
    drop = DropFolder(folder)
    file = folder / "a.csv"
    file.write_text(MANIFEST)
    drop.look()
    drop.look()
    secret = tmp_path / "secret.csv"
    secret.write_text(MANIFEST)
    file.unlink()
    file.symlink_to(secret)
    assert drop.snapshot(file, tmp_path) is None
    file.unlink()
    assert drop.snapshot(file, tmp_path) is None


def test_a_broken_file_is_named_once_and_tried_again_when_it_changes(folder, taken):
    file = folder / "a.csv"
    file.write_text("%PDF-1.7 no manifest")
    assert taken() == [("a.csv", "failed")]
    assert taken() == []
    file.write_text(MOVEMENTS)
    assert taken() == [("a.csv", "received")]


def test_what_is_wrong_is_said_of_the_file_and_not_of_its_copy(folder, watched):
    (folder / "empty.csv").touch()
    (found,) = watched().watch(every=1, is_once=True)
    assert found.sentence.startswith("empty.csv is empty")
    assert "in-hand-" not in found.sentence


def test_what_dead_processes_left_is_removed_and_what_is_in_hand_stays(folder, taken, unit):
    left = unit.received_folder / "in-hand-dead"
    left.mkdir(parents=True)
    (left / "a.csv").write_text(MANIFEST)
    with taken_in_hand(unit) as mine:
        (folder / "gate.csv").write_text(MOVEMENTS)
        assert taken() == [("gate.csv", "received")]
        assert list(unit.received_folder.glob("in-hand-*")) == [mine]
        assert clear_left_behind(unit) == 0
    assert list(unit.received_folder.glob("in-hand-*")) == []


def test_each_name_of_broken_bytes_is_told(folder, taken):
    """Empty files are all the same, and none of them vanishes unseen."""
    for name in ("a.csv", "b.csv"):
        (folder / name).touch()
    assert taken() == [("a.csv", "failed"), ("b.csv", "failed")]
    assert taken() == []


def test_what_is_no_manifest_is_received(folder, taken, unit, scored):
    (folder / "gate.csv").write_text(MOVEMENTS)
    assert taken() == [("gate.csv", "received")]
    assert taken() == []
    assert (scored(), received(unit)) == ([], ["gate.csv"])


def test_every_file_of_an_archive_is_taken_once(folder, watched, taken, scored):
    with zipfile.ZipFile(folder / "day.zip", "w") as archive:
        archive.writestr("a.csv", MANIFEST)
        archive.writestr("b.csv", OTHER)
    stopped = watched()
    score = stopped.steps.score

    def killed_at_the_second(reading, path):
        if reading.manifest.source.file == "b.csv":
            raise Killed
        return score(reading, path)

    halfway = replace(stopped, steps=replace(stopped.steps, score=killed_at_the_second))
    with pytest.raises(Killed):
        list(halfway.watch(every=1, is_once=True))
    assert taken() == [("day.zip", "scored")]
    assert taken() == []
    assert scored() == ["a.csv", "b.csv"]


@pytest.mark.parametrize(
    ("step", "is_after"),
    [
        ("read", False),
        ("score", True),
        ("receive", False),
        ("receive", True),
        ("note_broken", True),
    ],
)
def test_a_kill_at_any_step_loses_nothing_and_doubles_nothing(
    folder, watched, taken, scored, unit, step, is_after
):
    (folder / "a.csv").write_text(MANIFEST)
    (folder / "gate.csv").write_text(MOVEMENTS)
    (folder / "none.csv").write_text("%PDF-1.7")
    whole = watched()
    meant = getattr(whole.steps, step)

    def killed(*arguments):
        if is_after:
            meant(*arguments)
        raise Killed

    with pytest.raises(Killed):
        list(
            replace(whole, steps=replace(whole.steps, **{step: killed})).watch(
                every=1, is_once=True
            )
        )
    taken()
    assert taken() == []
    assert scored() == ["a.csv"]
    assert sorted(received(unit)) == ["a.csv", "gate.csv"]


@pytest.mark.parametrize(
    "name",
    [
        "riskengine.ledger.received.keep",
        "riskengine.ledger.received_files.note",
        "riskengine.ledger.runs.write_run",
        "riskengine.ledger.run_register.register_run",
        "riskengine.register.audit.append",
    ],
)
def test_a_kill_inside_a_step_loses_nothing_and_doubles_nothing(
    folder, watched, taken, scored, unit, monkeypatch, name
):
    (folder / "a.csv").write_text(MANIFEST)
    with monkeypatch.context() as patch:

        def killed(*_arguments, **_options):
            raise Killed

        patch.setattr(name, killed)
        with pytest.raises(Killed):
            list(watched().watch(every=1, is_once=True))
    assert taken() == [("a.csv", "scored")]
    assert taken() == []
    assert (scored(), received(unit).count("a.csv")) == (["a.csv"], 1)
    with open_ledger(unit, read_only=True) as connection:
        seen = connection.execute(
            "SELECT count(*) FROM sighting WHERE container_key = 'CSQU3054383'"
        ).fetchall()
    assert seen == [(1,)]


def test_a_workspace_that_is_busy_is_tried_again(folder, watched, scored):
    (folder / "a.csv").write_text(MANIFEST)
    whole = watched()
    tries: list[int] = []

    def busy_once(reading, path):
        tries.append(1)
        if len(tries) == 1:
            raise LedgerBusy("held.")
        return whole.steps.score(reading, path)

    slow = replace(whole, steps=replace(whole.steps, score=busy_once))
    watching = slow.watch(every=1, is_once=False)
    assert next(watching).what == "scored"
    watching.close()
    assert (len(tries), scored()) == (2, ["a.csv"])


def test_trouble_of_the_workspace_keeps_no_other_file_waiting(folder, watched, scored):
    (folder / "a.csv").write_text(MANIFEST)
    (folder / "b.csv").write_text(OTHER)
    whole = watched()

    def refused(reading, path):
        if path.name == "a.csv":
            raise LedgerError("No room.")
        return whole.steps.score(reading, path)

    troubled = replace(whole, steps=replace(whole.steps, score=refused))
    found = []
    with pytest.raises(LedgerError, match="No room"):
        found.extend(one.what for one in troubled.watch(every=1, is_once=True))
    assert (found, scored()) == (["failed", "scored"], ["b.csv"])


def test_a_folder_that_is_not_there_is_said(watched, folder):
    folder.rmdir()
    with pytest.raises(UsageError, match="cannot be watched"):
        list(watched().watch(every=1, is_once=True))


def test_a_watched_file_is_recorded_as_score_records_it(folder, watched, unit):
    """From the same bytes, as of the same morning."""
    file = folder / "voyage.csv"
    file.write_text(MANIFEST)
    (one,) = watched().watch(every=1, is_once=True)
    entry = run_register.find_run(unit, one.run.card.run_id)
    (reading,) = read_manifests(file)
    assert (entry.manifest_file, entry.assessed_at.date()) == ("voyage.csv", NOON.date())
    assert entry.manifest_sha256 == reading.manifest.source.sha256
    assert read_frame(entry.folder_in(unit), "assessments").equals(one.run.assessments)
