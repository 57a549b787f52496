"""Bad values, bad names and bad moments: each value kept, normalised or named; each name works or is refused."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from riskengine.engine.intake import receive
from riskengine.errors import LedgerError, ManifestError
from riskengine.ledger.migrations import create_ledger
from riskengine.ledger.received_files import list_received
from riskengine.manifest import Reading, read_manifest
from riskengine.manifest.mapping import load_mapping
from riskengine.manifest.write import write_manifest
from riskengine.register.connection import create_register
from riskengine.workspace import Workspace

BOX = "CSQU3054383"
LIST = f"container_number,bill_of_lading\n{BOX},BL1\n"
AT = datetime(2026, 3, 4, 9, tzinfo=UTC)
DAY = date(2026, 3, 4)

FRAMES = {
    "hs_code": ("goods_items", "hs_code"),
    "gross_mass_kg": ("goods_items", "gross_mass_kg"),
    "goods_description": ("goods_items", "description"),
    "arrival_expected_on": ("voyages", "arrival_expected_on"),
    "bill_of_lading": ("consignments", "bill_of_lading"),
    "container_number": ("containers", "container_number"),
}


def read_cell(folder: Path, field: str, text: str, mapping: str | None = None) -> Reading:
    """Read a list of one line in which one field says this."""
    line = {"container_number": BOX, "bill_of_lading": "BL1", field: text}
    quoted = ['"' + value.replace('"', '""') + '"' for value in line.values()]
    path = folder / "voyage.csv"
    path.write_text(f"{','.join(line)}\n{','.join(quoted)}\n", "utf-8")
    if mapping is None:
        return read_manifest(path)
    (folder / "mapping.toml").write_text(f"schema = 1\n{mapping}", "utf-8")
    return read_manifest(path, load_mapping(folder / "mapping.toml"))


@pytest.mark.parametrize(
    ("field", "text", "kept", "code"),
    [
        pytest.param("hs_code", "010121", "010121", None, id="a code with a zero in front"),
        pytest.param("hs_code", "10121", "010121", "hs_zero_restored", id="a code that lost its zero"),
        pytest.param("container_number", "CSQU3054384", "CSQU3054384", "check_digit_wrong", id="a wrong check digit"),
        pytest.param("container_number", "csqu 305438-3", BOX, None, id="a number in small letters and pieces"),
        pytest.param("container_number", "CSQU\u00a03054383", BOX, None, id="a number with a blank that does not break"),
        pytest.param("container_number", "\u0421SQU3054383", "\u0421SQU3054383", "container_number_malformed", id="a number with a Cyrillic letter"),
        pytest.param("gross_mass_kg", "1e400", None, "number_out_of_range", id="a mass beyond all numbers"),
        pytest.param("gross_mass_kg", "NaN", None, "not_a_number", id="a mass that is no number"),
        pytest.param("gross_mass_kg", "inf", None, "not_a_number", id="a mass without end"),
        pytest.param("gross_mass_kg", "-5", None, "negative_number", id="a mass below nothing"),
        pytest.param("gross_mass_kg", "1000000000", None, "number_out_of_range", id="a mass of a million tonnes"),
        pytest.param("gross_mass_kg", "0", 0.0, None, id="a mass of nothing"),
        pytest.param("gross_mass_kg", "1,000", None, "ambiguous_number", id="a sign that may part thousands or decimals"),
        pytest.param("gross_mass_kg", "1_000", None, "not_a_number", id="a number as a program writes it"),
        pytest.param("gross_mass_kg", "0x10", None, "not_a_number", id="a number to another base"),
        pytest.param("gross_mass_kg", "N/A", None, None, id="a word for nothing"),
        pytest.param("gross_mass_kg", "heavy", None, "not_a_number", id="a word for something"),
        pytest.param("arrival_expected_on", "02/03/2026", None, "ambiguous_date", id="a day that may be a month"),
        pytest.param("arrival_expected_on", "1970-01-01", None, "date_out_of_range", id="a day before all containers"),
        pytest.param("arrival_expected_on", "2999-12-31", None, "date_out_of_range", id="a day that nobody will see"),
        pytest.param("arrival_expected_on", "2026-02-30", None, "not_a_date", id="a day that does not exist"),
        pytest.param("bill_of_lading", "12345678901234567890123456", "12345678901234567890123456", None, id="a bill of 26 digits"),
        pytest.param("goods_description", "=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0", None, id="a formula"),
        pytest.param("goods_description", "a\u202eb\u200b\x1b[2J", "a\u202eb\u200b\x1b[2J", None, id="signs that move the cursor"),
        pytest.param("goods_description", "<script>alert(1)</script>", "<script>alert(1)</script>", None, id="a script"),
    ],
)  # fmt: skip
def test_a_value_is_kept_as_it_is_or_named(tmp_path, field, text, kept, code):
    reading = read_cell(tmp_path, field, text)
    frame, column = FRAMES[field]
    assert getattr(reading.manifest, frame)[column].to_list() == [kept]
    assert [defect.code for defect in reading.defects] == ([] if code is None else [code])
    assert all(defect.raw == text for defect in reading.defects if kept is None)


def test_a_decimal_after_thousands_of_whole_numbers_is_kept(tmp_path):
    lines = "".join(f"{BOX},BL1,lot {number},{number}\n" for number in range(1, 5000))
    path = tmp_path / "voyage.csv"
    path.write_text(
        f"container_number,bill_of_lading,goods_description,gross_mass_kg\n{lines}{BOX},BL1,last,10.75\n"
    )
    assert read_manifest(path).manifest.goods_items["gross_mass_kg"].to_list()[-1] == 10.75


def test_masses_in_another_unit_are_converted_where_the_unit_is_told(tmp_path):
    reading = read_cell(tmp_path, "gross_mass_kg", "1000 lb")
    told = reading.manifest.goods_items["gross_mass_kg"].to_list()
    assert told == [pytest.approx(453.59237)] or {d.code for d in reading.defects} == {
        "not_a_number"
    }


def test_a_line_with_nothing_but_its_number_is_a_container(tmp_path):
    path = tmp_path / "voyage.csv"
    path.write_text(
        f"container_number,bill_of_lading,goods_description,gross_mass_kg\n{BOX},,,\n"
    )
    reading = read_manifest(path)
    assert reading.manifest.containers["container_number"].to_list() == [BOX]
    assert not reading.defects


@pytest.mark.parametrize("name", ["nothing", "a\nb", "a\x1b[2J", os.fsdecode(b"\xff")])
def test_a_file_that_is_not_there_is_refused_by_a_name_that_can_be_printed(tmp_path, name):
    with pytest.raises(ManifestError, match="There is no file") as refusal:
        read_manifest(tmp_path / name)
    assert refusal.value.sentence.encode("utf-8")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ManifestError, match="is a folder"):
        read_manifest(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="there are none on Windows")
def test_pipes_and_devices_are_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path / "link", Path(os.devnull), Path("/dev/zero")):
        with pytest.raises(ManifestError, match="not a regular file"):
            read_manifest(path)


@pytest.mark.skipif(os.name == "nt", reason="there are none on Windows")
def test_a_link_is_what_it_leads_to(tmp_path):
    (tmp_path / "list.csv").write_text(LIST)
    (tmp_path / "voyage.csv").symlink_to(tmp_path / "list.csv")
    assert read_manifest(tmp_path / "voyage.csv").manifest.source.file == "voyage.csv"
    (tmp_path / "users").symlink_to("/etc/passwd")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    for name in ("users", "nowhere", "round"):
        with pytest.raises(ManifestError):
            read_manifest(tmp_path / name)


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "voyage.csv"
    path.write_text(LIST)
    told = os.fstat

    def grown(descriptor: int) -> os.stat_result:
        status = told(descriptor)
        with path.open("a") as file:
            file.write("more")
        return status

    monkeypatch.setattr("riskengine.manifest.file_bytes.os.fstat", grown)
    with pytest.raises(ManifestError, match="changed while it was read"):
        read_manifest(path)


@pytest.fixture
def desk(tmp_path):
    """A workspace with empty stores."""
    made = Workspace(tmp_path / "desk")
    create_ledger(made)
    create_register(made)
    return made


def received(desk, path):
    return receive(desk, read_manifest(path), path, at=AT, known_on=DAY, by="officer")


def test_a_file_that_changed_between_reading_and_receiving_is_refused(desk, tmp_path):
    path = tmp_path / "voyage.csv"
    path.write_text(LIST)
    reading = read_manifest(path)
    path.write_text(LIST + f"{BOX},BL2\n")
    with pytest.raises(LedgerError, match="changed since it was read"):
        receive(desk, reading, path, at=AT, known_on=DAY, by="officer")
    assert list_received(desk) == ()


def test_the_same_bytes_are_received_once_under_whatever_name(desk, tmp_path):
    names = [
        "voyage.csv",
        "copy.csv",
        "a'; drop table declared; --\".csv",
        os.fsdecode(b"\xff.csv"),
    ]
    for name in names:
        (tmp_path / name).write_text(LIST)
    seen = [received(desk, tmp_path / name) for name in names]
    assert [(one.seq, one.is_new) for one in seen] == [
        (1, True),
        (1, False),
        (1, False),
        (1, False),
    ]


def test_a_hostile_name_is_kept_as_text(desk, tmp_path):
    name = "a'; drop table declared; --\"\n.csv"
    (tmp_path / name).write_text(LIST)
    received(desk, tmp_path / name)
    assert [entry.file for entry in list_received(desk)] == [name]
    (tmp_path / os.fsdecode(b"\xff.csv")).write_text(LIST + f"{BOX},BL2\n")
    received(desk, tmp_path / os.fsdecode(b"\xff.csv"))
    assert [entry.file for entry in list_received(desk)][-1].encode("utf-8")


def test_the_same_lines_in_another_order_or_format_are_a_file_of_their_own(
    desk, tmp_path, voyage
):
    manifest = read_manifest(voyage).manifest
    head, *lines = voyage.read_text("utf-8").splitlines(keepends=True)
    turned, book = tmp_path / "turned.csv", tmp_path / "voyage.xlsx"
    turned.write_text(head + "".join(reversed(lines)), "utf-8")
    write_manifest(manifest, book)
    assert [received(desk, path).seq for path in (voyage, turned, book)] == [1, 2, 3]
    numbers = manifest.containers["container_number"].drop_nulls().sort()
    for path in (turned, book):
        other = read_manifest(path).manifest.containers["container_number"].drop_nulls().sort()
        assert other.equals(numbers)


def test_columns_in_another_order_give_the_same_frames(tmp_path, voyage):
    frame = pl.read_csv(voyage, infer_schema=False)
    frame.select(sorted(frame.columns)).write_csv(tmp_path / "voyage.csv")
    one, other = read_manifest(voyage).manifest, read_manifest(tmp_path / "voyage.csv").manifest
    assert one.goods_items.equals(other.goods_items)
    assert one.containers.equals(other.containers)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (LIST.encode(), 0),
        (LIST.replace("83", "84").encode(), 1),
        (b"", 3),
        (b"%PDF-1.7", 3),
        (b"[" * 1000, 3),
        (b"<!DOCTYPE a><Awmds/>", 3),
        (b"PAR1PAR1", 3),
        (b"PK\x03\x04", 3),
        (b"\x1f\x8b\x08", 3),
        (b"\xd0\xcf\x11\xe0", 3),
    ],
)
@pytest.mark.parametrize("name", ["voyage", "voy\x1b[2Jage\n.csv", os.fsdecode(b"\xff.csv")])
def test_a_command_leaves_with_a_code_and_never_with_a_trace(
    tmp_path, command, content, code, name
):
    (tmp_path / name).write_bytes(content)
    said = command("check", tmp_path / name)
    assert said.code == code
    assert "Traceback" not in said.err
    assert "\x1b[2J" not in said.out + said.err


@pytest.mark.parametrize("verb", ["check", "score", "reconcile"])
def test_a_command_refuses_what_is_no_file(tmp_path, command, verb):
    said = command(verb, tmp_path / os.fsdecode(b"no\xffwhere\n\x1b[2J"))
    assert said.code in {2, 3}
    assert "Traceback" not in said.err
    assert "\x1b[2J" not in said.err
