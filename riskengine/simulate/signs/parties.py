"""Signs that the parties of a bill show: new, look-alike, hidden, out of the way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.simulate.columns import Mask, put
from riskengine.simulate.traders import FACTS, free_emails, invent_traders, resemble

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from riskengine.simulate.draft import Draft

_ABROAD = ["AE", "PA", "NL", "GH", "TR", "ES", "CN", "US", "NG", "BE"]
_PROBES = 3  # a front trades about this often before it is thrown away


def _put_party(draft: Draft, mask: Mask, role: str, people: pl.DataFrame) -> Draft:
    """Write invented people, one for each chosen bill, into a role."""
    rows = np.flatnonzero(mask)
    place = np.zeros(len(mask), dtype=np.int64)
    place[rows] = np.arange(len(rows)) % max(1, people.height)
    if not len(rows):
        return draft
    spread = people[place]
    values = {f"{role}_{fact}": spread[fact] for fact in FACTS}
    return replace(draft, bills=put(draft.bills, mask, **values))


def _invented(draft: Draft, mask: Mask, rng: np.random.Generator, country: str) -> pl.DataFrame:
    """Invent fronts for the chosen bills; about `_PROBES` bills of a country share one."""
    homes = draft.bills[country].filter(pl.Series(mask))
    shared = invent_traders(rng, homes)
    leader = pl.DataFrame({"home": homes}).with_row_index("row")
    leader = leader.with_columns(
        (pl.int_range(pl.len()).over("home") // _PROBES).alias("block")
    ).with_columns(pl.col("row").first().over("home", "block").alias("leader"))
    return shared[leader["leader"].to_list()] if len(homes) else shared


def _new_parties(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    draft = _put_party(draft, mask, "shipper", _invented(draft, mask, rng, "country"))
    return _new_consignee(draft, mask, rng)


def _new_consignee(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    people = _invented(draft, mask, rng, "delivery_country")
    draft = _put_party(draft, mask, "consignee", people)
    return _put_party(draft, mask, "notify_party", people)


def _lookalike(draft: Draft, mask: Mask, rng: np.random.Generator, role: str) -> Draft:
    """Keep nearly the name of the true trader; the address, numbers and e-mail are another's."""
    bills = draft.bills
    home = "country" if role == "shipper" else "delivery_country"
    known = mask & bills[f"{role}_name"].is_not_null().to_numpy()
    name = resemble(rng, bills[f"{role}_name"].filter(pl.Series(known)))
    people = invent_traders(rng, bills[home].filter(pl.Series(known))).with_columns(
        name.alias("name"), free_emails(rng, name).alias("email")
    )
    return _put_party(draft, known, role, people)


def _lookalike_shipper(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    return _lookalike(draft, mask, rng, "shipper")


def _lookalike_consignee(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    return _lookalike(draft, mask, rng, "consignee")


def _free_email(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    email = free_emails(rng, draft.bills["consignee_name"].fill_null("trade"))
    return replace(draft, bills=put(draft.bills, mask, consignee_email=email))


def _post_office_box(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    number = pl.Series(rng.integers(20, 9_000, len(mask))).cast(pl.String)
    city = draft.bills["consignee_address"].str.split(", ").list.last().fill_null("")
    box = ("P.O. BOX " + number + ", " + city).str.strip_chars(", ")
    return replace(draft, bills=put(draft.bills, mask, consignee_address=box))


def _notify_abroad(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    options = pl.Series(_ABROAD)
    country = options.gather(rng.integers(len(options), size=int(mask.sum())))
    return _put_party(draft, mask, "notify_party", invent_traders(rng, country))


def _to_order(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    order = pl.Series(["TO ORDER", "TO ORDER OF SHIPPER", "TO THE ORDER OF BANK"])
    drawn = order.gather(rng.integers(len(order), size=len(mask)))
    blank = {f"consignee_{fact}": None for fact in FACTS if fact != "name"}
    return replace(draft, bills=put(draft.bills, mask, consignee_name=drawn, **blank))


def _other_declarant(draft: Draft, mask: Mask, rng: np.random.Generator) -> Draft:
    return _put_party(draft, mask, "declarant", _invented(draft, mask, rng, "delivery_country"))


SIGNS: Mapping[str, Callable[[Draft, Mask, np.random.Generator], Draft]] = {
    "new_parties": _new_parties,
    "new_consignee": _new_consignee,
    "lookalike_shipper": _lookalike_shipper,
    "lookalike_consignee": _lookalike_consignee,
    "free_email": _free_email,
    "post_office_box": _post_office_box,
    "notify_abroad": _notify_abroad,
    "to_order": _to_order,
    "other_declarant": _other_declarant,
}
