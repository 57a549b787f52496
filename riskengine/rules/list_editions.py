"""The lists that a rule of an earlier day asked: the editions that were installed at that moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

from riskengine.errors import RuleError
from riskengine.ledger.connection import open_ledger
from riskengine.rules.faults import Source
from riskengine.rules.rule_file import read_list

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from riskengine.rules.rule import Rule, RuleList
    from riskengine.workspace import Workspace


def with_lists_of(
    workspace: Workspace, rules: Iterable[Rule], moment: datetime
) -> tuple[Rule, ...]:
    """Return the rules with the values that their lists had at a moment.

    A run keeps the lists of its rules; one from before it did is helped out by the ledger.

    Args:
        workspace: Whose ledger.
        rules: Rules as a run keeps them; those that have their lists stay as they are.
        moment: When the run was recorded, with its time zone.

    Raises:
        RuleError: The ledger does not know the rule, or a list that it asks.
        LedgerError: The ledger refused.
    """
    asked = [(rule, _asked_by(rule)) for rule in rules]
    if not any(names for _, names in asked):
        return tuple(rule for rule, _ in asked)
    at = moment.astimezone(UTC).replace(tzinfo=None)
    with open_ledger(workspace, read_only=True) as connection:
        packs = dict(
            connection.execute("SELECT rule_id || ' ' || sha256, pack_name FROM rule_version").fetchall()
        )  # fmt: skip
        editions = connection.execute(
            "SELECT pack_name, name, source_yaml FROM rule_list WHERE installed_at <= ? "
            "QUALIFY row_number() OVER (PARTITION BY pack_name, name ORDER BY edition DESC) = 1",
            [at],
        ).fetchall()
    sources = {(pack, name): source for pack, name, source in editions}
    read: dict[tuple[str, str], RuleList] = {}
    filled: list[Rule] = []
    for rule, names in asked:
        if not names:
            filled.append(rule)
            continue
        pack = packs.get(f"{rule.id} {rule.sha256}", "")
        for name in names:
            if (pack, name) not in read:
                read[pack, name] = _list(rule, name, sources.get((pack, name)))
        filled.append(replace(rule, lists=tuple(read[pack, name] for name in names)))
    return tuple(filled)


def _asked_by(rule: Rule) -> tuple[str, ...]:
    return () if rule.lists else rule.lists_read


def _list(rule: Rule, name: str, source_yaml: str | None) -> RuleList:
    found = None if source_yaml is None else read_list(Source("ledger", source_yaml))
    if found is None:
        raise RuleError(
            f"The rule {rule.id} asks the list {name!r}, which the ledger did not have then."
        )
    return found
