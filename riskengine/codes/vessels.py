"""IMO ship numbers: seven digits, the last of which checks the others."""

from __future__ import annotations

import re

import polars as pl

# Resolution A.1117(30): the six leading digits weigh 7 down to 2; the last digit of the sum is the check digit.
_WEIGHTS = (7, 6, 5, 4, 3, 2)
_LAST_DIGIT = 10


def is_imo_number(text: str) -> bool:
    """Tell whether *text* is an IMO ship number with its own check digit.

    >>> is_imo_number("IMO 9074729")
    True
    >>> is_imo_number("9074728")
    False
    """
    match = re.fullmatch(r"(?:IMO)?([0-9]{7})", re.sub(r"[\s\-:.]", "", text.upper()))
    if match is None:
        return False
    digits = match.group(1)
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False))
    return total % _LAST_DIGIT == int(digits[-1])


def normalise_imo(number: pl.Expr) -> pl.Expr:
    """Return the digits of an IMO ship number without ``IMO``, blanks, dots or dashes.

    What is not a ship number keeps its other signs, so that it is seen as malformed. Null stays null.
    """
    bare = number.str.to_uppercase().str.replace_all(r"[\s\-:.]", "")
    return bare.str.replace(r"^IMO", "")


def has_valid_imo(number: pl.Expr) -> pl.Expr:
    """Tell whether the check digit of an IMO ship number is right; null where the shape is wrong.

    >>> numbers = pl.DataFrame({"imo": ["9074729", "IMO9074728", "MAERSK", None]})
    >>> numbers.select(has_valid_imo(pl.col("imo"))).to_series().to_list()
    [True, False, None, None]
    """
    digits = normalise_imo(number)
    total = pl.sum_horizontal(
        *(
            digits.str.slice(place, 1).cast(pl.Int32, strict=False) * weight
            for place, weight in enumerate(_WEIGHTS)
        )
    )
    check_digit = digits.str.slice(6, 1).cast(pl.Int32, strict=False)
    return pl.when(digits.str.contains(r"^[0-9]{7}$")).then(total % _LAST_DIGIT == check_digit)
