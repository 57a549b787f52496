"""Looking after a workspace mends what a crash left and checks what must hold."""

from __future__ import annotations

import pytest

from riskengine.errors import AuditChainBroken
from riskengine.register.connection import open_register
from riskengine.review import look_after


def test_a_sound_workspace_needs_nothing(unit):
    """Nothing is brought forward, swept or finished, and the chain and the model hold."""
    upkeep = look_after(unit)
    assert (upkeep.ledger_migrations, upkeep.register_migrations) == ((), 0)
    assert (upkeep.swept, upkeep.finished) == (0, 0)
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
