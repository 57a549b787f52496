"""One rule file, one list file: from YAML to the frozen Rule or RuleList, with every fault noted."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from riskengine.domain import Severity, Typology, Verdict
from riskengine.errors import Place
from riskengine.messages import placeholders
from riskengine.rules.across import read_measures
from riskengine.rules.because import read_because
from riskengine.rules.condition_lines import read_unless, read_when
from riskengine.rules.faults import TooManyFaults
from riskengine.rules.hints import name_for
from riskengine.rules.language import Vocabulary
from riskengine.rules.reading import Reader
from riskengine.rules.rule import (
    Measure,
    Rule,
    RuleEffect,
    RuleList,
    RuleStatus,
    Setting,
    Wording,
)
from riskengine.rules.rule_tests import read_tests
from riskengine.rules.tokens import KEYWORDS, comparable
from riskengine.rules.tree import canonical, leaves
from riskengine.rules.yaml_shape import Sequence, Shape, Table, read_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.rules.faults import Source
    from riskengine.rules.tree import FieldKind

KEYS = [
    "schema",
    "id",
    "version",
    "status",
    "title",
    "why",
    "innocent",
    "blind_spot",
    "guide",
    "source",
    "typology",
    "threat",
    "owner",
    "handling",
    "severity",
    "effect",
    "valid_from",
    "valid_until",
    "when",
    "unless",
    "because",
    "tests",
    "settings",
    "across",
    "related",
    "known_false_alarms",
    "retired",
]
LIST_KEYS = ("schema", "name", "title", "values", "source", "valid_until")
SETTING_KEYS = ("value", "from", "to")
RETIRED_KEYS = ("reason", "on", "replaced_by")
RULE_ID = "[A-Z][A-Z0-9]*(-[A-Z0-9]+)+"
MOST_LINES = 40
MOST_FIELDS = 60
MOST_LIST_VALUES = 10_000
TLP = r"TLP:(CLEAR|GREEN|AMBER|AMBER\+STRICT|RED)"
_SETTING = "Write 'least: {value: 10, from: 5, to: 50}'."


@dataclass(frozen=True, slots=True)
class _Scope:
    """What the conditions of one rule may name."""

    reader: Reader
    id: str
    version: int
    fields: Mapping[str, FieldKind]
    settings: tuple[Setting, ...]
    measures: tuple[Measure, ...]
    vocabulary: Vocabulary


def read_rule(
    source: Source, fields: Mapping[str, FieldKind], lists: Mapping[str, RuleList] | None
) -> Rule | None:
    """Return the rule of a file; None where it has faults, which *source* has noted.

    With *lists* None the names of lists are taken on trust, and the rule can be read, not run.
    """
    try:
        return _read_rule(source, fields, lists)
    except TooManyFaults:
        return None


def _read_rule(
    source: Source, fields: Mapping[str, FieldKind], lists: Mapping[str, RuleList] | None
) -> Rule | None:
    table = read_shape(source)
    if table is None:
        return None
    before = len(source.faults)
    reader = Reader(source, table)
    if table.get("values") is not None and table.get("when") is None:
        hint = "Put it into the folder lists of the pack."
        reader.fault(table, "this is a list, not a rule", hint)
        return None
    reader.only(KEYS)
    reader.matching("schema", "1", "1")
    settings = _settings(reader, fields)
    numbers = {s.name: s.value for s in settings if s.name not in fields}
    plain = Vocabulary(fields=fields, settings=numbers, lists=lists)
    rule_id = reader.matching("id", RULE_ID, "written like CRG-VEL-001")
    version = reader.whole("version")
    measures = read_measures(reader, plain, f"{rule_id}.{version}")
    kinds = {**fields, **{measure.name: measure.kind for measure in measures}}
    columns = {measure.name: measure.column for measure in measures}
    across = table.get("across")
    declared = [key.text for key, _ in across.entries] if isinstance(across, Table) else ()
    faulty = frozenset(declared).difference(kinds)
    vocabulary = replace(plain, fields=kinds, columns=columns, faulty=faulty)
    scope = _Scope(reader, rule_id, version, fields, settings, measures, vocabulary)
    rule = _rule(scope, lists or {})
    _check_whole(rule, reader)
    return None if len(source.faults) > before else rule


def read_list(source: Source) -> RuleList | None:
    """Return the list of a file; None where it has faults, which *source* has noted."""
    try:
        return _read_list(source)
    except TooManyFaults:
        return None


def _read_list(source: Source) -> RuleList | None:
    table = read_shape(source)
    if table is None:
        return None
    before = len(source.faults)
    reader = Reader(source, table)
    if table.get("when") is not None and table.get("values") is None:
        hint = "Rules stand beside the folder lists, not in it."
        reader.fault(table, "this is a rule, not a list", hint)
        return None
    reader.only(LIST_KEYS)
    reader.matching("schema", "1", "1")
    name = reader.matching("name", "[a-z][a-z0-9_]*", "a name in small letters")
    title = reader.optional_wording("title")
    values = _list_values(reader)
    until = reader.day("valid_until")
    said: list[object] = [name, values, until.isoformat()]
    if title is not None:
        said.append(asdict(title))  # a list without a title keeps the digest it always had
    body = json.dumps(said, ensure_ascii=False)
    found = RuleList(
        name=name,
        title=title,
        values=values,
        source="; ".join(reader.references("source", "ref")),
        valid_until=until,
        sha256=hashlib.sha256(body.encode()).hexdigest(),
        source_yaml=source.text,
        place=Place(file=source.file, line=table.line, column=table.column),
    )
    return None if len(source.faults) > before else found


def _list_values(reader: Reader) -> tuple[str, ...]:
    """Return the values of a list, sorted, each as texts are compared; one that stands twice is a fault."""
    shape = reader.shape("values")
    if shape is not None and not isinstance(shape, Sequence):
        hint = "Write ['ECGYE', 'COTRB'], or each value on its own line after '- '."
        reader.fault(shape, "'values' holds a list", hint)
        return ()
    found: dict[str, Shape] = {}
    if shape is not None and not shape.items:
        reader.fault(
            shape, "'values' is empty", "Write ['ECGYE', 'COTRB'], or delete the list."
        )
    for item in shape.items if shape is not None else ():
        value = comparable(reader.text_of(item, "an entry of 'values'"))
        if value and value in found:
            hint = "Texts are compared in capitals and with single blanks; keep one."
            above = f"stands in line {found[value].line} already"
            reader.fault(item, f"{value!r} {above}", hint)
        found.setdefault(value, item)
    if len(found) > MOST_LIST_VALUES:
        hint = "Make several lists of it, and ask each."
        reader.fault(
            shape or reader.table, f"a list has at most {MOST_LIST_VALUES} values", hint
        )
    return tuple(sorted(found))


def _rule(scope: _Scope, lists: Mapping[str, RuleList]) -> Rule:
    reader, vocabulary = scope.reader, scope.vocabulary
    when, unless = read_when(reader, vocabulary), read_unless(reader, vocabulary)
    rule = Rule(
        id=scope.id,
        version=scope.version,
        status=reader.choice("status", RuleStatus),
        title=reader.wording("title"),
        why=reader.wording("why"),
        innocent=reader.wording("innocent"),
        blind_spot=reader.wording("blind_spot"),
        source=reader.references("source", "ref"),
        typologies=reader.choices("typology", Typology),
        threats=reader.texts("threat", needed=False),
        owner=reader.text("owner"),
        handling=reader.matching(
            "handling",
            TLP,
            "TLP:CLEAR, TLP:GREEN, TLP:AMBER, TLP:AMBER+STRICT or TLP:RED",
            "What was TLP:WHITE is TLP:CLEAR.",
        ),
        severity=reader.choice("severity", Severity),
        effect=reader.choice("effect", RuleEffect),
        valid_from=reader.day("valid_from"),
        valid_until=reader.optional_day("valid_until"),
        when=when,
        unless=unless,
        because=read_because(
            reader, vocabulary.fields, [setting.name for setting in scope.settings]
        ),
        guide=reader.optional_wording("guide"),
        tests=read_tests(reader, scope.fields, scope.measures),
        settings=scope.settings,
        related=reader.references("related", "id", needed=False),
        known_false_alarms=reader.texts("known_false_alarms", needed=False),
        retirement=_retirement(reader),
        lists=(),
        measures=scope.measures,
        sha256="",
        source_yaml=reader.source.text,
        place=Place(
            file=reader.source.file, line=reader.table.line, column=reader.table.column
        ),
    )
    asked = tuple(lists[name] for name in rule.lists_read if name in lists)
    return replace(rule, lists=asked, sha256=_sha256(rule))


def _check_whole(rule: Rule, reader: Reader) -> None:
    if rule.valid_until is not None and rule.valid_until < rule.valid_from:
        place = reader.table.get("valid_until") or reader.table
        hint = "Is one of the two days wrong, or are they turned round?"
        reader.fault(place, "the rule ends before it begins", hint)
    if len(rule.fields_read) > MOST_FIELDS:
        hint = "Make several rules of it."
        place = reader.table.get("when") or reader.table
        reader.fault(place, f"a rule reads at most {MOST_FIELDS} fields", hint)
    lines = [line for tree in (rule.when, *rule.unless) for line in leaves(tree)]
    if len(lines) > MOST_LINES:
        place = lines[MOST_LINES].place
        sentence = f"a rule has at most {MOST_LINES} conditions"
        hint = "Make several rules of it, or put values into a list."
        reader.source.fault(place.line or 1, place.column or 1, sentence, hint)
    _check_measures(rule, reader)
    if rule.status is RuleStatus.RETIRED and not rule.retirement:
        hint = "Write 'retired: {reason: …, on: 2026-12-31}'."
        place = reader.table.get("status") or reader.table
        reader.fault(place, "a retired rule says why and since when", hint)
    if rule.status is RuleStatus.ACTIVE:
        expected = {test.expect for test in rule.tests}
        for verdict in (Verdict.MATCH, Verdict.NO_MATCH):
            if verdict not in expected:
                place = reader.table.get("tests") or reader.table.get("status") or reader.table
                hint = "Write it under 'tests:': name, expect and record."
                sentence = f"an active rule needs a test that expects {verdict.value}"
                reader.fault(place, sentence, hint)


def _check_measures(rule: Rule, reader: Reader) -> None:
    """Note every measure that neither a condition nor the sentence names."""
    across = reader.table.get("across")
    if not isinstance(across, Table):
        return
    told = rule.because.languages() if rule.because else ()
    texts = [rule.because.in_language(language) for language in told if rule.because]
    used = {name for text in texts for name, _ in placeholders(text)}
    used.update(rule.short_name(ref.name) for ref in rule.fields_read)
    declared = {measure.name for measure in rule.measures}
    for key, _ in across.entries:
        if key.text in declared - used:
            hint = "Name it in a condition or in the sentence, or delete it."
            reader.fault(key, f"nothing uses the measure {key.text!r}", hint)


def _sha256(rule: Rule) -> str:
    """Return the digest of what the rule means and says; layout, status, tests, remarks aside."""
    said = {
        name: getattr(rule, name)
        for name in (
            "id", "version", "source", "typologies", "threats", "owner", "handling", "severity",
            "effect", "retirement",
        )
    }  # fmt: skip
    wordings = {
        name: asdict(text)
        for name in ("title", "why", "innocent", "blind_spot", "because", "guide")
        if isinstance(text := getattr(rule, name), Wording)
    }
    trees = {"when": canonical(rule.when), "unless": [canonical(tree) for tree in rule.unless]}
    days = {"from": str(rule.valid_from), "until": str(rule.valid_until)}
    settings = [[s.name, s.value, s.lowest, s.highest] for s in rule.settings]
    whole: list[object] = [said, wordings, trees, days, settings]
    if rule.measures:
        whole.append([_measure_said(m) for m in sorted(rule.measures, key=lambda m: m.name)])
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def _measure_said(measure: Measure) -> list[object]:
    return [
        measure.name,
        asdict(measure.label),
        measure.taken,
        measure.of,
        [ref.name for ref in measure.same],
        measure.within_days,
        measure.counts_peers,
        measure.is_of_stow_plan,
        [canonical(line) for line in measure.where],
    ]


def _settings(reader: Reader, fields: Mapping[str, FieldKind]) -> tuple[Setting, ...]:
    shape = reader.shape("settings", needed=False)
    if shape is None:
        return ()
    if not isinstance(shape, Table):
        reader.fault(shape, "'settings' holds names, each with value, from and to", _SETTING)
        return ()
    found: list[Setting] = []
    for key, value in shape.entries:
        name = key.text
        if not re.fullmatch("[a-z][a-z0-9_]*", name) or name in fields or name in KEYWORDS:
            meant = name_for(name)
            is_free = meant and meant not in fields and meant not in KEYWORDS
            # Conditions that use the name that is proposed are not blamed too.
            name = meant if is_free else name
            hint = "Choose a name in small letters and '_' that no field has: least_mass."
            hint = f"Write {meant!r}." if is_free else hint
            sentence = f"{key.text[:60]!r} cannot name a setting: it is a field or no name"
            reader.fault(key, sentence, hint)
        if not isinstance(value, Table):
            reader.fault(value, "a setting has value, from and to", _SETTING)
            continue
        before = len(reader.source.faults)
        inner = Reader(reader.source, value)
        inner.only(SETTING_KEYS)
        setting = Setting(
            name=name,
            value=inner.number("value"),
            lowest=inner.number("from"),
            highest=inner.number("to"),
        )
        if (
            len(reader.source.faults) == before
            and not setting.lowest <= setting.value <= setting.highest
        ):
            hint = "Is 'from' the smaller, and the value between the two?"
            reader.fault(value, "the value of a setting lies between its from and its to", hint)
        found.append(setting)
    return tuple(found)


def _retirement(reader: Reader) -> str | None:
    shape = reader.shape("retired", needed=False)
    if shape is None:
        return None
    if not isinstance(shape, Table):
        hint = "Write 'retired: {reason: …, on: 2026-12-31}'."
        reader.fault(shape, "'retired' holds reason, on and perhaps replaced_by", hint)
        return None
    inner = Reader(reader.source, shape)
    inner.only(RETIRED_KEYS)
    return f"{inner.day('on')}: {inner.text('reason')}"
