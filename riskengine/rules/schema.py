"""JSON Schemas of rule, list, exception and pack files, so that an editor completes keys and marks slips.

They are made from the tables that the reader itself uses, and say a little less than it: what only the whole file
can tell (a list that is not there, kinds that do not fit) is told by ``riskengine rules check``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from riskengine.domain import Severity, Typology, Verdict
from riskengine.errors import RuleError
from riskengine.messages import LANGUAGES, has, render
from riskengine.rules import across, exception_file, pack, rule_file, rule_tests
from riskengine.rules.rule import RuleEffect, RuleStatus
from riskengine.rules.tokens import LONGEST_LINE
from riskengine.rules.tree import Mode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from enum import StrEnum
    from pathlib import Path

    from riskengine.features.field import Field
    from riskengine.rules.tree import FieldKind

Schema: TypeAlias = "dict[str, Any]"

DIALECT: Final = "http://json-schema.org/draft-07/schema#"
SUFFIX: Final = ".schema.json"
_NAME: Final = "^[a-z][a-z0-9_]*$"
_NUMBER: Final = r"^[+-]?[0-9]{1,30}(\.[0-9]{1,30})?%?$"
_DAY: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"

# What each key means, for whoever holds the pointer over it.
_MEANINGS: Final = {
    "schema": "Always 1.",
    "id": "Capital letters, digits and dashes, as CRG-VEL-001. Never reused, never renamed; the file bears it in small letters.",
    "version": "A whole number from 1, raised when the rule means or says something else.",
    "status": "How far its author thinks it has come. Drafts and retired rules do not run.",
    "title": "Its name for people: what it looks for.",
    "why": "Why a match is worth an officer's time.",
    "innocent": "Which honest trade looks the same.",
    "blind_spot": "What it cannot see; how one would get around it.",
    "guide": "Where to look when the container is opened, and with which means.",
    "source": 'Where the knowledge comes from: publisher and year, or "experience of this unit".',
    "typology": "One or several modus operandi.",
    "threat": "What may be hidden, or `any`.",
    "owner": "Who answers for it.",
    "handling": "Who may be given it (the Traffic Light Protocol). TLP:RED is never exported.",
    "severity": "How much its author trusts it: 0.4, 1, 2 or 3 points of log-odds, until outcomes have judged it.",
    "effect": "`score` adds the points, `tag` only names the container, `must_inspect` claims an examination.",
    "valid_from": "The first day it is in force.",
    "valid_until": "The last day; without it the rule has no end.",
    "when": "What must hold: conditions under all, any or none.",
    "unless": "What excuses a match; any one line does, a missing value never.",
    "because": "The sentence about one container, with {fields} in braces; left out, it is made from the conditions.",
    "tests": "Containers told field by field, and what the rule must say of each: at least one match, one no_match, one unknown.",
    "settings": "Named numbers, each with a value and the bounds within which a port may tune it.",
    "across": "Measures over several containers; conditions use their names like fields.",
    "related": "Ids of rules that it stands beside.",
    "known_false_alarms": "What it is known to match wrongly.",
    "retired": "Why and when it was retired.",
}
_LINE: Final = (
    "One condition: `field`, `not field`, `field >= 5`, `field between 1 and 5`, `field in list NAME`, "
    "`field contains 'X'`, `field is missing`; join with and, or, not."
)


def schemas(catalogue: Sequence[Field]) -> dict[str, Schema]:
    """Return the schema of each kind of file, by the name of the kind.

    Args:
        catalogue: Every field that a rule may read.
    """
    return {
        "rule": _rule(catalogue),
        "list": _list(),
        "exception": _exceptions(catalogue),
        "pack": _pack(),
    }


def written_schema(schema: Schema) -> str:
    """Return a schema as it stands in its file."""
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


def write_schemas(folder: Path, catalogue: Sequence[Field]) -> tuple[Path, ...]:
    """Write the schemas into a folder, which is made where it is not there; return their files.

    Raises:
        RuleError: They cannot be written there.
    """
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, schema in schemas(catalogue).items():
            file = folder / f"{name}{SUFFIX}"
            file.write_text(written_schema(schema), "utf-8", newline="\n")
            written.append(file)
    except OSError as error:
        raise RuleError(
            f"The schemas cannot be written to {folder}: {error.strerror}."
        ) from error
    return tuple(written)


def _rule(catalogue: Sequence[Field]) -> Schema:
    keys: dict[str, Schema] = {
        "schema": {"enum": [1, "1"]},
        "id": _text(f"^{rule_file.RULE_ID}$"),
        "version": _whole(),
        "status": _choice(RuleStatus),
        "title": _ref("wording"),
        "why": _ref("wording"),
        "innocent": _ref("wording"),
        "blind_spot": _ref("wording"),
        "guide": _optional(_ref("wording")),
        "source": _references("ref"),
        "typology": _one_or_more(_choice(Typology)),
        "threat": _optional(_one_or_more(_scalar())),
        "owner": _scalar(),
        "handling": _text(f"^{rule_file.TLP}$", examples=["TLP:AMBER"]),
        "severity": _choice(Severity),
        "effect": _choice(RuleEffect),
        "valid_from": _day(),
        "valid_until": _optional(_day()),
        "when": _ref("group"),
        "unless": _optional(_one_or_more(_ref("member"), least=0)),
        "because": _optional(_ref("wording")),
        "tests": _optional(_one_or_more(_ref("test"), least=0)),
        "settings": _optional(_settings()),
        "across": _optional(_across(catalogue)),
        "related": _optional(_references("id", least=0)),
        "known_false_alarms": _optional(_one_or_more(_scalar(), least=0)),
        "retired": _optional(
            _object(dict(zip(rule_file.RETIRED_KEYS, (_scalar(), _day(), _scalar()), strict=True)), ("reason", "on"))
        ),
    }  # fmt: skip
    known = {key: {**keys[key], "description": _MEANINGS[key]} for key in rule_file.KEYS}
    needed = ("schema", "id", "version", "status", "title", "why", "innocent", "blind_spot", "source", "typology",
              "owner", "handling", "severity", "effect", "valid_from", "when")  # fmt: skip
    # A rule without measures gives its tests fields only; one with measures may give those by their names too.
    plain, measuring = ({"properties": {"tests": _optional(_one_or_more(_ref(name), least=0))}} for name in ("test", "test_of_measures"))  # fmt: skip
    known["tests"] = {"description": _MEANINGS["tests"]}
    return {
        **_head("A rule", known, needed),
        "if": {"required": ["across"]},
        "then": measuring,
        "else": plain,
        "definitions": {
            "wording": _wording(),
            "field": {"enum": [field.name for field in catalogue]},
            "condition": _condition(),
            "group": _group(),
            "member": {"anyOf": [_ref("condition"), _ref("group")]},
            "record_of_measures": _record(catalogue),
            "record": {**_ref("record_of_measures"), "propertyNames": _ref("field")},
            "test": _test("record", others=False),
            "test_of_measures": _test("record_of_measures", others=True),
        },
    }


def _list() -> Schema:
    keys = {
        "schema": {"enum": [1, "1"]},
        "name": _text(_NAME, description="The name that conditions ask; the file bears it too."),
        "title": {**_optional(_ref("wording")), "description": "Its name for people, in small letters: it is read inside a sentence."},
        "values": {"type": "array", "items": _scalar(), "minItems": 1, "maxItems": rule_file.MOST_LIST_VALUES},
        "source": _references("ref"),
        "valid_until": {**_day(), "description": "The last day until which somebody has looked at it."},
    }  # fmt: skip
    known = {key: keys[key] for key in rule_file.LIST_KEYS}
    needed = [key for key in known if key != "title"]
    return {**_head("A list", known, needed), "definitions": {"wording": _wording()}}


def _exceptions(catalogue: Sequence[Field]) -> Schema:
    day = _day()
    fields = [field.name for field in catalogue if field.kind != "boolean"]
    keys: dict[str, Schema] = {
        "id": _text("^EXC(-[A-Z0-9]+)+$", description="Never reused, as EXC-2026-014."),
        "rules": _one_or_more(_text(f"^{rule_file.RULE_ID}$"), most=exception_file.MOST_RULES),
        "typologies": _one_or_more(_choice(Typology)),
        "field": {"enum": fields, "description": "What tells whom it excuses."},
        "values": _one_or_more(_scalar(), most=exception_file.MOST_VALUES),
        "reason": _scalar(),
        "approved_by": _scalar(),
        "from": day,
        "expires": {**day, "description": f"The last day, at most {exception_file.LONGEST_DAYS} days after the first."},
    }  # fmt: skip
    known = {key: keys[key] for key in exception_file.KEYS}
    needed = [key for key in known if key not in {"rules", "typologies"}]
    one_of = {"oneOf": [{"required": ["rules"]}, {"required": ["typologies"]}]}
    alone = {**_object({"schema": {"enum": [1, "1"]}, **known}, ("schema", *needed)), **one_of}
    entry = {**_object(known, needed), **one_of}
    several = _object(
        {
            "schema": {"enum": [1, "1"]},
            "exceptions": {
                "type": "array",
                "items": entry,
                "minItems": 1,
                "maxItems": exception_file.MOST_EXCEPTIONS,
            },
        },
        ("schema", "exceptions"),
    )
    return {
        "$schema": DIALECT,
        "title": "Exceptions of a unit",
        "if": {"required": ["exceptions"]},
        "then": several,
        "else": alone,
    }


def _pack() -> Schema:
    known = {"schema": {"enum": [1, "1"]}, **{key: _scalar() for key in pack.HEAD_KEYS}}
    return _head("A pack", {**known, pack.HEAD_REMARK: _scalar()}, tuple(known))


def _head(title: str, keys: Mapping[str, Schema], needed: Iterable[str]) -> Schema:
    return {"$schema": DIALECT, "title": title, **_object(keys, needed)}


def _object(keys: Mapping[str, Schema], needed: Iterable[str]) -> Schema:
    return {
        "type": "object",
        "properties": dict(keys),
        "required": list(needed),
        "additionalProperties": False,
    }


def _wording() -> Schema:
    texts = {language: _scalar() for language in LANGUAGES}
    return {"anyOf": [_scalar(), _object(texts, ("en",))]}


def _condition() -> Schema:
    """Any line is allowed; the fields stand there so that an editor offers their names."""
    line = {"type": "string", "minLength": 1, "maxLength": LONGEST_LINE}
    return {"anyOf": [line, _ref("field")], "description": _LINE}


def _group() -> Schema:
    members = {"type": "array", "items": _ref("member"), "minItems": 1}
    said = {
        Mode.ALL: "Every one of these.",
        Mode.ANY: "At least one of these.",
        Mode.NONE: "Not one of these.",
    }
    modes = {mode.value: {**members, "description": said[mode]} for mode in Mode}
    return {**_object(modes, ()), "minProperties": 1}


def _settings() -> Schema:
    numbers = _object(
        {key: _number() for key in rule_file.SETTING_KEYS}, rule_file.SETTING_KEYS
    )
    return {
        "type": "object",
        "propertyNames": {"pattern": _NAME},
        "additionalProperties": numbers,
    }


def _across(catalogue: Sequence[Field]) -> Schema:
    taken: dict[str, Schema] = {
        "count": {"anyOf": [{"enum": [*across.COUNTED]}, _ref("field")]},
        **{
            key: {"enum": [field.name for field in catalogue if field.kind in fitting]}
            for key, fitting in across.FITTING.items()
        },
    }
    keys: dict[str, Schema] = {
        "label": _wording(),
        **{key: taken[key] for key in across.TAKEN},
        "same": _one_or_more(_ref("field"), most=across.MOST_KEYS),
        "within_days": _whole(0, across.LONGEST_WINDOW),
        "peers": {"enum": ["counted", "left_out"]},
        "of": {"enum": [across.STOW_PLAN]},
        "where": _optional(_one_or_more(_ref("condition"), least=0, most=across.MOST_LINES)),
    }
    known = {key: keys[key] for key in across.MEASURE_KEYS}
    measure = {
        **_object(known, ("label", "same")),
        "oneOf": [{"required": [key]} for key in across.TAKEN],
        "if": {"required": ["of"]},
        "then": {"properties": {"within_days": False, "peers": False}},
        "else": {"required": ["within_days", "peers"]},
    }
    return {
        "type": "object",
        "propertyNames": {"pattern": _NAME, "maxLength": across.LONGEST_NAME},
        "additionalProperties": measure,
        "minProperties": 1,
        "maxProperties": across.MOST_MEASURES,
    }


def _test(record: str, *, others: bool) -> Schema:
    keys: dict[str, Schema] = {
        "name": _scalar(),
        "expect": _choice(Verdict),
        "record": _optional(_ref(record)),
        "others": _optional(_one_or_more(_other(), least=0, most=rule_tests.MOST_OTHERS)),
    }
    known = {key: keys[key] for key in rule_tests.TEST_KEYS if others or key != "others"}
    return _object(known, ("name", "expect", "record"))


def _other() -> Schema:
    keys: dict[str, Schema] = {
        "days_before": _whole(0, 999),
        "record": _optional(_ref("record")),
        "is_of_stow_plan": {"enum": [True, False]},
    }
    return _object({key: keys[key] for key in rule_tests.OTHER_KEYS}, ("record",))


def _record(catalogue: Sequence[Field]) -> Schema:
    known = {
        field.name: {**_optional(_value(field.kind)), "description": _meaning(field)}
        for field in catalogue
    }
    return {"type": "object", "properties": known}


def _value(kind: FieldKind) -> Schema:
    if kind == "texts":
        return _one_or_more(_scalar(), least=0)
    if kind == "boolean":
        return {"enum": [True, False]}
    return {"number": _number, "date": _day, "text": _scalar}[kind]()


def _meaning(field: Field) -> str:
    """Say what a field is: its label, what it holds and what it means."""
    label = render(f"{field.key}.label", {"name": field.subject}) if has(f"{field.key}.label") else ""  # fmt: skip
    held = f"{field.kind}, {field.unit}" if field.unit else field.kind
    meaning = " ".join(field.meaning.split())
    return f"{label} ({held}). {meaning}".strip()


def _ref(name: str) -> Schema:
    # In this dialect whatever stands beside a reference is passed over.
    return {"allOf": [{"$ref": f"#/definitions/{name}"}]}


def _scalar() -> Schema:
    """What the reader takes as a text: any scalar, as it is written."""
    return {"type": ["string", "number", "boolean"]}


def _text(pattern: str, **more: object) -> Schema:
    return {"type": "string", "pattern": pattern, **more}


def _number() -> Schema:
    return {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _NUMBER}]}


def _whole(least: int = 1, most: int = 999_999) -> Schema:
    number = {"type": "integer", "minimum": least, "maximum": most}
    return {"anyOf": [number, {"type": "string", "pattern": "^[0-9]{1,6}$"}]}


def _day() -> Schema:
    return {"type": "string", "pattern": _DAY, "examples": ["2026-01-31"]}


def _choice(choices: type[StrEnum]) -> Schema:
    return {"enum": [choice.value for choice in choices]}


def _one_or_more(item: Schema, *, least: int = 1, most: int | None = None) -> Schema:
    """A list, or one item alone: the reader takes a single value as a list of one."""
    several: Schema = {"type": "array", "items": item, "minItems": least}
    if most is not None:
        several["maxItems"] = most
    return {"anyOf": [several, item]}


def _references(part: str, *, least: int = 1) -> Schema:
    told = {"type": "object", "properties": {part: _scalar()}, "required": [part]}
    return _one_or_more({"anyOf": [told, _scalar()]}, least=least)


def _optional(schema: Schema) -> Schema:
    """A key with nothing under it is as one that is not there."""
    return {"anyOf": [schema, {"type": "null"}]}
