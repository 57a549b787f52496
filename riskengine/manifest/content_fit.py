"""How well what a column holds fits a canonical field: from -1, it cannot be it, to 1, little else looks so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.manifest import content_fit_numbers as of_numbers
from riskengine.manifest import content_fit_texts as of_texts
from riskengine.manifest.fields import FIELDS, Kind
from riskengine.manifest.header_likeness import CURRENCY

if TYPE_CHECKING:
    from collections.abc import Callable

    from riskengine.manifest.content_signs import Signs

NEVER = -1.0
_MOST, _ALMOST, _SOME = 0.9, 0.97, 0.6
_PARTY_FACT = ("_name", "_address", "_tax_id", "_phone", "_email")


def fit(field: str, signs: Signs) -> float:
    """Return how well a column fits a field by its content alone; 0 where it tells nothing either way.

    A column without content tells nothing: it fits whatever its header says.
    """
    if not signs.cells:
        return 0.0
    if field == CURRENCY:
        return _code_share(signs, "currency", 0.9)
    if field in _OWN:
        return _OWN[field](signs)
    kind = FIELDS[field].kind
    for ending in _PARTY_FACT:
        if field.endswith(ending) and FIELDS[field].frame == "parties":
            return _OF_PARTIES[ending](signs)
    return _OF_KIND[kind](signs)


def tells_alone(field: str, signs: Signs) -> bool:
    """Tell whether the content alone leaves no doubt which field a column is, whatever its header says."""
    if signs.distinct < 3:  # noqa: PLR2004 - a digit may check by chance
        return False
    if field == "container_number":
        return signs.share("container") >= _MOST
    if field == "vessel_imo":
        return signs.share("imo") >= _ALMOST
    return False


def _container(signs: Signs) -> float:
    if signs.share("container") >= _SOME:
        return 1.0
    if signs.share("container_shape") >= _SOME:
        return 0.8
    # A column of boxes and loose cargo, or of a list of boxes in one cell.
    return 0.2 if signs.share("container_shape") > 0.1 else NEVER  # noqa: PLR2004 - some


def _imo(signs: Signs) -> float:
    if signs.share("imo") >= _MOST:
        return 0.8
    is_shaped = (
        signs.lengths[1] in {7, 10, 11} and signs.share("digits") + signs.share("mixed") > _MOST
    )
    return 0.0 if is_shaped else NEVER


def _size_type(signs: Signs) -> float:
    if signs.share("iso_size_type") >= _MOST:
        return 0.9
    if signs.share("size_type") >= _MOST and signs.share("letters") >= _MOST:
        return 0.8
    return 0.1 if signs.share("size_type") > _SOME and signs.distinct <= 30 else NEVER  # noqa: PLR2004


def _port(signs: Signs) -> float:
    if signs.share("number") > _SOME or signs.share("date") > _SOME:
        return NEVER
    if signs.share("locode") >= _MOST:
        return 0.7
    if signs.share("port") >= _SOME:
        return 0.5
    is_name = signs.share("letters") > _MOST and signs.lengths[2] <= 60  # noqa: PLR2004
    is_place = signs.share("port") > 0.1 and signs.share("legal") < _SOME  # noqa: PLR2004
    return 0.0 if is_name and is_place else -0.6


def _country(signs: Signs) -> float:
    if signs.share("country_code") >= _ALMOST:
        return 0.6
    return 0.5 if signs.share("country") >= 0.8 else NEVER  # noqa: PLR2004


def _hs(signs: Signs) -> float:
    if signs.share("hs_shape") < _MOST or signs.share("year") > _ALMOST:
        return NEVER
    is_coded = signs.lengths[0] >= 4 and signs.lengths[2] <= 14 and signs.share("whole") > _SOME  # noqa: PLR2004
    if not is_coded and signs.share("number") > _MOST:
        return NEVER
    if signs.share("hs") >= _MOST:
        return 0.8 if signs.distinct > 3 else 0.5  # noqa: PLR2004
    return 0.2 if signs.share("hs") >= 0.5 else -0.3  # noqa: PLR2004


def _date(signs: Signs) -> float:
    if signs.share("date") >= _MOST:
        return 0.6
    if signs.share("serial") >= _MOST:
        return 0.1
    return NEVER if signs.share("date") < 0.4 else 0.0  # noqa: PLR2004


def _bill(signs: Signs) -> float:
    if (
        signs.share("date") > _SOME
        or signs.share("container") > _SOME
        or signs.share("port") > _SOME
    ):
        return NEVER
    if signs.share("email") > _SOME or signs.share("many_words") > _SOME:
        return NEVER
    if signs.share("iso_size_type") > _SOME or signs.share("country") > _MOST:
        return NEVER
    is_code = signs.share("bare") >= 0.8 and 4 <= signs.lengths[1] <= 25  # noqa: PLR2004
    if not is_code or signs.distinct < min(3, signs.cells):
        return -0.5
    return 0.5 if signs.share("mixed") >= _MOST else 0.1


def _master(signs: Signs) -> float:
    """A master stands over many bills: one of it is enough."""
    judged = _bill(signs)
    is_code = signs.share("bare") >= 0.8 and 4 <= signs.lengths[1] <= 25  # noqa: PLR2004
    return max(judged, 0.1) if judged > NEVER and is_code else judged


def _seal(signs: Signs) -> float:
    if (
        signs.share("container") > _SOME
        or signs.share("date") > _SOME
        or signs.share("many_words") > _SOME
    ):
        return NEVER
    is_short = 3 <= signs.lengths[1] <= 40  # noqa: PLR2004
    if not is_short or signs.distinct < 0.5 * signs.cells:
        return -0.4
    return 0.3 if signs.share("mixed") > _SOME or signs.share("digits") > _SOME else -0.3


def _stow(signs: Signs) -> float:
    return 0.4 if signs.share("stow") >= _MOST and signs.distinct > 1 else NEVER


def _short_code(longest: float) -> Callable[[Signs], float]:
    def judged(signs: Signs) -> float:
        if signs.share("date") > _SOME or signs.share("email") > 0:
            return NEVER
        is_short = signs.lengths[1] <= longest and signs.share("many_words") < _SOME
        return 0.2 if is_short else NEVER

    return judged


def _carrier_code(signs: Signs) -> float:
    if signs.share("four_letters") >= _MOST:
        return 0.5
    return 0.0 if signs.lengths[2] <= 8 and signs.share("many_words") == 0 else NEVER  # noqa: PLR2004


def _package(signs: Signs) -> float:
    if signs.share("package") >= 0.8:  # noqa: PLR2004
        return 0.7
    is_short = signs.lengths[2] <= 20 and signs.share("number") < _SOME  # noqa: PLR2004
    return 0.0 if is_short and signs.share("date") < _SOME else NEVER


def _unit(signs: Signs) -> float:
    if signs.share("unit") >= 0.8:  # noqa: PLR2004
        return 0.5
    is_short = signs.lengths[2] <= 12 and signs.share("number") < _SOME  # noqa: PLR2004
    return -0.2 if is_short else NEVER


def _coded(field: str) -> Callable[[Signs], float]:
    def judged(signs: Signs) -> float:
        if signs.share(field) >= _MOST and signs.distinct <= 20:  # noqa: PLR2004
            # One letter, or a digit, may stand for anything.
            return 0.6 if signs.lengths[2] > 2 else 0.3  # noqa: PLR2004
        is_coded = signs.distinct <= 20 and signs.lengths[2] <= 30  # noqa: PLR2004
        return -0.2 if is_coded and signs.share("date") < _SOME else NEVER

    return judged


def _flag(sign: str) -> Callable[[Signs], float]:
    def judged(signs: Signs) -> float:
        if signs.share(sign) >= _MOST and signs.distinct <= 6:  # noqa: PLR2004
            return 0.5 if signs.lengths[2] > 2 else 0.2  # noqa: PLR2004 - one letter may mean anything
        return NEVER if signs.distinct > 6 else -0.4  # noqa: PLR2004

    return judged


def _code_share(signs: Signs, sign: str, best: float) -> float:
    return best if signs.share(sign) >= _MOST else NEVER


_OF_KIND: dict[Kind, Callable[[Signs], float]] = {
    Kind.TEXT: of_texts.text_fit,
    Kind.CODE: _short_code(30),
    Kind.NUMBER: of_numbers.number_fit,
    Kind.INTEGER: of_numbers.count_fit,
    Kind.DATE: _date,
    Kind.INSTANT: _date,
    Kind.FLAG: _flag("flag"),
    Kind.LIST: of_texts.list_fit,
    Kind.COUNTRY: _country,
    Kind.PORT: _port,
    Kind.HS: _hs,
    Kind.CONTAINER_NUMBER: _container,
    Kind.CATEGORY: _short_code(30),
}


_OF_PARTIES: dict[str, Callable[[Signs], float]] = {
    "_name": of_texts.name_fit,
    "_address": of_texts.address_fit,
    "_tax_id": of_texts.tax_id_fit,
    "_phone": of_texts.phone_fit,
    "_email": of_texts.email_fit,
}


_OWN: dict[str, Callable[[Signs], float]] = {
    "vessel_imo": _imo,
    "vessel_name": of_texts.vessel_fit,
    "voyage_number": _short_code(12),
    "carrier_code": _carrier_code,
    "carrier_name": of_texts.name_fit,
    "bill_of_lading": _bill,
    "master_bill_of_lading": _master,
    "size_type": _size_type,
    "is_full": _flag("is_full"),
    "temperature_set_c": of_numbers.temperature_fit,
    "stow_position": _stow,
    "seal_numbers": _seal,
    "goods_description": of_texts.goods_fit,
    "package_type": _package,
    "quantity_unit": _unit,
    "un_number": of_numbers.un_number_fit,
    "volume_m3": of_numbers.volume_fit,
    "declared_value_usd": of_numbers.money_fit,
    "freight_amount_usd": of_numbers.money_fit,
    "transhipment_ports": _port,
    **{
        name: _coded(name)
        for name in ("freight_payment", "bill_type", "cargo_nature", "outcome", "movement")
    },
    **{field: of_numbers.mass_fit(field) for field in of_numbers.MASSES},
}
