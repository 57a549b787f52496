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
from riskengine.rules.faults import Source, did_you_mean
from riskengine.rules.language import Vocabulary, read_condition
from riskengine.rules.reading import Reader
from riskengine.rules.rule import (
    Rule,
    RuleEffect,
    RuleList,
    RuleStatus,
    RuleTest,
    Setting,
    Wording,
)
from riskengine.rules.tokens import KEYWORDS, comparable
from riskengine.rules.tree import Condition, Group, Mode, canonical, leaves, lists_read
from riskengine.rules.yaml_shape import Scalar, Sequence, Shape, Table, read_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.rules.tree import FieldKind, Value

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
    "related",
    "known_false_alarms",
    "retired",
]
MOST_LINES = 40
MOST_FIELDS = 60
MOST_LIST_VALUES = 10_000
_TLP = r"TLP:(CLEAR|GREEN|AMBER|AMBER\+STRICT|RED)"
_FORMS: dict[str, frozenset[str]] = {
    "number": frozenset({"number", "integer", "percent"}),
    "date": frozenset({"", "date"}),
}
_BRACES = re.compile(r"\{[a-z_0-9]+(?::(?:number|integer|percent|date))?\}")


@dataclass(frozen=True, slots=True)
class _Scope:
    """What the conditions of one rule may name."""

    reader: Reader
    fields: Mapping[str, FieldKind]
    vocabulary: Vocabulary


def read_rule(
    source: Source, fields: Mapping[str, FieldKind], lists: Mapping[str, RuleList] | None
) -> Rule | None:
    """Return the rule of a file; None where it has faults, which *source* has noted.

    With *lists* None the names of lists are taken on trust, and the rule can be read, not run.
    """
    table = read_shape(source)
    if table is None:
        return None
    before = len(source.faults)
    reader = Reader(source, table)
    reader.only(KEYS)
    reader.matching("schema", "1", "1")
    settings = _settings(reader, fields)
    numbers = {setting.name: setting.value for setting in settings}
    scope = _Scope(reader, fields, Vocabulary(fields=fields, settings=numbers, lists=lists))
    rule = _rule(scope, settings, lists or {})
    _check_whole(rule, reader)
    return None if len(source.faults) > before else rule


def read_list(source: Source) -> RuleList | None:
    """Return the list of a file; None where it has faults, which *source* has noted."""
    table = read_shape(source)
    if table is None:
        return None
    before = len(source.faults)
    reader = Reader(source, table)
    reader.only(("schema", "name", "values", "source", "valid_until"))
    reader.matching("schema", "1", "1")
    name = reader.matching("name", "[a-z][a-z0-9_]*", "a name in small letters")
    values = tuple(sorted({comparable(text) for text in reader.texts("values")}))
    if len(values) > MOST_LIST_VALUES:
        reader.fault(table, f"a list has at most {MOST_LIST_VALUES} values")
    until = reader.day("valid_until")
    body = json.dumps([name, values, until.isoformat()], ensure_ascii=False)
    found = RuleList(
        name=name,
        values=values,
        source="; ".join(reader.references("source", "ref")),
        valid_until=until,
        sha256=hashlib.sha256(body.encode()).hexdigest(),
        source_yaml=source.text,
        place=Place(file=source.file, line=table.line, column=table.column),
    )
    return None if len(source.faults) > before else found


def _rule(scope: _Scope, settings: tuple[Setting, ...], lists: Mapping[str, RuleList]) -> Rule:
    reader = scope.reader
    when, unless = _when(scope), _unless(scope)
    named = sorted({name for tree in (when, *unless) for name in lists_read(tree)})
    rule = Rule(
        id=reader.matching("id", "[A-Z][A-Z0-9]*(-[A-Z0-9]+)+", "written like CRG-VEL-001"),
        version=reader.whole("version"),
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
            "handling", _TLP, "TLP:CLEAR, GREEN, AMBER, AMBER+STRICT or RED"
        ),
        severity=reader.choice("severity", Severity),
        effect=reader.choice("effect", RuleEffect),
        valid_from=reader.day("valid_from"),
        valid_until=reader.optional_day("valid_until"),
        when=when,
        unless=unless,
        because=_because(scope),
        guide=reader.optional_wording("guide"),
        tests=_tests(scope),
        settings=settings,
        related=reader.references("related", "id", needed=False),
        known_false_alarms=reader.texts("known_false_alarms", needed=False),
        retirement=_retirement(reader),
        lists=tuple(lists[name] for name in named if name in lists),
        sha256="",
        source_yaml=reader.source.text,
        place=Place(
            file=reader.source.file, line=reader.table.line, column=reader.table.column
        ),
    )
    return replace(rule, sha256=_sha256(rule))


def _check_whole(rule: Rule, reader: Reader) -> None:
    if rule.valid_until is not None and rule.valid_until < rule.valid_from:
        reader.fault(
            reader.table.get("valid_until") or reader.table, "the rule ends before it begins"
        )
    if len(rule.fields_read) > MOST_FIELDS:
        reader.fault(reader.table, f"a rule reads at most {MOST_FIELDS} fields")
    if sum(1 for tree in (rule.when, *rule.unless) for _ in leaves(tree)) > MOST_LINES:
        reader.fault(reader.table, f"a rule has at most {MOST_LINES} conditions")
    if rule.status is RuleStatus.RETIRED and not rule.retirement:
        reader.fault(
            reader.table,
            "a retired rule says why and since when",
            "retired: {reason: …, on: …}",
        )
    if rule.status is RuleStatus.ACTIVE:
        expected = {test.expect for test in rule.tests}
        for verdict in (Verdict.MATCH, Verdict.NO_MATCH):
            if verdict not in expected:
                place = reader.table.get("tests") or reader.table
                reader.fault(place, f"an active rule needs a test that expects {verdict.value}")


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
    whole = [said, wordings, trees, days, settings]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def _when(scope: _Scope) -> Group:
    shape = scope.reader.shape("when")
    if isinstance(shape, Table):
        return _group(scope, shape)
    if shape is not None:
        hint = "Write 'all:', 'any:' or 'none:' and the conditions under it, each after '- '."
        scope.reader.fault(shape, "'when' holds 'all', 'any' or 'none'", hint)
    return Group(mode=Mode.ALL, members=())


def _unless(scope: _Scope) -> tuple[Condition | Group, ...]:
    items = scope.reader.items("unless", needed=False)
    members = [_member(scope, item) for item in items]
    return tuple(member for member in members if member is not None)


def _group(scope: _Scope, table: Table) -> Group:
    """Return a mapping of all, any, none; several of them hold together."""
    groups: list[Group] = []
    for key, shape in table.entries:
        if key.text not in set(Mode):
            hint = did_you_mean(key.text, [mode.value for mode in Mode])
            scope.reader.fault(
                key, f"conditions stand under all, any or none, not {key.text!r}", hint
            )
            continue
        if not isinstance(shape, Sequence) or not shape.items:
            hint = "Put each condition on its own line, after '- '."
            scope.reader.fault(shape, f"{key.text!r} holds a list of conditions", hint)
            continue
        members = [_member(scope, item) for item in shape.items]
        kept = tuple(member for member in members if member is not None)
        groups.append(Group(mode=Mode(key.text), members=kept))
    return groups[0] if len(groups) == 1 else Group(mode=Mode.ALL, members=tuple(groups))


def _member(scope: _Scope, shape: Shape) -> Condition | Group | None:
    if isinstance(shape, Table):
        return _group(scope, shape)
    if isinstance(shape, Sequence):
        scope.reader.fault(
            shape, "a list cannot stand here", "Name it: 'all:', 'any:' or 'none:'."
        )
        return None
    tree, faults = read_condition(shape.text, scope.vocabulary)
    for fault in faults:
        column = shape.column_of(fault.at)
        scope.reader.source.fault(shape.line, column, fault.sentence, fault.hint)
    if tree is None:
        return None
    place = Place(file=scope.reader.source.file, line=shape.line, column=shape.column)
    return Condition(text=shape.text, tree=tree, place=place)


def _settings(reader: Reader, fields: Mapping[str, FieldKind]) -> tuple[Setting, ...]:
    shape = reader.shape("settings", needed=False)
    if shape is None:
        return ()
    if not isinstance(shape, Table):
        reader.fault(shape, "'settings' holds names, each with value, from and to")
        return ()
    found: list[Setting] = []
    for key, value in shape.entries:
        if (
            not re.fullmatch("[a-z][a-z0-9_]*", key.text)
            or key.text in fields
            or key.text in KEYWORDS
        ):
            reader.fault(key, f"{key.text!r} cannot name a setting: it is a field or no name")
        if not isinstance(value, Table):
            reader.fault(value, "a setting has value, from and to")
            continue
        inner = Reader(reader.source, value)
        inner.only(("value", "from", "to"))
        setting = Setting(
            name=key.text,
            value=inner.number("value"),
            lowest=inner.number("from"),
            highest=inner.number("to"),
        )
        if not setting.lowest <= setting.value <= setting.highest:
            reader.fault(value, "the value of a setting lies between its from and its to")
        found.append(setting)
    return tuple(found)


def _because(scope: _Scope) -> Wording | None:
    reader = scope.reader
    wording = reader.optional_wording("because")
    shape = reader.shape("because", needed=False)
    if wording is None or shape is None:
        return None
    for language in wording.languages():
        at = (shape.get(language) if isinstance(shape, Table) else shape) or shape
        for sentence, hint in _template_faults(wording.in_language(language), scope.fields):
            reader.fault(at, sentence, hint)
    return wording


def _template_faults(text: str, fields: Mapping[str, FieldKind]) -> list[tuple[str, str]]:
    faults: list[tuple[str, str]] = []
    if re.search(r"[{}]", _BRACES.sub("", text)):
        hint = (
            "Write {field} or {field:number}, {field:integer}, {field:percent}, {field:date}."
        )
        faults.append(("a brace stands here that is no placeholder", hint))
    for name, form in sorted(placeholders(text)):
        kind = fields.get(name)
        if kind is None:
            faults.append((f"there is no field named {name!r}", did_you_mean(name, fields)))
        elif form not in _FORMS.get(kind, frozenset({""})):
            allowed = " or ".join(
                f"{{{name}:{other}}}" if other else f"{{{name}}}"
                for other in sorted(_FORMS.get(kind, frozenset({""})))
            )
            shown = f"{{{name}:{form}}}" if form else f"{{{name}}}"
            faults.append(
                (f"{shown} does not fit: {name!r} holds a {kind}", f"Write {allowed}.")
            )
    return faults


def _tests(scope: _Scope) -> tuple[RuleTest, ...]:
    found: list[RuleTest] = []
    names: set[str] = set()
    for item in scope.reader.items("tests", needed=False):
        if not isinstance(item, Table):
            scope.reader.fault(item, "a test has name, expect and record")
            continue
        reader = Reader(scope.reader.source, item)
        reader.only(("name", "expect", "record"))
        name = reader.text("name")
        if name in names:
            reader.fault(item, f"a test named {name!r} stands above already")
        names.add(name)
        place = Place(file=reader.source.file, line=item.line, column=item.column)
        found.append(
            RuleTest(
                name=name,
                expect=reader.choice("expect", Verdict),
                values=_record(reader, scope.fields),
                place=place,
            )
        )
    return tuple(found)


def _record(reader: Reader, fields: Mapping[str, FieldKind]) -> Mapping[str, Value]:
    shape = reader.table.get("record")
    if not isinstance(shape, Table):
        # Nothing under the key is a container of which nothing is known.
        if shape is None or not (isinstance(shape, Scalar) and shape.is_null):
            shape = shape or reader.table
            reader.fault(shape, "'record' holds fields and their values")
        return {}
    values: dict[str, Value] = {}
    for key, value in shape.entries:
        kind = fields.get(key.text)
        if kind is None:
            reader.fault(
                key, f"there is no field named {key.text!r}", did_you_mean(key.text, fields)
            )
        else:
            values[key.text] = reader.value_of(value, kind, repr(key.text))
    return values


def _retirement(reader: Reader) -> str | None:
    shape = reader.shape("retired", needed=False)
    if shape is None:
        return None
    if not isinstance(shape, Table):
        reader.fault(shape, "'retired' holds reason, on and perhaps replaced_by")
        return None
    inner = Reader(reader.source, shape)
    inner.only(("reason", "on", "replaced_by"))
    return f"{inner.day('on')}: {inner.text('reason')}"
