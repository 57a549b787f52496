"""What a trader may be told: that a container was selected, what to prove or correct, what to send and how; nothing of why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.domain import Lane
from riskengine.errors import UsageError
from riskengine.review.print_text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from riskengine.engine.explanation import Explanation

_LONGEST_NAME: Final = 40
_HELD: Final = frozenset((Lane.RED, Lane.YELLOW))
"""Lanes in which a container waits; one that goes its way is told of to nobody."""
_ASKS: Final[Mapping[str, tuple[str, ...]]] = {
    "goods": ("goods_description", "goods_marks", "un_numbers"),
    "heading": ("hs_codes", "hs_headings", "hs_chapters"),
    "origin": ("countries_of_origin", "country_of_dispatch", "country_of_destination"),
    "mass": (
        "gross_mass_kg",
        "net_mass_kg",
        "container_gross_mass_kg",
        "verified_gross_mass_kg",
        "volume_m3",
    ),
    "packages": (
        "package_count",
        "package_types",
        "mass_per_package_kg",
        "declared_quantity",
    ),
    "value": ("declared_value_usd", "declared_value_per_kg_usd"),
    "freight": ("freight_amount_usd", "freight_payment"),
    "parties": tuple(
        f"{party}_{part}"
        for party in ("shipper", "consignee", "notify_party", "forwarder", "declarant")
        for part in ("name", "country", "address", "email", "phone", "tax_id")
    ),
    "bill": ("bills_of_lading", "master_bill_of_lading", "bill_type"),
    "dates": ("booked_on", "issued_on", "departed_on"),
    "places": (
        "place_of_receipt",
        "port_of_loading",
        "transhipment_ports",
        "port_of_discharge",
        "place_of_delivery",
    ),
    "box": (
        "container_number",
        "size_type",
        "container_family",
        "tare_mass_kg",
        "is_shipper_owned",
    ),
    "set_point": ("temperature_set_c",),
    "seals": ("seal_numbers",),
}
"""What is asked of a trader, and the facts that it answers for: his own declaration alone, never another's paper."""
_PAPERS: Final = ("invoice", "packing_list", "booking", "payment", "weighing")


def trader_text(explanation: Explanation, language: str) -> str:
    """Return the text for whoever declared a container, in plain lines.

    It says the same of a container that is opened and of one whose papers are checked: the lane is not told. It names facts that the trader declared himself and the papers that prove them, always in the same order and
    without their values: what weighs most, where a threshold lies, which way a fact points, whether the
    container was drawn blindly, and what others declared or reported cannot be read from it.

    Args:
        explanation: Why the container stands where it stands.
        language: Of the text.

    Raises:
        UsageError: The container is not held, or there are no texts in that language.
    """
    if explanation.lane not in _HELD:
        # That nothing is held back tells a lane too, and tells it before the box has come.
        raise UsageError(
            "Nothing is asked of this trader: the container is not held.",
            remedy="Tell nobody which lane it is in.",
        )

    def words(key: str, **params: object) -> str:
        return messages.render(f"sheet.trader.{key}", params, language)

    lines = [
        words("subject", container=printable(explanation.name, _LONGEST_NAME)),
        "",
        words("held"),
        words("neutral"),
        "",
        words("send"),
    ]
    lines += [f"- {words(f'paper.{paper}')}" for paper in _PAPERS]
    asked = [*_asked(explanation)]
    if asked:
        lines += ["", words("prove"), *(f"- {words(f'ask.{ask}')}" for ask in asked)]
    if explanation.defects:
        lines += ["", words("file_again")]
    lines += ["", words("how"), words("rights"), ""]
    return "\n".join(lines)


def _asked(explanation: Explanation) -> Iterator[str]:
    """Give what was not declared and is to be completed, in the order of the list and not of its weight.

    What would clear the container is not among it: of a blind draw nothing would, and its letter would show it.
    """
    what_if = explanation.what_if
    if what_if is None:
        return
    fields = {question.field for question in what_if.questions}
    for ask, answered_by in _ASKS.items():
        if not fields.isdisjoint(answered_by):
            yield ask
