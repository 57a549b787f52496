"""One file of exceptions: what a unit excuses for a time, with every fault noted at its place.

An exception names a field and the values it excuses. It has a last day, at most 400 days after its first: what
was trusted once is looked at again.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from datetime import date
from functools import reduce
from typing import TYPE_CHECKING, Final

from riskengine.domain import Typology
from riskengine.errors import Place
from riskengine.rules.faults import Source, TooManyFaults, did_you_mean
from riskengine.rules.reading import Reader
from riskengine.rules.rule import RuleException
from riskengine.rules.tree import (
    Compare,
    Condition,
    Contains,
    Day,
    Either,
    FieldRef,
    Node,
    Number,
    OneOf,
    Text,
    canonical,
)
from riskengine.rules.yaml_shape import Scalar, Sequence, Table, read_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.rules.tree import FieldKind, Value
    from riskengine.rules.yaml_shape import Shape

KEYS: Final = (
    "id",
    "rules",
    "typologies",
    "field",
    "values",
    "reason",
    "approved_by",
    "from",
    "expires",
)
LONGEST_DAYS: Final = 400
MOST_VALUES: Final = 200
MOST_RULES: Final = 100
MOST_EXCEPTIONS: Final = 500
_ID: Final = "EXC(-[A-Z0-9]+)+"
_EXAMPLES: Final = {
    "schema": "schema: 1",
    "id": "id: EXC-2026-014",
    "rules": "rules: [CRG-VEL-001]",
    "field": "field: consignee_name",
    "values": "values: ['ACME LTD']",
    "reason": "reason: …",
    "approved_by": "approved_by: ANA",
    "from": "from: 2026-01-01",
    "expires": "expires: 2026-12-31",
}
_RULE_ID: Final = "[A-Z][A-Z0-9]*(-[A-Z0-9]+)+"
_PLAIN: Final = ("id", "field", "reason", "approved_by", "from", "expires")


def read_exceptions(
    source: Source, fields: Mapping[str, FieldKind]
) -> tuple[RuleException, ...]:
    """Return the exceptions of a file, one or several under ``exceptions``; *source* notes the faults.

    Args:
        source: The file.
        fields: Every field that an exception may name, with its kind.
    """
    try:
        return _read(source, fields)
    except TooManyFaults:
        return ()


def _read(source: Source, fields: Mapping[str, FieldKind]) -> tuple[RuleException, ...]:
    table = read_shape(source)
    if table is None:
        return ()
    before = len(source.faults)
    reader = Reader(source, table, _EXAMPLES)
    reader.matching("schema", "1", "1")
    if table.get("exceptions") is None:
        reader.only(("schema", *KEYS))
        found = [_exception(reader, fields, source.text)]
    else:
        reader.only(("schema", "exceptions"))
        found = [_entry(reader, item, fields) for item in reader.items("exceptions")]
        if len(found) > MOST_EXCEPTIONS:
            hint = "Make several files of it."
            reader.fault(table, f"a file holds at most {MOST_EXCEPTIONS} exceptions", hint)
    kept = [exception for exception in found if exception is not None]
    _check_ids(kept, source)
    return () if len(source.faults) > before else tuple(kept)


def _check_ids(found: list[RuleException], source: Source) -> None:
    seen: set[str] = set()
    for exception in found:
        if exception.id in seen:
            place = exception.place
            source.fault(
                place.line or 1,
                place.column or 1,
                f"the id {exception.id} stands above already",
                "Give this one an id of its own.",
            )
        seen.add(exception.id)


def _entry(outer: Reader, item: Shape, fields: Mapping[str, FieldKind]) -> RuleException | None:
    if not isinstance(item, Table):
        hint = "Write each of them on a line of its own, the first after '- '."
        outer.fault(item, f"an exception has {', '.join(KEYS)}", hint)
        return None
    reader = Reader(outer.source, item, _EXAMPLES)
    reader.only(KEYS)
    return _exception(reader, fields, _alone(item))


def _exception(reader: Reader, fields: Mapping[str, FieldKind], text: str) -> RuleException:
    table = reader.table
    starts, expires = reader.day("from"), reader.day("expires")
    if date.max not in {starts, expires}:
        if expires < starts:
            hint = "Is one of the two days wrong, or are they turned round?"
            place = table.get("expires") or table
            reader.fault(place, "the exception ends before it begins", hint)
        elif (expires - starts).days > LONGEST_DAYS:
            hint = "Look at it again by then, and enter it anew where it still holds."
            sentence = f"an exception lasts at most {LONGEST_DAYS} days"
            reader.fault(table.get("expires") or table, sentence, hint)
    exception = RuleException(
        id=reader.matching("id", _ID, "written like EXC-2026-014"),
        rules=_rules(reader),
        typologies=reader.choices("typologies", Typology) if _is_wide(table) else (),
        reason=reader.text("reason"),
        approved_by=reader.text("approved_by"),
        starts=starts,
        expires=expires,
        condition=_condition(reader, fields),
        sha256="",
        source_yaml=text,
        place=Place(file=reader.source.file, line=table.line, column=table.column),
    )
    return replace(exception, sha256=_sha256(exception))


def _is_wide(table: Table) -> bool:
    return table.get("typologies") is not None


def _rules(reader: Reader) -> tuple[str, ...]:
    table = reader.table
    if _is_wide(table):
        if table.get("rules") is not None:
            sentence = "an exception is made for rules or for typologies, not for both"
            reader.fault(table.get("rules") or table, sentence, "Make two exceptions of it.")
        return ()
    ids: list[str] = []
    for item in reader.items("rules"):
        name = reader.text_of(item, "an entry of 'rules'")
        is_shaped = bool(name) and re.fullmatch(_RULE_ID, name, re.ASCII) is not None
        if name and not is_shaped:
            hint = "Name each rule; or write 'typologies:' to excuse from all rules of one."
            reader.fault(
                item, f"{name[:60]!r} is no id of a rule, written like CRG-VEL-001", hint
            )
        elif name in ids:
            reader.fault(item, f"the rule {name} stands here a second time", "Delete one.")
        ids.append(name)
    if len(ids) > MOST_RULES:
        hint = "Write 'typologies:' to excuse from all rules of a typology."
        reader.fault(table, f"an exception names at most {MOST_RULES} rules", hint)
    return tuple(sorted(set(ids)))


def _condition(reader: Reader, fields: Mapping[str, FieldKind]) -> Condition:
    name = reader.text("field")
    kind = fields.get(name)
    shape = reader.table.get("field") or reader.table
    nothing = Condition(
        text="", tree=FieldRef(name, kind), place=Place(file=reader.source.file)
    )
    if name and kind is None:
        hint = did_you_mean(name, fields) or "The fields are in docs/indicators.md."
        reader.fault(shape, f"there is no field named {name!r}", hint)
    if kind == "boolean":
        hint = "Name a party, a box, a code or an address; or write 'unless' in a new version of the rule."
        reader.fault(shape, f"{name!r} is true or false: it tells nobody from anybody", hint)
    items = reader.items("values")
    if len(items) > MOST_VALUES:
        hint = "Make several exceptions of it."
        place = reader.table.get("values") or reader.table
        reader.fault(place, f"an exception has at most {MOST_VALUES} values", hint)
    if kind is None or kind == "boolean":
        return nothing
    read = [_value(reader, item, kind) for item in items]
    values: list[Value] = list(dict.fromkeys(value for value in read if value is not None))
    if not values:
        return nothing
    ref = FieldRef(name, kind)
    place = Place(file=reader.source.file, line=shape.line, column=shape.column)
    return Condition(text=_text(name, kind, values), tree=_tree(ref, values), place=place)


def _value(reader: Reader, item: Shape, kind: FieldKind) -> Value:
    if isinstance(item, Scalar) and item.is_null:
        reader.fault(item, "a missing value excuses nobody", "Write the value in quotes.")
        return None
    if not isinstance(item, Scalar):
        hint = "Put it in quotes, without brackets and braces around it."
        reader.fault(item, "an entry of 'values' is one value", hint)
        return None
    # Several texts are asked one by one: each value is one text.
    return reader.value_of(item, "text" if kind == "texts" else kind, "an entry of 'values'")


def _tree(ref: FieldRef, values: list[Value]) -> Node:
    if ref.kind == "texts":
        each: list[Node] = [Contains(ref, str(value)) for value in values]
        return reduce(Either, each)
    literals = tuple(_literal(value) for value in values)
    return Compare("=", ref, literals[0]) if len(literals) == 1 else OneOf(ref, literals)


def _literal(value: Value) -> Node:
    if isinstance(value, float):
        return Number(value)
    return Day(value) if isinstance(value, date) else Text(str(value))


def _text(name: str, kind: FieldKind, values: list[Value]) -> str:
    """Return the condition as the author of a rule would write it, for people to read."""
    written = [
        f"{value:g}"
        if isinstance(value, float)
        else value.isoformat()
        if isinstance(value, date)
        else f"'{value}'"
        for value in values
    ]
    if kind == "texts":
        return " or ".join(f"{name} contains {value}" for value in written)
    return (
        f"{name} = {written[0]}" if len(written) == 1 else f"{name} in [{', '.join(written)}]"
    )


def _sha256(exception: RuleException) -> str:
    """Return the digest of what the exception says, whatever its layout."""
    whole = [
        exception.id,
        exception.rules,
        exception.typologies,
        exception.reason,
        exception.approved_by,
        str(exception.starts),
        str(exception.expires),
        canonical(exception.condition),
    ]
    return hashlib.sha256(json.dumps(whole, ensure_ascii=False).encode()).hexdigest()


def _alone(item: Table) -> str:
    """Return one of several exceptions as a file of its own, so that it can be read again alone."""
    lines = ["schema: 1"]
    for key, shape in item.entries:
        if isinstance(shape, Scalar) and key.text in _PLAIN:
            lines.append(f"{key.text}: {_quoted(shape.text)}")
            continue
        items = shape.items if isinstance(shape, Sequence) else (shape,)
        texts = [_quoted(part.text) for part in items if isinstance(part, Scalar)]
        lines.append(f"{key.text}: [{', '.join(texts)}]")
    return "\n".join([*lines, ""])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
