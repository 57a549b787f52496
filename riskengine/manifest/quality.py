"""The quality of what a filer lodged: a score of which every part is shown, and the faults behind it.

The score is the sum of ten components, each a share of something that can be counted, times its weight. Nothing
else enters it: no risk, no rule, no history. What is missing counts as unsound, so that leaving a thing out never
pays; only what a line cannot have (the seal of an empty box) is not asked of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from riskengine.manifest.quality_faults import faults_of
from riskengine.manifest.quality_lines import LOST_BY_EFFECT, REQUIRED, is_missing, lines_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from riskengine.manifest.quality_faults import Faults
    from riskengine.manifest.quality_lines import Lines
    from riskengine.manifest.read import Reading

WEIGHTS: Mapping[str, int] = {
    "whole": 18,  # bills of their own of which nothing need be asked: what the desk gains from a good filer
    "complete": 15,  # required fields declared and readable: what is not told cannot be checked
    "described": 12,  # goods a person can picture: the stop words of advance cargo guidance
    "parties": 12,  # who sends and receives, and where they sit
    "readable": 10,  # records and cells that could be read as they were sent
    "hs": 8,  # a code of six digits that exists and fits the words
    "masses": 8,  # a mass that is possible, and was weighed rather than guessed
    "containers": 8,  # numbers whose check digit is right: the box can be found
    "distinct": 5,  # lines that are neither sent twice nor copied from bill to bill
    "seals": 4,  # a seal of its own on each laden box
}
"""Points of each component; together 100. What blocks the desk weighs more than what makes its work slower."""

_ASKED = {
    "manifest": tuple(WEIGHTS),
    "stow_plan": ("whole", "complete", "readable", "containers", "distinct"),
    "movements": ("whole", "complete", "readable", "containers", "distinct"),
}
_HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One part of a score.

    Attributes:
        name: A key of `WEIGHTS`.
        weight: Its points.
        asked: How many things were looked at.
        sound: How many of them are sound; a thing may be half sound.
    """

    name: str
    weight: int
    asked: int
    sound: float

    @property
    def share(self) -> float | None:
        """The share that is sound, or None where there was nothing to look at."""
        return self.sound / self.asked if self.asked else None

    @property
    def lost(self) -> float:
        """The points of the weight that are lost."""
        return self.weight * (1 - self.sound / self.asked) if self.asked else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FilerQuality:
    """What one filer lodged in one file.

    Attributes:
        filer: As the file names it, or None where nothing does.
        source: What names it: ``filer``, ``carrier``, ``sender`` or ``unknown``.
        components: In the order of `WEIGHTS`.
        bill_count: Bills of lading.
        container_count: Containers, without loose cargo.
        line_count: Lines that were read.
        fault_count: Faults of all kinds, those included that are too many to be listed.
        faults: In the columns of ``quality_faults.FAULTS``, in the order of the file.
    """

    filer: str | None
    source: str
    components: tuple[Component, ...]
    bill_count: int
    container_count: int
    line_count: int
    fault_count: int
    faults: pl.DataFrame

    @property
    def score(self) -> float | None:
        """0 to 100, or None where there was nothing to judge."""
        return score_of(self.components)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The quality of one file.

    Attributes:
        file: Its name.
        sha256: The digest of its bytes.
        kind: manifest, stow_plan or movements.
        format: As the source of the manifest names it.
        received_at: When it was read.
        components: Of the file as a whole.
        filers: Everyone who lodged a part of it, the worst first.
        unread_count: Records that could not be read; they belong to a filer only where there is but one.
        unread_lines: ``record_number, line`` of those of them that are listed.
        bill_count: Bills of lading.
        container_count: Containers, without loose cargo.
        fault_count: Faults of all kinds.
        absent: Required fields of which no line of the file has anything.
    """

    file: str
    sha256: str
    kind: str
    format: str
    received_at: datetime
    components: tuple[Component, ...]
    filers: tuple[FilerQuality, ...]
    unread_count: int
    unread_lines: pl.DataFrame
    bill_count: int
    container_count: int
    fault_count: int
    absent: frozenset[str]

    @property
    def score(self) -> float | None:
        """0 to 100, or None where there was nothing to judge."""
        return score_of(self.components)


def score_of(components: tuple[Component, ...]) -> float | None:
    """Return the points that are not lost, out of the weights of the components that were asked.

    >>> hs, seals = Component(name="hs", weight=8, asked=4, sound=3), Component(name="seals", weight=4, asked=0, sound=0)
    >>> score_of((hs, seals))
    75.0
    """
    asked = [component for component in components if component.asked]
    weight = sum(component.weight for component in asked)
    if not weight:
        return None
    return 100 * (1 - sum(component.lost for component in asked) / weight)


def quality_of(reading: Reading) -> Quality:
    """Return the quality of a file and of every filer in it."""
    lines = lines_of(reading)
    unread = _unread_count(lines)
    faults = faults_of(lines)
    filers = [
        _of_filer(part, lines, faults, unread)
        for part in lines.frame.partition_by("filer_name", maintain_order=True)
    ]
    filers.sort(key=lambda one: (101.0 if one.score is None else one.score, one.filer or ""))
    source = reading.manifest.source
    return Quality(
        file=source.file,
        sha256=source.sha256,
        kind=lines.kind,
        format=source.format,
        received_at=source.received_at,
        components=_components(lines, lines.frame, faults.faulty, unread),
        filers=tuple(filers),
        unread_count=unread,
        unread_lines=lines.defects.filter(
            (pl.col("effect") == "record") & pl.col("line").is_not_null()
        ).select("record_number", "line"),
        bill_count=lines.frame["bill_of_lading"].drop_nulls().n_unique(),
        container_count=_container_count(lines.frame),
        fault_count=int(faults.listed["count"].sum()) + unread,
        absent=_absent(lines),
    )


def _absent(lines: Lines) -> frozenset[str]:
    unread: set[str] = set(lines.frame["unread_fields"].explode().drop_nulls().to_list())
    missing = lines.frame.select(
        pl.col(is_missing(field)).all(ignore_nulls=True) & pl.col(field).is_null().all()
        for field in REQUIRED[lines.kind]
    )
    fields = zip(REQUIRED[lines.kind], missing.row(0), strict=True)
    return frozenset(field for field, is_absent in fields if is_absent) - unread


def _of_filer(part: pl.DataFrame, lines: Lines, faults: Faults, unread: int) -> FilerQuality:
    filer = part["filer_name"][0]
    is_only_one = part.height == lines.frame.height
    is_own = pl.col("filer_name").eq_missing(pl.lit(filer, pl.String))
    own = faults.listed.filter(is_own)
    return FilerQuality(
        filer=filer,
        source=part["filer_source"][0],
        components=_components(
            lines, part, faults.faulty.filter(is_own), unread if is_only_one else 0
        ),
        bill_count=part["bill_of_lading"].drop_nulls().n_unique(),
        container_count=_container_count(part),
        line_count=part.height,
        fault_count=int(own["count"].sum()),
        faults=own,
    )


def _container_count(part: pl.DataFrame) -> int:
    return part.filter(~pl.col("is_loose"))["box"].n_unique()


def _unread_count(lines: Lines) -> int:
    unread = lines.defects.filter(pl.col("effect") == "record")
    return int(unread["count"].sum())


def _components(
    lines: Lines, part: pl.DataFrame, faulty: pl.DataFrame, unread: int
) -> tuple[Component, ...]:
    goods = part.filter(~pl.col("is_empty"))
    boxes = part.filter(~pl.col("is_loose")).unique("box", keep="first")
    units = part["unit"].n_unique()
    copied = part.filter(pl.col("is_copied").fill_null(value=False)).select("unit")
    broken = pl.concat([faulty.select("unit"), copied])["unit"].n_unique()
    counted: dict[str, tuple[int, float]] = {
        "whole": (units + unread, units - broken),
        "complete": _complete(part, lines.kind),
        "readable": _readable(part, lines, unread),
        "described": _counted(
            goods, pl.col("goods_description").is_not_null() & pl.col("vague_group").is_null()
        ),
        "parties": _parties(goods),
        "hs": _counted(
            goods,
            ~(
                pl.col("is_hs_short") | pl.col("is_hs_unlisted") | pl.col("is_hs_misfit")
            ).fill_null(value=False)
            & pl.col("hs_code").is_not_null(),
        ),
        "masses": _masses(goods),
        "containers": _containers(part, boxes),
        "distinct": _distinct(part, lines),
        "seals": _counted(
            boxes.filter(~pl.col("is_empty")),
            pl.col("seal_numbers").is_not_null()
            & ~pl.col("is_seal_placeholder").fill_null(value=False)
            & ~pl.col("is_seal_shared").fill_null(value=False),
        ),
    }
    return tuple(
        Component(
            name=name, weight=WEIGHTS[name], asked=counted[name][0], sound=counted[name][1]
        )
        for name in WEIGHTS
        if name in _ASKED[lines.kind]
    )


def _counted(frame: pl.DataFrame, is_sound: pl.Expr) -> tuple[int, float]:
    return frame.height, float(frame.select(is_sound.sum()).item() or 0)


def _complete(part: pl.DataFrame, kind: str) -> tuple[int, float]:
    """Count required fields: each line is asked for each of them that it can have."""
    cells = part.select(
        asked=pl.sum_horizontal(
            pl.col(is_missing(name)).is_not_null() for name in REQUIRED[kind]
        ),
        sound=pl.sum_horizontal(pl.col(is_missing(name)) == False for name in REQUIRED[kind]),  # noqa: E712 - null is not asked
    )
    return int(cells["asked"].sum()), float(cells["sound"].sum())


def _readable(part: pl.DataFrame, lines: Lines, unread: int) -> tuple[int, float]:
    """Take from each record what its gravest defect costs; those too many to be listed are taken one by one."""
    lost = lines.defects.with_columns(
        lost=pl.col("effect").replace_strict(LOST_BY_EFFECT, return_dtype=pl.Float64)
    ).filter(pl.col("effect") != "record")
    by_record = lost.group_by("record_number").agg(pl.col("lost").max())
    own = float(part.select("record_number").join(by_record, on="record_number")["lost"].sum())
    listed_only = lost.filter(pl.col("record_number").is_null())
    rest = float((listed_only["lost"] * listed_only["count"]).sum())
    share = part.height / max(lines.frame.height, 1)
    sound = max(part.height - (own + rest * share), 0.0)
    return part.height + unread, sound


def _parties(goods: pl.DataFrame) -> tuple[int, float]:
    """Count four things a bill: who sends, from where, who receives, and where; the notify party stands for "to order"."""
    bills = goods.unique("consignment_id", keep="first")
    to_order = pl.col("is_to_order").fill_null(value=False)

    def named(role: str) -> pl.Expr:
        name = pl.col(f"{role}_name")
        is_placeholder = pl.col(f"is_{role}_placeholder")
        return name.is_not_null() & ~is_placeholder.fill_null(value=True)

    def placed(role: str) -> pl.Expr:
        return pl.col(f"is_{role}_town_told").fill_null(value=False)

    receiver = [
        pl.when(to_order).then(told("notify_party")).otherwise(told("consignee"))
        for told in (named, placed)
    ]
    sound = pl.sum_horizontal(named("shipper"), placed("shipper"), *receiver) / 4
    return bills.height, float(bills.select(sound.sum()).item() or 0)


def _masses(goods: pl.DataFrame) -> tuple[int, float]:
    """Count possible masses; half where most of a filer's masses are whole tonnes: they were guessed."""
    is_possible = (
        pl.col("gross_mass_kg").is_not_null()
        & ~pl.col("is_mass_impossible").fill_null(value=False)
        & ~pl.col("is_net_above_gross").fill_null(value=False)
    )
    told = goods.filter(is_possible)
    is_guessed = bool(told.height) and float(told["is_mass_round"].mean() or 0) > _HALF  # pyright: ignore[reportArgumentType]
    half = pl.when(pl.col("is_mass_round") & is_guessed).then(_HALF).otherwise(1.0)
    return goods.height, float(told.select(half.sum()).item() or 0)


def _containers(part: pl.DataFrame, boxes: pl.DataFrame) -> tuple[int, float]:
    """Count boxes whose number checks; a file without any box is asked for each of its lines."""
    if not boxes.height:
        return part.height, 0.0
    return _counted(boxes, pl.col("is_number_right").fill_null(value=False))


def _distinct(part: pl.DataFrame, lines: Lines) -> tuple[int, float]:
    """Count lines that stand once and are not copied from bill to bill."""
    once = part.join(lines.repeated.drop_nulls("record_number"), on="record_number", how="anti")
    unlisted = int(lines.repeated.filter(pl.col("record_number").is_null())["count"].sum())
    rest = unlisted * part.height / max(lines.frame.height, 1)
    own = once.filter(~pl.col("is_copied").fill_null(value=False)).height
    return part.height, max(own - rest, 0.0)
