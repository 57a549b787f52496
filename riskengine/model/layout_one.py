"""Cards of the first layout: read with what they could not say left empty, and written back as they were."""

from __future__ import annotations

from typing import Any, Final

SCHEMA: Final = 1

# What the first layout did not know, and what its models were.
_UNTOLD: Final[dict[str, Any]] = {
    "purpose": "finds",
    "left_out": [],
    "members": 1,
    "unseen_traders": None,
    "slices": [],
    "lift": [],
    "directions": [],
    "reference": [],
    "score_reference": None,
    "combination": None,
}
_UNSET: Final[dict[str, Any]] = {
    "members": 1,
    "without": [],
    "noise_is_dropped": False,
    "tuning_trials": 0,
    "tuning_minutes": None,
}


def lift(value: dict[str, Any]) -> dict[str, Any]:
    """Return a card of the first layout with the keys of this one; what is damaged stays so."""
    lifted = {**_UNTOLD, **value}
    suspects = lifted.pop("suspects", None)
    if isinstance(suspects, list):
        lifted["leaks"] = [_leak(one) for one in suspects]
    if isinstance(value.get("parameters"), dict):
        lifted["parameters"] = {**_UNSET, **value["parameters"]}
    return lifted


def lower(content: dict[str, Any]) -> dict[str, Any]:
    """Return a lifted card as it was written: the inverse of :func:`lift`."""
    kept = {key: held for key, held in content.items() if key not in _UNTOLD}
    kept["suspects"] = [
        {"name": leak["name"], "auc": leak["measure"]} for leak in kept.pop("leaks")
    ]
    kept["parameters"] = {
        key: held for key, held in content["parameters"].items() if key not in _UNSET
    }
    return kept


def _leak(suspect: Any) -> Any:
    if not isinstance(suspect, dict) or set(suspect) != {"name", "auc"}:
        return suspect
    return {
        "name": suspect["name"],
        "kind": "too good",
        "measure": suspect["auc"],
        "why": "tells finds from nils almost perfectly alone",
    }
