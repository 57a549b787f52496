"""How well a column of words fits a field: names, addresses, goods, ships."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from riskengine.manifest.content_signs import Signs

NEVER = -1.0
_MOST, _ALMOST, _SOME = 0.9, 0.97, 0.6


def name_fit(signs: Signs) -> float:
    """Judge a column of names of parties."""
    if (
        signs.share("number") > _SOME
        or signs.share("date") > _SOME
        or signs.share("email") > _SOME
    ):
        return -0.7
    if (
        signs.share("port") > _MOST
        or signs.share("country") > _MOST
        or signs.share("container") > _SOME
    ):
        return NEVER
    if signs.share("letters") < _MOST:
        return -0.4
    if signs.share("legal") >= 0.5 and signs.share("words") >= _SOME:  # noqa: PLR2004
        return 0.6 - 0.3 * (signs.share("street") > _SOME)
    if signs.share("words") >= _SOME:
        return 0.2 - 0.3 * (signs.share("street") > _SOME)
    # A name of one word or a number that stands for it: some administrations give no more.
    return 0.0 if signs.share("bare") >= _MOST and signs.distinct > 2 else -0.2  # noqa: PLR2004


def address_fit(signs: Signs) -> float:
    """Judge a column of addresses."""
    if (
        signs.share("number") > _SOME
        or signs.share("date") > _SOME
        or signs.share("email") > _SOME
    ):
        return NEVER
    if signs.share("street") >= _SOME and signs.share("words") >= _MOST:
        return 0.5
    return 0.0 if signs.share("words") >= _MOST else -0.5


def tax_id_fit(signs: Signs) -> float:
    """Judge a column of numbers that stand for parties."""
    if signs.share("many_words") > _SOME or signs.share("date") > _SOME:
        return NEVER
    is_code = signs.share("bare") >= _MOST and signs.lengths[0] >= 5  # noqa: PLR2004
    has_digits = signs.share("digits") + signs.share("mixed")
    if is_code and signs.distinct > 1 and has_digits > 0.5:  # noqa: PLR2004
        return 0.2
    return 0.0 if is_code else -0.5


def phone_fit(signs: Signs) -> float:
    """Judge a column of telephone numbers."""
    return 0.3 if signs.share("phone") >= _MOST and signs.share("date") < _SOME else NEVER


def email_fit(signs: Signs) -> float:
    """Judge a column of e-mail addresses."""
    return 0.9 if signs.share("email") >= _MOST else NEVER


def goods_fit(signs: Signs) -> float:
    """Judge a column of descriptions of goods."""
    if (
        signs.share("number") > _SOME
        or signs.share("date") > _SOME
        or signs.share("letters") < _MOST
    ):
        return NEVER
    if (
        signs.share("port") > _MOST
        or signs.share("country") > _MOST
        or signs.share("container") > _SOME
    ):
        return NEVER
    if signs.lengths[2] <= 4:  # noqa: PLR2004 - codes of a list that the file does not hold
        return -0.4
    if signs.share("loose_word") >= 0.4:  # noqa: PLR2004
        return 0.7 - 0.4 * (signs.share("legal") > _SOME)
    if signs.share("legal") > _SOME:
        return -0.3
    return 0.2 if signs.share("words") >= _SOME or signs.lengths[1] >= 10 else 0.0  # noqa: PLR2004


def vessel_fit(signs: Signs) -> float:
    """Judge a column of names of ships."""
    if (
        signs.share("letters") < _MOST
        or signs.share("legal") > _SOME
        or signs.share("port") > _MOST
    ):
        return -0.6
    is_few = signs.distinct <= max(20, 0.05 * signs.cells)
    is_name = 3 <= signs.lengths[1] <= 35 and signs.share("mixed") < _SOME  # noqa: PLR2004
    return 0.2 if is_few and is_name else -0.4


def text_fit(signs: Signs) -> float:
    """Judge a column of any words."""
    return -0.3 if signs.share("date") > _SOME else 0.0


def list_fit(signs: Signs) -> float:
    """Judge a column of several texts in each cell."""
    return -0.3 if signs.share("date") > _SOME else 0.0
