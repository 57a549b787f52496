"""What a pack would change here: the author's last version, the new one, and what this unit made of it.

Nothing is merged by itself. A newer version runs in shadow beside the one that counts, and a person who sees,
field by field, who changed what decides which of them goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from riskengine.exchange.rule_fields import fields_of
from riskengine.features.catalog import catalog
from riskengine.rules.exceptions import applies_to
from riskengine.rules.rule import RuleStatus
from riskengine.rules.standing import COUNTING
from riskengine.rules.tree import fields_read
from riskengine.rules.tuning import tuned_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from riskengine.rules.rule import Pack, Rule, RuleException, RuleList, Wording
    from riskengine.rules.standing import Installed


class RuleChange(StrEnum):
    """What a pack brings for one rule.

    ``CONTRADICTS``: a version of this number stands here and says something else. ``OLDER``: a
    later one of the same issuer stands here. ``RETIRED``: its author has given it up. ``LEFT_OUT``: the issuer's earlier pack had it.
    """

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    CONTRADICTS = "contradicts"
    OLDER = "older"
    RETIRED = "retired"
    LEFT_OUT = "left_out"


class FieldChange(StrEnum):
    """Who changed a field: the author (added, removed, theirs), this unit, or both, each in another way."""

    ADDED = "added"
    REMOVED = "removed"
    THEIRS = "theirs"
    OURS = "ours"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDifference:
    """One field that is not the same everywhere, in lines; None where it is not said.

    Attributes:
        field: Its name, as ``settings.mass.value``.
        change: Who changed it.
        base: The author's version that this unit started from.
        theirs: The pack.
        ours: What counts here.
    """

    field: str
    change: FieldChange
    base: tuple[str, ...] | None
    theirs: tuple[str, ...] | None
    ours: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to know before going on: a key under ``pack.remark`` and its values."""

    key: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDifference:
    """What a pack brings for one rule, beside what stands here.

    Attributes:
        rule_id: The rule.
        change: What the pack brings.
        theirs: The pack's version; None where it has none.
        ours: What stands here; None for nothing.
        against: The version here that it contradicts, or that is later; else None.
        fields: Where the three differ.
        remarks: What to look at.
    """

    rule_id: str
    change: RuleChange
    theirs: Rule | None
    ours: Installed | None
    against: Installed | None = None
    fields: tuple[FieldDifference, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def conflicts(self) -> tuple[FieldDifference, ...]:
        """The fields that both sides changed."""
        return tuple(field for field in self.fields if field.change is FieldChange.BOTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDifference:
    """What a pack changes in a list that rules of it ask here.

    Attributes:
        name: The list.
        title: The name for people of the pack's list; None where it has none.
        title_here: That of the list as it stands here.
        valid_until: The last day of the pack's list.
        valid_until_here: The last day of the list as it stands here.
        added: Values that stand in the pack alone.
        removed: Values that stand here alone.
        asked_by: The rules counting here that ask it: with the list they would answer otherwise.
    """

    name: str
    title: Wording | None
    title_here: Wording | None
    valid_until: date
    valid_until_here: date
    added: tuple[str, ...]
    removed: tuple[str, ...]
    asked_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackDifference:
    """What a pack would change here.

    Attributes:
        rules: One entry a rule of the pack, and of those the issuer's earlier pack had; by id.
        lists: The lists that differ.
    """

    rules: tuple[RuleDifference, ...]
    lists: tuple[ListDifference, ...]

    def having(self, *changes: RuleChange) -> tuple[RuleDifference, ...]:
        """Return the rules of one or several kinds of change."""
        return tuple(rule for rule in self.rules if rule.change in changes)


def difference_to(
    pack: Pack, held: Sequence[Installed], exceptions: Sequence[RuleException]
) -> PackDifference:
    """Return what a pack would change here.

    Args:
        pack: The pack.
        held: Every version that is installed here.
        exceptions: The exceptions of this unit.
    """
    by_id: dict[str, list[Installed]] = {}
    for version in held:
        by_id.setdefault(version.rule.id, []).append(version)
    rules = [
        _rule_difference(rule, pack.issuer, by_id.get(rule.id, []), exceptions)
        for rule in pack.rules
    ]
    rules += _left_out(pack, by_id, exceptions)
    return PackDifference(
        rules=tuple(sorted(rules, key=lambda rule: rule.rule_id)),
        lists=_lists(pack, held),
    )


def difference_between(earlier: Rule, later: Rule) -> tuple[FieldDifference, ...]:
    """Return where two versions of a rule differ, as their authors wrote them."""
    before, after = fields_of(earlier.source_yaml), fields_of(later.source_yaml)
    return _compared(before, after, before)


def counting_here(versions: Sequence[Installed]) -> Installed | None:
    """Return the version that counts, else the newest that is not retired, else the newest."""
    counting = [version for version in versions if version.status in COUNTING]
    alive = [version for version in versions if version.status is not RuleStatus.RETIRED]
    return max(
        counting or alive or versions, key=lambda version: version.rule.version, default=None
    )


def _rule_difference(
    theirs: Rule,
    issuer: str,
    versions: Sequence[Installed],
    exceptions: Sequence[RuleException],
) -> RuleDifference:
    ours = counting_here(versions)
    fields: tuple[FieldDifference, ...] = ()
    remarks: tuple[Remark, ...] = ()
    if ours is not None:
        base = _base(theirs, issuer, ours, versions)
        fields = _compared(
            None if base is None else fields_of(base.rule.source_yaml),
            fields_of(theirs.source_yaml),
            fields_of(
                ours.rule.source_yaml,
                {tuned.name: tuned.value for tuned in tuned_in(ours.rule)},
            ),
        )
        remarks = _remarks(theirs, issuer, ours, exceptions)
    change, against = _change(theirs, issuer, versions)
    return RuleDifference(
        rule_id=theirs.id,
        change=change,
        theirs=theirs,
        ours=ours,
        against=against,
        fields=fields,
        remarks=remarks,
    )


def _change(
    theirs: Rule, issuer: str, versions: Sequence[Installed]
) -> tuple[RuleChange, Installed | None]:
    """Return what the pack brings for a rule, and the version here that speaks against it."""
    if any(version.rule.sha256 == theirs.sha256 for version in versions):
        return RuleChange.SAME, None
    for version in versions:
        if version.rule.version == theirs.version:
            return RuleChange.CONTRADICTS, version
    for version in versions:
        is_later = version.issuer == issuer and version.rule.version > theirs.version
        if is_later and version.status is not RuleStatus.RETIRED:
            return RuleChange.OLDER, version
    if theirs.status is RuleStatus.RETIRED:
        return RuleChange.RETIRED, None
    return (RuleChange.CHANGED if versions else RuleChange.NEW), None


def _base(
    theirs: Rule, issuer: str, ours: Installed, versions: Sequence[Installed]
) -> Installed | None:
    """Return the author's version that ours comes from: ours itself, else his newest before the pack's."""
    if ours.issuer == issuer:
        return ours
    earlier = [
        version
        for version in versions
        if version.issuer == issuer and version.rule.version < theirs.version
    ]
    return max(earlier, key=lambda version: version.rule.version, default=None)


def _compared(
    base: Mapping[str, tuple[str, ...]] | None,
    theirs: Mapping[str, tuple[str, ...]],
    ours: Mapping[str, tuple[str, ...]],
) -> tuple[FieldDifference, ...]:
    """Return the fields in which theirs and ours differ, and who changed them."""
    found: list[FieldDifference] = []
    for name in dict.fromkeys((*theirs, *ours)):
        there, here = theirs.get(name), ours.get(name)
        if there == here:
            continue
        start = None if base is None else base.get(name)
        found.append(
            FieldDifference(
                field=name,
                change=_who(base is not None, start, there, here),
                base=start,
                theirs=there,
                ours=here,
            )
        )
    return tuple(found)


def _who(
    has_base: bool,
    base: tuple[str, ...] | None,
    theirs: tuple[str, ...] | None,
    ours: tuple[str, ...] | None,
) -> FieldChange:
    if has_base and theirs == base:
        return FieldChange.OURS
    if not has_base or ours != base:
        return FieldChange.BOTH
    if base is None:
        return FieldChange.ADDED
    return FieldChange.REMOVED if theirs is None else FieldChange.THEIRS


def _remarks(
    theirs: Rule, issuer: str, ours: Installed, exceptions: Sequence[RuleException]
) -> tuple[Remark, ...]:
    told: list[Remark] = []
    if ours.issuer != issuer:
        told.append(Remark("other_issuer", {"issuer": ours.issuer}))
    bounds = {setting.name: setting for setting in theirs.settings}
    for tuned in tuned_in(ours.rule):
        setting = bounds.get(tuned.name)
        if setting is None:
            told.append(Remark("setting_gone", {"setting": tuned.name, "number": tuned.value}))
        elif not setting.lowest <= tuned.value <= setting.highest:
            values = {
                "setting": tuned.name,
                "number": tuned.value,
                "lowest": setting.lowest,
                "highest": setting.highest,
            }
            told.append(Remark("setting_outside", values))
    for exception in exceptions:
        if applies_to(exception, ours.rule):
            told += _exception_remarks(theirs, ours.rule, exception)
    return tuple(told)


def _exception_remarks(theirs: Rule, ours: Rule, exception: RuleException) -> list[Remark]:
    if not applies_to(exception, theirs):
        return [Remark("exception_lost", {"exception": exception.id})]
    known = {field.name for field in catalog()}
    read_there = {ref.name for ref in theirs.fields_read}
    read_here = {ref.name for ref in ours.fields_read}
    return [
        Remark("exception_field", {"exception": exception.id, "field": ref.name})
        for ref in fields_read(exception.condition)
        if ref.name not in known or (ref.name in read_here and ref.name not in read_there)
    ]


def _left_out(
    pack: Pack, by_id: Mapping[str, Sequence[Installed]], exceptions: Sequence[RuleException]
) -> list[RuleDifference]:
    """Return the rules that came with an earlier version of the pack, and are not in this one."""
    brought = {rule.id for rule in pack.rules}
    found: list[RuleDifference] = []
    for rule_id, versions in by_id.items():
        ours = counting_here(versions)
        came = [v for v in versions if (v.pack, v.issuer) == (pack.name, pack.issuer)]
        if rule_id in brought or not came or ours is None:
            continue
        if ours.status is RuleStatus.RETIRED:
            continue
        excused = [e.id for e in exceptions if rule_id in e.rules]
        remarks = [Remark("exception_lost", {"exception": name}) for name in excused]
        found.append(
            RuleDifference(
                rule_id=rule_id,
                change=RuleChange.LEFT_OUT,
                theirs=None,
                ours=ours,
                remarks=tuple(remarks),
            )
        )
    return found


def _lists(pack: Pack, held: Sequence[Installed]) -> tuple[ListDifference, ...]:
    here: dict[str, RuleList] = {}
    asked_by: dict[str, set[str]] = {}
    for version in held:
        if version.pack != pack.name:
            continue
        for entry in version.rule.lists:
            here[entry.name] = entry
            if version.status in COUNTING:
                asked_by.setdefault(entry.name, set()).add(version.rule.id)
    return tuple(
        ListDifference(
            name=entry.name,
            title=entry.title,
            title_here=here[entry.name].title,
            valid_until=entry.valid_until,
            valid_until_here=here[entry.name].valid_until,
            added=tuple(sorted({*entry.values} - {*here[entry.name].values})),
            removed=tuple(sorted({*here[entry.name].values} - {*entry.values})),
            asked_by=tuple(sorted(asked_by.get(entry.name, ()))),
        )
        for entry in pack.lists
        if entry.name in here and here[entry.name].sha256 != entry.sha256
    )
