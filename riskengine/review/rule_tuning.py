"""What a unit makes its own of the rules: packs added, settings tuned, exceptions entered; each with its entry in the chain.

What reaches far waits for another person: the tuning of a rule that counts, and exceptions that excuse more than
a few values of one party, box, bill or seal from a few named rules.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

from riskengine.errors import RuleError, RulesRefused
from riskengine.ledger.connection import open_ledger
from riskengine.register.persons import is_same_person, must_be_a_person
from riskengine.register.rule_changes import (
    ChangeKind,
    ChangeState,
    Decision,
    Wish,
    changes,
    decide_change,
)
from riskengine.review.rule_change import carry_out, finish_changes, submit
from riskengine.rules.exception_reach import needs_second, wide_faults
from riskengine.rules.exceptions import (
    Entered,
    exception_from_source,
    must_be_usable,
    standing_exceptions,
)
from riskengine.rules.installation_log import RULES_ADDED, InstallationLog
from riskengine.rules.rule import RuleStatus
from riskengine.rules.standing import COUNTING, installed
from riskengine.rules.store import Installation, install
from riskengine.rules.tuning import Tuned, checked_setting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from riskengine.register.rule_changes import RuleChange
    from riskengine.rules.rule import Pack, RuleException
    from riskengine.workspace import Workspace

_LIST_WAITING: Final = "List what waits with `riskengine rules pending`."


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What adding a pack did.

    Attributes:
        installation: What became of its rules and lists.
        exceptions: What became of its exceptions.
        lists_kept: The names of lists that stay as they are, because rules that count here ask them.
    """

    installation: Installation
    exceptions: Entered
    lists_kept: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What tuning a setting did.

    Attributes:
        tuned: The number beside the author's; None where the author's counts again.
        is_pending: Whether it waits for another person, because the rule counts.
    """

    tuned: Tuned | None
    is_pending: bool


def add_pack(
    workspace: Workspace, pack: Pack, signed: Signature, *, take_lists: bool = False
) -> Added:
    """Add the rules of a pack as drafts, its lists, and its exceptions.

    Args:
        workspace: The unit's folder.
        pack: Rules, lists and exceptions, checked.
        signed: Who answers for it, and when.
        take_lists: Let rules that count here ask the pack's lists from now on; else those stay as they are.

    Raises:
        RulesRefused: The pack contradicts what is here, takes another's name, goes back, or sheds tests.
        RuleError: An exception cannot be entered; then nothing was added.
    """
    finish_changes(workspace)
    _must_be_enterable(workspace, pack.exceptions, signed)
    kept = () if take_lists else _lists_that_count(workspace, pack)
    taken = replace(
        pack,
        exceptions=(),
        lists=tuple(entry for entry in pack.lists if entry.name not in kept),
    )
    log = InstallationLog(
        workspace=workspace,
        action=RULES_ADDED,
        by=signed.by,
        pack=taken,
        payload={
            "pack_version": pack.version,
            "issuer": pack.issuer,
            "rules": [f"{rule.id} {rule.version} {rule.sha256}" for rule in pack.rules],
            "lists": [f"{entry.name} {entry.sha256}" for entry in taken.lists],
            "lists_kept": list(kept),
        },
    )
    done = install(
        workspace,
        taken,
        at=signed.at,
        who=signed.by,
        standing=RuleStatus.DRAFT,
        before_commit=log.begin,
    )
    if done.changes:
        log.complete()
    entered = enter_exceptions(workspace, pack.exceptions, signed)
    return Added(installation=done, exceptions=entered, lists_kept=kept)


def tune(
    workspace: Workspace, rule_id: str, name: str, value: float | None, signed: Signature
) -> Tuning:
    """Use another number for a setting of a rule here, within its author's bounds, or the author's again.

    Where the rule counts, another person approves it first.

    Raises:
        RuleNotFound: No rule of this id is installed.
        RuleError: There is no such setting, the number lies outside the bounds, no reason is given, or
            something else about the rule waits for a decision.
    """
    _must_have_reason(signed, f"Tuning {rule_id}")
    finish_changes(workspace)
    with open_ledger(workspace, read_only=True) as connection:
        setting = checked_setting(connection, rule_id, name, value)
    if changes(workspace, about=rule_id, state=ChangeState.PENDING):
        # What is approved must be what was asked for.
        raise RuleError(
            f"Something about {rule_id} waits for a decision, and it is not tuned meanwhile.",
            remedy=_LIST_WAITING,
        )
    counts = any(one.status in COUNTING for one in installed(workspace, rule_id))
    written = None if value is None else repr(float(value))
    particulars = {"name": name, "value": written, "authors": repr(setting.value)}
    wish = _wish(ChangeKind.SETTING, rule_id, particulars, signed)
    submit(workspace, replace(wish, needs_second=counts))
    tuned = None
    if value is not None and value != setting.value:
        tuned = Tuned(name=name, authors=setting.value, value=value)
    return Tuning(tuned=tuned, is_pending=counts)


def enter_exceptions(
    workspace: Workspace, exceptions: Sequence[RuleException], signed: Signature
) -> Entered:
    """Enter exceptions, all in one change; whoever enters one is not the person who approved it.

    Where they reach far they wait until the person whom they name as approving them does so.

    Raises:
        RulesRefused: One excuses from whole typologies and names more than a party, box, bill or seal.
        RuleError: An id was ended before or waits for a decision, the person who enters it approved it, or
            those who approve are several where one must; then nothing was entered.
    """
    finish_changes(workspace)
    _must_be_enterable(workspace, exceptions, signed)
    before = {e.exception.id: e.exception.sha256 for e in standing_exceptions(workspace)}
    fresh = [e for e in exceptions if before.get(e.id) != e.sha256]
    waits_for = ""
    if fresh:
        rules = [one.rule for one in installed(workspace)]
        waits = needs_second(fresh, rules, before)
        waits_for = _one_approver(fresh) if waits else ""
        particulars = {
            "ids": [e.id for e in fresh],
            "sources": [e.source_yaml for e in fresh],
            "sha256": [e.sha256 for e in fresh],
            "before": [before.get(e.id) for e in fresh],
            "approved_by": [e.approved_by for e in fresh],
            "expires": [e.expires.isoformat() for e in fresh],
        }
        told = replace(signed, reason=signed.reason or fresh[0].reason)
        wish = _wish(ChangeKind.EXCEPTION, fresh[0].id, particulars, told)
        submit(workspace, replace(wish, needs_second=waits))
    return Entered(
        new=tuple(e.id for e in fresh if e.id not in before),
        changed=tuple(e.id for e in fresh if e.id in before),
        unchanged=tuple(e.id for e in exceptions if before.get(e.id) == e.sha256),
        waits_for=waits_for,
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
    submit(workspace, _wish(ChangeKind.EXCEPTION_END, exception_id, particulars, signed))


def waiting_overlays(workspace: Workspace, about: str | None = None) -> tuple[RuleChange, ...]:
    """Return the tunings and exceptions that wait for another person, in the order of asking.

    Args:
        workspace: The unit's folder.
        about: Those of one rule, one exception or one change; None for all.
    """
    waiting = changes(workspace, state=ChangeState.PENDING)
    return tuple(
        change
        for change in waiting
        if change.kind is not ChangeKind.STANDING
        and about in {None, change.about, change.change_id, *exceptions_of(change)}
    )


def approve_overlay(workspace: Workspace, about: str, signed: Signature) -> RuleChange:
    """Approve, as another person, the tuning of a rule or the exceptions that wait, and carry it out.

    Raises:
        RuleError: Nothing of it waits, or the exceptions name another person as approving them.
        RegisterError: Whoever asked for it would approve it.
    """
    finish_changes(workspace)
    change = _waiting(workspace, about)
    if change.kind is ChangeKind.EXCEPTION:
        sources = cast("list[str]", change.particulars["sources"])
        approver = _one_approver([exception_from_source(text) for text in sources])
        if not is_same_person(approver, signed.by):
            raise RuleError(
                f"The exceptions say that {approver} approves them, not {signed.by}.",
                remedy="Whoever they name approves them; or refuse them, and enter them anew under another name.",
            )
    decision = Decision(by=signed.by, at=signed.at, is_approved=True, reason=signed.reason)
    decided = decide_change(workspace, change.change_id, decision)
    carry_out(workspace, decided)
    return decided


def refuse_overlay(workspace: Workspace, about: str, signed: Signature) -> RuleChange:
    """Refuse the tuning or the exceptions that wait, or take them back.

    Raises:
        RuleError: Nothing of it waits, or no reason is given.
    """
    _must_have_reason(signed, f"Refusing {about}")
    change = _waiting(workspace, about)
    decision = Decision(by=signed.by, at=signed.at, is_approved=False, reason=signed.reason)
    return decide_change(workspace, change.change_id, decision)


def exceptions_of(change: RuleChange) -> tuple[str, ...]:
    """Return the ids of the exceptions that a change enters; none where it enters none."""
    ids = change.particulars.get("ids")
    return tuple(map(str, cast("list[object]", ids))) if isinstance(ids, list) else ()


def _waiting(workspace: Workspace, about: str) -> RuleChange:
    waiting = waiting_overlays(workspace, about)
    if not waiting:
        raise RuleError(f"Nothing about {about} waits for a decision.", remedy=_LIST_WAITING)
    return waiting[0]


def _wish(
    kind: ChangeKind, about: str, particulars: Mapping[str, object], signed: Signature
) -> Wish:
    return Wish(
        kind=kind,
        about=about,
        particulars=particulars,
        reason=signed.reason,
        by=signed.by,
        at=signed.at,
        needs_second=False,
    )


def _lists_that_count(workspace: Workspace, pack: Pack) -> tuple[str, ...]:
    """Return the names of lists that would change under rules that count."""
    asked = {
        entry.name: entry.sha256
        for one in installed(workspace)
        if one.pack == pack.name and one.status in COUNTING
        for entry in one.rule.lists
    }
    return tuple(
        entry.name
        for entry in pack.lists
        if asked.get(entry.name, entry.sha256) != entry.sha256
    )


def _one_approver(exceptions: Sequence[RuleException]) -> str:
    named = exceptions[0].approved_by
    if not all(is_same_person(named, exception.approved_by) for exception in exceptions):
        names = ", ".join(sorted({exception.approved_by for exception in exceptions}))
        raise RuleError(
            f"These exceptions reach so far that one other person decides, and they name several: {names}.",
            remedy="Enter those of each of them apart.",
        )
    return named


def _must_be_enterable(
    workspace: Workspace, exceptions: Sequence[RuleException], signed: Signature
) -> None:
    for name in (signed.by, *(exception.approved_by for exception in exceptions)):
        must_be_a_person(name)
    faults = wide_faults(exceptions)
    if faults:
        raise RulesRefused(faults)
    with open_ledger(workspace, read_only=True) as connection:
        must_be_usable(connection, exceptions)
    own = [e.id for e in exceptions if is_same_person(e.approved_by, signed.by)]
    if own:
        raise RuleError(
            f"{signed.by} approved {', '.join(own)} and cannot enter it too.",
            remedy="Whoever approves an exception is another person than whoever enters it.",
        )
    pending = {name for one in waiting_overlays(workspace) for name in exceptions_of(one)}
    again = sorted(pending & {exception.id for exception in exceptions})
    if again:
        raise RuleError(
            f"Waiting for a decision already: {', '.join(again)}.", remedy=_LIST_WAITING
        )


def _must_have_reason(signed: Signature, what: str) -> None:
    if not signed.reason.strip():
        raise RuleError(f"{what} needs a reason.", remedy="Give it with --reason.")
