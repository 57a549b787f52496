"""Mapping files: TOML that says which column of a foreign export is which canonical field."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from riskengine.domain import Outcome
from riskengine.errors import MappingError
from riskengine.manifest.fields import FIELDS, Field, Kind
from riskengine.manifest.mapping_draft import Draft, meant
from riskengine.manifest.plan import (
    AttributeRule,
    ColumnRule,
    FieldMapping,
    FileSettings,
    LabelRule,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA_VERSION = 1
_LARGEST_FILE = 1_000_000
_SECTIONS = ("schema", "name", "file", "columns", "constants", "label", "attributes", "keys")
_FILE_KEYS = (
    "kind",
    "encoding",
    "delimiter",
    "header_line",
    "header",
    "sheet",
    "fill_down",
    "decimal",
    "thousands",
    "date_format",
    "date_formats",
    "missing",
    "unit_mass",
    "usd_per",
)
_COLUMN_KEYS = (
    "column",
    "unit",
    "format",
    "formats",
    "values",
    "currency",
    "currency_column",
    "optional",
)
_LABEL_KEYS = (
    *("column", "find", "find_outcome", "nil", "outcome", "known_on"),
    *("format", "formats", "probability", "chosen_by", "chance"),
)
_KINDS = ("manifest", "stow_plan", "movements")
_UNITS_OF = {"kg": ("kg", "t", "lb"), "m3": ("m3", "ft3"), "c": ("c", "f")}


def load_mapping(path: Path) -> FieldMapping:
    """Read a mapping file.

    Every fault is collected, so that one reading tells all there is to mend.

    Raises:
        MappingError: The file cannot be read, or is wrong; with each fault and its line.
    """
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise MappingError(
            f"The mapping file {path} cannot be read: {fault.strerror}.",
            remedy="Give the path of a TOML file.",
        ) from fault
    return mapping_of(data, path.name)


def mapping_of(data: bytes, file: str) -> FieldMapping:
    """Read the bytes of a mapping file.

    Args:
        data: The bytes.
        file: The name of the file, by which faults are named.

    Raises:
        MappingError: They are wrong; with each fault and its line.
    """
    if len(data) > _LARGEST_FILE:
        raise MappingError(f"{file} is too large for a mapping file ({len(data)} bytes).")
    try:
        text = data.decode("utf-8-sig")
        tree = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as fault:
        raise MappingError(
            f"{file} is not TOML: {fault}.",
            remedy="Texts stand in quotes, tables in [brackets].",
        ) from fault
    draft = Draft(file=file, text=text)
    mapping = _read(draft, tree, Path(file).stem, hashlib.sha256(data).hexdigest())
    if draft.faults:
        raise MappingError(
            f"{file} is not a usable mapping: {' '.join(draft.faults)}",
            remedy="Each fault is named with its line.",
        )
    return replace(mapping, content=data)


def _read(draft: Draft, tree: Mapping[str, object], stem: str, sha256: str) -> FieldMapping:
    draft.known("", tree, _SECTIONS)
    if tree.get("schema") != SCHEMA_VERSION:
        draft.fault("schema", "schema", f"the file must say schema = {SCHEMA_VERSION}")
    columns = _columns(draft, draft.table("columns", "columns", tree.get("columns", {})))
    constants = _constants(
        draft, draft.table("constants", "constants", tree.get("constants", {}))
    )
    for name in {rule.field for rule in columns} & constants.keys():
        draft.fault("constants", name, f"{name} has a column already")
    named = {rule.field for rule in columns} | constants.keys()
    if columns and not named & {"container_number", "bill_of_lading"}:
        draft.fault(
            "columns", "columns", "neither container_number nor bill_of_lading has a column"
        )
    label = tree.get("label")
    return FieldMapping(
        name=draft.text_or_none("name", "name", tree.get("name")) or stem,
        sha256=sha256,
        file=_file(draft, draft.table("file", "file", tree.get("file", {}))),
        columns=columns,
        constants=constants,
        label=None if label is None else _label(draft, draft.table("label", "label", label)),
        attributes=(*_attributes(draft, tree), *_keys(draft, tree)),
    )


def _file(draft: Draft, table: dict[str, object]) -> FileSettings:
    draft.known("file", table, _FILE_KEYS)
    delimiter = draft.text_or_none("file", "delimiter", table.get("delimiter"))
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        draft.fault("file", "delimiter", "delimiter must be one character")
        delimiter = None
    header_line = table.get("header_line")
    if header_line is not None and (not isinstance(header_line, int) or header_line < 1):
        draft.fault("file", "header_line", "header_line must be a whole number from 1")
        header_line = None
    has_header = table.get("header", True)
    if not isinstance(has_header, bool):
        draft.fault("file", "header", "header must be true or false")
    fill_down = table.get("fill_down")
    if fill_down is not None and not isinstance(fill_down, bool):
        draft.fault("file", "fill_down", "fill_down must be true or false")
    decimal = draft.one_of("file", "decimal", table.get("decimal"), (".", ","))
    thousands = draft.one_of("file", "thousands", table.get("thousands"), (".", ",", " ", "'"))
    if thousands in {".", ","}:
        implied = "," if thousands == "." else "."
        if decimal not in {None, implied}:
            draft.fault("file", "thousands", "thousands and decimal must not be the same")
        decimal = implied
    formats = table.get("date_formats", table.get("date_format", []))
    return FileSettings(
        encoding=draft.text_or_none("file", "encoding", table.get("encoding")),
        delimiter=delimiter,
        header_line=header_line,
        has_header=has_header is not False,
        sheet=draft.text_or_none("file", "sheet", table.get("sheet")),
        fill_down=fill_down if isinstance(fill_down, bool) else None,
        decimal=decimal,
        date_formats=_formats(draft, "file", "date_format", formats),
        missing=draft.texts("file", "missing", table.get("missing", [])),
        kind=draft.one_of("file", "kind", table.get("kind"), _KINDS),
        unit_mass=draft.one_of("file", "unit_mass", table.get("unit_mass"), _UNITS_OF["kg"])
        or "kg",
        usd_per=_rates(draft, draft.table("file", "usd_per", table.get("usd_per", {}))),
    )


def _formats(draft: Draft, section: str, key: str, value: object) -> tuple[str, ...]:
    formats = draft.texts(section, key, value)
    for text in formats:
        if (
            not all(part in text for part in ("%d", "%m"))
            and "%j" not in text
            and "%b" not in text
        ):
            draft.fault(section, key, f"{text!r} is not a date format such as '%d/%m/%Y'")
    return formats


def _rates(draft: Draft, table: dict[str, object]) -> dict[str, float]:
    rates: dict[str, float] = {}
    for currency, rate in table.items():
        if (
            isinstance(rate, bool)
            or not isinstance(rate, (int, float))
            or not 0 < rate < float("inf")
        ):
            draft.fault("file", "usd_per", f"the rate of {currency} must be a number above 0")
        else:
            rates[currency.upper()] = float(rate)
    return rates


def _field(draft: Draft, section: str, name: str) -> Field | None:
    if name in FIELDS:
        return FIELDS[name]
    draft.fault(section, name, f"{name!r} is no canonical field" + meant(name, FIELDS))
    return None


def _columns(draft: Draft, table: dict[str, object]) -> tuple[ColumnRule, ...]:
    rules: list[ColumnRule] = []
    for name, value in table.items():
        known = _field(draft, "columns", name)
        if isinstance(value, str):
            rules.append(ColumnRule(field=name, column=value))
        elif known is not None:
            rules.append(_column(draft, known, draft.table("columns", name, value)))
    return tuple(rules)


def _column(draft: Draft, known: Field, table: dict[str, object]) -> ColumnRule:
    name = known.name
    draft.known("columns", table, _COLUMN_KEYS)
    column = draft.text_or_none("columns", name, table.get("column"))
    if column is None:
        draft.fault("columns", name, f"{name} does not say its column")
    units = _UNITS_OF.get(known.unit or "", ())
    if "unit" in table and not units:
        draft.fault("columns", name, f"{name} has no other units")
    formats = table.get("formats", table.get("format", []))
    if formats and known.kind is not Kind.DATE:
        draft.fault("columns", name, f"{name} is no date and has no format")
    values = draft.table("columns", name, table.get("values", {}))
    return ColumnRule(
        field=name,
        column=column or "",
        unit=draft.one_of("columns", name, table.get("unit"), units) if units else None,
        formats=_formats(draft, "columns", name, formats),
        values={text: _plain(value) for text, value in values.items()},
        currency=draft.text_or_none("columns", name, table.get("currency")),
        currency_column=draft.text_or_none("columns", name, table.get("currency_column")),
        is_optional=table.get("optional") is True,
    )


def _constants(draft: Draft, table: dict[str, object]) -> dict[str, str]:
    for name in table:
        _field(draft, "constants", name)
    return {name: _plain(value) for name, value in table.items()}


def _plain(value: object) -> str:
    return ("1" if value else "0") if isinstance(value, bool) else str(value)


def _label(draft: Draft, table: dict[str, object]) -> LabelRule:
    draft.known("label", table, _LABEL_KEYS)
    column = draft.text_or_none("label", "column", table.get("column"))
    if column is None:
        draft.fault("label", "column", "[label] does not say its column")
    if ("find" in table) == ("outcome" in table):
        draft.fault("label", "find", "[label] needs either find or outcome")
    known = tuple(outcome.value for outcome in Outcome)
    given = draft.table("label", "outcome", table.get("outcome", {}))
    outcomes = {text: draft.one_of("label", "outcome", to, known) for text, to in given.items()}
    find = draft.one_of("label", "find_outcome", table.get("find_outcome"), known)
    for text in draft.texts("label", "find", table.get("find", [])):
        outcomes[text] = find or Outcome.DISCREPANCY.value
    for text in draft.texts("label", "nil", table.get("nil", [])):
        outcomes[text] = Outcome.NIL.value
    formats = table.get("formats", table.get("format", []))
    if {"probability", "chosen_by"} <= table.keys():
        draft.fault("label", "chosen_by", "[label] says either probability or chosen_by")
    if ("chosen_by" in table) != ("chance" in table):
        draft.fault("label", "chance", "[label] needs chosen_by and chance together")
    return LabelRule(
        column=column or "",
        outcomes={text: outcome for text, outcome in outcomes.items() if outcome},
        otherwise=Outcome.NIL.value if "find" in table and "nil" not in table else None,
        known_on=draft.text_or_none("label", "known_on", table.get("known_on")),
        formats=_formats(draft, "label", "format", formats),
        probability=draft.text_or_none("label", "probability", table.get("probability")),
        chosen_by=draft.text_or_none("label", "chosen_by", table.get("chosen_by")),
        chances=_chances(draft, table.get("chance", {})),
    )


def _chances(draft: Draft, value: object) -> dict[str, float]:
    """Return the chance with which each way of choosing opens a container."""
    chances: dict[str, float] = {}
    for text, chance in draft.table("label", "chance", value).items():
        if isinstance(chance, (int, float)) and chance is not True and 0 < chance <= 1:
            chances[text] = float(chance)
        else:
            draft.fault("label", "chance", f"chance.{text} must be above 0 and at most 1")
    return chances


def _items(draft: Draft, tree: Mapping[str, object], section: str) -> list[dict[str, object]]:
    value = tree.get(section, [])
    if not isinstance(value, list):
        draft.fault(section, section, f"{section} must be written as [[{section}]]")
        return []
    return [draft.table(section, section, item) for item in cast("list[object]", value)]


def _attributes(draft: Draft, tree: Mapping[str, object]) -> list[AttributeRule]:
    rules: list[AttributeRule] = []
    for item in _items(draft, tree, "attributes"):
        draft.known("attributes", item, ("name", "column", "kind"))
        column = draft.text_or_none("attributes", "column", item.get("column"))
        name = draft.text_or_none("attributes", "name", item.get("name")) or column
        if name is None or column is None:
            draft.fault("attributes", "column", "an attribute does not say its column")
            continue
        kind = draft.one_of(
            "attributes", "kind", item.get("kind", "category"), ("category", "number")
        )
        rules.append(AttributeRule(name=name, columns=(column,), kind=kind or "category"))
    return _once(draft, "attributes", rules)


def _keys(draft: Draft, tree: Mapping[str, object]) -> list[AttributeRule]:
    rules: list[AttributeRule] = []
    for item in _items(draft, tree, "keys"):
        draft.known("keys", item, ("name", "columns"))
        columns = draft.texts("keys", "columns", item.get("columns", []))
        name = draft.text_or_none("keys", "name", item.get("name")) or "_".join(columns)
        if not columns:
            draft.fault("keys", "columns", "a key does not say its columns")
            continue
        rules.append(AttributeRule(name=name, columns=columns, kind="key"))
    return _once(draft, "keys", rules)


def _once(draft: Draft, section: str, rules: list[AttributeRule]) -> list[AttributeRule]:
    names = [rule.name for rule in rules]
    for name in sorted({name for name in names if names.count(name) > 1}):
        draft.fault(section, "name", f"{name!r} is given twice")
    return rules
