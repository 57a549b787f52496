"""Container numbers of ISO 6346: their shape, their owner and their check digit."""

from __future__ import annotations

import re
import string

import polars as pl

from riskengine.codes.size_types import (
    is_size_type,
    length_feet,
    max_payload_kg,
    size_type_family,
)
from riskengine.codes.stages import once

__all__ = [
    "category",
    "check_digit",
    "expected_check_digit",
    "has_number_shape",
    "has_valid_check_digit",
    "is_container_number",
    "is_size_type",
    "length_feet",
    "max_payload_kg",
    "normalise",
    "numbers_one_slip_away",
    "owner_code",
    "size_type_family",
]

# The owner code (three letters), the category (U freight container, J detachable equipment, Z trailer or
# chassis), six digits of serial number and the check digit. Only ASCII counts: a Cyrillic letter that looks like a C is none.
_SHAPE = re.compile(r"[A-Z]{3}[UJZ][0-9]{7}")
_SHAPE_PATTERN = f"^{_SHAPE.pattern}$"
_CHECKED_PART = re.compile(r"[A-Z]{3}[UJZ][0-9]{6}")

# Blanks of every kind (also the no-break and the zero-width ones that spreadsheets leave), dashes, slashes, dots.
_SEPARATORS = re.compile(r"[\s\u00a0\u200b-\u200d\u2060\ufeff\-\u2010-\u2015/\\.,_'\"]+")

# Letters count from 10 and skip the multiples of 11, which the division by 11 could not see.
_LETTER_VALUES = dict(
    zip(
        string.ascii_uppercase,
        (value for value in range(10, 39) if value % 11),
        strict=True,
    )
)
# What may stand at each of the ten places before the check digit.
_SIGNS_AT = (string.ascii_uppercase,) * 3 + ("UJZ",) + (string.digits,) * 6
_BYTE_0 = ord("0")
_BYTE_A = ord("A")
_VALUES = _LETTER_VALUES | {digit: int(digit) for digit in string.digits}


def check_digit(owner_and_serial: str) -> int:
    """Return the ISO 6346 check digit of an owner code, a category and a serial number.

    Raises:
        ValueError: The text is not three letters, one of U J Z, and six digits.

    >>> check_digit("CSQU305438")
    3
    """
    if _CHECKED_PART.fullmatch(owner_and_serial) is None:
        raise ValueError(
            f"{owner_and_serial!r} is not four letters and six digits of ISO 6346."
        )
    total = sum(_VALUES[sign] << place for place, sign in enumerate(owner_and_serial))
    return total % 11 % 10


def numbers_one_slip_away(number: str) -> tuple[str, ...]:
    """Return the container numbers that one slip of the pen turns into *number*, whose check digit is wrong.

    A slip is one sign for another of its kind, or two neighbours exchanged. Nothing is returned for a number that is
    right, or that has not the shape of one.

    >>> "CSQU3054383" in numbers_one_slip_away("CSQU3054384")
    True
    >>> numbers_one_slip_away("CSQU3054383"), numbers_one_slip_away("BULK")
    ((), ())
    """
    if _SHAPE.fullmatch(number) is None:
        return ()
    total = sum(_VALUES[sign] << place for place, sign in enumerate(number[:-1]))
    digit = int(number[-1])
    if total % 11 % 10 == digit:
        return ()
    found = {f"{number[:-1]}{total % 11 % 10}"}
    for place, sign in enumerate(number[:-1]):
        # Only the weight of the changed sign is added and taken off: a manifest may bring thousands of such numbers.
        for other in _SIGNS_AT[place]:
            changed = total + ((_VALUES[other] - _VALUES[sign]) << place)
            if other != sign and changed % 11 % 10 == digit:
                found.add(f"{number[:place]}{other}{number[place + 1 :]}")
        exchanged = f"{number[:place]}{number[place + 1]}{sign}{number[place + 2 :]}"
        if is_container_number(exchanged):
            found.add(exchanged)
    return tuple(sorted(found))


def is_container_number(text: str) -> bool:
    """Tell whether *text* is a container number with its own check digit, in any usual spelling.

    >>> is_container_number("CSQU 305438-3")
    True
    >>> is_container_number("CSQU3054384")
    False
    """
    bare = _SEPARATORS.sub("", text).upper()
    if _SHAPE.fullmatch(bare) is None:
        return False
    return check_digit(bare[:-1]) == int(bare[-1])


def normalise(number: pl.Expr) -> pl.Expr:
    """Return container numbers in upper case without blanks, dashes, slashes and dots.

    Look-alike letters of other alphabets stay, so that such a number is seen as malformed.
    A text with nothing else in it becomes null; null stays null.

    >>> pl.select(normalise(pl.lit("csqu 305438/3"))).item()
    'CSQU3054383'
    """
    bare = number.str.replace_all(_SEPARATORS.pattern, "").str.to_uppercase()
    return pl.when(bare != "").then(bare)


def has_number_shape(number: pl.Expr) -> pl.Expr:
    """Tell whether a number reads as ISO 6346: three letters, one of U J Z, seven digits.

    The number is normalised first. Null stays null.

    >>> numbers = pl.DataFrame({"number": ["CSQU3054383", "CSQ3054383", None]})
    >>> numbers.select(has_number_shape(pl.col("number"))).to_series().to_list()
    [True, False, None]
    """
    return normalise(number).str.contains(_SHAPE_PATTERN)


def expected_check_digit(number: pl.Expr) -> pl.Expr:
    """Return the check digit that ISO 6346 computes; null where the shape is wrong.

    >>> pl.select(expected_check_digit(pl.lit("CSQU3054384"))).item()
    3
    """
    return once(number, _expected_check_digit, pl.Int8)


def has_valid_check_digit(number: pl.Expr) -> pl.Expr:
    """Tell whether the last digit is the one ISO 6346 computes; null where the shape is wrong.

    About one wrong digit in eleven escapes: the remainders 10 and 0 share the digit 0.

    >>> numbers = pl.DataFrame({"number": ["CSQU3054383", "csqu 305438-4", "BULK", None]})
    >>> numbers.select(has_valid_check_digit(pl.col("number"))).to_series().to_list()
    [True, False, None, None]
    """
    return once(number, _has_valid_check_digit, pl.Boolean)


def owner_code(number: pl.Expr) -> pl.Expr:
    """Return the three letters registered to the owner of the box; null where the shape is wrong.

    >>> pl.select(owner_code(pl.lit("MSCU1234566"))).item()
    'MSC'
    """
    return _part(number, 0, 3)


def category(number: pl.Expr) -> pl.Expr:
    """Return the category letter: U container, J detachable equipment, Z trailer or chassis.

    Null where the shape is wrong.

    >>> pl.select(category(pl.lit("MSCU1234566"))).item()
    'U'
    """
    return _part(number, 3, 1)


def _part(number: pl.Expr, start: int, length: int) -> pl.Expr:
    bare = normalise(number)
    return pl.when(bare.str.contains(_SHAPE_PATTERN)).then(bare.str.slice(start, length))


def _expected_check_digit(number: pl.Expr) -> pl.Expr:
    bare = normalise(number)
    shaped = pl.when(bare.str.contains(_SHAPE_PATTERN)).then(bare)
    # Eleven ASCII signs are eleven bytes: read as two integers they cost far less than eleven substrings.
    signs = [_byte(shaped.str.slice(0, 8), place) for place in range(8)]
    signs += [_byte(shaped.str.slice(3, 8), place) for place in range(5, 7)]
    values = [_letter_value(sign) for sign in signs[:4]] + [
        sign - _BYTE_0 for sign in signs[4:]
    ]
    total = pl.sum_horizontal(
        *(value * (1 << place) for place, value in enumerate(values)), ignore_nulls=False
    )
    return (total % 11 % 10).cast(pl.Int8)


def _has_valid_check_digit(number: pl.Expr) -> pl.Expr:
    declared = normalise(number).str.slice(10, 1).cast(pl.Int8, strict=False)
    return _expected_check_digit(number) == declared


def _byte(eight_signs: pl.Expr, place: int) -> pl.Expr:
    word = eight_signs.cast(pl.Binary).bin.reinterpret(dtype=pl.UInt64, endianness="little")
    return (word // (1 << 8 * place) % 256).cast(pl.Int32)


def _letter_value(byte: pl.Expr) -> pl.Expr:
    # The same values as _LETTER_VALUES: 10 for A, one more for each letter, and past 11, 22 and 33 one more again.
    rank = byte - _BYTE_A
    skipped = (rank + 9) // 10
    return 10 + rank + skipped
