"""A mapping file proposed for an export that nobody has seen: by its headers, its content, and both together.

Every field gets one column at most, chosen together so that the whole fits best. How sure each choice is comes from
three things: what the header says, what the column holds, and how far the next best choice is behind. A guess is
never used: it stands in the file as a comment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from riskengine.errors import ManifestError
from riskengine.manifest.column_evidence import (
    Evidence,
    Sureness,
    chosen_of,
    judge,
    lead_of,
    order_parties,
    sureness_of,
    why_left,
)
from riskengine.manifest.column_relations import relations_of
from riskengine.manifest.content_fit import NEVER
from riskengine.manifest.content_signs import decimal_of, signs_of_columns
from riskengine.manifest.fields import FIELDS, Kind
from riskengine.manifest.file_bytes import bytes_of
from riskengine.manifest.header_likeness import CURRENCY, Likeness, likeness
from riskengine.manifest.layout import opened
from riskengine.manifest.packed import is_packed, members_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from riskengine.manifest.content_signs import Signs
    from riskengine.manifest.plan import FileSettings
    from riskengine.manifest.table import TextTable

MOST_COLUMNS = 400

_NOT_SUGGESTED = frozenset({"is_unreadable", "outcome_known_on", "selection_probability"})
_KEYS = frozenset({"container_number", "bill_of_lading"})
_MOST_FILLED, _KEY_VARIETY = 0.9, 0.2
_FEWEST_FILLED, _KEY_OF_OTHER_USE = 0.5, 0.9
_MEASURES = frozenset({Kind.NUMBER, Kind.INTEGER, Kind.DATE, Kind.INSTANT, Kind.HS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """What is proposed for one column.

    Attributes:
        header: As it stands in the file.
        column: As a mapping file has to name it.
        place: From 0.
        field: The canonical field, or None where the column is left out.
        sureness: How sure that is.
        reasons: Keys of the catalogue (``mapping.reason.<key>``), the weightiest first.
        unit: The unit its header names, where it is not the field's own.
        formats: Those in which its days are written, where they can be told.
        signs: What it holds.
    """

    header: str
    column: str
    place: int
    field: str | None
    sureness: Sureness
    reasons: tuple[str, ...]
    signs: Signs
    unit: str | None = None
    formats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A mapping proposed for one file.

    Attributes:
        file: Its name.
        settings: How it has to be read, as far as a reading would not find that by itself.
        columns: One for each column of the file, in order.
        currency: The place of the column that names currencies, or None.
        offered_formats: Where day and month cannot be told apart: formats with the day first, and the month first.
        parts: Places of the columns that are a container number only together, in its order.
    """

    file: str
    settings: FileSettings
    columns: tuple[Suggested, ...]
    currency: int | None = None
    offered_formats: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    parts: tuple[int, ...] = ()

    @property
    def is_day_unclear(self) -> bool:
        """Tell whether some day may be read in two ways."""
        return self.offered_formats is not None

    @property
    def can_be_read(self) -> bool:
        """Tell whether what is not a guess names boxes or bills, without which nothing is read."""
        return any(
            one.field in {"container_number", "bill_of_lading"}
            for one in self.columns
            if _is_used(one)
        )


def suggest_mapping(path: Path) -> Suggestion:
    """Propose a mapping for a CSV, Excel or Parquet file.

    Raises:
        ManifestError: The file cannot be read, is in a standard format, or has too many columns.
    """
    data, file = bytes_of(path), path.name
    if is_packed(data):
        members = members_of(data, file)
        if len(members) != 1:
            raise ManifestError(
                f"{file} holds {len(members)} files.", remedy="Unpack it, and give one of them."
            )
        (member,) = members
        data, file = member.content, member.name
    table, settings = opened(data, file)
    if len(table.columns) > MOST_COLUMNS:
        raise ManifestError(
            f"{path.name} has {len(table.columns)} columns; a mapping is proposed for {MOST_COLUMNS} at most."
        )
    evidence, settings = _evidence(table, settings)
    chosen = chosen_of(evidence)
    columns = _columns(table, evidence, chosen, has_header=settings.has_header)
    columns = _with_key(_with_numbers_for_names(columns), evidence)
    columns, offered = _with_days(columns)
    return Suggestion(
        file=file,
        settings=settings,
        columns=columns,
        currency=chosen.get(CURRENCY),
        offered_formats=offered,
        parts=evidence.relations.parts or (),
    )


def _evidence(table: TextTable, settings: FileSettings) -> tuple[Evidence, FileSettings]:
    texts = [table.frame[str(place)] for place in range(len(table.columns))]
    decimal = decimal_of(
        column for place, column in enumerate(texts) if place not in table.numbers
    )
    signs = signs_of_columns(table.columns, texts, table.numbers, decimal)
    if decimal is not None and settings.decimal is None:
        settings = replace(settings, decimal=decimal)
    said = [
        likeness(header) if settings.has_header else Likeness(fields={})
        for header in table.columns
    ]
    relations = relations_of(table.frame, signs, decimal, table.numbers)
    evidence = Evidence(signs=signs, said=said, relations=relations)
    for name in [*(one for one in FIELDS if one not in _NOT_SUGGESTED), CURRENCY]:
        for one in signs:
            judge(evidence, name, one)
    order_parties(evidence)
    return evidence, settings


def _with_numbers_for_names(columns: tuple[Suggested, ...]) -> tuple[Suggested, ...]:
    """A party that the file knows by its number alone is counted by that number, as by a name."""
    named = {one.field for one in columns}
    found: list[Suggested] = []
    for one in columns:
        name = (one.field or "").removesuffix("_tax_id") + "_name"
        if (one.field or "").endswith("_tax_id") and name not in named:
            sureness = Sureness.LIKELY if _is_used(one) else one.sureness
            reasons = (*one.reasons, "number_for_name")
            found.append(replace(one, field=name, sureness=sureness, reasons=reasons))
        else:
            found.append(one)
    return tuple(found)


def _with_key(columns: tuple[Suggested, ...], evidence: Evidence) -> tuple[Suggested, ...]:
    """Where no column surely names boxes or bills, take the best number of a consignment, and say so."""
    if any(_is_used(one) and one.field in _KEYS for one in columns):
        return columns
    likely = [one for one in columns if _may_number_consignments(one, evidence)]
    if not likely:
        return columns
    best = max(
        likely,
        key=lambda one: (
            one.signs.filled >= _MOST_FILLED
            and one.signs.distinct >= _KEY_VARIETY * one.signs.cells,
            evidence.of("bill_of_lading", one.place),
            one.signs.is_numbering,
            -one.place,
        ),
    )
    key = replace(
        best,
        field="bill_of_lading",
        sureness=Sureness.LIKELY,
        reasons=(*best.reasons, "only_key"),
    )
    return tuple(key if one.place == best.place else _unless_bill(one) for one in columns)


def _may_number_consignments(one: Suggested, evidence: Evidence) -> bool:
    """Tell whether a column could be the number of a consignment where no better one is."""
    signs, field = one.signs, one.field or ""
    is_number = evidence.fits.get(("bill_of_lading", one.place), NEVER) > 0
    is_written_whole = signs.share("number") <= signs.share("digits")
    is_free = (
        one.sureness in {Sureness.GUESS, Sureness.LEFT_OUT}
        or field == "master_bill_of_lading"
        or (
            one.sureness is Sureness.LIKELY
            and signs.distinct >= _KEY_OF_OTHER_USE * signs.cells
        )
    )
    is_measure = (
        field in FIELDS
        and FIELDS[field].kind in _MEASURES
        and evidence.like(field, one.place) > 0
    )
    is_there = bool(one.column.strip()) and "no_header" not in one.reasons
    is_filled = signs.filled >= _FEWEST_FILLED and signs.distinct > 1
    return (
        is_number and is_written_whole and is_free and is_there and is_filled and not is_measure
    )


def _unless_bill(one: Suggested) -> Suggested:
    if one.field != "bill_of_lading":
        return one
    return replace(
        one, field=None, sureness=Sureness.LEFT_OUT, reasons=("another_fits_better",)
    )


def _columns(
    table: TextTable, evidence: Evidence, chosen: dict[str, int], *, has_header: bool
) -> tuple[Suggested, ...]:
    by_place = {place: name for name, place in chosen.items() if name != CURRENCY}
    found: list[Suggested] = []
    for place, header in enumerate(table.columns):
        name = by_place.get(place)
        column = _column_name(table.columns, place)
        signs = evidence.signs[place]
        if column is None:
            sureness, reasons, name = Sureness.LEFT_OUT, ("no_header",), None
        elif name is None:
            sureness, reasons = Sureness.LEFT_OUT, (why_left(evidence, chosen, place),)
        else:
            lead = lead_of(evidence, chosen, name, place)
            sureness, reasons = sureness_of(evidence, name, place, lead, has_header=has_header)
        found.append(
            Suggested(
                header=header,
                column=column or header,
                place=place,
                field=name,
                sureness=sureness,
                reasons=reasons,
                unit=evidence.said[place].unit,
                signs=signs,
            )
        )
    return tuple(found)


def _column_name(headers: Sequence[str], place: int) -> str | None:
    """Return how a mapping file names a column: by its header, with a number where several have the same."""
    header = headers[place]
    if not header.strip():
        return None
    same = [where for where, name in enumerate(headers) if _plain(name) == _plain(header)]
    exact = [where for where, name in enumerate(headers) if name == header]
    if len(same) == 1:
        return header
    return f"{header} ({exact.index(place) + 1})"


def _plain(header: str) -> str:
    return " ".join(header.split()).casefold()


def _is_used(one: Suggested) -> bool:
    return one.sureness in {Sureness.SURE, Sureness.LIKELY}


def _is_dated(one: Suggested) -> bool:
    return one.field is not None and FIELDS[one.field].kind in {Kind.DATE, Kind.INSTANT}


def _with_days(
    columns: tuple[Suggested, ...],
) -> tuple[tuple[Suggested, ...], tuple[tuple[str, ...], tuple[str, ...]] | None]:
    """Say in which formats days are written; where day and month cannot be told apart, offer both and be less sure."""
    dated = [one for one in columns if _is_dated(one)]
    orders = {one.signs.is_day_first for one in dated} - {None}
    (told,) = orders if len(orders) == 1 else (None,)
    found = {one.place: one for one in columns}
    unclear: list[Suggested] = []
    for one in dated:
        if one.signs.share("day_or_month") == 0 or one.signs.date_format is not None:
            continue
        own = one.signs.is_day_first
        order = told if own is None else own
        written = one.signs.day_formats
        formats = () if order is None else (written.month_first, written.day_first)[order]
        if formats or own is not None:
            found[one.place] = replace(one, formats=formats)
            continue
        sureness = Sureness.LIKELY if one.sureness is Sureness.SURE else one.sureness
        reasons = (*one.reasons, "day_unclear")
        found[one.place] = replace(one, sureness=sureness, reasons=reasons)
        unclear.append(one)
    offered = [
        one.signs.day_formats.offered for one in unclear if one.signs.day_formats.offered
    ]
    both = tuple(zip(*dict.fromkeys(offered), strict=True)) if offered else None
    return tuple(found.values()), None if both is None else (both[0], both[1])
