"""The declared rows of one container, and the same rows as they would stand had other things been declared.

What is changed is what a manifest says, cell by cell; every fact and indicator is then gathered and drawn as for any
other manifest.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from riskengine.features.addresses import are_several_parties
from riskengine.features.facts import clean, gather
from riskengine.manifest.schema import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from riskengine.manifest.schema import Manifest

Row = dict[str, Any]
Rows = dict[str, list[Row]]

_KEYED: Final[Mapping[str, str]] = {
    "voyages": "voyage_id",
    "consignments": "consignment_id",
    "parties": "consignment_id",
    "legs": "consignment_id",
    "goods_items": "container_id",
    "containers": "container_id",
    "loads": "container_id",
    "seals": "container_id",
    "attributes": "container_id",
}
"""The frames that are copied, by what says that a row is the container's own."""
_KEYS: Final = ("voyage_id", "consignment_id", "goods_item_id", "container_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One column of the container's own rows, with what stands in it instead.

    Attributes:
        frame: The canonical frame.
        column: Its column.
        values: One value for all rows, or one for each; of seals, one for each seal there would be.
        role: Of a party: whose row is meant; it is made where the bill names no such party.
    """

    frame: str
    column: str
    values: tuple[object, ...]
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One fact that stands otherwise.

    Attributes:
        fact: The provable fact (``what_if_facts.PROVABLE``).
        clause: The text that tells it: ``what_if.clause.<clause>``.
        becomes: What it would be.
        cells: What the manifest would say.
        beside: What would be known from beside the manifest.
        is_innocent: Whether it speaks of honest trade, or of what a smuggler's paper would show.
        is_answer: Whether it answers a fact that is not declared.
    """

    fact: str
    clause: str
    becomes: object
    cells: tuple[Cell, ...] = ()
    beside: Mapping[str, object] = field(default_factory=dict[str, object])
    is_innocent: bool = True
    is_answer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """What other containers of the manifest add to the facts of one.

    Attributes:
        base: The facts of the container as gathered from the whole manifest.
        seals: How many other boxes of the voyage bear each seal.
        at_address: Names of consignees of the voyage by their address, without the container's own.
        bill_values: What other containers of its bill declare, a value a line; None where the bill is not asked.
    """

    base: Row
    seals: Mapping[str, int]
    at_address: Mapping[str, frozenset[str]]
    bill_values: tuple[float | None, ...]


def own_rows(manifest: Manifest, container_id: int) -> Rows:
    """Return the rows of a manifest that speak of one container, by the names of their frames."""
    wanted: dict[str, list[int]] = {"container_id": [container_id]}
    box = manifest.containers.filter(pl.col("container_id") == container_id)
    wanted["voyage_id"] = box["voyage_id"].to_list()
    loads = manifest.loads.filter(pl.col("container_id") == container_id)
    wanted["consignment_id"] = loads["consignment_id"].to_list()
    return {
        name: getattr(manifest, name).filter(pl.col(key).is_in(wanted[key])).to_dicts()
        for name, key in _KEYED.items()
    }


def written(rows: Rows, edits: Iterable[Edit]) -> Rows:
    """Return the rows with what the edits change; the rows given stay as they are."""
    changed = {name: [dict(row) for row in many] for name, many in rows.items()}
    for edit in edits:
        for cell in edit.cells:
            _write(changed, cell)
    return changed


def _write(rows: Rows, cell: Cell) -> None:
    if cell.frame == "seals":
        box = rows["containers"][0]["container_id"]
        blank = {"container_id": box, "seal_number": None, "sealing_party": None}
        rows["seals"] = [blank | {cell.column: value} for value in cell.values]
        return
    meant = rows[cell.frame]
    if cell.frame == "parties":
        _name_party(rows, cell.role)
        meant = [row for row in rows["parties"] if row["role"] == cell.role]
    values = cell.values if len(cell.values) == len(meant) else cell.values[:1] * len(meant)
    for row, value in zip(meant, values, strict=True):
        row[cell.column] = value


def _name_party(rows: Rows, role: str) -> None:
    """Make sure that each bill has a row for a party of this role."""
    there = {row["consignment_id"] for row in rows["parties"] if row["role"] == role}
    for bill in rows["consignments"]:
        if bill["consignment_id"] not in there:
            blank: Row = dict.fromkeys(SCHEMAS["parties"])
            named = {"consignment_id": bill["consignment_id"], "role": role}
            rows["parties"].append(blank | named)


def as_manifest(manifest: Manifest, variants: Sequence[Rows], first: int) -> Manifest:
    """Return a manifest of variants of one container, each on a voyage and on bills of its own.

    Args:
        manifest: The manifest it is from.
        variants: The rows of each.
        first: The container_id of the first variant; the others follow.
    """
    many: Rows = {name: [] for name in SCHEMAS}
    next_id: dict[str, int] = dict.fromkeys(_KEYS, first)
    for number, rows in enumerate(variants):
        taken: dict[tuple[str, object], int] = {}
        taken["container_id", rows["containers"][0]["container_id"]] = first + number
        for name in _KEYED:
            many[name] += [_renamed(row, taken, next_id) for row in rows[name]]
    frames = {
        name: pl.DataFrame(many[name], schema=dict(schema), orient="row")
        for name, schema in SCHEMAS.items()
    }
    return replace(manifest, **frames)


def _renamed(row: Row, taken: dict[tuple[str, object], int], next_id: dict[str, int]) -> Row:
    """Return a row with keys that no other variant has; rows of one variant keep what they share."""
    fresh = dict(row)
    for key in _KEYS:
        old = row.get(key)
        if old is None:
            continue
        if (key, old) not in taken:
            taken[key, old] = next_id[key]
            next_id[key] += 1
        fresh[key] = taken[key, old]
    return fresh


def neighbours_of(manifest: Manifest, facts: pl.DataFrame, container_id: int) -> Neighbours:
    """Return what the other containers of a manifest add to the facts of one.

    Args:
        manifest: The manifest.
        facts: What ``gather`` gave of it.
        container_id: The container.
    """
    base = facts.row(by_predicate=pl.col("container_id") == container_id, named=True)
    voyage = manifest.containers.filter(
        pl.col("voyage_id").eq_missing(pl.lit(base["_voyage_id"], pl.Int32))
        & (pl.col("container_id") != container_id)
    )
    others = facts.filter(
        pl.col("_voyage_id").eq_missing(pl.lit(base["_voyage_id"], pl.Int32))
        & (pl.col("container_id") != container_id)
    )
    seals = (
        manifest.seals.join(voyage.select("container_id"), on="container_id", how="semi")
        .select("container_id", clean(pl.col("seal_number")).alias("seal_number"))
        .drop_nulls()
        .unique()
    )
    at_address: dict[str, frozenset[str]] = {}
    for address, key in (
        others.select("consignee_address", "_consignee_key").drop_nulls().rows()
    ):
        at_address[address] = at_address.get(address, frozenset()) | {key}
    return Neighbours(
        base=base,
        seals=Counter(seals["seal_number"].to_list()),
        at_address=at_address,
        bill_values=_bill_values(manifest, container_id),
    )


def _bill_values(manifest: Manifest, container_id: int) -> tuple[float | None, ...]:
    """Return the values that the first bill of a container declares for other containers."""
    # The bill whose facts are told of a container: the first that is not a master bill, by its number.
    loads = (
        manifest.loads.filter(pl.col("container_id") == container_id)
        .join(manifest.consignments, on="consignment_id")
        .with_columns(clean(pl.col("bill_of_lading")), clean(pl.col("bill_type")))
        .sort(
            (pl.col("bill_type") == "MASTER").fill_null(value=False),
            "bill_of_lading",
            "consignment_id",
            nulls_last=True,
        )
    )
    bill = loads["consignment_id"].head(1).to_list()
    lines = manifest.goods_items.filter(
        pl.col("consignment_id").is_in(bill) & pl.col("container_id").ne_missing(container_id)
    )
    return tuple(lines["declared_value_usd"].to_list())


def gathered(
    manifest: Manifest,
    variants: Sequence[tuple[Rows, tuple[Edit, ...]]],
    near: Neighbours,
    *,
    first: int,
    assessed_on: date | None,
) -> tuple[Manifest, pl.DataFrame]:
    """Return the variants as a manifest, and their facts as among the other containers.

    Args:
        manifest: The manifest they are from.
        variants: The rows of each, and what was changed in them.
        near: What the other containers add.
        first: The container_id of the first variant.
        assessed_on: The day of the assessment, or None for the day each bill was presented.
    """
    made = as_manifest(manifest, [rows for rows, _ in variants], first)
    facts = gather(made, assessed_on)
    kept = ("_bill_container_count", "_are_seals_declared", "_boxes_with_its_seal",
            "_are_consignees_at_address_several", "_bill_declared_value_usd")  # fmt: skip
    schema = {name: facts.schema[name] for name in kept}
    shared = [
        _shared(row, near, any(_is_value(edit) for edit in edits))
        for row, (_, edits) in zip(facts.iter_rows(named=True), variants, strict=True)
    ]
    return made, facts.with_columns(
        pl.DataFrame(shared, schema=schema, orient="row").get_columns()
    )


def _is_value(edit: Edit) -> bool:
    return any(cell.column == "declared_value_usd" for cell in edit.cells)


def _shared(row: Row, near: Neighbours, is_value: bool) -> Row:
    """Return the facts of a variant that other containers of the manifest have a part in."""
    seals: list[str] = row["seal_numbers"] or []
    address, key = row["consignee_address"], row["_consignee_key"]
    several = None
    if address is not None and key is not None:
        names = near.at_address.get(address, frozenset()) | {key}
        several = are_several_parties(sorted(names))
    return {
        "_bill_container_count": near.base["_bill_container_count"],
        "_are_seals_declared": bool(seals) or bool(near.seals),
        "_boxes_with_its_seal": max(
            (1 + near.seals.get(seal, 0) for seal in seals), default=None
        ),
        "_are_consignees_at_address_several": several,
        "_bill_declared_value_usd": _bill_total(row, near)
        if is_value
        else near.base["_bill_declared_value_usd"],
    }


def _bill_total(row: Row, near: Neighbours) -> float | None:
    """Return the value of all goods of the bill, added in the order of size as ``facts.totals`` does."""
    own = row["_bill_declared_value_usd"]
    if own is None or None in near.bill_values:
        return None
    if not near.bill_values:
        return own
    # Several own lines are one term here: their sum is what the variant alone declares.
    terms = sorted([own, *(value for value in near.bill_values if value is not None)])
    return pl.Series([terms]).list.sum().item()
