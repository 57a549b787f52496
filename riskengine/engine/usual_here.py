"""What is usual where a container comes from and with what it carries: what an officer can hold a number against.

Drawn from what earlier containers declared, on the same lane with goods of the same heading; where these are too few,
of the heading on all lanes, then of the lane with all goods. It moves no score, and no digest holds it: it is kept
with the run so that it can be told as it was known then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import polars as pl

from riskengine import messages
from riskengine.engine.memory import name_sightings
from riskengine.features.catalog import catalog
from riskengine.ledger import seen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from riskengine.engine.run import Run
    from riskengine.features.field import Field
    from riskengine.manifest.schema import FrameSchema
    from riskengine.workspace import Workspace

Scope: TypeAlias = Literal["lane and heading", "heading", "lane"]

FEWEST: Final = 20
"""Of fewer containers nothing is called usual, as with the habits that models learn from."""
DAYS_BACK: Final = 730
"""Two years: every season twice, and no price of long ago."""
TOLD: Final = (
    "package_count",
    "gross_mass_kg",
    "net_mass_kg",
    "volume_m3",
    "declared_quantity",
    "declared_value_usd",
    "temperature_set_c",
    "amendment_count",
    "declared_value_per_kg_usd",
    "freight_to_value_ratio",
    "mass_per_package_kg",
    "net_to_gross_mass_ratio",
    "goods_item_count",
    "goods_description_length",
    "distinct_commodity_count",
    "density_kg_per_m3",
    "payload_utilisation",
    "transhipment_count",
    "detour_ratio",
    "route_length_km",
    "days_to_arrival",
    "voyage_days",
    "seal_count",
    "declared_field_share",
    "booking_lead_days",
    "days_in_yard_before_loading",
    "days_between_discharge_and_gate_out",
)
"""What is compared: what is declared or follows from it. Not tares, which go with the size of the box, and are told by
it elsewhere; not freight, which a bill states for all its boxes; not counts and shares of the past, which are no
property of a load."""
_BY_TRADER: Final = ("_shipper_heading", "_consignee_heading")
COMPARED: Final[Mapping[str, str]] = {
    **{
        f"{measure}{of}_deviation": fact
        for measure, fact, others in (
            ("gross_mass", "gross_mass_kg", ("_lane", "_shipper")),
            ("value_per_kg", "declared_value_per_kg_usd", ("_lane", "_shipper", *_BY_TRADER)),
            ("mass_per_package", "mass_per_package_kg", ("_lane", "_shipper", *_BY_TRADER)),
            ("declared_quantity", "declared_quantity", ()),
        )
        for of in ("", *others)
    },
    "set_point_distance_c": "temperature_set_c",
    "is_reefer_setpoint_odd": "temperature_set_c",
    "is_round_gross_mass": "gross_mass_kg",
    "is_seal_missing": "seal_count",
}
"""Indicators that are drawn from one fact, with the fact that an officer can compare in their stead."""

USUAL: Final[FrameSchema] = {
    "scope": pl.String(),  # lane and heading, heading, lane
    "port_of_loading": pl.String(),  # null where the scope is the heading
    "port_of_discharge": pl.String(),
    "heading": pl.String(),  # null where the scope is the lane
    "field": pl.String(),
    "low": pl.Float64(),  # a tenth of the containers lie below
    "median": pl.Float64(),
    "high": pl.Float64(),  # a tenth lie above
    "containers": pl.Int64(),  # that declare the field; FEWEST at least
}
"""One row a field of a lane, of a heading, or of both together."""

_LANE: Final = ("port_of_loading", "port_of_discharge")
_SCOPES: Final[tuple[tuple[Scope, tuple[str, ...]], ...]] = (
    ("lane and heading", seen.NEAR),
    ("heading", ("heading",)),
    ("lane", _LANE),
)
_UNITS: Final = {
    "kg": "kg",
    "m3": "m3",
    "USD": "usd",
    "USD/kg": "usd_per_kg",
    "kg/m3": "kg_per_m3",
    "°C": "celsius",
    "km": "km",
    "days": "days",
    "characters": "characters",
    "times": "times",
    "share": "share",
}
_THOUSANDS: Final = 1000
_TO: Final = "\u2013"  # an en dash
_SAID_USUAL: Final = ("declared", "usual_low", "usual_high")
_POINTS: Final = {"low": 0.1, "median": 0.5, "high": 0.9}


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What is usual of one field, and from how many containers that is known.

    Attributes:
        field: The field.
        low: A tenth of the containers lie below.
        median: Half lie below.
        high: A tenth lie above.
        containers: From how many.
        scope: Whether lane and heading are the same, or one of the two.
        lane: Port of loading and port of discharge; empty where the scope is the heading.
        heading: Four digits of the HS; empty where the scope is the lane.
    """

    field: str
    low: float
    median: float
    high: float
    containers: int
    scope: Scope
    lane: str
    heading: str


def usual_here(workspace: Workspace, stated: pl.DataFrame, assessed_on: date) -> pl.DataFrame:
    """Return what was usual for the containers of a manifest before a day (``USUAL``).

    Args:
        workspace: The unit's folder.
        stated: The facts of the manifest; its own voyages are left out.
        assessed_on: The day; nothing of it or later is looked at.
    """
    placed = stated.select(*_LANE, heading=_heading()).unique()
    rows = seen.fetch_near(
        workspace,
        TOLD,
        placed,
        _own(stated),
        (assessed_on - timedelta(days=DAYS_BACK), assessed_on),
    )
    fields = [name for name in TOLD if name in rows.columns]
    # A history that was remembered may hold what is divided by nought.
    number = pl.col(fields)
    rows = rows.with_columns(pl.when(number.is_finite()).then(number))
    if rows.is_empty() or not fields:
        return pl.DataFrame(schema=dict(USUAL))
    parts = [_of_scope(rows, placed, scope, list(keys), fields) for scope, keys in _SCOPES]
    return (
        pl.concat(parts)
        .cast(pl.Schema(USUAL))
        .sort("scope", *seen.NEAR, "field", nulls_last=True)
    )


def usual_of(run: Run, container_id: int) -> Mapping[str, Usual]:
    """Return what is usual for a container, by field; nothing for an empty box, or where the run kept nothing.

    Of each field the nearest is given: on the lane with the heading, else of the heading, else on the lane.
    """
    kept = run.beside.get("usual")
    if kept is None or kept.is_empty():
        return {}
    own = run.indicators.filter(pl.col("container_id") == container_id).select(
        *_LANE, "is_full", "is_loose_cargo", heading=_heading()
    )
    loading, discharge, is_full, is_loose, heading = own.row(0)
    if is_full is False or is_loose:
        return {}
    has_lane = loading is not None and discharge is not None
    places: dict[Scope, tuple[object, object, object]] = {
        "lane and heading": (loading, discharge, heading),
        "heading": (None, None, heading),
        "lane": (loading, discharge, None),
    }
    found: dict[str, Usual] = {}
    for scope, place in places.items():
        if (heading is None and "heading" in scope) or (not has_lane and "lane" in scope):
            continue
        same = [pl.col(n).eq_missing(pl.lit(v)) for n, v in zip(seen.NEAR, place, strict=True)]
        for row in kept.filter(pl.col("scope") == scope, *same).iter_rows(named=True):
            found.setdefault(row["field"], _as_usual(row, scope))
    return found


def compared_field(source: str) -> str:
    """Return the field whose usual values an officer compares where an indicator is told.

    >>> compared_field("value_per_kg_lane_deviation"), compared_field("gross_mass_kg")
    ('declared_value_per_kg_usd', 'gross_mass_kg')
    """
    return COMPARED.get(source, source)


def usual_sentence(usual: Usual, value: object, language: str = "en") -> str:
    """Return what is usual, from how many containers, and where this one lies.

    Args:
        usual: What is usual of the field.
        value: What this container has there; None says nothing of it.
        language: Of the reader.
    """
    field = _fields()[usual.field]
    scope = usual.scope.replace(" ", "_")
    spread = "one" if usual.low == usual.high else "range"
    text = messages.render(
        f"evidence.usual.{spread}.{scope}",
        {
            "label": messages.render(f"{field.key}.label", {"name": ""}, language),
            "lane": usual.lane,
            "heading": usual.heading,
            "low": _amount(usual.low, field.unit, language),
            "median": _amount(usual.median, field.unit, language),
            "high": _amount(usual.high, field.unit, language),
            "containers": usual.containers,
        },
        language,
    )
    where = where_it_lies(usual, value)
    if where is None or not isinstance(value, (int, float)):
        return text
    here = messages.render(
        f"evidence.usual.here.{where}",
        {"value": _amount(value, field.unit, language)},
        language,
    )
    return f"{text} {here}"


def where_it_lies(usual: Usual, value: object) -> Literal["below", "within", "above"] | None:
    """Return where a container lies beside what is usual; None where it has no number there."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    return "below" if value < usual.low else "above" if value > usual.high else "within"


def is_within_its_own(field: Field, facts: Mapping[str, object]) -> bool:
    """Tell whether a value lies between what the sentence of its indicator calls usual; False where it calls nothing so."""
    columns = field.companion_columns
    value, low, high = (facts.get(columns.get(param, "")) for param in _SAID_USUAL)
    return (
        isinstance(value, (int, float))
        and isinstance(low, (int, float))
        and isinstance(high, (int, float))
        and low <= value <= high
    )


def _heading() -> pl.Expr:
    """Return the heading of the goods; null for a mixed load, which has no usual price."""
    headings = pl.col("hs_headings")
    return pl.when(headings.list.len() == 1).then(headings.list.first())


def _own(stated: pl.DataFrame) -> pl.DataFrame:
    """Name the manifest's own containers, and say which voyages are told apart from all others."""
    keys = [pl.col(name).fill_null("") for name in seen.KEYS[:3]]
    number = pl.col("voyage_key").str.splitn("|", 2).struct[1]
    is_named = (number.fill_null("") != "").alias("is_voyage_named")
    return name_sightings(stated, dated=False).select(*keys).with_columns(is_named).unique()


def _of_scope(
    rows: pl.DataFrame, placed: pl.DataFrame, scope: Scope, keys: list[str], fields: list[str]
) -> pl.DataFrame:
    """Return what is usual at the places that this manifest has, of each field that enough containers declare."""
    asked = placed.select(keys).drop_nulls().unique()
    near = rows.join(asked, on=keys, how="semi").filter(pl.len().over(keys) >= FEWEST)
    points = [
        pl.col(fields).quantile(share, "linear").name.prefix(f"{point} ")
        for point, share in _POINTS.items()
    ]
    counts = pl.col(fields).count().cast(pl.Int64).name.prefix("containers ")
    told = [
        pl.struct(
            pl.col(f"{point} {name}").alias(point) for point in (*_POINTS, "containers")
        ).alias(name)
        for name in fields
    ]
    return (
        near.group_by(keys)
        .agg(*points, counts)
        .select(*keys, *told)
        .unpivot(on=fields, index=keys, variable_name="field", value_name="told")
        .unnest("told")
        .filter(pl.col("containers") >= FEWEST)
        .select(
            pl.lit(scope).alias("scope"),
            *(
                name if name in keys else pl.lit(None, pl.String).alias(name)
                for name in seen.NEAR
            ),
            "field",
            *_POINTS,
            "containers",
        )
    )


def _as_usual(row: Mapping[str, Any], scope: Scope) -> Usual:
    return Usual(
        field=row["field"],
        low=row["low"],
        median=row["median"],
        high=row["high"],
        containers=row["containers"],
        scope=scope,
        lane=_TO.join(row[name] for name in _LANE if row[name] is not None),
        heading=row["heading"] or "",
    )


@cache
def _fields() -> Mapping[str, Field]:
    return {field.name: field for field in catalog() if field.name in TOLD}


def _amount(value: float, unit: str, language: str) -> str:
    """Return a number with its unit; nobody reads the cents of thousands."""
    key = _UNITS.get(unit, "number")
    shown = round(value) if abs(value) >= _THOUSANDS else value
    return messages.render(f"evidence.unit.{key}", {"value": shown}, language)
