"""One container that counted in a number of a rule: who it is, where it stands, what was taken of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TypeAlias

    from riskengine.rules.rule import Measure
    from riskengine.rules.tree import Value

    Row: TypeAlias = Mapping[str, Value]


class SeenAs(StrEnum):
    """Where a container that counted was found."""

    ITSELF = "itself"
    SAME_MANIFEST = "same_manifest"
    EARLIER = "earlier"
    STOW_PLAN = "stow_plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedContainer:
    """One container that counted.

    Attributes:
        container_number: Its number; None for loose cargo.
        bills: Its bills of lading.
        on: The day it was assessed; None on a stow plan.
        vessel: Its ship, by name or else by IMO number.
        voyage: Its voyage number.
        seen_as: Whether it stands on the same manifest, is an earlier one, or stands on the stow plan.
        value: What was taken of it, or what it shares where it was only counted; None where neither says anything.
    """

    container_number: str | None
    bills: tuple[str, ...]
    on: date | None
    vessel: str | None
    voyage: str | None
    seen_as: SeenAs
    value: Value


def counted_container(measure: Measure, row: Row, asked: Row) -> CountedContainer:
    """Return a row that counted as the container it is.

    Args:
        measure: The measure it counted in.
        row: The row.
        asked: The container asked about.
    """
    on = row.get("assessed_on") or row.get("on")
    return CountedContainer(
        container_number=_text(row.get("container_number")),
        bills=tuple(str(bill) for bill in _entries(row.get("bills_of_lading"))),
        on=on if isinstance(on, date) else None,
        vessel=_text(row.get("vessel_name")) or _text(row.get("vessel_imo")),
        voyage=_text(row.get("voyage_number")),
        seen_as=_seen_as(measure, row, asked),
        value=_value(measure, row, asked),
    )


def _seen_as(measure: Measure, row: Row, asked: Row) -> SeenAs:
    if measure.is_of_stow_plan:
        return SeenAs.STOW_PLAN
    if "container_id" not in row or row["assessed_on"] != asked["assessed_on"]:
        return SeenAs.EARLIER
    is_asked = row["container_id"] == asked["container_id"]
    return SeenAs.ITSELF if is_asked else SeenAs.SAME_MANIFEST


def _value(measure: Measure, row: Row, asked: Row) -> Value:
    """Return what was taken of a row; of one that was only counted the seals, or the like, that it shares."""
    shared = shared_texts(measure)
    if measure.of in {"containers", "bills"}:
        if not shared:
            return None
        own = set(_entries(asked.get(shared)))
        return tuple(str(entry) for entry in _entries(row.get(shared)) if entry in own)
    value = row.get(measure.of)
    if isinstance(value, (list, tuple)):
        return tuple(str(entry) for entry in _entries(value)) or None
    return value


def shared_texts(measure: Measure) -> str:
    """Return the shared field that holds several texts; empty where there is none."""
    return next((ref.name for ref in measure.same if ref.kind == "texts"), "")


def ordered(measure: Measure, found: Iterable[CountedContainer]) -> list[CountedContainer]:
    """Order those that counted: one of each value first, the latest first, the value that decides at the top.

    What lacks the value is not counted, and left out; in a sum, or a smallest or largest value, it is why there is
    none, and stays.
    """
    takes_field = measure.of not in {"containers", "bills"}
    needs_value = takes_field and measure.taken in {"count", "value_of"}
    kept = sorted(
        (one for one in found if one.value is not None or not needs_value), key=_place
    )
    if measure.taken in {"sum", "smallest", "largest"}:
        return sorted(kept, key=lambda one: _weight(one.value, measure.taken))
    met: dict[object, int] = {}
    order: dict[int, int] = {}
    for one in kept:
        known_by = one.value if takes_field else (one.container_number or one.bills)
        order[id(one)] = met.get(known_by, 0)
        met[known_by] = order[id(one)] + 1
    return sorted(kept, key=lambda one: order[id(one)])


def _place(one: CountedContainer) -> tuple[bool, int, str, tuple[str, ...]]:
    day = one.on.toordinal() if one.on else 0
    return one.seen_as is not SeenAs.ITSELF, -day, one.container_number or "", one.bills


def _weight(value: Value, taken: str) -> tuple[bool, float]:
    number = value.toordinal() if isinstance(value, date) else value
    if not isinstance(number, (int, float)):
        return False, 0.0  # what is missing comes first: it is why there is no number
    return True, float(number) if taken == "smallest" else -float(number)


def name_of(row: Row) -> str:
    """Return what names a row: its number, or the bills of its loose cargo."""
    bills = _entries(row.get("bills_of_lading"))
    return _text(row.get("container_number")) or "+".join(str(bill) for bill in bills)


def _entries(value: object) -> tuple[object, ...]:
    if isinstance(value, (list, tuple)):
        return tuple(entry for entry in value if entry is not None)  # pyright: ignore[reportUnknownVariableType]
    return () if value is None else (value,)


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None
