"""The facts that an officer can verify, and what each of them could be found to be.

Nothing here is invented: a usual value is what was usual on the lane and of the goods, a party is one that the
manifest names, a mass is what scales would show. What no officer can change is not here: the past, the ports, and
what is in the box.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import polars as pl

from riskengine.codes import size_types
from riskengine.engine.usual_here import usual_of
from riskengine.engine.what_if_rows import Cell, Edit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.engine.usual_here import Usual
    from riskengine.engine.what_if_bench import Bench

FEWEST: Final = 3
"""Fewer containers of the manifest than this show no usual value."""
APART: Final = 0.05
"""Where no span is known, a number is unusual from this share of the usual one on: what scales differ by."""
_ANY_BOX_KG: Final = 32_500.0
"""What most plates allow a box with its load, where its type is not known."""
_HABITS: Final[Mapping[str, tuple[str, ...]]] = {
    "gross_mass_kg": ("gross_mass_lane_deviation", "gross_mass_deviation"),
    "mass_per_package_kg": ("mass_per_package_lane_deviation", "mass_per_package_deviation"),
    "declared_value_per_kg_usd": ("value_per_kg_lane_deviation", "value_per_kg_deviation"),
    "freight_amount_usd": ("freight_lane_deviation",),
    "temperature_set_c": ("set_point_distance_c",),
    "tare_mass_kg": ("tare_difference_kg", "tare_deviation"),
}
"""The indicators that already tell what is usual of a field."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """One container as declared, and what stands around it.

    Attributes:
        bench: The container with its run.
    """

    bench: Bench

    def fact(self, name: str) -> Any:
        """Return a fact or an indicator of the container; None where it is not known."""
        said = self.bench.indicators
        return said[name] if name in said else self.bench.near.base.get(name)

    def beside(self, name: str) -> Any:
        """Return a fact from beside the manifest; None where nothing was received."""
        return self._beside.get(name)

    @cached_property
    def may_carry_kg(self) -> float:
        """What goods the box may carry; loose cargo has no such limit."""
        if self.fact("is_loose_cargo"):
            return math.inf
        payload = self._by_type(size_types.max_payload_kg)
        return self.may_weigh_kg if payload is None else payload

    @cached_property
    def may_weigh_kg(self) -> float:
        """What the box may weigh with its load: the payload of its type and its tare."""
        if self.fact("is_loose_cargo"):
            return math.inf
        payload = self._by_type(size_types.max_payload_kg)
        highest = self._by_type(size_types.highest_tare_kg)
        if payload is None or highest is None:
            return _ANY_BOX_KG
        return payload + min(self.fact("tare_mass_kg") or highest, highest)

    def _by_type(self, told: Callable[[pl.Expr], pl.Expr]) -> float | None:
        """Return what a table of the codes says of the type of the box."""
        size_type = pl.lit(self.fact("size_type"), pl.String)
        return pl.select(told(size_type)).item()

    def cells(self, frame: str, column: str) -> list[Any]:
        """Return what the container's own rows say."""
        return [row[column] for row in self.bench.rows[frame]]

    @cached_property
    def _beside(self) -> dict[str, Any]:
        found = self.bench.known.beside.facts
        if found is None:
            return {}
        own = found.filter(pl.col("container_id") == self.bench.row["container_id"])
        return own.row(0, named=True) if own.height else {}

    @cached_property
    def others(self) -> pl.DataFrame:
        """The facts of the other containers of the manifest."""
        return self.bench.facts.filter(pl.col("container_id") != self.bench.row["container_id"])

    @cached_property
    def alike(self) -> pl.DataFrame:
        """The other containers of the same heading, where they are enough to show something; else of the same lane."""
        heading = self._where("_main_heading")
        if heading.height >= FEWEST:
            return heading
        return self._where("port_of_loading", "container_family")

    def _where(self, *names: str) -> pl.DataFrame:
        """Return the other containers that say the same; none where the container does not say it."""
        said = {name: self.fact(name) for name in names}
        if None in said.values():
            return self.others.clear()
        return self.others.filter(pl.col(name) == value for name, value in said.items())

    @property
    def near_seals(self) -> Mapping[str, int]:
        """How many other boxes of the voyage bear each seal."""
        return self.bench.near.seals

    def usual(self, name: str) -> float | None:
        """Return what is usual of a number here: on the lane, of the goods, or among the containers alike."""
        told = self._usual.get(name)
        if told is not None:
            return told.median
        for indicator in _HABITS.get(name, ()):
            value = self._habit(indicator)
            if value is not None:
                return value
        if name not in self.alike.columns:
            return None
        values = self.alike[name].drop_nulls()
        return float(values.median()) if values.len() >= FEWEST else None  # type: ignore[arg-type]

    def is_unusual(self, name: str, usual: float) -> bool:
        """Tell whether a number is not declared, or lies where few do: what is usual already clears nothing."""
        held = self.fact(name)
        if held is None:
            return True
        told = self._usual.get(name)
        if told is not None:
            return not told.low <= held <= told.high
        said = self.bench.indicators
        for indicator in _HABITS.get(name, ()):
            low, high = said.get(f"{indicator}.usual_low"), said.get(f"{indicator}.usual_high")
            if low is not None and high is not None:
                return not low <= held <= high
        return abs(held - usual) > APART * abs(usual)

    @cached_property
    def _usual(self) -> Mapping[str, Usual]:
        return usual_of(self.bench.run, self.bench.row["container_id"])

    def _habit(self, indicator: str) -> float | None:
        said = self.bench.indicators
        usual = said.get(f"{indicator}.usual")
        if usual is not None:
            return usual
        low, high = said.get(f"{indicator}.usual_low"), said.get(f"{indicator}.usual_high")
        # What is usual is told as a span around a mean of logarithms: its middle is the geometric one.
        return math.sqrt(low * high) if low and high and low > 0 else None

    def most_named(self, name: str, *, at_most: int = 1) -> list[Any]:
        """Return what the containers alike declare most often; of equals the first in order."""
        values: list[Any] = self.alike[name].drop_nulls().to_list()
        counted = Counter[Any](tuple(v) if isinstance(v, list) else v for v in values)
        return sorted(counted, key=lambda value: (-counted[value], value))[:at_most]


Edits: TypeAlias = Iterable[Edit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provable:
    """A fact that an officer can verify.

    Attributes:
        id: Its name here; no two changes of one set are of the same.
        field: The fact of the catalogue.
        how: The text that says how it is verified: ``what_if.how.<how>``.
        whom: The text that says whom to ask: ``what_if.ask.<whom>``.
        edits: What it could be found to be.
        is_asked: Whether it can be asked where it is not declared; what others agree on is no answer of anybody.
    """

    id: str
    field: str
    how: str
    whom: str
    edits: Callable[[Situation], Edits]
    is_asked: bool = True


def edits_of(situation: Situation, provable: Iterable[Provable]) -> list[Edit]:
    """Return every change of one fact that says something else than the container does.

    Args:
        situation: The container.
        provable: The facts.
    """
    found: list[Edit] = []
    for fact in provable:
        held = (situation.fact(fact.field), situation.beside(fact.field))
        is_answer = fact.is_asked and held == (None, None)
        found += [
            replace(edit, fact=fact.id, is_answer=is_answer)
            for edit in fact.edits(situation)
            if _changes(situation, edit)
        ]
    return found


def _changes(situation: Situation, edit: Edit) -> bool:
    """Tell whether an edit says anything else than what is said already."""
    for cell in edit.cells:
        if cell.frame == "parties":
            rows = [r for r in situation.bench.rows["parties"] if r["role"] == cell.role]
            held = [row[cell.column] for row in rows] or [None]
        else:
            held = situation.cells(cell.frame, cell.column)
        values = list(cell.values)
        if cell.frame != "seals" and len(values) != len(held):
            values = values[:1] * len(held)
        if values != held:
            return True
    return any(situation.beside(name) != value for name, value in edit.beside.items())


def innocent(
    clause: str, becomes: object, *cells: Cell, beside: Mapping[str, object] | None = None
) -> Edit:
    """Return a change that honest trade would show."""
    return Edit(fact="", clause=clause, becomes=becomes, cells=cells, beside=beside or {})


def doubtful(
    clause: str, becomes: object, *cells: Cell, beside: Mapping[str, object] | None = None
) -> Edit:
    """Return a change that speaks against a container."""
    return replace(innocent(clause, becomes, *cells, beside=beside), is_innocent=False)


def cell(frame: str, column: str, *values: object, role: str = "") -> Cell:
    """Return a cell with what stands in it instead."""
    return Cell(frame=frame, column=column, values=values, role=role)
