"""The evidence about rules, gathered for one unit: which rules are meant, on which history, kept by whom."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from riskengine.engine.replay import replay_history, replay_runs
from riskengine.errors import LedgerError, RuleNotFound, RunNotFound
from riskengine.features.catalog import catalog
from riskengine.ledger.backtests import AttachedBacktest, attach
from riskengine.manifest import read_manifest
from riskengine.register import audit
from riskengine.register.connection import open_register
from riskengine.register.persons import must_be_a_person
from riskengine.rules.across import longest_window
from riskengine.rules.applied import as_run
from riskengine.rules.backtest import backtests
from riskengine.rules.backtest_json import to_json
from riskengine.rules.exceptions import standing_exceptions, with_exceptions
from riskengine.rules.matching import columns_needed
from riskengine.rules.pack import load_pack
from riskengine.rules.rule import RuleStatus
from riskengine.rules.standing import COUNTING, installed, ran_from

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from riskengine.engine.replay import Replay
    from riskengine.manifest.mapping import FieldMapping
    from riskengine.rules.backtest import Backtest, Terms
    from riskengine.rules.rule import Rule
    from riskengine.rules.standing import Installed
    from riskengine.workspace import Workspace

_SUFFIXES: Final = {".yaml", ".yml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryAsked:
    """Which history rules are to be asked about.

    Attributes:
        first: The first day; None takes the first there is.
        last: The last one; None takes the last there is.
        files: Labelled files; without any, the unit's recorded runs.
        mapping: How to read them.
    """

    first: date | None = None
    last: date | None = None
    files: tuple[Path, ...] = ()
    mapping: FieldMapping | None = None


def history(
    workspace: Workspace,
    rules: Sequence[Rule],
    asked: HistoryAsked,
    *,
    progress: Callable[[float], None] | None = None,
) -> Replay:
    """Return the history that rules are to be asked about.

    Args:
        workspace: The unit's folder; not looked at where files are named.
        rules: Every rule that will be asked, for the fields they need.
        asked: Days and files.
        progress: Told the share that is done.

    Raises:
        RunNotFound: Nothing was assessed on these days.
        ManifestError: A file is no manifest.
        TrainingImpossible: The files name no day.
    """
    if asked.files:
        manifests = [read_manifest(path, asked.mapping).manifest for path in asked.files]
        found = replay_history(manifests, asked.first, asked.last, progress=progress)
    else:
        found = replay_runs(
            workspace.must_exist(),
            asked.first,
            asked.last,
            columns=columns_needed(rules),
            look_back_days=longest_window(rules),
        )
    if found.frame.is_empty():
        raise RunNotFound(
            "Nothing was assessed on these days.",
            remedy="Assess manifests with `riskengine score`, or name a labelled file with --history.",
        )
    return found


def named_rules(
    workspace: Workspace, names: Sequence[str], on: date
) -> tuple[tuple[str, Rule], ...]:
    """Return the rules that are meant, each with the name it was meant by.

    Args:
        workspace: The unit's folder; not looked at where every name is a file or a folder.
        names: Files or folders of rules, ids (``RIP-SEA-001``) or versions (``RIP-SEA-001@2``). An id alone
            is the version that counts, else the one in shadow, else the newest.
        on: The day whose exceptions are filled in: a rule is judged as it runs here, or would run. A file
            is taken as it is.

    Raises:
        RuleNotFound: No such rule is installed; the remedy names ids that are almost the same.
        RulesRefused: A file has faults.
    """
    found: list[tuple[str, Rule]] = []
    for name in names:
        if _is_path(name):
            found += [(name, rule) for rule in load_pack(Path(name), catalog()).rules]
        else:
            found.append((name, _installed_rule(workspace.must_exist(), name, on)))
    return tuple(found)


def came_into_force(workspace: Workspace, rules: Sequence[Rule]) -> dict[tuple[str, int], date]:
    """Return the day from which each version has run here: first in shadow, on trial or active.

    It is never before the first day that its author gave it. A rule that is not installed, or never ran, has
    none.
    """
    ran = ran_from(workspace)
    return {
        (rule.id, rule.version): max(ran[rule.id, rule.sha256], rule.valid_from)
        for rule in rules
        if (rule.id, rule.sha256) in ran
    }


def evidence(
    rules: Sequence[Rule],
    replay: Replay,
    *,
    others: Sequence[Rule] = (),
    terms: Terms | None = None,
) -> tuple[Backtest, ...]:
    """Return the back-test of each rule, which says of which rule exactly and of which history it speaks.

    Raises:
        RuleError: A rule cannot run on this history.
    """
    made = backtests(rules, replay.frame, others=others, terms=terms)
    return tuple(
        replace(
            test, as_run=as_run(rule), source=replay.source, source_sha256=replay.source_sha256
        )
        for rule, test in zip(rules, made, strict=True)
    )


def as_it_would_run(workspace: Workspace, rule: Rule, on: date) -> Rule:
    """Return a version with its settings as it would run here on a day: with the exceptions made for it.

    What a gate asks of evidence is that it speaks of this rule: ``rules.applied.as_run`` of both is the same.
    """
    standing = [entry.exception for entry in standing_exceptions(workspace)]
    return with_exceptions(rule, standing, on)


def runs_otherwise(workspace: Workspace, made: Backtest, on: date) -> bool:
    """Tell whether the rule of a back-test is installed, and would run here with another setting, exception or list."""
    return any(
        as_run(as_it_would_run(workspace, one.rule, on)) != made.as_run
        for one in installed(workspace, made.rule_id)
        if one.rule.sha256 == made.sha256
    )


def attach_backtest(workspace: Workspace, made: Backtest, *, at: datetime, by: str) -> None:
    """Keep a back-test as evidence for exactly this content of a rule, and tell the audit chain.

    Raises:
        LedgerError: No container of its history has a day, or the ledger refused.
    """
    if made.first_day is None or made.last_day is None:
        raise LedgerError(
            f"The back-test of {made.rule_id} spans no day, so it is no evidence of any time."
        )
    must_be_a_person(by)
    text = to_json(replace(made, made_by=by))
    with open_register(workspace) as register:
        payload = {
            "version": made.version,
            "sha256": made.sha256,
            "as_run": made.as_run,
            "source": made.source,
            "source_sha256": made.source_sha256,
            "first_day": made.first_day.isoformat(),
            "last_day": made.last_day.isoformat(),
            "report": hashlib.sha256(text.encode()).hexdigest(),
        }
        audit.append(register, by, "attach backtest", made.rule_id, payload)
    attach(
        workspace,
        AttachedBacktest(
            rule_id=made.rule_id,
            sha256=made.sha256,
            made_at=at.astimezone(UTC),
            made_by=by,
            first_day=made.first_day,
            last_day=made.last_day,
            report_json=text,
        ),
    )


def _is_path(name: str) -> bool:
    path = Path(name)
    return path.suffix.lower() in _SUFFIXES or "/" in name or "\\" in name or path.is_dir()


def _installed_rule(workspace: Workspace, name: str, on: date) -> Rule:
    rule_id, _, version = name.partition("@")
    versions = [
        one for one in installed(workspace, rule_id.upper()) if _is_version(one, version)
    ]
    if not versions:
        ids = sorted({one.rule.id for one in installed(workspace)})
        near = difflib.get_close_matches(rule_id.upper(), ids, n=3)
        numbers = [one.rule.version for one in installed(workspace, rule_id.upper())]
        remedy = (
            f"There are the versions {', '.join(map(str, numbers))}."
            if numbers
            else f"Did you mean {' or '.join(near)}?"
            if near
            else "List the rules with `riskengine rules list`, or name a file."
        )
        raise RuleNotFound(f"No rule {name} is installed.", remedy=remedy)
    meant = max(versions, key=lambda one: (_rank(one.rule), one.rule.version)).rule
    return as_it_would_run(workspace, meant, on)


def _is_version(one: Installed, version: str) -> bool:
    return not version or version == str(one.rule.version)


def _rank(rule: Rule) -> int:
    return 2 if rule.status in COUNTING else 1 if rule.status is RuleStatus.SHADOW else 0
