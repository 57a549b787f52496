"""Every file that was received has one place in the order of reception, for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from riskengine.errors import LedgerError
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.received_files import (
    ReceivedFile,
    find,
    first_reception,
    list_received,
    note,
)

FIRST = ReceivedFile(
    sha256="a" * 64,
    mapping_sha256="",
    file="voyage.csv",
    packed_in="",
    format="csv",
    kind="manifest",
    function="original",
    document_number="417",
    sender="XOCN",
    received_at=datetime(2026, 3, 4, 9, 30, tzinfo=UTC),
    known_on=date(2026, 3, 4),
    received_by="officer",
    record_count=55,
    container_count=50,
    defect_count=1,
)
SECOND = replace(FIRST, sha256="b" * 64, kind="stow_plan", known_on=date(2026, 3, 6))


@pytest.fixture
def noted(workspace):
    """Note files one by one, each in a transaction of its own."""

    def one(entry):
        with open_ledger(workspace) as connection:
            return note(connection, entry)

    return one


def test_places_grow_and_what_was_noted_comes_back(workspace, noted):
    assert noted(FIRST) == (1, True)
    assert noted(SECOND) == (2, True)
    assert find(workspace, FIRST.sha256) == replace(FIRST, seq=1)
    assert list_received(workspace) == (replace(FIRST, seq=1), replace(SECOND, seq=2))


def test_the_same_bytes_keep_their_first_place_day_and_hour(workspace, noted):
    noted(FIRST)
    noted(SECOND)
    later = replace(
        FIRST,
        file="again.csv",
        received_at=datetime(2026, 4, 1, tzinfo=UTC),
        known_on=date(2026, 4, 1),
    )
    assert noted(later) == (1, False)
    assert find(workspace, FIRST.sha256) == replace(FIRST, seq=1)


def test_the_same_bytes_read_in_another_way_have_a_place_of_their_own(workspace, noted):
    noted(FIRST)
    assert noted(replace(FIRST, mapping_sha256="m" * 64)) == (2, True)
    assert find(workspace, FIRST.sha256, "m" * 64).seq == 2
    assert first_reception(workspace, FIRST.sha256).seq == 1


def test_what_never_came_is_not_found(workspace):
    assert find(workspace, "c" * 64) is None
    assert first_reception(workspace, "c" * 64) is None
    assert list_received(workspace) == ()


def test_files_are_listed_by_kind_and_day(workspace, noted):
    noted(FIRST)
    noted(SECOND)
    assert [one.seq for one in list_received(workspace, kind="stow_plan")] == [2]
    assert [one.seq for one in list_received(workspace, first=date(2026, 3, 5))] == [2]
    assert [one.seq for one in list_received(workspace, last=date(2026, 3, 5))] == [1]
    assert list_received(workspace, voyage_key="1234567|609E") == ()


def test_a_moment_without_time_zone_is_refused(workspace, noted):
    with pytest.raises(LedgerError, match="time zone"):
        noted(replace(FIRST, received_at=datetime(2026, 3, 4)))  # noqa: DTZ001
    assert list_received(workspace) == ()


def test_a_place_that_was_rolled_back_is_given_again(workspace, noted):
    def failing():
        with open_ledger(workspace) as connection:
            note(connection, FIRST)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        failing()
    assert noted(SECOND) == (1, True)
