"""Field by field: in what two versions of a bill, a box or its goods differ, and how much that says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final

import polars as pl

from riskengine.codes import ports
from riskengine.codes.spelling import fold, fold_texts
from riskengine.ledger.declared import OF_BILL, OF_BOX, OF_LOAD
from riskengine.names import name_key

if TYPE_CHECKING:
    from collections.abc import Iterable

WAS: Final = "was "
"""How the columns of the earlier version begin."""

FOUND: Final = {
    "field": pl.String(),
    "before": pl.String(),
    "after": pl.String(),
    "kind": pl.String(),
    "number_before": pl.Float64(),
}
"""What is found of a change, beside what names the row it was found in."""


class Change(StrEnum):
    """What happened to a field between two versions.

    ``changed`` and ``removed`` alter what stood there. ``added`` fills in what was missing: papers are completed
    every day. ``respelled`` says the same in other letters: another legal form, other signs, a name for a code.
    """

    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"
    RESPELLED = "respelled"


ALTERING: Final = (Change.CHANGED.value, Change.REMOVED.value)
"""The changes that count as amendments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Amount:
    """By how much two amounts must differ: formats round, and currencies are converted."""

    units: float = 0.0
    share: float = 0.0


_AMOUNTS: Final = {
    "package_count": _Amount(),
    "gross_mass_kg": _Amount(units=1.0),
    "net_mass_kg": _Amount(units=1.0),
    "container_gross_mass_kg": _Amount(units=1.0),
    "verified_gross_mass_kg": _Amount(units=1.0),
    "declared_value_usd": _Amount(units=1.0, share=0.001),
    "temperature_set_c": _Amount(units=0.05),
}
_PLACES: Final = (
    "place_of_receipt",
    "port_of_loading",
    "port_of_discharge",
    "place_of_delivery",
)
_NAMES: Final = tuple(name for name in OF_BILL if name.endswith("_name"))
_ADDRESSES: Final = tuple(name for name in OF_BILL if name.endswith("_address"))
_SPOKEN_LISTS: Final = ("goods_description", "marks")
_LISTS: Final = (
    *_SPOKEN_LISTS,
    "hs_code",
    "country_of_origin",
    "seal_numbers",
    "transhipment_ports",
)
_HEADING: Final = 4
_LONGEST_PORT_NAME: Final = 4  # words


def differing(pairs: pl.DataFrame, fields: Iterable[str], names: Iterable[str]) -> pl.DataFrame:
    """Return one row for each field in which the versions of a pair differ.

    Args:
        pairs: One row a pair: what names it, the fields, and the same of the earlier version as ``was ...``.
        fields: Which fields are compared.
        names: What names the pair, to be kept.

    Returns:
        The names and ``FOUND``.
    """
    kept = list(names)
    found = [_of_field(pairs, name, kept) for name in fields]
    return pl.concat([_nothing(pairs, kept), *found])


def speaking(level: pl.DataFrame, fields: Iterable[str]) -> pl.DataFrame:
    """Return which fields a version says anything of: ``seq`` and ``field``.

    A version that is silent on a field throughout takes nothing back: its format, or its sender, never says it.
    """
    said = level.group_by("seq").agg(pl.col(name).is_not_null().any() for name in fields)
    return (
        said.unpivot(index="seq", variable_name="field", value_name="is_said")
        .filter("is_said")
        .select("seq", "field")
    )


def _nothing(pairs: pl.DataFrame, kept: list[str]) -> pl.DataFrame:
    return pl.DataFrame(schema={**{name: pairs.schema[name] for name in kept}, **FOUND})


def _of_field(pairs: pl.DataFrame, name: str, kept: list[str]) -> pl.DataFrame:
    now, was = pl.col(name), pl.col(f"{WAS}{name}")
    apart = pairs.filter(_is_apart(name, now, was)).select(
        *kept, now.alias("now"), was.alias("was")
    )
    # polars compares the sets of two lists chunk by chunk, and fails where their chunks differ.
    apart = apart.rechunk()
    if apart.is_empty():
        return _nothing(pairs, kept)
    is_amount = name in _AMOUNTS
    said = apart.with_columns(_kinds(apart, name).alias("kind"))
    return said.select(
        *kept,
        pl.lit(name).alias("field"),
        _text("was", apart.schema["was"]).alias("before"),
        _text("now", apart.schema["now"]).alias("after"),
        "kind",
        (pl.col("was") if is_amount else pl.lit(None, pl.Float64)).alias("number_before"),
    )


def _is_apart(name: str, now: pl.Expr, was: pl.Expr) -> pl.Expr:
    amount = _AMOUNTS.get(name)
    if amount is None:
        return now.ne_missing(was)
    room = pl.max_horizontal(pl.lit(amount.units), now.abs() * amount.share)
    far = (now - was).abs() > room if amount.units else now != was
    return far.fill_null(value=False) | (now.is_null() != was.is_null())


def _kinds(apart: pl.DataFrame, name: str) -> pl.Series:
    """Return what kind of change each row is, ``changed`` where nothing less can be said of it."""
    now, was = pl.col("now"), pl.col("was")
    chain = pl.when(was.is_null()).then(pl.lit(Change.ADDED.value))
    chain = chain.when(now.is_null()).then(pl.lit(Change.REMOVED.value))
    respelled = _respelled(apart, name)
    chain = chain.when(respelled).then(pl.lit(Change.RESPELLED.value))
    if name in _LISTS and name != "transhipment_ports":
        is_more = was.list.set_difference(now).list.len() == 0
        is_less = now.list.set_difference(was).list.len() == 0
        chain = chain.when(is_more).then(pl.lit(Change.ADDED.value))
        chain = chain.when(is_less).then(pl.lit(Change.REMOVED.value))
    return apart.select(chain.otherwise(pl.lit(Change.CHANGED.value))).to_series()


def _respelled(apart: pl.DataFrame, name: str) -> pl.Series:
    """Tell which rows say the same in other letters."""
    now, was = pl.col("now"), pl.col("was")
    if name in _NAMES:
        keys = apart.select(name_key(now).alias("now"), name_key(was).alias("was"))
        same = (now == was) | (now.is_null() & was.is_null() & _folded_alike(apart))
        return keys.select(same).to_series()
    if name in _ADDRESSES:  # a house number less, or the country more
        words = [fold(side).str.split(" ") for side in (now, was)]
        lacking = [
            words[0].list.set_difference(words[1]),
            words[1].list.set_difference(words[0]),
        ]
        return apart.select(
            (lacking[0].list.len() == 0) | (lacking[1].list.len() == 0)
        ).to_series()
    if name in _SPOKEN_LISTS:
        return apart.select(_spoken(now) == _spoken(was)).to_series()
    if name == "hs_code":
        heads = [side.list.eval(pl.element().str.slice(0, _HEADING)).list.unique().list.sort() for side in (now, was)]  # fmt: skip
        is_coarse = [
            side.list.eval(pl.element().str.len_chars() <= _HEADING).list.any()
            for side in (now, was)
        ]
        return apart.select((heads[0] == heads[1]) & (is_coarse[0] | is_coarse[1])).to_series()
    if name in _PLACES:
        rows = apart.select("now", "was").rows()
        return pl.Series([_is_one_place(now, was) for now, was in rows], dtype=pl.Boolean)
    return pl.Series([False] * apart.height, dtype=pl.Boolean)


def _folded_alike(apart: pl.DataFrame) -> pl.Series:
    return apart.select(fold(pl.col("now")) == fold(pl.col("was"))).to_series()


def _spoken(texts: pl.Expr) -> pl.Expr:
    return texts.list.eval(fold(pl.element())).list.unique().list.sort()


def _is_one_place(now: str | None, was: str | None) -> bool:
    """Tell whether a text that is no known port names the port that the other version has the code of."""
    if now is None or was is None:
        return False
    known = _port_codes()
    if (now in known) == (was in known):
        return fold_texts([now]) == fold_texts([was])
    code, text = (now, was) if now in known else (was, now)
    words = fold_texts([text])[0].split()
    parts = (
        " ".join(words[start : start + length])
        for length in range(1, _LONGEST_PORT_NAME + 1)
        for start in range(len(words) - length + 1)
    )
    return any(ports.spellings().get(part) == code for part in parts)


@cache
def _port_codes() -> frozenset[str]:
    return frozenset(ports.spellings().values())


def _text(name: str, kind: pl.DataType) -> pl.Expr:
    """Return a value as it is shown: lists joined, whole numbers without decimals."""
    column = pl.col(name)
    if kind == pl.List(pl.String):
        return column.list.join("; ")
    if kind == pl.Float64():
        is_whole = column == column.round()
        return (
            pl.when(is_whole)
            .then(column.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(column.cast(pl.String))
        )
    return column.cast(pl.String)


COMPARED: Final = {"bill": tuple(OF_BILL), "load": tuple(OF_LOAD), "box": tuple(OF_BOX)}
"""The fields that are compared, by what they are declared of."""
