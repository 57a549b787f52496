"""The rows of history that say so: which earlier containers and examinations an indicator has counted.

They are looked up at reading, by the key that the indicator used, strictly before the day of the assessment, without
its own voyage, and without what later runs have noted. A key that the ledger does not keep of single containers (the
full code of the goods, what a mapping file brought, goods of several codes) has none to show.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from riskengine import messages
from riskengine.engine.memory import container_key, voyage_key
from riskengine.errors import RunNotFound
from riskengine.features.keys import seal_series
from riskengine.features.rates import RECENT_DAYS
from riskengine.ledger.alike import Alike, Before, earlier_alike, texts_holding
from riskengine.ledger.run_register import find_run
from riskengine.names import name_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from riskengine.engine.run import Run
    from riskengine.workspace import Workspace

MOST_PRECEDENTS: Final = 5
MOST_FIELDS: Final = 8
"""Of so many indicators, the first that are asked for and have any, precedents are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Precedent:
    """An earlier container that an indicator counted, and what was found in it.

    Attributes:
        on: The day on which it was counted.
        container_number: Its number; of loose cargo its bill.
        bill: Its bills of lading, joined by ``+``; empty where none was declared.
        run_id: The run that counted it; empty where a history was remembered.
        said: All of it as a sentence; that of the last one also says how many more there are.
    """

    on: date
    container_number: str
    bill: str
    run_id: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Which containers an indicator counts: of which key, whether only examined ones, and how far back."""

    kind: str
    is_examined: bool = False
    days: int | None = None


_BOX: Final = "container"
_SEEN: Final[Mapping[str, str]] = {
    "shipper": "shipper_containers_before days_since_shipper_seen shipper_weekly_usual shipper_share_to_consignee",
    "consignee": (
        "consignee_containers_before days_since_consignee_seen consignee_share_of_heading"
        " consignee_share_by_lane"
    ),
    "declarant": "declarant_containers_before days_since_declarant_seen",
    "forwarder": "forwarder_containers_before",
    "vessel": "vessel_containers_before",
    "place_of_delivery": "place_of_delivery_containers_before",
    "pair": "pair_containers_before days_since_pair_seen freight_payment_other_share",
    "declarant_consignee": "declarant_consignee_containers_before",
    "lane": "lane_containers_before lane_share_of_heading",
    "lane_heading": "lane_heading_containers_before days_since_lane_heading_seen",
    "shipper_heading": "shipper_heading_containers_before",
    "consignee_heading": "consignee_heading_containers_before",
    "shipper_lane": "shipper_lane_containers_before",
    "consignee_lane": "consignee_lane_containers_before",
    "hs6": "commodity_containers_before",
    "origin_heading": "origin_heading_containers_before",
    "profile": "profile_containers_before days_since_profile_seen",
    "seal": "seal_sightings_before is_seal_seen_before",
    "seal_series": "seal_series_containers_before",
    _BOX: (
        "container_sightings_before days_since_container_seen days_since_last_seen is_first_seen"
        " is_size_type_unlike_before is_tare_unlike_before tare_change_kg"
        " is_seen_elsewhere_at_same_time is_travel_impossibly_fast"
    ),
}
_SEEN_LATELY: Final[Mapping[str, tuple[str, int]]] = {
    "shipper_containers_7d": ("shipper", 7),
    "shipper_ramp_ratio": ("shipper", 7),
    "consignee_containers_30d": ("consignee", 30),
    "consignee_ramp_ratio": ("consignee", 7),
    "declarant_ramp_ratio": ("declarant", 7),
    "lane_ramp_ratio": ("lane", 7),
    "lane_heading_ramp_ratio": ("lane_heading", 7),
}
_EXAMINED: Final[Mapping[str, str]] = {
    "commodity": "hs6",
    "dispatch_country": "dispatch",
    "origin_commodity": "origin_hs6",
    **{
        kind: kind
        for kind in (
            *("shipper", "consignee", "pair", "declarant", "forwarder", "notify_party"),
            *("declarant_consignee", "shipper_country", "consignee_country"),
            *("shipper_heading", "consignee_heading", "shipper_lane", "consignee_lane"),
            *("lane", "lane_heading", "port_of_loading", "port_of_discharge"),
            *("place_of_delivery", "carrier", "vessel", "heading", "chapter", "origin"),
            *("origin_heading", "profile", "seal_series"),
        )
    },
}
"""How find rates call their keys."""
_COUNTS: Final = ("_before", "_7d", "_30d")
_PARTIES: Final = ("shipper", "consignee", "notify_party", "declarant", "forwarder")
_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "pair": ("shipper", "consignee"),
    "declarant_consignee": ("declarant", "consignee"),
    "lane": ("port_of_loading", "port_of_discharge"),
    "lane_heading": ("port_of_loading", "port_of_discharge", "main_heading"),
    "shipper_heading": ("shipper", "main_heading"),
    "consignee_heading": ("consignee", "main_heading"),
    "shipper_lane": ("shipper", "port_of_loading", "port_of_discharge"),
    "consignee_lane": ("consignee", "port_of_loading", "port_of_discharge"),
    "origin_heading": ("heading", "origin"),
    "origin_hs6": ("hs6", "origin"),
}
"""Keys that are made of several; any other is a part itself."""
_ONE_TEXT: Final = {
    "carrier": "carrier_code",
    "dispatch": "country_of_dispatch",
    _BOX: "container_number",
    **{
        name: name
        for name in (
            "shipper_country",
            "consignee_country",
            "port_of_loading",
            "port_of_discharge",
            "place_of_delivery",
        )
    },
}
_OF_SEVERAL: Final = {
    "origin": "countries_of_origin",
    "hs6": "hs_codes",
    "heading": "hs_headings",
    "chapter": "hs_chapters",
}
_SEALS: Final = {"seals": pl.List(pl.String)}
_COPIED: Final = (
    "hs_codes",
    "countries_of_origin",
    "package_types",
    "country_of_dispatch",
    "gross_mass_kg",
    "net_mass_kg",
    "package_count",
    "declared_quantity",
)
"""What a cargo declared word for word alike has in common, as far as it is kept: codes to six digits."""


def precedents_of(
    workspace: Workspace,
    run: Run,
    container_id: int,
    fields: Sequence[str],
    language: str = "en",
) -> Mapping[str, tuple[Precedent, ...]]:
    """Return the latest containers behind some indicators of a container, newest first, at most five of each.

    Args:
        workspace: The unit's folder.
        run: A run with a day of assessment; of one that has none, nothing is told.
        container_id: Which container of the run.
        fields: The indicators, the strongest first; those that count no earlier containers are passed over.
        language: Of the reader.
    """
    own = run.indicators.filter(pl.col("container_id") == container_id).with_columns(
        container_key().alias("container_key"), voyage_key().alias("voyage_key")
    )
    facts = own.row(0, named=True)
    day = facts["assessed_on"]
    if not isinstance(day, date) or run.card.assessed_on == "presented":
        return {}
    asked = {name: one for name in fields if (one := _asked(name)) and _has_any(name, facts)}
    spelled = _spellings(workspace, facts, asked.values(), day)
    questions: dict[_Asked, Alike] = {}
    for one in asked.values():
        alike = _alike(one, facts, spelled, day)
        if alike is not None and len(questions) < MOST_FIELDS:
            questions.setdefault(one, alike)
    before = Before(
        day=day,
        moment=_recorded_at(workspace, run),
        container_key=facts["container_key"] or "",
        voyage_key=facts["voyage_key"] or "",
        is_voyage_named=bool((facts["voyage_key"] or "").partition("|")[2]),
    )
    found = earlier_alike(workspace, tuple(questions.values()), before, at_most=MOST_PRECEDENTS)
    answers = dict(zip(questions, found, strict=True))
    told: dict[str, tuple[Precedent, ...]] = {}
    for name, one in asked.items():
        rows, total = answers.get(one, (pl.DataFrame(), 0))
        if total:
            told[name] = _told(rows, total, language)
    return told


def counts_precedents(field: str) -> bool:
    """Tell whether an indicator counts earlier containers that can be named.

    >>> counts_precedents("shipper_find_rate"), counts_precedents("gross_mass_kg")
    (True, False)
    """
    return _asked(field) is not None


def _asked(field: str) -> _Asked | None:
    if field == "is_find_in_box_before":
        return _Asked(kind=_BOX, is_examined=True)
    if field in _SEEN_LATELY:
        kind, days = _SEEN_LATELY[field]
        return _Asked(kind=kind, days=days)
    for ending, days in (
        ("_recent_find_rate", RECENT_DAYS),
        ("_find_rate", None),
        ("_examined_before", None),
    ):
        kind = _EXAMINED.get(field.removesuffix(ending)) if field.endswith(ending) else None
        if kind is not None:
            return _Asked(kind=kind, is_examined=True, days=days)
    seen = next((kind for kind, names in _SEEN.items() if field in names.split()), None)
    return None if seen is None else _Asked(kind=seen)


def _has_any(field: str, facts: Mapping[str, Any]) -> bool:
    """Tell whether an indicator has counted anything, as far as the run itself says."""
    value = facts.get(field)
    if value is None or value is False or facts.get(f"{field}.examined") == 0:
        return False
    return not (value == 0 and field.endswith(_COUNTS))


def _alike(
    one: _Asked,
    facts: Mapping[str, Any],
    spelled: Mapping[str, tuple[str, ...]],
    day: date,
) -> Alike | None:
    """Return what the counted containers must have declared; None where the key cannot be told of single ones."""
    whole = Alike(
        is_examined=one.is_examined,
        since=None if one.days is None else day - timedelta(days=one.days),
    )
    for part in _PARTS.get(one.kind, (one.kind,)):
        added = _part(part, facts, spelled)
        if added is None:
            return None
        whole = replace(
            whole,
            same={**whole.same, **added.same},
            any_of={**whole.any_of, **added.any_of},
            seal_series=(*whole.seal_series, *added.seal_series),
        )
    return whole


def _part(
    part: str, facts: Mapping[str, Any], spelled: Mapping[str, tuple[str, ...]]
) -> Alike | None:
    """Return what a part of a key asks for; None where this container does not have it, or not one alone."""
    if part in _PARTIES:
        names = spelled.get(part)
        return Alike(any_of={f"{part}_name": names}) if names else None
    if part == "seal_series":
        series = _series(facts)
        return Alike(seal_series=series) if series else None
    if part == "seal" or part in _OF_SEVERAL:
        column = _OF_SEVERAL.get(part, "seal_numbers")
        values = tuple(facts.get(column) or ())
        # Of goods of several codes one speaks for the container, and the run does not say which.
        is_told = bool(values) if part == "seal" else len(values) == 1
        return Alike(any_of={column: values}) if is_told else None
    if part == "profile":
        is_declared = facts.get("_profile_key") is not None
        return Alike(same={name: facts[name] for name in _COPIED}) if is_declared else None
    column, value = _one_value(part, facts)
    return None if value is None else Alike(same={column: value})


def _one_value(part: str, facts: Mapping[str, Any]) -> tuple[str, object]:
    if part == "main_heading":
        heading = facts.get("_main_heading")
        # Of a mixed load nobody kept which heading was the main one.
        return "hs_headings", None if heading is None else [heading]
    column = _ONE_TEXT.get(part, part)
    if part == "vessel":
        column = "vessel_imo" if facts.get("vessel_imo") is not None else "vessel_name"
    return column, facts.get(column)


def _series(facts: Mapping[str, Any]) -> tuple[str, ...]:
    series = pl.DataFrame({"seals": [facts.get("seal_numbers")]}, _SEALS).select(
        seal_series(pl.col("seals"))
    )
    return tuple(series.to_series().to_list()[0] or ())


def _spellings(
    workspace: Workspace, facts: Mapping[str, Any], asked: Iterable[_Asked], day: date
) -> dict[str, tuple[str, ...]]:
    """Return every spelling that earlier containers have of the parties that are asked for, by role.

    The history counts a party under the key of its name; what containers declared is kept as they wrote it.
    """
    roles = sorted(
        {
            part
            for one in asked
            for part in _PARTS.get(one.kind, (one.kind,))
            if part in _PARTIES and facts.get(f"_{part}_key")
        }
    )
    keys = [str(facts[f"_{role}_key"]) for role in roles]
    words = [
        (f"{role}_name", max(key.split(), key=len))
        for role, key in zip(roles, keys, strict=True)
    ]
    found: dict[str, tuple[str, ...]] = {}
    for role, key, texts in zip(roles, keys, texts_holding(workspace, words, day), strict=True):
        named = pl.DataFrame({"name": texts}, schema={"name": pl.String})
        same = named.filter(name_key(pl.col("name")) == key)
        found[role] = tuple(same["name"].to_list())
    return found


def _recorded_at(workspace: Workspace, run: Run) -> datetime | None:
    """Return when the run was recorded, as the ledger writes it; None where it was not."""
    try:
        return find_run(workspace, run.card.run_id).recorded_at.replace(tzinfo=None)
    except RunNotFound:
        return None


def _told(rows: pl.DataFrame, total: int, language: str) -> tuple[Precedent, ...]:
    told = [
        Precedent(
            on=row["on"],
            container_number=row["container_key"],
            bill=row["bill_of_lading"],
            run_id=row["run_id"],
            said=_sentence(row, language),
        )
        for row in rows.iter_rows(named=True)
    ]
    if total > len(told):
        count = {"count": total - len(told)}
        more = messages.render("evidence.precedent.more", count, language)
        told[-1] = replace(told[-1], said=f"{told[-1].said} {more}")
    return tuple(told)


def _sentence(row: Mapping[str, Any], language: str) -> str:
    """Say one earlier container: the day, its number and bill, the run, and what was found.

    No other trader is named, beyond the key that it was found by.
    """
    shown = {
        "on": row["on"],
        "container": row["container_key"],
        "bill": row["bill_of_lading"].replace("+", ", "),
        "run": row["run_id"],
    }
    bill = "billed" if row["bill_of_lading"] else "unbilled"
    parts = [messages.render(f"evidence.precedent.{bill}", shown, language)]
    if row["run_id"]:
        parts.append(messages.render("evidence.precedent.run", shown, language))
    if row["outcome"] is not None:
        outcome = messages.render(f"evidence.outcome.{row['outcome']}", {}, language)
        found = {"outcome": outcome, "known": row["known_on"]}
        parts.append(messages.render("evidence.precedent.examined", found, language))
    said = parts[0]
    for part in parts[1:]:
        said = messages.render(
            "evidence.precedent.both", {"one": said, "other": part}, language
        )
    return f"{said}."
