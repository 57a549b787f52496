"""What stands below the records of a list, or between them: totals, and the header of another list."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.manifest.assemble import container_numbers_in
from riskengine.manifest.csv_records import fields_of_line
from riskengine.manifest.csv_shape import DELIMITERS, is_header
from riskengine.manifest.table import UnreadRecord
from riskengine.manifest.vocabulary import folded, units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.manifest.csv_fast import Framed

_LINES_AT_THE_END = 20
_MOST_LOOKED_AT = 5_000
"""Lines that may be another header; in a file with more of them, the later ones are not looked at."""

_LONGEST_CODE = 3  # of a currency or a unit: too short to name goods
_TOTALS = frozenset(
    [
        "total",
        "totals",
        "totales",
        "totais",
        "totaux",
        "totaal",
        "subtotal",
        "sum",
        "suma",
        "soma",
        "somme",
    ]
)
_OF_TOTALS = _TOTALS | frozenset(
    [
        "grand",
        "gran",
        "sub",
        "general",
        "geral",
        "generale",
        "of",
        "de",
        "des",
        "do",
        "da",
        "du",
        "the",
        "lines",
        "lineas",
        "lignes",
        "linhas",
        "items",
        "bills",
        "bls",
        "containers",
        "container",
        "contenedores",
        "conteneurs",
        "contentores",
        "conteineres",
        "boxes",
        "packages",
        "bultos",
        "colis",
        "volumes",
        "pieces",
        "gross",
        "net",
        "bruto",
        "brut",
        "neto",
        "liquido",
        "weight",
        "peso",
        "poids",
        "mass",
        "value",
        "valor",
        "valeur",
    ]
)
_A_DIGIT = r"[0-9]"


def without_totals(framed: Framed) -> Framed:
    """Take the lines of totals at the end, and notes below them, from the records that name cargo.

    A line of totals says so in its first field and says nothing else but numbers, units and currencies: no goods,
    no trader and no container could hide in it. Each is kept as received and named.
    """
    last = framed.frame.tail(_LINES_AT_THE_END)
    texts = last.drop("record_number", "line")
    records = {
        number: (line, list(fields))
        for number, line, fields in zip(
            last["record_number"], last["line"], texts.iter_rows(), strict=True
        )
    }
    for record in framed.unread[-_LINES_AT_THE_END:]:
        if record.code in {"too_few_fields", "too_many_fields", "last_record_cut"}:
            records[record.record_number] = (record.line, list(record.fields))
    numbers = sorted(records)[-_LINES_AT_THE_END:]
    is_list = texts.width > 1  # of one column, every line has one field
    found: dict[int, str] = {}
    for number in numbers:
        fields = [text for text in records[number][1] if text and text.strip()]
        if is_totals(fields):
            found[number] = "totals_line"
        elif found and len(fields) == 1 and is_list and not container_numbers_in(fields[0]):
            found[number] = "line_below_totals"
    if not found:
        return framed
    taken = tuple(
        UnreadRecord(
            record_number=number,
            line=records[number][0],
            code=code,
            fields=tuple(text or "" for text in records[number][1]),
        )
        for number, code in found.items()
    )
    kept = [record for record in framed.unread if record.record_number not in found]
    return replace(
        framed,
        frame=framed.frame.filter(~pl.col("record_number").is_in(list(found))),
        unread=tuple(sorted([*kept, *taken], key=lambda record: record.record_number)),
    )


def is_totals(fields: Sequence[str]) -> bool:
    """Tell whether the fields that say something are the word for a total, numbers, and what they count.

    >>> is_totals(["TOTAL", "55", "1.204.332,5", "KGM"]), is_totals(["Total Oil Co", "55"])
    (True, False)
    """
    if not fields:
        return False
    words = folded(fields[0]).split()
    if not any(word in _TOTALS for word in words):
        return False
    told = [word for word in words if not word.isdigit()]
    if not all(word in _OF_TOTALS or word in units() for word in told):
        return False
    return all(_counts(text) for text in fields[1:])


def _counts(text: str) -> bool:
    words = [word for word in folded(text).split() if not any(map(str.isdigit, word))]
    return all(
        len(word) <= _LONGEST_CODE or word in _OF_TOTALS or word in units() for word in words
    ) and not container_numbers_in(text)


def other_header(framed: Framed, names: Sequence[str]) -> int | None:
    """Return the line (from 0) of the first record that is the header of another list, or None.

    Headers name the columns of cargo and say nothing with a digit in it, as every line of cargo does.
    """
    at = np.arange(framed.frame.height)
    for place in range(len(names)):
        held = framed.frame[str(place)]
        held = held if place == 0 else held.gather(at)
        at = at[~held.str.contains(_A_DIGIT).to_numpy()]
        if not len(at):
            break
    rows = framed.frame[at[:_MOST_LOOKED_AT]].drop("record_number").iter_rows()
    ragged = [
        record
        for record in framed.unread
        if record.code in {"too_few_fields", "too_many_fields"}
    ]
    first = [
        next((line for line, *fields in rows if is_header(fields)), None),
        next(
            (record.line for record in ragged[:_MOST_LOOKED_AT] if _is_any_header(record)), None
        ),
    ]
    lines = [line for line in first if line is not None]
    return min(lines) - 1 if lines else None


def _is_any_header(record: UnreadRecord) -> bool:
    if container_numbers_in(record.raw):
        return False
    if is_header(record.fields):
        return True
    [first, *others] = record.fields or ("",)
    return not others and any(
        is_header(fields_of_line(first, delimiter)) for delimiter in DELIMITERS
    )
