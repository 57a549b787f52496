"""Looking after a workspace mends what a crash left and checks what must hold."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from riskengine.errors import AuditChainBroken
from riskengine.register.connection import open_register
from riskengine.register.rule_changes import ChangeKind, Wish, request_change
from riskengine.review import look_after
from riskengine.rules.store import in_force


def test_a_sound_workspace_needs_nothing(unit):
    """Nothing is brought forward, swept or finished, and the chain and the model hold."""
    upkeep = look_after(unit)
    assert (upkeep.ledger_migrations, upkeep.register_migrations) == ((), 0)
    assert (upkeep.swept, upkeep.finished, upkeep.finished_changes) == (0, 0, 0)
    assert upkeep.audit_entries >= 1
    assert upkeep.model_id


def test_an_entry_that_was_rewritten_is_named(unit):
    """Whoever edits the register behind the engine's back is found out."""
    with open_register(unit) as connection:
        triggers = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for (name,) in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        (table,) = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%audit%'"
        ).fetchone()
        connection.execute(f'UPDATE "{table}" SET actor = ? WHERE seq = 1', ("somebody else",))
    with pytest.raises(AuditChainBroken, match="1"):
        look_after(unit)


def test_a_change_of_a_rule_that_a_crash_cut_short_is_carried_out(unit):
    """The request stands in the register; looking after the workspace brings it into the ledger."""
    rule = next(rule for rule in in_force(unit, date(2026, 3, 4)).rules if rule.settings)
    setting = rule.settings[0]
    wish = Wish(
        kind=ChangeKind.SETTING,
        about=rule.id,
        particulars={"name": setting.name, "value": repr(setting.highest)},
        reason="noise",
        by="Ana",
        at=datetime(2026, 3, 4, tzinfo=UTC),
        needs_second=False,
    )
    request_change(unit, wish)
    assert look_after(unit).finished_changes == 1
    assert look_after(unit).finished_changes == 0
    after = next(one for one in in_force(unit, date(2026, 3, 4)).rules if one.id == rule.id)
    assert after.settings[0].value == setting.highest
