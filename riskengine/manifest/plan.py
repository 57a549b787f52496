"""What a reader does with each column of a file: a mapping, whether written by hand or recognised."""

from __future__ import annotations

from dataclasses import dataclass, replace
from dataclasses import field as filled
from typing import TYPE_CHECKING

from riskengine.domain import Outcome
from riskengine.manifest.fields import FIELDS
from riskengine.manifest.headers import recognise, recognise_attribute
from riskengine.manifest.table import FileRemark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MISSING = ("n/a", "na", "#n/a", "#null!", "null", "none", "nil", "-", "--", "?")
"""What stands for nothing in a number, a date or a code, unless a mapping file says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings:
    """How the file as a whole is to be read; None means: tell from the file.

    Attributes:
        kind: What the file is: manifest, stow_plan or movements; None where its columns tell.
        encoding: Of a CSV file.
        delimiter: Of a CSV file.
        header_line: The line, or the row of the sheet, that holds the headers.
        has_header: False for a file without headers: its columns are called ``column 1``, ``column 2``, ...
        sheet: The name of the sheet of a workbook.
        fill_down: Whether a line without a bill belongs to the bill above.
        decimal: ``.`` or ``,``; the other one separates thousands.
        date_formats: Tried in order on every date without a format of its own.
        missing: Texts that stand for nothing in any field, besides the blank.
        unit_mass: kg, t or lb, for columns whose header names no unit.
        usd_per: The worth of one unit of each currency, in US dollars.
    """

    kind: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_line: int | None = None
    has_header: bool = True
    sheet: str | None = None
    fill_down: bool | None = None
    decimal: str | None = None
    date_formats: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unit_mass: str = "kg"
    usd_per: Mapping[str, float] = filled(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRule:
    """Which column fills a canonical field, and how its text is read.

    Attributes:
        field: The canonical field.
        column: The header as it stands in the file.
        unit: The unit of the column, where it is not the field's own.
        formats: Date formats of this column.
        values: Texts of the file with the texts they stand for; others stay as they are.
        currency: The currency of every amount in the column.
        currency_column: The column that names the currency of each amount.
        is_optional: The file may lack the column.
    """

    field: str
    column: str
    unit: str | None = None
    formats: tuple[str, ...] = ()
    values: Mapping[str, str] = filled(default_factory=dict[str, str])
    currency: str | None = None
    currency_column: str | None = None
    is_optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRule:
    """How a history tells what examinations found.

    Attributes:
        column: Where it stands; a line with nothing in it was not examined.
        outcomes: Texts of the file with nil, discrepancy or seizure.
        otherwise: What every other text stands for, or None: it is a defect.
        known_on: The column of the day on which the outcome was written down.
        formats: Date formats of that column.
        probability: The column of the chance with which the container was opened, above 0 and at most 1.
        chosen_by: The column that says how it was chosen, where no column holds the chance itself.
        chances: The chance that each of its texts stands for; of any other text nobody knows.
    """

    column: str
    outcomes: Mapping[str, str]
    otherwise: str | None = None
    known_on: str | None = None
    formats: tuple[str, ...] = ()
    probability: str | None = None
    chosen_by: str | None = None
    chances: Mapping[str, float] = filled(default_factory=dict[str, float])

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of the file that it reads."""
        named = (self.column, self.known_on, self.probability, self.chosen_by)
        return tuple(column for column in named if column)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeRule:
    """A column carried along: a category or a number; or a key made of several columns."""

    name: str
    columns: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMapping:
    """How the columns of one kind of file become canonical fields.

    Attributes:
        name: What the mapping is for.
        sha256: The digest of the mapping file; empty where the headers were recognised.
        file: How the file as a whole is read.
        columns: One rule for each canonical field; none where the headers are to be recognised.
        constants: Fields that hold one text for the whole file.
        label: What examinations found, where the file is a labelled history.
        attributes: What is carried along beyond the canonical fields.
        content: The bytes of the mapping file, so that they can be kept; empty where the headers were recognised.
    """

    name: str
    sha256: str = ""
    file: FileSettings = filled(default_factory=FileSettings)
    columns: tuple[ColumnRule, ...] = ()
    constants: Mapping[str, str] = filled(default_factory=dict[str, str])
    label: LabelRule | None = None
    attributes: tuple[AttributeRule, ...] = ()
    content: bytes = filled(default=b"", repr=False, compare=False)

    def required_columns(self) -> tuple[str, ...]:
        """Return every column of the file that this mapping needs, in order, once."""
        named = [rule.column for rule in self.columns if not rule.is_optional]
        named += [rule.currency_column for rule in self.columns if rule.currency_column]
        if self.label is not None:
            named += self.label.columns
        named += [column for rule in self.attributes for column in rule.columns]
        return tuple(dict.fromkeys(named))

    def used_columns(self) -> frozenset[str]:
        """Return every column of the file that this mapping reads."""
        return frozenset({*self.required_columns(), *(rule.column for rule in self.columns)})


_TOLD = {outcome.value: outcome.value for outcome in Outcome}
_FOUND_OR_NOT = {
    "0": Outcome.NIL.value,
    "no": Outcome.NIL.value,
    "false": Outcome.NIL.value,
} | {
    "1": Outcome.DISCREPANCY.value,
    "yes": Outcome.DISCREPANCY.value,
    "true": Outcome.DISCREPANCY.value,
}


def with_label(mapping: FieldMapping | None, column: str) -> FieldMapping:
    """Return a mapping whose label stands in *column*, as nil, discrepancy and seizure or as 0 and 1."""
    given = mapping.label if mapping and mapping.label else None
    label = replace(
        given or LabelRule(column=column, outcomes={}, known_on="outcome_known_on"),
        column=column,
        outcomes=_TOLD | _FOUND_OR_NOT,
        otherwise=None,
    )
    return replace(
        mapping or FieldMapping(name="the headers as they were recognised"), label=label
    )


def standard_mapping(
    name: str,
    columns: Sequence[str],
    currencies: Mapping[str, tuple[str, str]] | None = None,
) -> FieldMapping:
    """Return how a reader of a standard format names its columns: by the canonical fields themselves.

    Args:
        name: Of the format, for sentences.
        columns: The columns that the reader has filled.
        currencies: Money that comes in any currency: the canonical field with the two columns that hold
            its amount and its currency.
    """
    money = currencies or {}
    rules = [ColumnRule(field=column, column=column) for column in columns if column in FIELDS]
    rules += [
        ColumnRule(field=field, column=amount, currency_column=currency)
        for field, (amount, currency) in money.items()
        if amount in columns
    ]
    settings = FileSettings(decimal=".", date_formats=("%Y-%m-%d",), fill_down=False)
    return FieldMapping(name=name, file=settings, columns=tuple(rules))


def with_rates(standard: FieldMapping, given: FieldMapping) -> FieldMapping:
    """Return the mapping of a standard format with what a mapping file knows better than the format.

    Which column is which is the format's own affair; what a currency was worth, what stands for nothing
    and what holds for the whole file is the unit's.
    """
    settings = replace(standard.file, usd_per=given.file.usd_per, missing=given.file.missing)
    constants = {
        name: text
        for name, text in given.constants.items()
        if name not in {rule.field for rule in standard.columns}
    }
    return replace(standard, sha256=given.sha256, file=settings, constants=constants)


def recognised_mapping(
    headers: Sequence[str], given: FieldMapping
) -> tuple[FieldMapping, tuple[FileRemark, ...]]:
    """Return the mapping that the headers themselves suggest, and what was not clear about it.

    Where two headers fit one field, the better known one is taken and the other one named.

    Args:
        headers: As they stand in the file.
        given: What a mapping file says beside its columns: conventions, label, attributes.
    """
    best: dict[str, tuple[int, int, ColumnRule]] = {}
    beaten: list[tuple[str, str, str]] = []
    for place, header in enumerate(headers):
        found = recognise(header)
        if found is None:
            continue
        rule = ColumnRule(field=found.field, column=header, unit=found.unit)
        rival = best.get(found.field)
        if rival is None:
            best[found.field] = (found.preference, place, rule)
        elif rival[2].column == header:
            continue  # twins: whether they agree is seen when the lines are read
        elif (found.preference, place) < rival[:2]:
            beaten.append((found.field, header, rival[2].column))
            best[found.field] = (found.preference, place, rule)
        else:
            beaten.append((found.field, rival[2].column, header))
    order = list(FIELDS)
    rules = sorted(
        (rule for _, _, rule in best.values()), key=lambda rule: order.index(rule.field)
    )
    carried = [(header, recognise_attribute(header)) for header in headers]
    named = {rule.name for rule in given.attributes}
    written = tuple(
        AttributeRule(name=known[1], columns=(header,), kind=known[0])
        for header, known in carried
        if known is not None and known[1] not in named
    )
    mapping = replace(
        given,
        columns=tuple(rules),
        label=_label_of(given.label, headers),
        attributes=(*given.attributes, *written),
    )
    remarks = tuple(
        FileRemark(
            code="header_ambiguous", params={"field": field, "taken": taken, "left": left}
        )
        for field, taken, left in beaten
    )
    return mapping, remarks


def _label_of(given: LabelRule | None, headers: Sequence[str]) -> LabelRule | None:
    """Return the label asked for, or that of a history in our own columns; its day where there is one."""
    label = given or LabelRule(
        column="outcome",
        outcomes=_TOLD,
        known_on="outcome_known_on",
        probability="selection_probability",
    )
    if given is None and label.column not in headers:
        return None
    if given is None and label.probability not in headers:
        label = replace(label, probability=None)
    return label if label.known_on in headers else replace(label, known_on=None)
