"""The lines of a reading side by side with all that is declared of them, and what is wrong with each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import polars as pl

from riskengine.codes import commodities, containers, size_types
from riskengine.codes.spelling import fold, mentions
from riskengine.domain import DefectEffect, PartyRole
from riskengine.manifest.addresses import has_town
from riskengine.manifest.stop_words import vague_groups
from riskengine.manifest.words import goods_words, phrases, says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from riskengine.manifest.read import Reading

Level = Literal["filer", "bill", "container", "line"]

LOST_BY_EFFECT = {
    DefectEffect.RECORD.value: 1.0,
    DefectEffect.CELL.value: 0.5,
    DefectEffect.CONTENT.value: 0.25,
}
"""What a record loses of its readability by the gravest defect that was found in it."""

REQUIRED: dict[str, dict[str, Level]] = {
    "manifest": {
        "vessel_name": "filer", "vessel_imo": "filer", "voyage_number": "filer",
        "arrival_expected_on": "filer", "bill_of_lading": "bill", "port_of_loading": "bill",
        "port_of_discharge": "bill", "shipper_name": "bill", "shipper_address": "bill",
        "consignee_name": "bill", "consignee_address": "bill", "notify_party_name": "bill",
        "notify_party_address": "bill", "container_number": "line", "size_type": "container",
        "is_full": "container", "seal_numbers": "container", "goods_description": "line",
        "hs_code": "line", "package_count": "line", "package_type": "line",
        "gross_mass_kg": "line",
    },
    "stow_plan": {
        "vessel_name": "filer", "voyage_number": "filer", "container_number": "line",
        "size_type": "container", "is_full": "container", "port_of_loading": "container",
        "port_of_discharge": "container", "container_gross_mass_kg": "container",
        "stow_position": "container",
    },
    "movements": {
        "container_number": "line", "movement": "line", "moved_on": "line",
        "movement_place": "line",
    },
}  # fmt: skip
"""What a complete line says, by the kind of document, and of what it is said.

The parties, goods, packages and seals of a manifest are those that the WCO SAFE Framework names for a carrier's
advance declaration. A notify party is required where the consignee is "to order"; of an empty box no goods.
"""

MOST_TONNES_KG = 60_000
"""More than any container on the road or the quay weighs."""

_ROUND_KG = 1_000
_COPIES = 10
_TARE_AT_MOST_KG = 5_500
_MASSES = ("gross_mass_kg", "container_gross_mass_kg", "verified_gross_mass_kg")
_OVERLOAD = 1.15
_HS_DIGITS = 6
_NATIONAL_CHAPTERS = "^9[89]"  # of no goods in particular
_COUNTED_ELSEWHERE = frozenset(
    {"check_digit_wrong", "container_number_malformed", "outcome_day_missing"}
)
"""The first two have a component of their own; the third is a matter of histories."""
_ROLES = (PartyRole.SHIPPER, PartyRole.CONSIGNEE, PartyRole.NOTIFY_PARTY)
_FILERS = ("filer", "carrier_code", "carrier_name")
_EMPTY_WORDS = ("empty", "empties", "vide", "vides", "vacio", "vacios", "vazio", "vazios")
_NO_SEAL = r"^(?:0+|X+|N/?A|NONE|NIL|NO ?SEAL|SIN|SANS|SEM|TBA|UNKNOWN|-+|\.+|1234567?8?9?)$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """What is asked of one reading.

    Attributes:
        kind: Of the document.
        frame: One row for each line that was read, with everything declared of it and the verdicts on it.
        defects: ``record_number, code, effect, field, raw, count``: what reading found, to weigh lines by.
        repeated: The same of the lines that repeat an earlier one.
    """

    kind: str
    frame: pl.DataFrame
    defects: pl.DataFrame
    repeated: pl.DataFrame


def lines_of(reading: Reading) -> Lines:
    """Return the lines of a reading with the verdicts on them."""
    kind = reading.manifest.source.document.kind
    found = _defects(reading)
    is_repeat = pl.col("code") == "line_repeated"
    defects = found.filter(~is_repeat)
    frame = _verdicts(_joined(reading), is_manifest=kind == "manifest")
    frame = _with_required(frame, defects, kind)
    return Lines(kind=kind, frame=frame, defects=defects, repeated=found.filter(is_repeat))


def is_missing(field: str) -> str:
    """Return the name of the column that says of each line that a required field is missing; null: not required."""
    return f"missing:{field}"


def _joined(reading: Reading) -> pl.DataFrame:
    manifest = reading.manifest
    sender = manifest.source.document.sender
    seals = manifest.seals.group_by("container_id", maintain_order=True).agg(
        pl.col("seal_number").str.strip_chars().str.to_uppercase()
    )
    holders = manifest.seals.with_columns(
        pl.col("seal_number").str.strip_chars().str.to_uppercase()
    )
    shared = (
        holders.group_by("seal_number")
        .agg(pl.col("container_id").n_unique().alias("boxes"))
        .filter(pl.col("boxes") > 1)["seal_number"]
    )
    lines = (
        manifest.goods_items.rename({"description": "goods_description"})
        .join(manifest.received.select("record_number", "line"), on="record_number", how="left")
        .join(manifest.containers.drop("record_number"), on="container_id", how="left")
        .join(seals.rename({"seal_number": "seal_numbers"}), on="container_id", how="left")
        .join(manifest.consignments.drop("voyage_id"), on="consignment_id", how="left")
        .join(manifest.voyages, on="voyage_id", how="left")
    )
    for role in _ROLES:
        party = manifest.parties.filter(pl.col("role") == role.value).select(
            "consignment_id",
            *(
                pl.col(fact).alias(f"{role.value}_{fact}")
                for fact in ("name", "address", "country")
            ),
        )
        lines = lines.join(party, on="consignment_id", how="left")
    moved = manifest.movements.unique("record_number", keep="first").select(
        "record_number", "movement", "moved_on",
        movement_place=pl.coalesce("place", "place_text", "facility"),
    )  # fmt: skip
    lines = lines.join(moved, on="record_number", how="left").sort("record_number")
    named = pl.coalesce(
        *(
            pl.when(pl.col(name).str.strip_chars() != "").then(pl.col(name).str.strip_chars())
            for name in _FILERS
        ),
        pl.lit(sender, pl.String),
    )
    source = pl.when(pl.col("filer").is_not_null()).then(pl.lit("filer"))
    source = source.when(pl.col("carrier_code").is_not_null()).then(pl.lit("carrier"))
    source = source.when(pl.col("carrier_name").is_not_null()).then(pl.lit("carrier"))
    source = source.when(pl.lit(sender is not None)).then(pl.lit("sender"))
    # A voyage is of no moment to where a box stands or goes: there a box is its number.
    is_manifest = manifest.source.document.kind == "manifest"
    box = ("container_id",) if is_manifest else ("container_number", "container_id")
    return lines.with_columns(
        box=pl.coalesce(*box),
        filer_name=named,
        filer_source=source.otherwise(pl.lit("unknown")),
        unit=pl.coalesce(
            "bill_of_lading", "container_number", pl.col("record_number").cast(pl.String)
        ),
        container_gross_mass_kg=pl.coalesce(
            "container_gross_mass_kg", "verified_gross_mass_kg"
        ),
        arrival_expected_on=pl.coalesce(
            "arrival_expected_on", pl.col("arrival_expected_at").dt.date()
        ),
        is_seal_shared=pl.col("seal_numbers")
        .list.eval(pl.element().is_in(shared.implode()))
        .list.any(),
    )


def _verdicts(lines: pl.DataFrame, *, is_manifest: bool) -> pl.DataFrame:
    """Say of each line what kind of line it is, and what its parties, goods, masses and numbers are worth."""
    vague = vague_groups(lines["goods_description"])
    described = pl.concat_str(pl.lit(" "), fold(pl.col("goods_description")), pl.lit(" "))
    says_empty = mentions(pl.col("goods_description"), _EMPTY_WORDS)
    # A box is not empty because a field says so: what weighs, is sealed or is worth something has goods in it.
    is_laden = pl.any_horizontal(
        *(pl.col(name) > _TARE_AT_MOST_KG for name in _MASSES),
        pl.col("package_count") > 1,
        pl.col("declared_value_usd") > 0,
        pl.col("seal_numbers").list.len() > 0,
    )
    is_goods_told = pl.col("goods_description").is_not_null() & ~says_empty
    mass, net = pl.col("gross_mass_kg"), pl.col("net_mass_kg")
    payload = size_types.max_payload_kg(pl.col("size_type"))
    hs = pl.col("hs_code")
    frame = lines.with_columns(
        vague_group=vague,
        _described=described,
        hs_chapter=commodities.chapter(hs),
        is_loose=pl.col("container_number").is_null(),
        is_empty=(pl.col("is_full") == False)  # noqa: E712 - null is neither
        & ~is_laden.fill_null(value=False)
        & ~is_goods_told.fill_null(value=False),
        is_to_order=mentions(pl.col("consignee_name"), phrases("to_order")),
        is_number_right=containers.has_valid_check_digit(pl.col("container_number")),
        is_hs_short=hs.str.len_chars() < _HS_DIGITS,
        is_hs_unlisted=~commodities.is_listed(hs) | hs.str.contains(_NATIONAL_CHAPTERS),
        is_mass_impossible=(mass <= 0)
        | (mass > MOST_TONNES_KG)
        | (mass > payload * _OVERLOAD).fill_null(value=False),
        is_net_above_gross=net > mass,
        is_mass_round=(mass > 0) & (mass % _ROUND_KG == 0),
    )
    frame = frame.with_columns(
        is_empty=pl.col("is_empty").fill_null(value=False),
        is_hs_unlisted=pl.col("is_hs_unlisted") & ~pl.col("is_hs_short"),
        is_hs_misfit=_is_misfit(),
        is_copied=_is_copied() if is_manifest else pl.lit(value=False),
        is_seal_placeholder=pl.col("seal_numbers")
        .list.eval(pl.element().str.contains(_NO_SEAL))
        .list.all(),
        **{f"is_{role.value}_placeholder": _is_placeholder(role) for role in _ROLES},
    )
    towns = {
        f"is_{role.value}_town_told": has_town(
            frame[f"{role.value}_address"], frame[f"{role.value}_country"]
        )
        for role in _ROLES
    }
    return frame.with_columns(**towns).drop("_described")


def _is_placeholder(role: PartyRole) -> pl.Expr:
    """A name that names nobody; "same as consignee" names somebody beside the notify party only."""
    name = fold(pl.col(f"{role.value}_name"))
    is_listed = name.is_in(list(phrases("placeholder_parties")))
    same = name.str.contains(r"^(?:SAME|IDEM|DITTO|EL MISMO|LE MEME|O MESMO)\b")
    is_wordless = ~name.str.contains(r"\p{L}{2}")
    is_order = mentions(name, phrases("to_order"))
    if role is PartyRole.SHIPPER:
        return is_listed | is_wordless | same | is_order
    if role is PartyRole.CONSIGNEE:  # "to order" asks for a notify party instead
        return is_listed | is_wordless | same
    return is_listed | is_wordless | is_order | (same & pl.col("is_to_order"))


def _is_misfit() -> pl.Expr:
    """The description names goods of other chapters than the code's; see the indicator of the same meaning."""
    named, fitting = [], []
    for words, chapters in goods_words():
        is_named = says("_described", words)
        named.append(is_named)
        fitting.append(is_named & pl.col("hs_chapter").is_in(list(chapters)))
    return pl.any_horizontal(named) & ~pl.any_horizontal(fitting)


def _is_copied() -> pl.Expr:
    """The same goods, packages, masses and parties stand on more than ten bills."""
    content = [
        "goods_description", "hs_code", "package_count", "gross_mass_kg", "net_mass_kg",
        "shipper_name", "consignee_name",
    ]  # fmt: skip
    return pl.col("goods_description").is_not_null() & (
        pl.col("unit").n_unique().over(content) > _COPIES
    )


def _with_required(lines: pl.DataFrame, defects: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Add for each required field whether a line lacks it; null where it is not asked of the line."""
    is_box, is_goods = ~pl.col("is_loose"), ~pl.col("is_empty")
    has_boxes = bool((~lines["is_loose"]).any()) if lines.height else False
    to_order = pl.col("is_to_order").fill_null(value=False)
    asked_of: dict[str, pl.Expr] = dict.fromkeys(
        ("size_type", "is_full", "stow_position", "container_gross_mass_kg"), is_box
    )
    asked_of["moved_on"] = ~pl.col("movement").fill_null("").str.ends_with("_ordered")
    asked_of["container_number"] = is_box if has_boxes else pl.lit(value=True)
    asked_of["seal_numbers"] = is_box & is_goods
    asked_of |= dict.fromkeys(
        (
            "shipper_name", "shipper_address", "consignee_name", "goods_description", "hs_code",
            "package_count", "package_type", "gross_mass_kg",
        ),
        is_goods,
    )  # fmt: skip
    asked_of["consignee_address"] = is_goods & ~to_order
    asked_of |= dict.fromkeys(
        ("notify_party_name", "notify_party_address"), is_goods & to_order
    )
    missing = {
        is_missing(field): pl.when(asked_of.get(field, pl.lit(value=True))).then(
            _is_nothing(lines, field)
        )
        for field in REQUIRED[kind]
    }
    unread = defects.filter(pl.col("effect") == DefectEffect.CELL.value)
    by_record = unread.group_by("record_number").agg(unread_fields=pl.col("field").drop_nulls())
    return lines.with_columns(**missing).join(by_record, on="record_number", how="left")


def _is_nothing(lines: pl.DataFrame, field: str) -> pl.Expr:
    if lines.schema[field] == pl.String():
        return (pl.col(field).str.strip_chars() == "").fill_null(value=True)
    return pl.col(field).is_null()


def _defects(reading: Reading) -> pl.DataFrame:
    """Return what reading found of lines; a defect that stands for the rest of its kind counts as many."""
    rows = list(_rows(reading))
    schema = {
        "record_number": pl.Int64(), "code": pl.String(), "effect": pl.String(),
        "field": pl.String(), "raw": pl.String(), "line": pl.Int64(), "count": pl.Int64(),
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _rows(
    reading: Reading,
) -> Iterator[tuple[int | None, str, str, str | None, str | None, int | None, int]]:
    for defect in reading.defects:
        is_rest = defect.code == "more_defects"
        code = str(defect.params.get("code", "")) if is_rest else defect.code
        if code in _COUNTED_ELSEWHERE or (defect.record_number is None and not is_rest):
            continue
        count = int(defect.params.get("count", 1)) if is_rest else 1
        yield (
            defect.record_number, code, defect.effect.value, defect.field, defect.raw,
            defect.place.line, count,
        )  # fmt: skip
