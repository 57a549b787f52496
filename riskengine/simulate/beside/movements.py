"""What gates and quays report of each box, with the errors of readers, scales and clocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.simulate.beside.reports import Event, as_reports
from riskengine.simulate.beside.shown import habits, shown
from riskengine.simulate.beside.timeline import Timeline, make_timeline
from riskengine.simulate.dice import dice
from riskengine.simulate.equipment import distinct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.simulate.beside.shown import Port
    from riskengine.simulate.columns import Mask, Numbers
    from riskengine.simulate.draft import Draft
    from riskengine.simulate.settings import Settings

_STUFFING_REPORTED = 0.35
_RETURN_REPORTED = 0.8
_MISREAD = 0.012
_GATE_ERROR = 0.004
_CRANE_ERROR = 0.015
_ELSEWHERE = ["NLRTM", "BEANR", "ESVLC", "ESALG", "TRMER", "AEJEA", "SGSIN", "PAMIT"]


def make_movements(settings: Settings, draft: Draft, calls: pl.DataFrame) -> pl.DataFrame:
    """Return the reports of all calls: ``call_id``, ``stage``, ``received_on`` and the columns of a report.

    ``stage`` is *loading* (in hand with the manifest), *discharge* (three days after the ship) or *after* (a
    month after it). Every port has its habits: what it reads, weighs and forgets.
    """
    at = make_timeline(settings, draft)
    loading = habits(settings, draft.boxes["port_of_loading"].to_numpy())
    discharge = habits(settings, draft.boxes["port_of_discharge"].to_numpy())
    real = _Real(seals=_seals(settings, draft), masses=_masses(settings, draft))
    events = [
        *_at_loading(settings, draft, at, loading, real),
        *_on_the_way(settings, draft, at, loading),
        *_at_discharge(settings, draft, at, discharge, real),
    ]
    return as_reports(settings, draft, calls, events)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Real:
    """What a box really bears and weighs where it is read and weighed, whatever was declared.

    Attributes:
        seals: By place: those of the manifest, unless somebody changed them before.
        masses: By place, in kg.
    """

    seals: Mapping[str, pl.Series]
    masses: Mapping[str, Numbers]


def _seals(settings: Settings, draft: Draft) -> dict[str, pl.Series]:
    boxes = draft.boxes
    borne = boxes.select(
        pl.concat_str("carrier_seal", "extra_seal", separator=";", ignore_nulls=True).replace(
            "", None
        )
    ).to_series()
    found: dict[str, pl.Series] = {}
    for place in ("loading", "discharge", "gate_out"):
        rng = dice(settings.seed, f"seals put on/{place}")
        letters = pl.Series(["D", "QM", "RV", "LS"]).gather(rng.integers(4, size=boxes.height))
        other = letters + pl.Series(distinct(rng, 7, boxes.height)).cast(pl.String)
        changed = pl.Series(shown(settings, draft, f"seal_changed_at_{place}"))
        borne = pl.select(pl.when(changed).then(other).otherwise(borne)).to_series()
        found[place] = borne
    return found


def _masses(settings: Settings, draft: Draft) -> dict[str, Numbers]:
    rng = dice(settings.seed, "masses weighed")
    size = draft.boxes.height
    declared = draft.boxes["container_gross_mass_kg"].to_numpy().astype(np.float64)
    more = rng.uniform(600, 2_200, size)
    at_gate = declared + np.where(shown(settings, draft, "gate_mass_up"), more, 0.0)
    lifted = at_gate + np.where(shown(settings, draft, "crane_mass_up"), more, 0.0)
    return {
        "loading": _rounded(at_gate * rng.normal(1.0, _GATE_ERROR, size)),
        "discharge": _rounded(lifted * rng.normal(1.0, _CRANE_ERROR, size)),
    }


def _rounded(masses: Numbers) -> Numbers:
    return np.round(masses / 10) * 10


def _at_loading(
    settings: Settings, draft: Draft, at: Timeline, port: Port, real: _Real
) -> list[Event]:
    """Return what the farm's side, the gate, the yard and the quay of the port of loading report."""
    rng = dice(settings.seed, "reports/loading")
    size = draft.boxes.height
    place = draft.boxes["port_of_loading"]
    full = draft.boxes["is_full"].to_numpy()

    def told() -> Mask:
        reported: Mask = rng.random(size) >= port.missing
        return reported

    read = _as_read(
        settings, "loading", real.seals["loading"], rng.random(size) < port.reads_seals
    )
    read_again = _as_read(
        settings, "loaded", real.seals["loading"], rng.random(size) < port.reads_seals / 4
    )
    moved = shown(settings, draft, "moved_in_yard") & told()
    stuffing = full & (rng.random(size) < _STUFFING_REPORTED)
    part = pl.Series(rng.uniform(0.2, 0.9, size)).to_numpy()
    return [
        Event(kind="stuffed", at=at.stuffed, place=place, is_told=stuffing & told()),
        Event(
            kind="gate_in",
            at=at.gate_in,
            place=place,
            is_told=told(),
            seals=read,
            mass=np.where(port.weighs, real.masses["loading"], np.nan),
            transport=_trucks(rng, size),
            facility="gate",
        ),
        Event(
            kind="moved",
            at=(at.gate_in + (at.loaded - at.gate_in) * part).astype(np.int64),
            place=place,
            is_told=moved,
            facility="yard",
        ),
        Event(
            kind="loaded",
            at=at.loaded,
            place=place,
            is_told=told(),
            seals=read_again,
            facility="quay",
            names_ship=~at.is_relayed,
        ),
    ]


def _on_the_way(settings: Settings, draft: Draft, at: Timeline, port: Port) -> list[Event]:
    """Return what a relay port reports, and a report of the same number from where the box cannot be."""
    rng = dice(settings.seed, "reports/way")
    size = draft.boxes.height
    own = draft.bills.select("transhipment_ports", "departed_on", "arrival_expected_on")[
        draft.boxes["bill_id"].to_list()
    ]
    relay = own["transhipment_ports"].str.split(";").list.last().fill_null("")
    told = at.is_relayed & (rng.random(size) >= port.missing)
    elsewhere = pl.Series(_ELSEWHERE).gather(rng.integers(len(_ELSEWHERE), size=size))
    is_other = (elsewhere != draft.boxes["port_of_discharge"]).to_numpy()
    left, due = (
        own[name].to_physical().to_numpy().astype(np.int64) * 1_440
        for name in ("departed_on", "arrival_expected_on")
    )
    at_sea = left + ((due - left) * rng.uniform(0.3, 0.7, size)).astype(np.int64)
    return [
        Event(kind="discharged", at=at.relayed_off, place=relay, is_told=told, facility="quay"),
        Event(
            kind="loaded",
            at=at.relayed_on,
            place=relay,
            is_told=told,
            facility="quay",
            names_ship=at.is_relayed,
        ),
        Event(
            kind="gate_out",
            at=at_sea,
            place=elsewhere,
            is_told=shown(settings, draft, "seen_at_another_port") & is_other,
            facility="gate",
        ),
    ]


def _at_discharge(
    settings: Settings, draft: Draft, at: Timeline, port: Port, real: _Real
) -> list[Event]:
    """Return what the quay, the release and the gate of the port of discharge report."""
    rng = dice(settings.seed, "reports/discharge")
    size = draft.boxes.height
    place = draft.boxes["port_of_discharge"]
    full = draft.boxes["is_full"].to_numpy()

    def told() -> Mask:
        reported: Mask = rng.random(size) >= port.missing
        return reported

    reads = rng.random(size)
    code = "R" + pl.Series(distinct(rng, 8, size)).cast(pl.String)
    other = "R" + pl.Series(distinct(rng, 8, size)).cast(pl.String)
    differs = pl.Series(shown(settings, draft, "other_release_code"))
    returned = (
        full
        & ~shown(settings, draft, "never_returned_empty")
        & (rng.random(size) < _RETURN_REPORTED)
    )
    return [
        Event(
            kind="discharged",
            at=at.discharged,
            place=place,
            is_told=told(),
            seals=_as_read(settings, "discharge", real.seals["discharge"], reads < port.reads_seals * 0.6),
            mass=np.where(port.lifts, real.masses["discharge"], np.nan),
            facility="quay",
            names_ship=np.ones(size, dtype=np.bool_),
        ),
        Event(
            kind="released",
            at=at.released,
            place=place,
            is_told=full & told(),
            reference=code,
        ),
        Event(
            kind="gate_out",
            at=at.gate_out,
            place=place,
            is_told=told(),
            seals=_as_read(settings, "gate out", real.seals["gate_out"], reads < port.reads_seals * 0.5),
            transport=_trucks(rng, size),
            reference=pl.select(pl.when(differs).then(other).otherwise(code)).to_series(),
            facility="gate",
        ),
        Event(
            kind="gate_in",
            at=at.returned,
            place=place,
            is_told=returned & told(),
            is_empty_now=True,
            facility="depot",
        ),
    ]  # fmt: skip


def _trucks(rng: np.random.Generator, size: int) -> pl.Series:
    return "TRK" + pl.Series(rng.integers(1_000, 10_000, size)).cast(pl.String)


def _as_read(settings: Settings, place: str, seals: pl.Series, is_read: Mask) -> pl.Series:
    """Return the seals as a clerk reads them: not at all, or now and then with one wrong digit."""
    rng = dice(settings.seed, f"readings/{place}")
    size = len(seals)
    slips = rng.random(size) < min(1.0, _MISREAD * settings.mistake_strength)
    digit = pl.Series(rng.integers(10, size=size)).cast(pl.String)
    # The last digit is the one that is smudged.
    wrong = seals.str.replace(r"\d(;|$)", "") + digit
    is_slip = pl.Series(slips) & seals.is_not_null()
    text = pl.when(is_slip).then(wrong).otherwise(seals)
    return pl.select(pl.when(pl.Series(is_read)).then(text)).to_series()
