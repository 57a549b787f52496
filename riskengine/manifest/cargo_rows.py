"""A cargo report to rows: which goods are in which box."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.manifest.cargo_report import Box, Goods
from riskengine.manifest.table import FileRemark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from riskengine.manifest.cargo_report import Bill, Report
    from riskengine.manifest.flat import FlatRows
    from riskengine.manifest.segments import Message

_OF_THE_WHOLE = (
    "package_count",
    "gross_mass_kg",
    "net_mass_kg",
    "volume_m3",
    "declared_value",
    "declared_value_currency",
)
"""What may not be said of each box, where it was said of the goods in all of them."""

_MOST_CROSSED = 20_000  # rows of a message
_TOLERANCE = 0.001


def add_rows(report: Report, message: Message, rows: FlatRows) -> None:
    """Add the rows of one message: its bills must be settled."""
    used: set[str] = set()
    parts = {key: box.row() for key, box in report.named.items()}
    parts |= {key: box.row() for key, box in report.boxes.items()}
    boxes = {**report.named, **report.boxes}
    unsplit, room = 0, _MOST_CROSSED
    for bill in report.bills:
        if bill.boxes:
            room -= sum(not item.places for item in bill.goods) * len(bill.boxes)
        of_bill = {**report.common, **bill.facts}
        faults = tuple(dict.fromkeys((*message.faults, *report.faults, *bill.faults)))
        for line, key, facts, is_unsplit in _lots(bill, is_crossed=room >= 0):
            unsplit += is_unsplit
            row = {**of_bill, **parts[key], **facts} if key else {**of_bill, **facts}
            if key:
                used.add(key)
                told = (*faults, *_box_faults(boxes[key]))
                rows.add(line, row, *told)
            else:
                rows.add(line, row, *faults)
    for key, box in report.boxes.items():
        if key not in used:  # a box that no bill speaks of
            faults = dict.fromkeys((*message.faults, *report.faults, *_box_faults(box)))
            rows.add(box.line, {**report.common, **parts[key]}, *faults)
    _remark(report, rows, unsplit)


def _box_faults(box: Box) -> tuple[str, ...]:
    return ("box_contradicted",) if box.is_contradicted else ()


def _remark(report: Report, rows: FlatRows, unsplit: int) -> None:
    remarks = rows.remarks
    if unsplit:
        remarks.append(FileRemark(code="goods_not_split", params={"count": unsplit}))
    undescribed = [box for key, box in report.named.items() if key not in report.boxes]
    if undescribed:
        params = {"count": len(undescribed), "container": undescribed[0].text[:20]}
        remarks.append(
            FileRemark(code="boxes_not_described", params=params, line=undescribed[0].line)
        )


def _lots(bill: Bill, *, is_crossed: bool) -> Iterator[tuple[int, str, dict[str, str], bool]]:
    """Yield line, box and facts of each lot of a bill, and whether it lacks what was said of several boxes only."""
    named = list(dict.fromkeys(bill.boxes))
    goods = bill.goods or [Goods(bill.line)]
    boxes = named if is_crossed or len(goods) == 1 else []
    is_alone = len(goods) == 1
    used: set[str] = set()
    for item in goods:
        places = item.places or [(key, "", {}) for key in boxes if not item.is_loose]
        facts = {**bill.totals, **item.facts}
        held_back = set[str]()
        if len(places) > 1:  # said of all boxes together
            held_back.update(_OF_THE_WHOLE)
        elif not is_alone:  # said of all goods together
            held_back.update(name for name in _OF_THE_WHOLE if name not in item.facts)
        held_back.intersection_update(facts)
        facts = {
            f"item_{name}" if name in held_back else name: text for name, text in facts.items()
        }
        if not places and (bill.goods or not named):
            yield item.line, "", facts, False
        for place, (key, count, measured) in enumerate(places):
            used.add(key)
            told = {"package_count": count} if count else {}
            yield item.line, key, {**facts, **told, **measured}, place == 0 and bool(held_back)
    for key in named:
        if key not in used:  # a box of the bill that no goods are said to be in
            yield bill.line, key, {}, False


def total(name: str, bills: Sequence[Bill]) -> float | None:
    """Return what the goods of some bills add up to, or None where one of them does not say it, or not as a number."""
    texts = [
        text
        for bill in bills
        for item in bill.goods
        for text in (
            [item.facts[name]]
            if name in item.facts
            else [measured.get(name, "") for _, _, measured in item.places] or [""]
        )
    ]
    values = [as_float(text) for text in texts]
    if not values or any(value is None for value in values):
        return None
    return sum(value for value in values if value is not None)


def as_float(text: str) -> float | None:
    """Return a number, or None."""
    try:
        return float(text)
    except ValueError:
        return None


def agree(stated: float, found: float, *, is_mass: bool) -> bool:
    """Tell whether a total is right; that of a mass may be rounded."""
    slack = max(1.0, _TOLERANCE * abs(stated)) if is_mass else 0.0
    return stated == found or abs(stated - found) <= slack
