"""The page on the life of a box: signs first, then what is known in the order of time, in each language."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime

import polars as pl
import pytest
from rich.console import Console

from riskengine.cli.biography_page import show_biography, show_short
from riskengine.cli.telling import chapters_as_json, signs_as_json
from riskengine.domain import ExaminationResult, Outcome
from riskengine.engine.biography import Biography, Chapter, biography_of
from riskengine.engine.memory import remember
from riskengine.features import gather
from riskengine.features.beside import with_beside
from riskengine.ledger import history, movements, received_files
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.migrations import create_ledger
from riskengine.ledger.outcomes import note_outcome
from riskengine.manifest import read_manifest
from riskengine.messages import LANGUAGES
from riskengine.workspace import Workspace

BOX = "CSQU3054383"
FIRST = {
    "bill_of_lading": "B1",
    "container_number": BOX,
    "seal_number": "XO418207",
    "vessel_name": "EXAMPLE ANDES",
    "voyage_number": "601E",
    "departed_on": "2026-01-20",
    "arrival_expected_on": "2026-02-01",
    "port_of_loading": "ECGYE",
    "port_of_discharge": "ESBCN",
    "shipper_name": "EXPORT SA",
    "consignee_name": "IMPORT SL",
    "goods_description": "GREEN COFFEE \x1b[2J",
    "gross_mass_kg": "20000",
    "tare_mass_kg": "2200",
    "size_type": "22G1",
}
SECOND = FIRST | {
    "bill_of_lading": "B2",
    "vessel_name": "EXAMPLE PLATA",
    "voyage_number": "77W",
    "departed_on": "2026-01-25",
    "arrival_expected_on": "2026-03-05",
    "port_of_loading": "BRSSZ",
    "shipper_name": "CAFE LTDA",
    "consignee_name": "TOSTADORES SL",
    "size_type": "45R1",
    "tare_mass_kg": "4600",
}


def reported(connection):
    told = dict.fromkeys(movements.MOVED) | {"container_number": BOX, "is_full": True}
    rows = [
        told | {"movement": "gate_out", "moved_on": date(2026, 2, 3), "place": "ESBCN"},
        told
        | {"movement": "gate_in", "moved_on": date(2026, 2, 25), "facility": "DEPOT NORTE"},
    ]
    entry = received_files.ReceivedFile(
        sha256="s", mapping_sha256="", file="gate.csv", packed_in="", format="csv",
        kind="movements", function=None, document_number=None, sender=None,
        received_at=datetime(2026, 3, 1, tzinfo=UTC), known_on=date(2026, 3, 1),
        received_by="t", record_count=2, container_count=1, defect_count=0,
    )  # fmt: skip
    seq, _ = received_files.note(connection, entry)
    planned = pl.DataFrame(schema=dict(movements.PLANNED))
    movements.note(connection, seq, planned, pl.DataFrame(rows, schema=dict(movements.MOVED)))


def examined(connection):
    found = ExaminationResult(
        container_number=BOX, outcome=Outcome.SEIZURE, officer="o", run_id="r",
        examined_at=datetime(2026, 2, 3, tzinfo=UTC),
    )  # fmt: skip
    note_outcome(connection, "i", found, known_on=date(2026, 2, 4))
    rows = [("container", BOX, date(2026, 2, 4), 0, 1, 1)]
    counts = pl.DataFrame(rows, schema=dict(history.COUNT_DAYS), orient="row")
    habits = pl.DataFrame(schema=dict(history.HABIT_DAYS))
    history.add(connection, history.Past(counts=counts, habits=habits))


@pytest.fixture(scope="module")
def lived(tmp_path_factory, written_lines):
    """A unit that knows a box on two voyages, at two gates and examined: nobody may change it."""
    root = tmp_path_factory.mktemp("lived")
    unit = Workspace(root / "unit")
    create_ledger(unit)
    unit.settings_file.touch()
    for on, line in ((date(2026, 1, 31), FIRST), (date(2026, 3, 4), SECOND)):
        manifest = read_manifest(written_lines(root / f"{on}.csv", [line])).manifest
        with open_ledger(unit) as connection:
            remember(connection, with_beside(gather(manifest, on)), manifest.attributes)
    with open_ledger(unit) as connection:
        reported(connection)
        examined(connection)
    return unit


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_in_each_language(lived, command, is_as_kept, language):
    said = command("biography", "csqu 305438-3", "-w", lived.root, "--lang", language)
    assert (said.code, said.err) == (0, "")
    is_as_kept(f"biography_{language}", said.out)


def test_only_what_was_known_before_the_day(lived, command):
    said = command("biography", BOX, "-w", lived.root, "--before", "2026-02-04")
    assert "EXAMPLE ANDES" in said.out
    assert "EXAMPLE PLATA" not in said.out
    assert "seizure" not in said.out
    assert "Feb 4, 2026" in said.out


def test_json_has_each_sign_with_its_sentence(lived, command):
    said = command("biography", BOX, "-w", lived.root, "--json", "--lang", "es")
    told = json.loads(said.out)
    assert [chapter["kind"] for chapter in told["chapters"]] == [
        "voyage", "movement", "examination", "movement", "voyage",
    ]  # fmt: skip
    overlap = next(sign for sign in told["signs"] if sign["code"] == "voyages_overlap")
    assert overlap["earlier"] == {"place": "ESBCN", "on": "2026-02-01"}
    assert "EXAMPLE PLATA 77W" in overlap["sentence"]
    assert (told["voyage_count"], told["find_count"]) == (2, 1)


def test_a_box_that_nobody_knows_is_said_to_be_unknown(lived, command):
    """A sentence, what was probably meant, and no error."""
    said = command("biography", "CSQU3054384", "-w", lived.root)
    assert (said.code, said.err) == (0, "")
    assert "Nothing is known here of CSQU3054384." in said.out
    assert "one slip away: CSQU3054383" in said.out
    early = command("biography", BOX, "-w", lived.root, "--before", "2026-01-01")
    assert "Nothing was known here of CSQU3054383 before Jan 1, 2026." in early.out


def test_the_bill_of_boxes_names_them(lived, command):
    said = command("biography", "B2", "-w", lived.root)
    assert said.out == "B2 is the bill of CSQU3054383; name the container you mean.\n"


def test_a_day_that_is_none_is_refused(lived, command):
    said = command("biography", BOX, "-w", lived.root, "--before", "yesterday")
    assert (said.code, said.out) == (2, "")


def test_what_has_no_shape_of_a_number_is_told_what_one_looks_like(lived, command):
    said = command("biography", "HELLO", "-w", lived.root)
    assert "Nothing is known here of HELLO." in said.out
    assert "four letters and seven digits" in said.out
    assert "four letters" not in command("biography", "MSCU6639870", "-w", lived.root).out


def test_loose_cargo_is_spoken_of_as_a_bill(capsys):
    chapter = Chapter(kind="voyage", on=date(2026, 1, 31), bills=("B7", "B8"))
    told = Biography(
        name="B7+B8", before=None, chapters=(chapter,), signs=(), voyage_count=1,
        examination_count=0, find_count=0,
    )  # fmt: skip
    show_biography(told, "en")
    said = capsys.readouterr().out
    assert "known of this bill" in said
    assert "second box" not in said


@pytest.mark.parametrize("verb", [("biography", BOX), ("filers",)])
def test_without_a_workspace_it_is_said_that_there_is_none(tmp_path, command, verb):
    said = command(*verb, "-w", tmp_path / "none")
    assert (said.code, said.out) == (3, "")
    assert "There is no workspace in" in said.err


def test_chapters_and_signs_are_told_to_programs(lived):
    told = biography_of(lived, BOX)
    chapters, signs = chapters_as_json(told.chapters), signs_as_json(told.signs, "en")
    assert json.loads(json.dumps(chapters))[0]["arrival_expected_on"] == "2026-02-01"
    assert all(sign["sentence"] for sign in json.loads(json.dumps(signs)))


def test_the_short_form_names_the_signs_first(lived):
    told = biography_of(lived, BOX)
    console = Console(file=io.StringIO(), width=240)
    show_short(console, BOX, told.chapters, "en", told.signs)
    assert "at once; days at sea on both" in console.file.getvalue()


def test_the_short_form_shows_the_last_chapters_and_where_the_rest_is(lived):
    chapters = biography_of(lived, BOX).chapters
    console = Console(file=io.StringIO(), width=140)
    show_short(console, BOX, chapters, "en")
    told = console.file.getvalue()
    assert ("EXAMPLE PLATA" in told, "EXAMPLE ANDES" in told) == (True, False)
    assert "riskengine biography CSQU3054383" in told
    console = Console(file=io.StringIO(), width=140)
    show_short(console, BOX, (), "en")
    assert "Nothing was known of it before this voyage." in console.file.getvalue()
