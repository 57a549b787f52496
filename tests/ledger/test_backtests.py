"""Back-tests attached to what a rule means."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from riskengine.errors import LedgerError
from riskengine.ledger.backtests import AttachedBacktest, attach, latest
from riskengine.ledger.migrations import create_ledger
from riskengine.workspace import Workspace

REPORT = AttachedBacktest(
    rule_id="TST-ONE-001",
    sha256="a" * 64,
    made_at=datetime(2026, 5, 1, 12, tzinfo=UTC),
    made_by="ana",
    first_day=date(2026, 1, 1),
    last_day=date(2026, 3, 31),
    report_json='{"schema": 1}',
)


@pytest.fixture
def ledger(tmp_path):
    workspace = Workspace(tmp_path / "unit")
    create_ledger(workspace)
    return workspace


def test_a_rule_without_evidence_has_none(ledger):
    assert latest(ledger, "TST-ONE-001", "a" * 64) is None


def test_what_is_attached_is_found_again_as_it_was(ledger):
    attach(ledger, REPORT)
    assert latest(ledger, "TST-ONE-001", "a" * 64) == REPORT
    assert REPORT.days == 90


def test_evidence_is_for_one_content_only(ledger):
    attach(ledger, REPORT)
    assert latest(ledger, "TST-ONE-001", "b" * 64) is None
    assert latest(ledger, "TST-TWO-001", "a" * 64) is None


def test_the_last_one_counts_and_the_others_stay(ledger):
    later = replace(REPORT, made_at=REPORT.made_at + timedelta(hours=1), made_by="bob")
    attach(ledger, later)
    attach(ledger, REPORT)
    assert latest(ledger, "TST-ONE-001", "a" * 64) == later
    at_once = replace(later, made_by="eva")
    attach(ledger, at_once)
    assert latest(ledger, "TST-ONE-001", "a" * 64) == at_once


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"last_day": date(2025, 12, 31)}, "before it begins"),
        ({"report_json": "x" * 1_000_001}, "too large"),
        ({"made_at": datetime(2026, 5, 1)}, "time zone"),  # noqa: DTZ001
    ],
)
def test_what_cannot_be_evidence_is_refused(ledger, changed, said):
    with pytest.raises(LedgerError, match=said):
        attach(ledger, replace(REPORT, **changed))
    assert latest(ledger, "TST-ONE-001", "a" * 64) is None
