"""What a unit makes its own of the rules: packs added, settings tuned, exceptions entered; each with its entry in the chain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from riskengine.errors import RuleError
from riskengine.ledger.connection import open_ledger
from riskengine.register import audit
from riskengine.register.connection import open_register
from riskengine.register.rule_changes import ChangeKind, Wish, is_same_person
from riskengine.review.rule_change import finish_changes, submit
from riskengine.rules.exceptions import Entered, must_be_usable, standing_exceptions
from riskengine.rules.rule import RuleStatus
from riskengine.rules.store import Installation, install
from riskengine.rules.tuning import Tuned, checked_setting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from riskengine.rules.rule import Pack, RuleException
    from riskengine.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who does something, when and why.

    Attributes:
        by: Who answers for it.
        at: When, with its time zone.
        reason: Why; may be empty where a file says it.
    """

    by: str
    at: datetime
    reason: str = ""


def add_pack(
    workspace: Workspace, pack: Pack, signed: Signature
) -> tuple[Installation, Entered]:
    """Add the rules of a pack as drafts, its lists, and its exceptions.

    Raises:
        RulesRefused: Rules say something else than the ledger's rules of these ids and versions.
        RuleError: An exception cannot be entered; then nothing was added.
    """
    finish_changes(workspace)
    _must_be_enterable(workspace, pack.exceptions, signed)
    done = install(
        workspace,
        replace(pack, exceptions=()),
        at=signed.at,
        who=signed.by,
        standing=RuleStatus.DRAFT,
    )
    if done.changes:
        told = {
            "pack_version": pack.version,
            "new": [f"{rule.id} {rule.version} {rule.sha256}" for rule in done.new],
            "reworded": [f"{rule.id} {rule.version}" for rule in done.reworded],
            "lists": list(done.lists),
        }
        with open_register(workspace) as connection:
            audit.append(connection, signed.by, "rules_added", pack.name, told)
    return done, enter_exceptions(workspace, pack.exceptions, signed)


def tune(
    workspace: Workspace, rule_id: str, name: str, value: float | None, signed: Signature
) -> Tuned | None:
    """Use another number for a setting of a rule here, within its author's bounds, or the author's again.

    Returns:
        The number beside the author's; None where the author's counts again.

    Raises:
        RuleNotFound: No rule of this id is installed.
        RuleError: There is no such setting, the number lies outside the bounds, or no reason is given.
    """
    _must_have_reason(signed, f"Tuning {rule_id}")
    finish_changes(workspace)
    with open_ledger(workspace, read_only=True) as connection:
        setting = checked_setting(connection, rule_id, name, value)
    written = None if value is None else repr(float(value))
    _submit(
        workspace,
        ChangeKind.SETTING,
        rule_id,
        {"name": name, "value": written, "authors": repr(setting.value)},
        signed,
    )
    if value is None or value == setting.value:
        return None
    return Tuned(name=name, authors=setting.value, value=value)


def enter_exceptions(
    workspace: Workspace, exceptions: Sequence[RuleException], signed: Signature
) -> Entered:
    """Enter exceptions; whoever enters one is not the person who approved it.

    Raises:
        RuleError: An id was ended before, or the person who enters it approved it; then nothing was entered.
    """
    finish_changes(workspace)
    _must_be_enterable(workspace, exceptions, signed)
    before = {e.exception.id: e.exception.sha256 for e in standing_exceptions(workspace)}
    fresh = [e for e in exceptions if before.get(e.id) != e.sha256]
    for exception in fresh:
        particulars = {
            "sources": [exception.source_yaml],
            "sha256": exception.sha256,
            "approved_by": exception.approved_by,
            "expires": exception.expires.isoformat(),
        }
        told = replace(signed, reason=signed.reason or exception.reason)
        _submit(workspace, ChangeKind.EXCEPTION, exception.id, particulars, told)
    return Entered(
        new=tuple(e.id for e in fresh if e.id not in before),
        changed=tuple(e.id for e in fresh if e.id in before),
        unchanged=tuple(e.id for e in exceptions if before.get(e.id) == e.sha256),
    )


def end_exception(workspace: Workspace, exception_id: str, signed: Signature) -> None:
    """End an exception before its last day.

    Raises:
        RuleError: No exception of this id stands, or no reason is given.
    """
    _must_have_reason(signed, f"Ending {exception_id}")
    finish_changes(workspace)
    standing = {
        entry.exception.id: entry.exception.source_yaml
        for entry in standing_exceptions(workspace)
    }
    if exception_id not in standing:
        raise RuleError(
            f"No exception {exception_id} stands.",
            remedy="List them with `riskengine rules except list`.",
        )
    particulars = {"source": standing[exception_id]}
    _submit(workspace, ChangeKind.EXCEPTION_END, exception_id, particulars, signed)


def _submit(
    workspace: Workspace,
    kind: ChangeKind,
    about: str,
    particulars: Mapping[str, object],
    signed: Signature,
) -> None:
    wish = Wish(
        kind=kind,
        about=about,
        particulars=particulars,
        reason=signed.reason,
        by=signed.by,
        at=signed.at,
        needs_second=False,
    )
    submit(workspace, wish)


def _must_be_enterable(
    workspace: Workspace, exceptions: Sequence[RuleException], signed: Signature
) -> None:
    with open_ledger(workspace, read_only=True) as connection:
        must_be_usable(connection, exceptions)
    own = [e.id for e in exceptions if is_same_person(e.approved_by, signed.by)]
    if own:
        raise RuleError(
            f"{signed.by} approved {', '.join(own)} and cannot enter it too.",
            remedy="Whoever approves an exception is another person than whoever enters it.",
        )


def _must_have_reason(signed: Signature, what: str) -> None:
    if not signed.reason.strip():
        raise RuleError(f"{what} needs a reason.", remedy="Give it with --reason.")
