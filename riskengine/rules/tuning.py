"""Settings that this unit tuned: other numbers in the same rule, within the bounds its author gave.

A tuned rule is no other version: its sha256 stays, its trees read the other number, and the digest of the
rules in force tells the difference.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from riskengine.errors import RuleError, RuleNotFound
from riskengine.rules.faults import did_you_mean
from riskengine.rules.rule import RuleStatus
from riskengine.rules.stored import LIST_THEM, Signed, rule_from_source, stored_versions
from riskengine.rules.tree import SettingRef

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from riskengine.rules.rule import Rule, Setting

_Tree = TypeVar("_Tree")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """One setting of a rule that this unit uses with another number than its author.

    Attributes:
        name: The setting.
        authors: The author's number.
        value: The unit's.
    """

    name: str
    authors: float
    value: float


def with_settings(rule: Rule, values: Mapping[str, float]) -> Rule:
    """Return the rule with the numbers of this unit in the places of its settings.

    What the rule has no setting for, or what lies outside the author's bounds, is left as the author wrote
    it; ``unfit_settings`` names it.
    """
    fitting = {
        setting.name: values[setting.name]
        for setting in rule.settings
        if setting.name in values and _fits(setting, values[setting.name])
    }
    if not fitting:
        return rule
    return replace(
        rule,
        when=_rebound(rule.when, fitting),
        unless=tuple(_rebound(tree, fitting) for tree in rule.unless),
        measures=tuple(
            replace(measure, where=tuple(_rebound(line, fitting) for line in measure.where))
            for measure in rule.measures
        ),
        settings=tuple(
            replace(setting, value=fitting.get(setting.name, setting.value))
            for setting in rule.settings
        ),
    )


def unfit_settings(rule: Rule, values: Mapping[str, float]) -> tuple[str, ...]:
    """Return the tuned settings that this version has not, or whose bounds no longer hold the unit's number."""
    known = {setting.name: setting for setting in rule.settings}
    return tuple(
        name
        for name in sorted(values)
        if name not in known or not _fits(known[name], values[name])
    )


def tuned_in(rule: Rule) -> tuple[Tuned, ...]:
    """Return the settings in which a rule in force differs from what its author wrote."""
    authors = {
        setting.name: setting.value for setting in rule_from_source(rule.source_yaml).settings
    }
    return tuple(
        Tuned(name=setting.name, authors=authors[setting.name], value=setting.value)
        for setting in rule.settings
        if authors[setting.name] != setting.value
    )


def put_setting(
    connection: duckdb.DuckDBPyConnection,
    rule_id: str,
    name: str,
    value: float | None,
    signed: Signed,
) -> None:
    """Keep a number that was checked, inside the caller's transaction."""
    connection.execute(
        "INSERT INTO rule_setting SELECT coalesce(max(seq), 0) + 1, ?, ?, ?, ?, ?, ?, ?"
        " FROM rule_setting",
        [rule_id, name, value, signed.at_utc, signed.who, signed.reason, signed.change_id],
    )


def checked_setting(
    connection: duckdb.DuckDBPyConnection, rule_id: str, name: str, value: float | None
) -> Setting:
    """Return the author's setting that a number is meant for.

    Its bounds are those of the version that counts, else of the newest that is not retired.

    Raises:
        RuleNotFound: No rule of this id is installed.
        RuleError: The rule has no such setting, or the number lies outside its author's bounds.
    """
    versions = stored_versions(connection, rule_id)
    if not versions:
        raise RuleNotFound(f"No rule {rule_id} is installed.", remedy=LIST_THEM)
    counting = [v for v in versions if v.status in {RuleStatus.TRIAL, RuleStatus.ACTIVE}]
    alive = [v for v in versions if v.status is not RuleStatus.RETIRED]
    rule = rule_from_source((counting or alive or versions)[-1].source_yaml)
    known = {setting.name: setting for setting in rule.settings}
    if name not in known:
        hint = did_you_mean(name, known) or (
            f"Its settings: {', '.join(known)}." if known else "It has no settings."
        )
        raise RuleError(f"{rule_id} has no setting {name!r}.", remedy=hint)
    setting = known[name]
    if value is not None and not _fits(setting, value):
        raise RuleError(
            f"{value:g} is outside the bounds of {name!r} in {rule_id}:"
            f" its author allows {setting.lowest:g} to {setting.highest:g}.",
            remedy="Choose a number between them, or write a new version of the rule.",
        )
    return setting


def tuned_values(connection: duckdb.DuckDBPyConnection) -> Mapping[str, Mapping[str, float]]:
    """Return the numbers that this unit uses, by rule and setting."""
    values: dict[str, dict[str, float]] = {}
    for rule_id, name, value in connection.execute(_LATEST).fetchall():
        if value is not None:
            values.setdefault(rule_id, {})[name] = value
    return values


def _fits(setting: Setting, value: float) -> bool:
    return setting.lowest <= value <= setting.highest


def _rebound(tree: _Tree, values: Mapping[str, float]) -> _Tree:
    """Return a tree of conditions whose references to settings hold these numbers."""
    if isinstance(tree, SettingRef):
        return cast("_Tree", replace(tree, value=values.get(tree.name, tree.value)))
    if isinstance(tree, tuple):
        return cast(
            "_Tree", tuple(_rebound(part, values) for part in cast("tuple[Any, ...]", tree))
        )
    if not is_dataclass(tree) or isinstance(tree, type):
        return tree
    parts = {
        part.name: value
        for part in fields(tree)
        if is_dataclass(value := getattr(tree, part.name)) or isinstance(value, tuple)
    }
    return cast(
        "_Tree",
        replace(cast("Any", tree), **{k: _rebound(v, values) for k, v in parts.items()}),
    )


_LATEST: Final = """
SELECT rule_id, name, value FROM rule_setting
QUALIFY row_number() OVER (PARTITION BY rule_id, name ORDER BY seq DESC) = 1
ORDER BY rule_id, name
"""
