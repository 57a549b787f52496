"""A model card as canonical JSON, and back: strict in both directions."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
import types
import typing
from datetime import date, datetime
from typing import Any, NoReturn

from riskengine.errors import BundleDamaged, ModelError
from riskengine.model import card as card_module
from riskengine.model import layout_one
from riskengine.model.card import SCHEMA, ModelCard

_LARGEST = sys.float_info.max
_REMEDY = "Take the bundle again from where it came, or train anew."
# The annotations of card.py are text; its dates are imported for the type checker only.
_NAMES: dict[str, Any] = {**vars(card_module), "date": date, "datetime": datetime}


def to_json(card: ModelCard) -> str:
    """Return the card as JSON: keys sorted, one line each, the same bytes for the same card."""
    return canonical(_content(card))


def canonical(value: object) -> str:
    r"""Return a value as the JSON text our digests are taken of.

    >>> canonical({"b": 1.5, "a": None})
    '{\n "a": null,\n "b": 1.5\n}\n'
    """
    return (
        json.dumps(
            value,
            sort_keys=True,
            indent=1,
            ensure_ascii=False,
            allow_nan=False,
            default=_date_text,
        )
        + "\n"
    )


def identity(card: ModelCard) -> str:
    """Return the id a card's content gives it: last day and digest, whenever it was trained."""
    content = canonical(_content(dataclasses.replace(card, id="", created_at=None)))
    digest = hashlib.sha256(content.encode()).hexdigest()
    return f"{card.window.last_on.isoformat()}-{digest[:10]}"


def from_json(text: str) -> ModelCard:
    """Return the card that a JSON text holds.

    Raises:
        ModelError: The card has another layout than this version reads.
        BundleDamaged: It is not JSON, or a key is missing, unknown, repeated or of another kind.
    """
    value = strict_json(text, "card.json")
    schema = value.get("schema") if isinstance(value, dict) else None
    if isinstance(schema, int) and schema not in {layout_one.SCHEMA, SCHEMA}:
        raise ModelError(
            f"The model card has layout {schema}; this engine reads layout {SCHEMA}.",
            remedy="Use the version of the engine that wrote it, or train anew.",
        )
    if schema == layout_one.SCHEMA:
        value = layout_one.lift(value)
    try:
        card: ModelCard = _read(ModelCard, value, "card")
    except BundleDamaged:
        raise
    except ModelError as fault:
        raise BundleDamaged(
            f"card.json is damaged: {fault.sentence}", remedy=_REMEDY
        ) from fault
    return card


def _content(card: ModelCard) -> dict[str, Any]:
    """Return the card as it is written: one of an earlier layout in that layout, for its id."""
    content = dataclasses.asdict(card)
    return layout_one.lower(content) if card.schema == layout_one.SCHEMA else content


def strict_json(text: str, name: str) -> Any:
    """Return what a JSON text holds, refusing repeated keys and numbers that are none.

    Raises:
        BundleDamaged: The text is not such JSON.
    """
    try:
        return json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except (ValueError, RecursionError) as fault:
        raise BundleDamaged(f"{name} is damaged: {fault}.", remedy=_REMEDY) from fault


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in " + ", ".join(key for key, _ in pairs))
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _date_text(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in a model card")


def _read(kind: Any, value: Any, where: str) -> Any:
    """Return a JSON value as the kind an annotation of the card names."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _read_fields(kind, value, where)
    origin = typing.get_origin(kind)
    if origin is tuple:
        _demand(isinstance(value, list), where, "a list", value)
        inner = typing.get_args(kind)[0]
        return tuple(_read(inner, item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin in {typing.Union, types.UnionType}:
        inner = next(arm for arm in typing.get_args(kind) if arm is not type(None))
        return None if value is None else _read(inner, value, where)
    if origin is typing.Literal:
        _demand(value in typing.get_args(kind), where, "a known word", value)
        return value
    return _read_plain(kind, value, where)


def _read_fields(kind: type, value: Any, where: str) -> Any:
    _demand(isinstance(value, dict), where, "an object", value)
    hints = typing.get_type_hints(kind, globalns=_NAMES)
    missing = sorted(set(hints) - set(value))
    unknown = sorted(set(value) - set(hints))
    if missing or unknown:
        said = [f"lacks {', '.join(missing)}"] if missing else []
        said += [f"has the unknown {', '.join(unknown)}"] if unknown else []
        raise BundleDamaged(
            f"card.json is damaged: {where} {' and '.join(said)}.", remedy=_REMEDY
        )
    return kind(**{name: _read(hints[name], value[name], f"{where}.{name}") for name in hints})


def _read_plain(kind: Any, value: Any, where: str) -> Any:
    if kind in {date, datetime}:
        _demand(isinstance(value, str), where, "a date", value)
        try:
            return kind.fromisoformat(value)
        except ValueError as fault:
            raise BundleDamaged(
                f"card.json is damaged: {where} is no date: {value!r}.", remedy=_REMEDY
            ) from fault
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        _demand(abs(value) <= _LARGEST, where, "a number that can be counted with", value)
        return float(value)
    _demand(type(value) is kind, where, f"of kind {kind.__name__}", value)
    # JSON has no infinity, but reads 1e999 as one; and its escapes make halves of letters, which no file can hold.
    if kind is float:
        _demand(abs(value) <= _LARGEST, where, "a number that can be counted with", value)
    if kind is str:
        _demand(_is_text(str(value)), where, "text", ascii(value))
    return value


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _demand(holds: bool, where: str, wanted: str, value: object) -> None:
    if not holds:
        raise BundleDamaged(
            f"card.json is damaged: {where} is not {wanted}: {str(value)[:60]!r}.",
            remedy=_REMEDY,
        )
