"""Which column of a file is which canonical field, where no mapping file says so."""

from __future__ import annotations

import re
from dataclasses import dataclass

from riskengine.manifest.fields import FIELDS, Kind
from riskengine.manifest.vocabulary import folded, header_synonyms, units

_ATTRIBUTE = re.compile(r"(category|number|key):(.+)", re.DOTALL)
_CONVERTIBLE = {"kg": {"kg", "t", "lb"}, "m3": {"m3", "ft3"}, "c": {"c", "f"}, "usd": {"usd"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What a header says: the field, the unit it names, and how good the fit is (0 is best)."""

    field: str
    unit: str | None
    preference: int


def recognise(header: str) -> Recognised | None:
    """Return the canonical field that a header stands for, or None.

    Case, accents, blanks and punctuation do not matter; a unit at the end is understood. A sum
    of money is recognised only where the header says that it is in US dollars: the currency of
    a column is never guessed.

    >>> recognise("Poids brut (T)")
    Recognised(field='gross_mass_kg', unit='t', preference=9)
    >>> recognise("Declared value") is None
    True
    """
    if header.strip() in FIELDS:
        return Recognised(field=header.strip(), unit=None, preference=0)
    words = folded(header).split()
    for unit_length in (0, 1, 2):
        stem, ending = words[: len(words) - unit_length], words[len(words) - unit_length :]
        known = header_synonyms().get(" ".join(stem))
        unit = units().get(" ".join(ending)) if unit_length else None
        if known is None or (unit_length and unit is None):
            continue
        if _is_told(known[0], unit):
            return Recognised(field=known[0], unit=unit, preference=known[1])
    return None


def unit_in(header: str, field: str) -> str | None:
    """Return the unit that a header names at its end, if the field can be converted from it.

    >>> unit_in("Peso bruto (t)", "gross_mass_kg"), unit_in("Peso bruto", "gross_mass_kg")
    ('t', None)
    """
    words = folded(header).split()
    for length in (2, 1):
        unit = units().get(" ".join(words[-length:])) if len(words) > length else None
        if unit is not None and unit in _CONVERTIBLE.get(FIELDS[field].unit or "", set()):
            return unit
    return None


def recognise_attribute(header: str) -> tuple[str, str] | None:
    """Return kind and name of a carried-along column of a file that we wrote ourselves.

    >>> recognise_attribute("category:genus")
    ('category', 'genus')
    """
    match = _ATTRIBUTE.fullmatch(header)
    return (match.group(1), match.group(2)) if match else None


def _is_told(field: str, unit: str | None) -> bool:
    own = FIELDS[field].unit
    if unit is None:
        return own != "usd"
    if own is None:
        return False
    return FIELDS[field].kind is Kind.NUMBER and unit in _CONVERTIBLE[own]
