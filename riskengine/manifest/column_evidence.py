"""What speaks for each field and each column, which column each field is given, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from riskengine.manifest.assignment import assign
from riskengine.manifest.content_fit import NEVER, fit, tells_alone
from riskengine.manifest.fields import FIELDS, Kind
from riskengine.manifest.header_likeness import CURRENCY, KNOWN

if TYPE_CHECKING:
    from riskengine.manifest.column_relations import Relations
    from riskengine.manifest.content_signs import Signs
    from riskengine.manifest.header_likeness import Likeness

_BY_CONTENT = frozenset(
    [
        "container_number", "vessel_imo", "size_type", "hs_code", "bill_of_lading",
        "seal_numbers", "is_full", "gross_mass_kg", "net_mass_kg", "tare_mass_kg", "verified_gross_mass_kg",
        "goods_description", "package_type", "shipper_name", "consignee_name", "notify_party_name",
        "shipper_address", "consignee_address", "notify_party_address", "port_of_loading", "port_of_discharge",
        "freight_payment", "stow_position", "package_count", "vessel_name", "shipper_email", "consignee_email",
        "country_of_origin", "temperature_set_c", "presented_on", CURRENCY,
    ]
)  # fmt: skip
"""Fields that content alone may suggest, where a header says nothing; never more than as a guess, or likely."""

_HEADER_WEIGHT = 2.0
_FEWEST_POINTS, _FEWEST_POINTS_ALONE = 0.3, 0.45
# Limits of sureness, set on the invented exports `SET_ON` of benchmarks/intake/exports.py.
_MEANT, _PARTLY = 0.85, 0.6
_FITTING, _SLIGHTLY, _DOUBT, _DOUBT_IF_KNOWN = 0.3, 0.1, -0.1, -0.35
_CONTENT_ALONE, _CONTENT_OF_HEADERLESS = 0.8, 0.65
_LEAST_LEAD, _LEAD_ALONE, _LEAD, _CLEAR_LEAD = 0.2, 0.3, 0.4, 0.5
_TELLING = frozenset(
    ["hs_code", "size_type", "bill_of_lading", "goods_description", "is_full", "package_type"]
)
"""Fields whose content little else looks like."""

_PRIOR = {"presented_on": 0.05, "gross_mass_kg": 0.05}
"""Of several fields that a column may as well be: a day is first that of lodging, a mass the gross one."""


class Sureness(StrEnum):
    """How sure a proposed column is; see `docs/mapping-files.md` for how often each was right when measured."""

    SURE = "sure"
    LIKELY = "likely"
    GUESS = "guess"
    LEFT_OUT = "left_out"


@dataclass(slots=True)
class Evidence:
    """What speaks for each pair of a field and a column."""

    signs: list[Signs]
    said: list[Likeness]
    relations: Relations
    fits: dict[tuple[str, int], float] = field(default_factory=dict[tuple[str, int], float])
    points: dict[tuple[str, int], float] = field(default_factory=dict[tuple[str, int], float])

    def like(self, name: str, place: int) -> float:
        """Return how like the header of a column is to a field."""
        return self.said[place].fields.get(name, 0.0)

    def of(self, name: str, place: int) -> float:
        """Return the points of a pair; 0 where nothing speaks for it."""
        return self.points.get((name, place), 0.0)


def judge(evidence: Evidence, name: str, one: Signs) -> None:
    """Add up what speaks for one pair; what the content rules out is not added up."""
    like = evidence.like(name, one.place)
    fitting = fit(name, one)
    if fitting <= NEVER or one.place in (evidence.relations.parts or ()):
        return
    if _is_of_party(name) and one.is_numbering and not evidence.said[one.place].is_tax_said:
        return  # a number of its own on every line is that of the consignment
    related = evidence.relations.gains.get((name, one.place), 0.0)
    if name == "master_bill_of_lading" and like < _MEANT and related <= 0:
        return  # half its words are those of any bill
    evidence.fits[name, one.place] = fitting
    is_suggested = name in _BY_CONTENT or (name == "master_bill_of_lading" and related > 0)
    if like == 0.0 and (not is_suggested or not one.cells):
        return
    if like == 0.0 and evidence.said[one.place].is_told:
        fitting = min(fitting, 0.5)  # its header names something else
    if 0.0 < like < _MEANT and fitting < 0.0 and one.cells:
        return
    points = _HEADER_WEIGHT * like + fitting + related
    points += _PRIOR.get(name, 0.0)
    if tells_alone(name, one):
        points += 1.0
    fewest = _FEWEST_POINTS if like > 0.0 or name in _PRIOR else _FEWEST_POINTS_ALONE
    if points >= fewest:
        evidence.points[name, one.place] = points


def _is_of_party(name: str) -> bool:
    is_named = name.endswith(("_name", "_tax_id"))
    return name != CURRENCY and is_named and FIELDS[name].frame == "parties"


def order_parties(evidence: Evidence) -> None:
    """Where only content speaks, parties and ports stand in the order of every bill: who sends before who receives."""
    for names in (
        ("shipper_name", "consignee_name", "notify_party_name"),
        ("shipper_address", "consignee_address", "notify_party_address"),
        ("port_of_loading", "port_of_discharge"),
    ):
        places = sorted(
            {
                place
                for name, place in evidence.points
                if name in names and all(evidence.like(other, place) == 0.0 for other in names)
            }
        )
        for rank, place in enumerate(places):
            for order, name in enumerate(names):
                if (name, place) in evidence.points:
                    evidence.points[name, place] += (
                        0.1 if rank == order else -0.05 * abs(rank - order)
                    )


def chosen_of(evidence: Evidence) -> dict[str, int]:
    """Return the column of each field, all chosen together."""
    names = sorted({name for name, _ in evidence.points})
    gains = [[evidence.of(name, one.place) for one in evidence.signs] for name in names]
    return {
        name: place
        for name, place in zip(names, assign(gains), strict=True)
        if place is not None
    }


def lead_of(evidence: Evidence, chosen: dict[str, int], name: str, place: int) -> float:
    """Return by how much the whole would be worse with the next best choice for this field or this column."""
    own = evidence.of(name, place)
    used, given = set(chosen.values()), set(chosen)
    others = [0.0]
    others += [evidence.of(name, one.place) for one in evidence.signs if one.place not in used]
    others += [evidence.of(other, place) for other, _ in evidence.points if other not in given]
    lead = own - max(others)
    for other, there in chosen.items():
        if other != name:
            swapped = evidence.of(name, there) + evidence.of(other, place)
            is_possible = (name, there) in evidence.points and (other, place) in evidence.points
            if is_possible:
                lead = min(lead, own + evidence.of(other, there) - swapped)
    return lead


def sureness_of(
    evidence: Evidence, name: str, place: int, lead: float, *, has_header: bool
) -> tuple[Sureness, tuple[str, ...]]:
    """Say how sure a choice is, and why.

    The limits were set on invented exports and are measured on others that they were not set on.
    """
    like, fitting = evidence.like(name, place), evidence.fits.get((name, place), 0.0)
    related = evidence.relations.gains.get((name, place), 0.0)
    signs = evidence.signs[place]
    is_alone = tells_alone(name, signs)
    reasons = _reasons(like, fitting, related, signs, is_alone=is_alone)
    if is_alone and lead > _LEAD_ALONE:
        return Sureness.SURE, reasons
    if not signs.cells:
        reasons = (*reasons, "empty")
        return (Sureness.LIKELY if like >= KNOWN else Sureness.GUESS), reasons
    if lead < _LEAST_LEAD:
        return Sureness.GUESS, (*reasons, "rival")
    if _is_sure(name, like, fitting, related, lead):
        return Sureness.SURE, reasons
    needed = _CONTENT_OF_HEADERLESS if not has_header else _CONTENT_ALONE
    is_likely = (
        (like >= _MEANT and fitting >= (_DOUBT_IF_KNOWN if like >= KNOWN else _DOUBT))
        or (like >= _PARTLY and fitting + related >= _FITTING and lead >= _LEAD)
        or (name in _TELLING and fitting + related >= needed and lead >= _LEAD_ALONE)
    )
    return (Sureness.LIKELY if is_likely else Sureness.GUESS), reasons


def _is_sure(name: str, like: float, fitting: float, related: float, lead: float) -> bool:
    """A header that is known and a content that does not speak against it; or one that means it, and a content that fits."""
    is_plain_text = FIELDS[name].kind in {Kind.TEXT, Kind.CODE, Kind.LIST}
    least = 0.0 if is_plain_text else _SLIGHTLY
    if like >= KNOWN and fitting >= least and lead >= _LEAD:
        return True
    return like >= _MEANT and fitting + related >= _FITTING and lead >= _CLEAR_LEAD


def _reasons(
    like: float, fitting: float, related: float, signs: Signs, *, is_alone: bool
) -> tuple[str, ...]:
    reasons: list[str] = []
    if is_alone:
        reasons.append("checked")
    if like >= KNOWN:
        reasons.append("known")
    elif like >= _MEANT:
        reasons.append("meant")
    elif like > 0:
        reasons.append("partly_meant")
    elif signs.cells:
        reasons.append("content_only")
    if like > 0 and fitting >= _FITTING and not is_alone:
        reasons.append("content_fits")
    if like > 0 and fitting < 0 and signs.cells:
        reasons.append("content_doubtful")
    if related > 0:
        reasons.append("related")
    return tuple(reasons)


def why_left(evidence: Evidence, chosen: dict[str, int], place: int) -> str:
    """Say why a column is given to no field."""
    if chosen.get(CURRENCY) == place:
        return "currency"
    if place in (evidence.relations.parts or ()):
        return "part_of_number"
    if not evidence.signs[place].cells:
        return "nothing_in_it"
    if any(where == place for _, where in evidence.points):
        return "another_fits_better"
    if evidence.said[place].is_told:
        return "content_contradicts"
    return "nothing_known"
