"""The frames of a manifest, each from the lines of the file that speak of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from riskengine.codes import ports
from riskengine.domain import Outcome, PartyRole
from riskengine.manifest.fields import PARTY_FACTS, Kind, fields_of
from riskengine.manifest.schema import CONSIGNMENTS, CONTAINERS, GOODS_ITEMS, MOVEMENTS, PARTIES
from riskengine.manifest.typed import FAULTS
from riskengine.names import name_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from riskengine.manifest.table import TextTable

_KEYS = {"bill_of_lading", "container_number"}
_PORT_TEXTS = [
    f"{field.name}_text" for field in fields_of("consignments") if field.kind is Kind.PORT
]
CONSIGNMENT_FACTS = [
    *(field.name for field in fields_of("consignments") if field.name not in _KEYS),
    *_PORT_TEXTS,
]
"""What is said once of a bill."""

CONTAINER_FACTS = [
    field.name
    for field in fields_of("containers")
    if field.name not in {*_KEYS, "seal_numbers", "sealing_party", "is_unreadable"}
]
"""What is said once of a box."""

_PIECE = 50_000  # lines
_BETWEEN_SEALS = r"[,|\n\r]+"
_MANY_SEALS = r"[;,|\n\r]"
_GRAVITY = {outcome.value: place for place, outcome in enumerate(Outcome)}


def firsts(lines: pl.DataFrame, key: str, columns: Iterable[str]) -> pl.DataFrame:
    """Return columns of the first line of each key, in the order of the keys: they are numbered as they first stand."""
    highest = lines.select(pl.col(key).cum_max()).to_series()
    places = (highest != highest.shift(1, fill_value=0)).arg_true()
    return lines.select(key, *columns)[places]


def first_declared(
    lines: pl.DataFrame, key: str, columns: Sequence[str], filled: Iterable[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return for each key the first value declared in each column, and the values that contradict it.

    A port is compared as it is written, and its code follows its text.
    """
    filled = set(filled)
    present = [name for name in columns if name in filled]
    facts = firsts(lines, key, columns)
    conflicts: list[pl.DataFrame] = []
    for name in present:
        if facts[name].null_count():  # said on a later line, or on none
            said = lines.select(key, name).filter(pl.col(name).is_not_null())
            said = said.unique(key, keep="first", maintain_order=True)
            found = facts.select(key).join(said, on=key, how="left", maintain_order="left")
            facts = facts.with_columns(found[name])
        if f"{name}_text" in filled:
            continue
        kept = facts[name].gather(lines[key] - 1)
        is_other = lines[name] != kept
        if is_other.any():
            conflicts.append(_conflicts(lines, name, kept, is_other))
    return facts, pl.concat([pl.DataFrame(schema=FAULTS), *conflicts])


def _conflicts(
    lines: pl.DataFrame, name: str, kept: pl.Series, is_other: pl.Series
) -> pl.DataFrame:
    beside = lines.select("record_number", "line", name).with_columns(_kept=kept)
    return beside.filter(is_other).select(
        record_number="record_number",
        line="line",
        column=pl.lit(None, pl.Int64),
        field=pl.lit(name.removesuffix("_text") if name in _PORT_TEXTS else name),
        code=pl.lit("conflicting_value"),
        raw=pl.col(name).cast(pl.String).str.slice(0, 200),
        kept=pl.col("_kept").cast(pl.String).str.slice(0, 200),
    )


def consignments(lines: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each bill."""
    own = firsts(lines, "consignment_id", ["voyage_id", "bill_of_lading"])
    frame = pl.concat([own, facts.drop("consignment_id")], how="horizontal")
    codes = [
        ports.resolve(frame[text]).alias(text.removesuffix("_text"))
        for text in _PORT_TEXTS
        if frame[text].null_count() < frame.height
    ]
    return frame.with_columns(codes).select(CONSIGNMENTS.keys())


def parties(facts: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each party that a bill says anything of."""
    roles = [
        facts.select(
            "consignment_id",
            pl.lit(role.value).alias("role"),
            *(pl.col(f"{role}_{fact}").alias(fact) for fact in PARTY_FACTS),
        ).filter(pl.any_horizontal(pl.col(fact).is_not_null() for fact in PARTY_FACTS))
        for role in PartyRole
    ]
    frame = pl.concat(roles).sort("consignment_id", maintain_order=True)
    return frame.with_columns(name_key=name_key(pl.col("name"))).select(PARTIES.keys())


def legs(facts: pl.DataFrame) -> pl.DataFrame:
    """Return the ports of transhipment of each bill, in the order declared."""
    frame = (
        facts.select("consignment_id", port_text=pl.col("transhipment_ports").str.split(";"))
        .explode("port_text")
        .with_columns(pl.col("port_text").str.strip_chars())
        .filter(pl.col("port_text").is_not_null() & (pl.col("port_text") != ""))
    )
    return frame.with_columns(
        sequence=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("consignment_id"),
        port=ports.resolve(frame["port_text"]),
    )


def goods_items(lines: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each line that was read, also where it says nothing of goods."""
    frame = lines.with_columns(
        goods_item_id=pl.int_range(1, pl.len() + 1, dtype=pl.Int32),
        description=pl.col("goods_description"),
    )
    return frame.select(GOODS_ITEMS.keys())


def containers(lines: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each box or lot of loose cargo; defects are counted later."""
    own = firsts(lines, "container_id", ["voyage_id", "record_number", "container_number"])
    unreadable = lines.filter("is_unreadable")["container_id"].unique().to_list()
    frame = pl.concat([own, facts.drop("container_id")], how="horizontal").with_columns(
        is_unreadable=pl.col("container_id").is_in(unreadable)
    )
    is_loose = pl.col("container_number").is_null() & ~pl.col("is_unreadable")
    return frame.with_columns(is_loose_cargo=is_loose, defect_count=pl.lit(0, pl.Int64)).select(
        CONTAINERS.keys()
    )


def seals(lines: pl.DataFrame) -> pl.DataFrame:
    """Return each seal of each box once; parties are given for all seals, or one for each."""
    declared = lines.select("container_id", "seal_numbers", "sealing_party").filter(
        pl.col("seal_numbers").is_not_null()
    )
    is_one = ~pl.col("seal_numbers").str.contains(_MANY_SEALS) & (
        ~pl.col("sealing_party").str.contains(";").fill_null(value=False)
    )
    if declared.select(is_one.all()).item():
        frame = declared.rename({"seal_numbers": "seal_number"})
    else:
        frame = _parted(declared)
    frame = frame.with_columns(pl.col("seal_number", "sealing_party").str.strip_chars())
    frame = frame.with_columns(
        sealing_party=pl.when(pl.col("sealing_party") != "").then("sealing_party")
    ).filter(pl.col("seal_number") != "")
    return frame.unique(
        ["container_id", "seal_number"], keep="first", maintain_order=True
    ).sort("container_id", maintain_order=True)


def _parted(declared: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each seal, with its own party or the one of all seals."""
    frame = declared.select(
        "container_id",
        seal_number=pl.col("seal_numbers").str.replace_all(_BETWEEN_SEALS, ";").str.split(";"),
        sealing_party=pl.col("sealing_party").str.split(";"),
    )
    seal_count = pl.col("seal_number").list.len()
    party_count = pl.col("sealing_party").list.len()
    same = pl.when(party_count == seal_count).then("sealing_party")
    one = pl.when(party_count == 1).then(
        pl.col("sealing_party").list.first().repeat_by(seal_count)
    )
    unknown = pl.lit(None, pl.String).repeat_by(seal_count)
    frame = frame.with_columns(sealing_party=pl.coalesce(same, one, unknown))
    return frame.explode("seal_number", "sealing_party")


def uncounted_sealing_parties(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the lines that name several sealing parties, but not one for each seal."""
    seal_count = (
        pl.col("seal_numbers").str.replace_all(_BETWEEN_SEALS, ";").str.split(";").list.len()
    )
    party_count = pl.col("sealing_party").str.split(";").list.len()
    several = lines.filter(pl.col("sealing_party").str.contains(";", literal=True))
    return several.filter((party_count > 1) & (party_count != seal_count.fill_null(0))).select(
        record_number="record_number",
        line="line",
        column=pl.lit(None, pl.Int64),
        field=pl.lit("sealing_party"),
        code=pl.lit("sealing_parties_uncounted"),
        raw=pl.col("sealing_party").str.slice(0, 200),
        kept=pl.lit(None, pl.String),
    )


def attributes(carried: pl.DataFrame, goods: pl.DataFrame) -> pl.DataFrame:
    """Return what is carried along with each goods item."""
    keys = goods.select("record_number", "goods_item_id", "container_id")
    return carried.join(keys, on="record_number", how="inner", maintain_order="left").sort(
        "goods_item_id", "kind", "name", maintain_order=True
    )


def movements(lines: pl.DataFrame) -> pl.DataFrame:
    """Return what each line reports of a box; the day is that of the instant where only this is given."""
    of_frame = {
        "place": "movement_place",
        "place_text": "movement_place_text",
        "facility": "movement_facility",
        "is_full": "movement_is_full",
        "seal_numbers": "movement_seal_numbers",
        "gross_mass_kg": "movement_gross_mass_kg",
        "transport": "movement_transport",
        "reference": "movement_reference",
    }
    told = lines.filter(pl.col("movement").is_not_null())
    return told.select(
        "container_id",
        "record_number",
        "movement",
        "moved_at",
        pl.coalesce("moved_on", pl.col("moved_at").dt.date()).alias("moved_on"),
        *(pl.col(field).alias(name) for name, field in of_frame.items()),
    ).select(MOVEMENTS.keys())


def examinations(lines: pl.DataFrame) -> pl.DataFrame:
    """Return what was found in each container that was examined.

    The gravest finding on any of its lines is that of the container. It was known on the latest day written
    beside a line of a find, or, where nothing was found, on the latest day of any line that was examined. A
    container none of whose lines has an outcome was not examined. It was opened with the highest chance that any of
    its lines names.
    """
    examined = lines.filter(pl.col("outcome").is_not_null()).with_columns(
        gravity=pl.col("outcome").replace_strict(_GRAVITY, return_dtype=pl.Int8)
    )
    day = pl.col("outcome_known_on")
    is_find = pl.col("gravity") > 0
    frame = examined.group_by("container_id", maintain_order=True).agg(
        outcome=pl.col("outcome").sort_by("gravity").last(),
        is_find=is_find.any(),
        found_on=day.filter(is_find).max(),
        closed_on=day.max(),
        selection_probability=pl.col("selection_probability").max(),
    )
    known_on = pl.when("is_find").then("found_on").otherwise("closed_on")
    return (
        frame.with_columns(known_on=known_on)
        .sort("container_id")
        .select("container_id", "outcome", "is_find", "known_on", "selection_probability")
    )


def texts_of(table: TextTable) -> pl.Series:
    """Return the fields of each record that was read, side by side."""
    places = [str(place) for place in range(len(table.columns))]
    if not places or table.frame.is_empty():
        nothing = pl.lit([], pl.List(pl.String))
        return table.frame.select("line", text=nothing)["text"]
    side_by_side = pl.concat_arr(places).arr.to_list().alias("text")
    # In pieces, for what lies between the columns and the rows is as large as either.
    return pl.concat(
        piece.select(side_by_side).to_series() for piece in table.frame.iter_slices(_PIECE)
    )


def received(
    table: TextTable, texts: pl.Series, ids: pl.DataFrame, unread: pl.DataFrame
) -> pl.DataFrame:
    """Return every record of the file that holds something, as it came."""
    read = table.frame.select("record_number", "line").with_columns(text=texts)
    if read["record_number"].equals(ids["record_number"]):
        read = read.with_columns(ids["container_id"])
    else:
        read = read.join(
            ids.select("record_number", "container_id"),
            on="record_number",
            how="left",
            maintain_order="left",
        )
    if not table.unread:
        return read  # in the order of the file
    unframed = pl.DataFrame(
        {
            "record_number": [record.record_number for record in table.unread],
            "line": [record.line for record in table.unread],
            "text": [list(record.fields) for record in table.unread],
        },
        schema={
            "record_number": pl.Int64(),
            "line": pl.Int64(),
            "text": pl.List(pl.String()),
        },
    )
    first = unread.unique("record_number", keep="first", maintain_order=True)
    broken = unframed.join(
        first.select("record_number", "container_id"), on="record_number", how="left"
    )
    return pl.concat([read, broken.select(read.columns)]).sort("record_number")
