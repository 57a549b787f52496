"""Every small slip of the hand in a measure: another window, another thing counted, a shared field left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from riskengine.rules.across import LONGEST_WINDOW
from riskengine.rules.slips import Slip, Surface, steps, writable
from riskengine.rules.spelling import number, spelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskengine.rules.rule import Measure
    from riskengine.rules.tree import Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureSlip:
    """A measure as it could be taken instead.

    Attributes:
        measure: How it would be taken.
        spot: The line of its ``where``, or the key under which the slip is made.
        written: The part as it stands; for people.
        changed: The part as it could stand; empty where it is left out.
        at: The character of the line at which the slip is made.
        remedy: The key of the sentence that says which test would notice.
        remedy_params: What that sentence names.
    """

    measure: Measure
    spot: Condition | str
    written: str
    changed: str
    at: int = 0
    remedy: str
    remedy_params: dict[str, str]


def measure_slips(measure: Measure, surface: Surface) -> Iterator[MeasureSlip]:
    """Yield every slip in a measure."""
    if not measure.is_of_stow_plan:
        yield from _in_sight(measure)
    yield from _taken(measure)
    if len(measure.same) > 1:
        for ref in measure.same:
            rest = tuple(other for other in measure.same if other is not ref)
            yield MeasureSlip(
                measure=replace(measure, same=rest),
                spot="same",
                written=ref.name,
                changed="",
                remedy="key_dropped",
                remedy_params={"left": ref.name},
            )
    for place, line in enumerate(measure.where):
        before, after = measure.where[:place], measure.where[place + 1 :]
        yield MeasureSlip(
            measure=replace(measure, where=(*before, *after)),
            spot=line,
            written=line.text,
            changed="",
            remedy="other_does_not_hold",
            remedy_params={"left": line.text},
        )
        for slip in writable(line.tree, surface):
            other = replace(line, tree=slip.tree, text=spelled(slip.tree))
            yield _in_line(replace(measure, where=(*before, other, *after)), line, slip)


def _in_sight(measure: Measure) -> Iterator[MeasureSlip]:
    """Yield other windows, and the other answer to whether peers count."""
    for days in steps(measure.within_days, is_whole=True):
        # Without days and without peers there would be nothing to look at.
        if not (0 if measure.counts_peers else 1) <= days <= LONGEST_WINDOW:
            continue
        low, high = sorted((days, float(measure.within_days)))
        yield MeasureSlip(
            measure=replace(measure, within_days=int(days)),
            spot="within_days",
            written=f"within_days: {measure.within_days}",
            changed=number(days),
            remedy="other_days_before",
            remedy_params={"low": number(low), "high": number(high)},
        )
    if measure.within_days > 0:
        words = ("counted", "left_out")
        written, changed = words if measure.counts_peers else words[::-1]
        yield MeasureSlip(
            measure=replace(measure, counts_peers=not measure.counts_peers),
            spot="peers",
            written=f"peers: {written}",
            changed=changed,
            remedy="peer",
            remedy_params={},
        )


def _taken(measure: Measure) -> Iterator[MeasureSlip]:
    """Yield other things that could be counted, or taken of the same field."""
    changed: list[Measure] = []
    if measure.taken == "count":
        counted = ["containers", "bills"]
        changed += [replace(measure, of=of) for of in counted if of != measure.of]
    elif measure.taken == "sum":
        changed += [replace(measure, taken="smallest"), replace(measure, taken="largest")]
    elif measure.taken == "smallest":
        changed.append(replace(measure, taken="largest"))
    elif measure.taken == "largest":
        changed.append(replace(measure, taken="smallest"))
    for other in changed:
        written = f"{measure.taken}: {measure.of}"
        yield MeasureSlip(
            measure=other,
            spot=measure.taken,
            written=written,
            changed=f"{other.taken}: {other.of}",
            remedy="others_differ",
            remedy_params={"left": written, "right": f"{other.taken}: {other.of}"},
        )


def _in_line(measure: Measure, line: Condition, slip: Slip) -> MeasureSlip:
    return MeasureSlip(
        measure=measure,
        spot=line,
        at=slip.at,
        written=slip.written,
        changed=slip.changed,
        remedy=slip.remedy,
        remedy_params=dict(slip.remedy_params),
    )
