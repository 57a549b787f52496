"""Every fault of a reading by bill and place, and whether its filer is asked to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from riskengine.manifest.quality_lines import REQUIRED, is_missing

if TYPE_CHECKING:
    from riskengine.manifest.quality_lines import Level, Lines

FAULTS = {
    "filer_name": pl.String(),
    "unit": pl.String(),
    "bill_of_lading": pl.String(),
    "container_number": pl.String(),
    "record_number": pl.Int64(),
    "line": pl.Int64(),
    "code": pl.String(),
    "field": pl.String(),
    "raw": pl.String(),
    "group": pl.String(),
    "is_asked": pl.Boolean(),
    "count": pl.Int64(),
}
"""One row a fault. ``unit`` is the bill, or what stands for one; ``group`` that of a stop word; ``count`` is above
1 where a row stands for all that are too many to be listed."""

MOST_OF_A_KIND = 10_000
"""Faults of one kind in one field and of one filer that are listed."""

NOT_ASKED = frozenset({"hs_not_fitting", "mass_round", "goods_copied", "seal_shared"})
"""Faults that lower a score and are never spoken of to the filer: to ask would tell what is looked at."""

_KEYS: dict[Level, tuple[str, ...]] = {
    "filer": ("filer_name",),
    "bill": ("filer_name", "consignment_id"),
    "container": ("filer_name", "box"),
    "line": ("filer_name", "record_number"),
}
OF_THE_FILE = frozenset({"counts_unsound", "file_cut", "part_unread"})
"""Faults of the file as a whole, which stand on each of its lines."""

_WITHOUT_FIELD = {
    "control_count_wrong": "counts_unsound",
    "message_cut": "file_cut",
    "nothing_names_it": "nothing_names_it",
}
_READ_AS_SUCH = ("conflicting_value", "port_unknown", "country_unknown")
_ROLES = ("shipper", "consignee", "notify_party")


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What is wrong with the lines of a reading.

    Attributes:
        listed: In the columns of `FAULTS`, in the order of the file.
        faulty: ``filer_name, unit``: the bills of which something has to be asked, every one once.
    """

    listed: pl.DataFrame
    faulty: pl.DataFrame


def faults_of(lines: Lines) -> Faults:
    """Return every fault of the lines."""
    frame = lines.frame
    found = [
        _told(frame, "missing", is_missing(field), level, field=field)
        for field, level in REQUIRED[lines.kind].items()
    ]
    found.append(_told(frame, "container_wrong", ~pl.col("is_number_right").fill_null(value=False)
                       & ~pl.col("is_loose"), "container", field="container_number"))  # fmt: skip
    if lines.kind == "manifest":
        found += _of_goods(frame)
        found += _of_parties(frame)
    found.append(_of_reading(lines))
    faults = pl.concat([pl.DataFrame(schema=FAULTS), *found])
    listed = _bounded(faults).sort(
        "line", "record_number", nulls_last=True, maintain_order=True
    )
    faulty = faults.filter("is_asked").select("filer_name", "unit").unique()
    return Faults(listed=listed, faulty=faulty)


def _of_goods(frame: pl.DataFrame) -> list[pl.DataFrame]:
    goods = frame.filter(~pl.col("is_empty"))
    boxes = goods.filter(~pl.col("is_loose"))
    is_round_usual = bool(goods.height) and _mean(goods, "is_mass_round") > 0.5  # noqa: PLR2004 - most
    told: list[tuple[str, str | pl.Expr, Level, str]] = [
        ("description_vague", pl.col("vague_group").is_not_null(), "line", "goods_description"),
        ("hs_short", "is_hs_short", "line", "hs_code"),
        ("hs_unlisted", "is_hs_unlisted", "line", "hs_code"),
        ("hs_not_fitting", "is_hs_misfit", "line", "hs_code"),
        ("mass_impossible", "is_mass_impossible", "line", "gross_mass_kg"),
        ("net_above_gross", "is_net_above_gross", "line", "net_mass_kg"),
        ("mass_round", pl.col("is_mass_round") & is_round_usual, "line", "gross_mass_kg"),
        ("goods_copied", "is_copied", "line", "goods_description"),
    ]
    found = [_told(goods, code, when, level, field=field) for code, when, level, field in told]
    seals: list[tuple[str, str]] = [
        ("seal_placeholder", "is_seal_placeholder"),
        ("seal_shared", "is_seal_shared"),
    ]
    found += [
        _told(boxes, code, when, "container", field="seal_numbers") for code, when in seals
    ]
    return found


def _of_parties(frame: pl.DataFrame) -> list[pl.DataFrame]:
    goods = frame.filter(~pl.col("is_empty"))
    to_order = pl.col("is_to_order").fill_null(value=False)
    found: list[pl.DataFrame] = []
    for role in _ROLES:
        is_needed = pl.lit(value=True)
        if role == "consignee":
            is_needed = ~to_order
        if role == "notify_party":
            is_needed = to_order
        name, address = f"{role}_name", f"{role}_address"
        is_placeholder = pl.col(f"is_{role}_placeholder") & (
            pl.lit(value=True) if role == "notify_party" else is_needed
        )
        found.append(_told(goods, "party_placeholder", is_placeholder, "bill", field=name))
        has_no_town = ~pl.col(f"is_{role}_town_told") & is_needed
        found.append(_told(goods, "address_without_town", has_no_town, "bill", field=address))
    return found


def _of_reading(lines: Lines) -> pl.DataFrame:
    """Return what reading itself found of lines that were read; records that were not belong to no bill."""
    defects = lines.defects.filter(pl.col("effect") != "record").with_columns(
        code=pl.when((pl.col("effect") == "cell") & pl.col("field").is_null())
        .then(pl.col("code").replace_strict(_WITHOUT_FIELD, default="part_unread"))
        .when(pl.col("effect") == "cell")
        .then(pl.lit("unreadable"))
        .when(pl.col("code").is_in(list(_READ_AS_SUCH)))
        .then("code")
    )
    repeated = lines.repeated.with_columns(code=pl.lit("line_repeated"))
    both = pl.concat([defects, repeated]).filter(
        pl.col("code").is_not_null() & pl.col("record_number").is_not_null()
    )
    named = both.drop("line", "effect").join(
        lines.frame.select(
            "filer_name", "unit", "bill_of_lading", "container_number", "record_number", "line"
        ),
        on="record_number",
        how="inner",
    )
    return named.with_columns(
        group=pl.lit(None, pl.String),
        is_asked=pl.lit(value=True),
        count=pl.col("count").cast(pl.Int64),
    ).select(FAULTS.keys())


def _told(
    frame: pl.DataFrame, code: str, when: str | pl.Expr, level: Level, *, field: str
) -> pl.DataFrame:
    """Return a fault for each bill, box or line of which *when* is true; the first line names it."""
    is_so = pl.col(when) if isinstance(when, str) else when
    if code == "missing":  # what stands there and could not be read is another fault
        is_so &= ~pl.col("unread_fields").list.contains(field).fill_null(value=False)
    hit = frame.filter(is_so.fill_null(value=False)).unique(
        _KEYS[level], keep="first", maintain_order=True
    )
    values: dict[str, Any] = {
        "code": pl.lit(code),
        "field": pl.lit(field),
        "raw": _raw(frame, field),
        "group": pl.col("vague_group")
        if code == "description_vague"
        else pl.lit(None, pl.String),
        "is_asked": pl.lit(code not in NOT_ASKED),
        "count": pl.lit(1, pl.Int64),
    }
    return hit.select(
        "filer_name", "unit", "bill_of_lading", "container_number", "record_number", "line",
        **values,
    )  # fmt: skip


def _raw(frame: pl.DataFrame, field: str) -> pl.Expr:
    value = pl.col(field)
    if isinstance(frame.schema[field], pl.List):
        return value.list.join(";")
    return value.cast(pl.String).str.slice(0, 200)


def _mean(frame: pl.DataFrame, column: str) -> float:
    return float(frame.select(pl.col(column).mean()).item() or 0.0)


def _bounded(faults: pl.DataFrame) -> pl.DataFrame:
    """Keep as many of a kind as anybody reads, and one row that counts the rest."""
    kind = ("filer_name", "code", "field")
    placed = faults.with_columns(_place=pl.int_range(pl.len()).over(kind))
    kept = placed.filter(pl.col("_place") < MOST_OF_A_KIND).drop("_place")
    rest = placed.filter(pl.col("_place") >= MOST_OF_A_KIND)
    if not rest.height:
        return kept
    counted = rest.group_by(kind, maintain_order=True).agg(
        is_asked=pl.col("is_asked").first(), count=pl.len().cast(pl.Int64)
    )
    return pl.concat([kept, counted], how="diagonal").select(FAULTS.keys())
