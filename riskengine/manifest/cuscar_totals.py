"""The control totals of CUSCAR, held against what is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.manifest.cargo_rows import agree, as_float, total
from riskengine.manifest.edifact_values import number
from riskengine.manifest.table import FileRemark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.manifest.cargo_report import Bill, Report, Telling
    from riskengine.manifest.segments import Segment

_MASS = "7"
_FIELDS = {_MASS: "gross_mass_kg", "8": "package_count", "11": "package_count"}
_BOXES = "16"
_MOST_REMARKS = 1000
_KG_PER_TONNE = 1000.0


def check_totals(report: Report, telling: Telling) -> None:
    """Mark what a control total (CNT) contradicts: a bill, or the whole report.

    A total that stands behind the last bill may be meant for the report.
    """
    whole_of: dict[str, float | None] = {}
    for bill, item in report.totals:
        code, stated = item.at(0), _stated(item)
        if stated is None or not (code in _FIELDS or code == _BOXES):
            telling.leave(item)
            continue
        if code not in whole_of:
            whole_of[code] = _found(code, report, report.bills)
        whole = whole_of[code]
        found = whole if bill is None else _found(code, report, [bill])
        known = [other for other in (found, whole) if other is not None]
        is_mass = code == _MASS
        if found is None or any(agree(stated, other, is_mass=is_mass) for other in known):
            continue
        report.mark(bill, "control_count_wrong")
        if len(telling.rows.remarks) < _MOST_REMARKS:
            params = {
                "line": item.number,
                "tag": f"CNT+{code}",
                "stated": item.at(0, 1)[:40],
                "found": f"{found:g}",
            }
            telling.rows.remarks.append(
                FileRemark(code="control_total_differs", params=params, line=item.number)
            )


def _stated(item: Segment) -> float | None:
    stated = as_float(number(item.at(0, 1)))
    is_tonnes = item.at(0, 2).upper() == "TNE"
    return stated * _KG_PER_TONNE if stated is not None and is_tonnes else stated


def _found(code: str, report: Report, bills: Sequence[Bill]) -> float | None:
    if code != _BOXES:
        return total(_FIELDS[code], bills)
    if bills is report.bills:
        return float(len({**report.named, **report.boxes}))
    named = {key for bill in bills for item in bill.goods for key, _, _ in item.places}
    return float(len(named.union(*(bill.boxes for bill in bills))))
