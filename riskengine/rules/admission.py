"""What a pack may not do to the rules that are here: contradict them, take their name, go back, or shed their tests."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from riskengine.errors import Place, RuleFault, RulesRefused
from riskengine.rules.check import run_tests
from riskengine.rules.rule import RuleStatus
from riskengine.rules.stored import rule_from_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb

    from riskengine.rules.rule import Pack, Rule
    from riskengine.rules.stored import StoredVersion

_RUNNING = frozenset({RuleStatus.SHADOW, RuleStatus.TRIAL, RuleStatus.ACTIVE})


def must_be_admissible(
    connection: duckdb.DuckDBPyConnection, pack: Pack, before: Sequence[StoredVersion]
) -> None:
    """Let only a pack through that takes nothing away from what is here.

    Raises:
        RulesRefused: Everything that stands against it, together.
    """
    faults = [
        *_contradictions(pack.rules, before),
        *_name_of_another(connection, pack),
        *_older_pack(pack, before),
        *_shed_tests(pack.rules, before),
    ]
    if faults:
        raise RulesRefused(tuple(faults))


def _contradictions(
    rules: Sequence[Rule], before: Sequence[StoredVersion]
) -> Iterable[RuleFault]:
    """A rule that says something else under an id and version that are taken."""
    taken = {(v.rule_id, v.version): v.sha256 for v in before}
    highest = {v.rule_id: v.version for v in before}
    for rule in rules:
        if taken.get((rule.id, rule.version), rule.sha256) != rule.sha256:
            yield RuleFault(
                place=rule.place,
                sentence=f"{rule.id} version {rule.version} is installed already and says something else",
                hint=f"Raise the version of the changed rule to {highest[rule.id] + 1}.",
            )


def _name_of_another(connection: duckdb.DuckDBPyConnection, pack: Pack) -> Iterable[RuleFault]:
    """Lists are asked by the name of the pack: it belongs to whoever brought it first."""
    first = connection.execute(
        "SELECT issuer FROM rule_version WHERE pack_name = ? ORDER BY installed_at, rule_id LIMIT 1",
        [pack.name],
    ).fetchone()
    if first is not None and first[0] != pack.issuer:
        whose = first[0] or "nobody who says so"
        yield RuleFault(
            place=_place(pack),
            sentence=f"a pack called {pack.name!r} stands here already, issued by {whose}",
            hint="Give this one another name in its pack.yaml; without one, rename its folder.",
        )


def _older_pack(pack: Pack, before: Sequence[StoredVersion]) -> Iterable[RuleFault]:
    versions = [
        _counted(v.pack_version)
        for v in before
        if (v.pack, v.issuer) == (pack.name, pack.issuer)
    ]
    here, there = max(versions, default=()), _counted(pack.version)
    if here and there and there < here:
        yield RuleFault(
            place=_place(pack),
            sentence=(
                f"version {'.'.join(map(str, here))} of the pack {pack.name!r} stands here;"
                f" this is the older version {pack.version}"
            ),
            hint="Add the newest. What it takes back is retired with `riskengine rules retire`.",
        )


def _counted(version: str) -> tuple[int, ...]:
    """Return a version such as 1.4 as numbers, without zeros at its end; nothing for what is none."""
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}", version, re.ASCII) is None:
        return ()
    numbers = [int(part) for part in version.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _shed_tests(rules: Sequence[Rule], before: Sequence[StoredVersion]) -> Iterable[RuleFault]:
    """Another text of a version that runs keeps its tests: they are what it was let in on."""
    running: Mapping[tuple[str, str], StoredVersion] = {
        (v.rule_id, v.sha256): v for v in before if v.status in _RUNNING
    }
    for rule in rules:
        stored = running.get((rule.id, rule.sha256))
        if stored is None or stored.source_yaml == rule.source_yaml:
            continue
        had = Counter(test.expect for test in rule_from_source(stored.source_yaml).tests)
        has = Counter(test.expect for test in rule.tests)
        if has.total() < had.total() or any(not has[verdict] for verdict in had):
            yield RuleFault(
                place=rule.place,
                sentence=(
                    f"{rule.id} version {rule.version} runs here with {had.total()} tests, and this text has"
                    f" {has.total()}, or none for one of their answers"
                ),
                hint="Keep its tests, or put others of the same answers in their place.",
            )
        failed = [result.name for result in run_tests(rule) if not result.passed]
        if failed:
            yield RuleFault(
                place=rule.place,
                sentence=f"{rule.id} version {rule.version} runs here, and tests of this text fail: {', '.join(failed)}",
                hint="Run `riskengine rules test` on the file.",
            )


def _place(pack: Pack) -> Place:
    return pack.rules[0].place if pack.rules else Place(file=pack.name)
