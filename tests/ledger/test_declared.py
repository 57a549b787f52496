"""What earlier versions declared is found again: of the same voyage, from before, and as it was read last."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from riskengine.errors import LedgerError
from riskengine.ledger import declared, received_files
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.declared import DECLARED
from riskengine.ledger.received_files import ReceivedFile

VOYAGE = {
    "voyage_key": "9074729|609E",
    "named_voyage_key": "EXAMPLE ANDES|609E",
    "vessel_imo": "9074729",
}


def rows(*lines, **voyage):
    named = {"is_box": True, "is_unreadable": False} | VOYAGE | voyage
    return pl.DataFrame([named | line for line in lines], schema=dict(DECLARED))


def line(box, bill="B1", **fields):
    return {"container_key": box, "bill_of_lading": bill} | fields


@pytest.fixture
def received(workspace):
    """Receive one version."""

    def one(sha256, frame, *, mapping="", known_on=date(2026, 3, 4)):
        entry = ReceivedFile(
            sha256=sha256,
            mapping_sha256=mapping,
            file=f"{sha256}.csv",
            packed_in="",
            format="csv",
            kind="manifest",
            function=None,
            document_number=None,
            sender=None,
            received_at=datetime(2026, 3, 4, 9, tzinfo=UTC),
            known_on=known_on,
            received_by="officer",
            record_count=1,
            container_count=1,
            defect_count=0,
        )
        with open_ledger(workspace) as connection:
            seq, _ = received_files.note(connection, entry)
            declared.note(connection, seq, frame)
        return seq

    return one


@pytest.fixture
def earlier(workspace):
    def asked(sha256="new", *, before_seq=None, known_by=None, **voyage):
        frame = pl.DataFrame(
            [VOYAGE | voyage], schema={name: DECLARED[name] for name in VOYAGE}
        )
        return declared.earlier(
            workspace, frame, sha256=sha256, before_seq=before_seq, known_by=known_by
        )

    return asked


def test_every_field_comes_back_as_it_was_kept(received, earlier):
    given = rows(
        line("CSQU3054383", consignee_name="ACME", seal_numbers=["A", "B"], gross_mass_kg=1.5)
    )
    received("one", given)
    found = earlier()
    assert found.select(DECLARED.keys()).equals(given)
    assert found["seq"].to_list() == [1]
    assert found["file"].to_list() == ["one.csv"]
    assert found["received_at"].to_list() == [datetime(2026, 3, 4, 9, tzinfo=UTC)]


def test_another_voyage_is_not_found(received, earlier):
    received("one", rows(line("CSQU3054383")))
    assert earlier(voyage_key="9074729|610W", named_voyage_key="EXAMPLE ANDES|610W").is_empty()


def test_only_what_came_before_and_was_known_is_found(received, earlier):
    received("one", rows(line("BOX1")), known_on=date(2026, 3, 4))
    received("two", rows(line("BOX2")), known_on=date(2026, 3, 6))
    received("three", rows(line("BOX3")), known_on=date(2026, 3, 5))
    assert earlier()["container_key"].to_list() == ["BOX1", "BOX2", "BOX3"]
    assert earlier(before_seq=2)["container_key"].to_list() == ["BOX1"]
    assert earlier(known_by=date(2026, 3, 5))["container_key"].to_list() == ["BOX1", "BOX3"]


def test_a_file_is_no_earlier_version_of_itself_and_sees_nothing_after_it(received, earlier):
    received("one", rows(line("BOX1")))
    received("two", rows(line("BOX2")))
    received("three", rows(line("BOX3")))
    assert earlier("two")["container_key"].to_list() == ["BOX1"]
    again = received("two", rows(line("BOX2")), mapping="other")
    assert earlier("two", before_seq=again)["container_key"].to_list() == ["BOX1"]


def test_a_file_read_in_two_ways_is_one_version_as_it_was_read_last(received, earlier):
    received("one", rows(line("BOX1", consignee_name="MISREAD")))
    received("two", rows(line("BOX1", consignee_name="ACME")))
    received("one", rows(line("BOX1", consignee_name="ACME")), mapping="corrected")
    assert earlier().select("seq", "consignee_name").rows() == [(1, "ACME"), (2, "ACME")]
    assert earlier(before_seq=3)["consignee_name"].to_list() == ["MISREAD", "ACME"]


def test_a_voyage_is_known_by_the_name_of_its_ship_where_one_file_lacks_the_imo_number(
    received, earlier
):
    received("one", rows(line("BOX1"), voyage_key="MV EXAMPLE ANDES|609E", vessel_imo=None))
    received("two", rows(line("BOX2"), voyage_key="9999999|609E", vessel_imo="9999999"))
    found = earlier()
    assert found["container_key"].to_list() == ["BOX1"]
    assert found["voyage_key"].to_list() == [VOYAGE["voyage_key"]]


def test_rows_that_are_not_as_agreed_are_refused(workspace):
    with (
        pytest.raises(LedgerError, match="other columns"),
        open_ledger(workspace) as connection,
    ):
        declared.note(connection, 1, rows(line("BOX1")).drop("marks"))
