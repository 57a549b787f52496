"""What can be verified of the papers: the parties, the bill, the booking, the freight, and what was amended."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from riskengine.engine.what_if_facts import Provable, cell, doubtful, innocent
from riskengine.features.beside import AMENDMENTS
from riskengine.names import name_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from riskengine.engine.what_if_facts import Situation
    from riskengine.engine.what_if_rows import Cell, Edit

_DETAILS: Final = ("name", "name_key", "address", "country", "tax_id", "phone", "email")
_PLACEHOLDER: Final = "PRIVATE"
_TO_ORDER: Final = "TO ORDER"
_STREET: Final = "A street address of its own"
_POST_BOX: Final = "P.O. Box 1"
_FREE_MAIL: Final = "trader@gmail.com"
_OWN_MAIL: Final = "office@trader.example"
_OWN_PHONE: Final = "+00 000 000 000"
_OWN_TAX_ID: Final = "A NUMBER OF ITS OWN"
_USUAL_LEAD: Final = timedelta(days=21)
_SHORT_LEAD: Final = timedelta(days=2)
_ISSUED: Final = timedelta(days=1)
_LOW_FREIGHT: Final = 0.3
_MOST: Final = 0.5
_NOT_COUNTED: Final = frozenset(["received_version_count"])


def _named(role: str, name: str) -> tuple[Cell, ...]:
    """Return the cells of a party of which nothing is known but a name."""
    key = pl.select(name_key(pl.lit(name))).item()
    told = {"name": name, "name_key": key}
    return tuple(cell("parties", detail, told.get(detail), role=role) for detail in _DETAILS)


def _party_of(at: Situation, role: str, name: str) -> tuple[Cell, ...]:
    """Return the cells of a party as another container of the manifest names it."""
    key = at.others.filter(pl.col(f"{role}_name") == name)["container_id"].min()
    manifest = at.bench.manifest
    found = manifest.parties.filter(pl.col("role") == role).join(
        manifest.loads.filter(pl.col("container_id") == key), on="consignment_id", how="semi"
    )
    if found.is_empty():
        return ()
    row = found.sort("consignment_id").row(0, named=True)
    return tuple(cell("parties", detail, row[detail], role=role) for detail in _DETAILS)


def _role(at: Situation, role: str) -> dict[str, Any]:
    rows = [row for row in at.bench.rows["parties"] if row["role"] == role]
    return rows[0] if rows else {}


def _known(at: Situation, role: str) -> Iterator[Edit]:
    """Yield the party of this role that containers alike name most."""
    placeholder = at.fact("is_placeholder_party")
    order = role == "consignee" and at.fact("is_to_order_consignee")
    if at.fact(f"{role}_name") is not None and not placeholder and not order:
        return
    for name in at.most_named(f"{role}_name"):
        cells = _party_of(at, role, name)
        if cells:
            yield innocent(role, name, *cells)


def _consignee(at: Situation) -> Iterator[Edit]:
    yield from _known(at, "consignee")
    told = {"consignee_private": _PLACEHOLDER, "consignee_order": _TO_ORDER}
    for clause, name in told.items():
        yield doubtful(clause, name, *_named("consignee", name))


def _shipper(at: Situation) -> Iterator[Edit]:
    yield from _known(at, "shipper")
    yield doubtful("shipper_private", _PLACEHOLDER, *_named("shipper", _PLACEHOLDER))


def _notify(at: Situation) -> Iterator[Edit]:
    consignee = _role(at, "consignee")
    if consignee.get("name") and not at.fact("is_placeholder_party"):
        cells = (cell("parties", d, consignee[d], role="notify_party") for d in _DETAILS)
        yield innocent("notify", consignee["name"], *cells)
    yield doubtful("notify_private", _PLACEHOLDER, *_named("notify_party", _PLACEHOLDER))


def _of_role(role: str) -> Callable[[Situation], Iterator[Edit]]:
    def edits(at: Situation) -> Iterator[Edit]:
        for name in at.most_named(f"{role}_name"):
            cells = _party_of(at, role, name)
            if cells and at.fact(f"{role}_name") is None:
                yield innocent(role, name, *cells)

    return edits


def _address(at: Situation) -> Iterator[Edit]:
    if at.fact("consignee_name") is None:
        return
    yield innocent(
        "address_own", _STREET, cell("parties", "address", _STREET, role="consignee")
    )
    yield doubtful(
        "address_box", _POST_BOX, cell("parties", "address", _POST_BOX, role="consignee")
    )


def _mail(at: Situation) -> Iterator[Edit]:
    if at.fact("consignee_name") is None:
        return
    if at.fact("consignee_email") is None or at.fact("is_free_email_domain"):
        yield innocent(
            "mail_own", _OWN_MAIL, cell("parties", "email", _OWN_MAIL, role="consignee")
        )
    yield doubtful(
        "mail_free", _FREE_MAIL, cell("parties", "email", _FREE_MAIL, role="consignee")
    )


def _detail(role: str, detail: str, own: str) -> Callable[[Situation], Iterator[Edit]]:
    """Return what a party's detail could be that the bill does not give: one that no other party gives."""

    def edits(at: Situation) -> Iterator[Edit]:
        if at.fact(f"{role}_name") is not None and at.fact(f"{role}_{detail}") is None:
            yield innocent(f"{role}_{detail}", own, cell("parties", detail, own, role=role))

    return edits


def _bill(at: Situation) -> Iterator[Edit]:
    said = at.fact("bill_type")
    if said in {"MASTER", None}:
        yield innocent("house_bill", "house", cell("consignments", "bill_type", "house"))
    yield doubtful("master_only", "master", cell("consignments", "bill_type", "master"))


def _receipt(at: Situation) -> Iterator[Edit]:
    port = at.fact("port_of_loading")
    if port is not None and at.fact("place_of_receipt") is None:
        yield innocent("receipt", port, cell("consignments", "place_of_receipt", port))
        for place in at.most_named("place_of_receipt"):
            yield innocent("receipt", place, cell("consignments", "place_of_receipt", place))
    if port is not None and at.fact("place_of_receipt") is not None:
        yield doubtful("receipt_missing", None, cell("consignments", "place_of_receipt", None))


def _issued(at: Situation) -> Iterator[Edit]:
    sailed = at.fact("departed_on")
    if sailed is None:
        return
    if at.fact("issued_on") is None or at.fact("is_bill_issued_after_departure"):
        yield innocent(
            "issued", sailed - _ISSUED, cell("consignments", "issued_on", sailed - _ISSUED)
        )
    late = sailed + _ISSUED
    assessed = at.fact("assessed_on")
    if assessed is not None and late < assessed:
        yield doubtful("issued", late, cell("consignments", "issued_on", late))


def _booked(at: Situation) -> Iterator[Edit]:
    sailed = at.fact("departed_on")
    if sailed is None:
        return
    usual = at.usual("booking_lead_days")
    lead = timedelta(days=round(usual)) if usual is not None else _USUAL_LEAD
    if at.is_unusual("booking_lead_days", lead.days):
        yield innocent(
            "booked", sailed - lead, cell("consignments", "booked_on", sailed - lead)
        )
    short = sailed - _SHORT_LEAD
    yield doubtful("booked", short, cell("consignments", "booked_on", short))


def _freight(at: Situation) -> Iterator[Edit]:
    usual = at.usual("freight_amount_usd")
    if not usual:
        return
    odd = at.is_unusual("freight_amount_usd", usual)
    for make, factor in ((innocent, 1.0), (doubtful, _LOW_FREIGHT)):
        if make is innocent and not odd:
            continue
        amount = float(round(usual * factor))
        yield make("freight", amount, cell("consignments", "freight_amount_usd", amount))


def _payment(at: Situation) -> Iterator[Edit]:
    # Where most pay the other way, the bill may have it wrong.
    others = at.fact("freight_payment_other_share")
    if at.fact("freight_payment") is not None and (others is None or others < _MOST):
        return
    for way in ("prepaid", "collect"):
        yield innocent(f"freight_{way}", way, cell("consignments", "freight_payment", way))


def _amended(at: Situation) -> Iterator[Edit]:
    is_seen = any(at.beside(name) for name in AMENDMENTS if name not in _NOT_COUNTED)
    nothing: dict[str, object] = {
        name: 0.0 if at.beside(name) is not None and name.endswith("_count") else None
        for name in AMENDMENTS
        if name not in _NOT_COUNTED
    }
    if is_seen or at.fact("amendment_count"):
        yield innocent(
            "not_amended",
            0,
            cell("consignments", "amendment_count", 0),
            cell("consignments", "last_amended_on", None),
            cell("consignments", "amended_fields", None),
            beside=nothing if is_seen else None,
        )
    sailed, assessed = at.fact("departed_on"), at.fact("assessed_on")
    late = sailed + _ISSUED if sailed is not None else None
    if late is not None and assessed is not None and late < assessed:
        yield doubtful(
            "amended_late",
            late,
            cell("consignments", "amendment_count", 1),
            cell("consignments", "last_amended_on", late),
            cell("consignments", "amended_fields", "consignee_name"),
        )


PAPERS: Final = (
    Provable(
        id="consignee", field="consignee_name", how="party", whom="carrier", edits=_consignee
    ),
    Provable(id="shipper", field="shipper_name", how="party", whom="carrier", edits=_shipper),
    Provable(id="notify", field="notify_party_name", how="party", whom="carrier", edits=_notify),
    Provable(
        id="forwarder", field="forwarder_name", how="carrier", whom="carrier",
        edits=_of_role("forwarder"),
    ),
    Provable(
        id="declarant", field="declarant_name", how="declarant", whom="consignee",
        edits=_of_role("declarant"),
    ),
    Provable(
        id="address", field="consignee_address", how="address", whom="consignee", edits=_address
    ),
    Provable(id="mail", field="consignee_email", how="consignee", whom="consignee", edits=_mail),
    Provable(
        id="consignee_phone", field="consignee_phone", how="consignee", whom="carrier",
        edits=_detail("consignee", "phone", _OWN_PHONE),
    ),
    Provable(
        id="shipper_phone", field="shipper_phone", how="shipper", whom="carrier",
        edits=_detail("shipper", "phone", _OWN_PHONE),
    ),
    Provable(
        id="consignee_tax_id", field="consignee_tax_id", how="tax_id", whom="consignee",
        edits=_detail("consignee", "tax_id", _OWN_TAX_ID),
    ),
    Provable(id="bill", field="bill_type", how="house_bill", whom="carrier", edits=_bill),
    Provable(id="receipt", field="place_of_receipt", how="receipt", whom="carrier", edits=_receipt),
    Provable(id="issued", field="issued_on", how="bill", whom="carrier", edits=_issued),
    Provable(id="booked", field="booked_on", how="booking", whom="carrier", edits=_booked),
    Provable(
        id="freight", field="freight_amount_usd", how="freight", whom="carrier", edits=_freight
    ),
    Provable(
        id="payment", field="freight_payment", how="freight", whom="carrier", edits=_payment
    ),
    Provable(
        id="amended", field="amendment_count", how="amendment", whom="carrier", edits=_amended, is_asked=False),
)  # fmt: skip
"""The facts of the papers."""
