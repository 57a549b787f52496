"""A table of text to canonical columns: every field typed, every fault with its record and column."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from dataclasses import field as filled
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from riskengine.errors import MappingError
from riskengine.manifest import dates, numbers
from riskengine.manifest.fields import FIELDS, Field, Kind
from riskengine.manifest.plan import ColumnRule, FieldMapping
from riskengine.manifest.values import Column, Conventions, Read, read_column, stripped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from riskengine.manifest.plan import AttributeRule, LabelRule
    from riskengine.manifest.table import TextTable

FAULTS = {
    "record_number": pl.Int64(),
    "line": pl.Int64(),
    "column": pl.Int64(),
    "field": pl.String(),
    "code": pl.String(),
    "raw": pl.String(),
    "kept": pl.String(),
}
"""One row for each fault of a cell; ``column`` is counted from 1, ``kept`` is what stands instead."""

CARRIED = {
    "record_number": pl.Int64(),
    "name": pl.String(),
    "kind": pl.String(),
    "text": pl.String(),
    "number": pl.Float64(),
}
"""One row for each attribute of a record."""

_DTYPES: dict[Kind, pl.DataType] = {
    Kind.NUMBER: pl.Float64(),
    Kind.INTEGER: pl.Int64(),
    Kind.DATE: pl.Date(),
    Kind.INSTANT: pl.Datetime("us", "UTC"),
    Kind.FLAG: pl.Boolean(),
}
_KEY_SEPARATOR = "|"

_FEW_SPELLINGS = {
    Kind.DATE,
    Kind.INSTANT,
    Kind.FLAG,
    Kind.CATEGORY,
    Kind.COUNTRY,
    Kind.PORT,
    Kind.HS,
}
"""Files repeat a few spellings of these over all their lines: each spelling is read once."""

_FEWEST_LINES_TO_SAVE = 1000
_COLUMNS_AT_A_TIME = 2  # of which one waits for memory, as a rule, while the other computes


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedRecords:
    """The records of a file in canonical columns.

    Attributes:
        frame: ``record_number``, ``line``, every canonical field (null where no column fills it), and
            ``<port field>_text`` as received.
        attributes: What is carried along, in the columns of `CARRIED`.
        faults: The faults of cells, in the columns of `FAULTS`.
        filled: The canonical fields that a column or a constant fills.
    """

    frame: pl.DataFrame
    attributes: pl.DataFrame
    faults: pl.DataFrame
    filled: frozenset[str]


@dataclass(slots=True)
class _Typist:
    """One table on its way to canonical columns."""

    table: TextTable
    mapping: FieldMapping
    places: Mapping[str, int]
    faults: list[pl.DataFrame]
    read: dict[tuple[str, Kind], pl.Series] = filled(
        default_factory=dict[tuple[str, Kind], pl.Series]
    )

    def texts(self, column: str, kind: Kind) -> pl.Series:
        known = self.read.get((column, kind))
        if known is None:
            raw = self.table.frame[str(self.places[column])]
            known = self.read[column, kind] = stripped(raw, self.mapping.file, kind)
        return known

    def numbers(self, column: str) -> pl.Series | None:
        return self.table.numbers.get(self.places[column])

    def spellings(self, column: str, kind: Kind) -> pl.Series:
        """The texts of a column, each once."""
        raw = self.table.frame[str(self.places[column])]
        return stripped(raw.unique(), self.mapping.file, kind)

    def note(self, column: str | None, field: str, codes: pl.Series | None) -> None:
        """Keep the faults of one column with the text as received."""
        if codes is None or codes.null_count() == len(codes):
            return
        place = None if column is None else self.places[column]
        raw = pl.lit(None, pl.String) if place is None else pl.col(str(place))
        shown = place if self.table.are_columns_placed else None
        self.faults.append(
            self.table.frame.with_columns(code=codes)
            .filter(pl.col("code").is_not_null())
            .select(
                record_number="record_number",
                line="line",
                column=pl.lit(None if shown is None else shown + 1, pl.Int64),
                field=pl.lit(field),
                code="code",
                raw=raw.str.slice(0, 200),
                kept=pl.lit(None, pl.String),
            )
        )


def type_records(
    table: TextTable, mapping: FieldMapping, places: Mapping[str, int]
) -> TypedRecords:
    """Read every mapped column of a table.

    Args:
        table: The framed file.
        mapping: Which column is which field.
        places: Where each column of the mapping stands in the table; a missing optional column has none.
    """
    typist = _Typist(table=table, mapping=mapping, places=places, faults=[])
    rules = [rule for rule in mapping.columns if rule.column in places]
    conventions = _conventions(typist, rules)
    height = table.frame.height
    read: dict[str, pl.Series] = {}
    with ThreadPoolExecutor(max_workers=_COLUMNS_AT_A_TIME) as columns:
        columns_read = list(columns.map(partial(_read, typist, conventions), rules))
    for rule, column in zip(rules, columns_read, strict=True):
        read |= _named(FIELDS[rule.field], column)
        typist.note(rule.column, rule.field, column.faults)
    read |= _constants(mapping, conventions, height)
    if mapping.label is not None:
        read |= _label(typist, mapping.label, conventions)
    # What no column fills is one null for all lines, and takes no room.
    frame = table.frame.select("record_number", "line").with_columns(
        read.get(name, _null(name)) for name in _columns_of_frame()
    )
    return TypedRecords(
        frame=frame,
        attributes=_attributes(typist, conventions),
        faults=pl.concat([pl.DataFrame(schema=FAULTS), *typist.faults]),
        filled=frozenset(read),
    )


def _columns_of_frame() -> Iterable[str]:
    for field in FIELDS.values():
        yield field.name
        if field.kind is Kind.PORT:
            yield f"{field.name}_text"


def _null(name: str) -> pl.Expr:
    field = FIELDS.get(name)
    dtype = pl.String() if field is None else _DTYPES.get(field.kind, pl.String())
    return pl.lit(None, dtype=dtype).alias(name)


def _named(field: Field, read: Read) -> dict[str, pl.Series]:
    named = {field.name: read.values.alias(field.name)}
    if field.kind is Kind.PORT:
        named[f"{field.name}_text"] = read.texts.alias(f"{field.name}_text")
    return named


def _read(typist: _Typist, conventions: Conventions, rule: ColumnRule) -> Read:
    """Read a column: cell by cell, or where a few spellings make up a long one, each spelling once."""
    field = FIELDS[rule.field]
    settings, raw = typist.mapping.file, typist.table.frame[str(typist.places[rule.column])]
    is_short = len(raw) < _FEWEST_LINES_TO_SAVE
    if is_short or field.kind not in _FEW_SPELLINGS or typist.numbers(rule.column) is not None:
        return read_column(_column(typist, field, rule), conventions, settings)
    spelled = raw.unique()
    column = Column(field=field, rule=rule, texts=stripped(spelled, settings, field.kind))
    once = read_column(column, conventions, settings)
    known = pl.DataFrame({"raw": spelled, "value": once.values})
    if once.faults is not None:
        known = known.with_columns(fault=once.faults)
    if field.kind is Kind.PORT:  # whose text stays beside its code
        known = known.with_columns(text=once.texts)
    cells = (
        raw.alias("raw")
        .to_frame()
        .join(known, on="raw", how="left", maintain_order="left", nulls_equal=True)
    )
    return Read(
        values=cells["value"],
        texts=cells["text"] if field.kind is Kind.PORT else raw,
        faults=None if once.faults is None else cells["fault"],
    )


def _column(typist: _Typist, field: Field, rule: ColumnRule) -> Column:
    currencies = None
    if rule.currency_column is not None:
        currencies = typist.texts(rule.currency_column, Kind.CODE)
    return Column(
        field=field,
        rule=rule,
        texts=typist.texts(rule.column, field.kind),
        numbers=typist.numbers(rule.column),
        currencies=currencies,
    )


def _conventions(typist: _Typist, rules: list[ColumnRule]) -> Conventions:
    """Tell the decimal sign and the order of day and month from all columns of the file together."""
    settings = typist.mapping.file
    amounts = [rule.column for rule in rules if FIELDS[rule.field].kind is Kind.NUMBER]
    amounts += [rule.columns[0] for rule in typist.mapping.attributes if rule.kind == "number"]
    decimal = settings.decimal or numbers.convention(
        [
            numbers.split_mass_unit(_written(typist, column))["text"]
            for column in dict.fromkeys(amounts)
        ]
    )
    dated = [
        rule.column
        for rule in rules
        if FIELDS[rule.field].kind is Kind.DATE and not (rule.formats or settings.date_formats)
    ]
    label = typist.mapping.label
    if label is not None and label.known_on and not (label.formats or settings.date_formats):
        dated.append(label.known_on)
    texts = [typist.spellings(column, Kind.DATE) for column in dict.fromkeys(dated)]
    return Conventions(
        decimal=decimal,
        is_decimal_declared=settings.decimal is not None,
        day_first=dates.day_comes_first(texts),
    )


def _written(typist: _Typist, column: str) -> pl.Series:
    """The numbers of a column that are written as text, for a cell that is a number tells nothing."""
    texts, own = typist.texts(column, Kind.NUMBER), typist.numbers(column)
    if own is None:
        return texts
    return pl.select(pl.when(own.is_null()).then(texts)).to_series()


def _constants(
    mapping: FieldMapping, conventions: Conventions, height: int
) -> dict[str, pl.Series]:
    read: dict[str, pl.Series] = {}
    for name, text in mapping.constants.items():
        field = FIELDS[name]
        texts = stripped(pl.Series([text], dtype=pl.String), mapping.file, field.kind)
        column = Column(field=field, rule=ColumnRule(field=name, column=name), texts=texts)
        one = read_column(column, conventions, mapping.file)
        is_faulty = one.faults is not None and one.faults.null_count() == 0
        if is_faulty and one.values.null_count():
            raise MappingError(
                f"The constant {name} = {text!r} of {mapping.name} cannot be read.",
                remedy="Write numbers with a point, and days as 2026-03-31.",
            )
        named = _named(field, one)
        read |= {key: series.new_from_index(0, height) for key, series in named.items()}
    return read


def _label(typist: _Typist, label: LabelRule, conventions: Conventions) -> dict[str, pl.Series]:
    texts = typist.texts(label.column, Kind.TEXT)
    told = texts.replace_strict(
        dict(label.outcomes), default=label.otherwise, return_dtype=pl.String
    )
    frame = pl.DataFrame({"text": texts, "told": told}).select(
        outcome=pl.when(pl.col("text").is_not_null()).then("told"),
        code=pl.when(pl.col("text").is_not_null() & pl.col("told").is_null()).then(
            pl.lit("value_unknown")
        ),
    )
    typist.note(label.column, "outcome", frame["code"])
    read = {"outcome": frame["outcome"]}
    if label.known_on is not None:
        field = FIELDS["outcome_known_on"]
        rule = ColumnRule(field=field.name, column=label.known_on, formats=label.formats)
        days = _read(typist, conventions, rule)
        read[field.name] = days.values.alias(field.name)
        typist.note(label.known_on, field.name, days.faults)
    return read | _chances(typist, label, conventions)


def _chances(
    typist: _Typist, label: LabelRule, conventions: Conventions
) -> dict[str, pl.Series]:
    """Return the chance with which each container was opened; what is no chance is unknown, and named."""
    field = FIELDS["selection_probability"]
    if label.chosen_by is not None:
        ways = typist.texts(label.chosen_by, Kind.TEXT)
        told = ways.replace_strict(dict(label.chances), default=None, return_dtype=pl.Float64)
        return {field.name: told.alias(field.name)}
    if label.probability is None:
        return {}
    found = _read(typist, conventions, ColumnRule(field=field.name, column=label.probability))
    typist.note(label.probability, field.name, found.faults)
    is_chance = (pl.col("value") > 0) & (pl.col("value") <= 1)
    frame = (
        found.values.alias("value")
        .to_frame()
        .select(
            pl.when(is_chance).then("value").alias(field.name),
            code=pl.when(~is_chance).then(pl.lit("value_unknown")),
        )
    )
    typist.note(label.probability, field.name, frame["code"])
    return {field.name: frame[field.name]}


def _attributes(typist: _Typist, conventions: Conventions) -> pl.DataFrame:
    carried = [_attribute(typist, rule, conventions) for rule in typist.mapping.attributes]
    return pl.concat([pl.DataFrame(schema=CARRIED), *carried])


def _attribute(typist: _Typist, rule: AttributeRule, conventions: Conventions) -> pl.DataFrame:
    height = typist.table.frame.height
    number = pl.Series("number", [None], dtype=pl.Float64).new_from_index(0, height)
    text = pl.Series("text", [None], dtype=pl.String).new_from_index(0, height)
    if rule.kind == "number":
        number = _attribute_number(typist, rule, conventions)
    else:
        parts = pl.DataFrame(
            {str(i): typist.texts(column, Kind.TEXT) for i, column in enumerate(rule.columns)}
        )
        text = parts.select(pl.concat_str(pl.all(), separator=_KEY_SEPARATOR)).to_series()
    return (
        typist.table.frame.select("record_number")
        .with_columns(name=pl.lit(rule.name), kind=pl.lit(rule.kind), text=text, number=number)
        .filter(pl.col("text").is_not_null() | pl.col("number").is_not_null())
    )


def _attribute_number(
    typist: _Typist, rule: AttributeRule, conventions: Conventions
) -> pl.Series:
    column = rule.columns[0]
    parsed = numbers.parse(
        typist.texts(column, Kind.NUMBER),
        decimal=conventions.decimal,
        is_declared=conventions.is_decimal_declared,
    )
    own = typist.numbers(column)
    if own is not None:
        parsed = parsed.with_columns(own=own.cast(pl.Float64, strict=False)).select(
            value=pl.coalesce("own", "value"),
            fault=pl.when(pl.col("own").is_null()).then("fault"),
        )
    typist.note(column, rule.name, parsed["fault"])
    return parsed["value"].alias("number")
