"""What was declared of a container, and what could not be read of it, as the lines at the head of an explanation."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any

import polars as pl

from riskengine import messages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.engine.run import Run


def defects_of(run: Run, row: Mapping[str, Any], language: str) -> tuple[tuple[str, str], ...]:
    """Return what could not be read of a container, or is wrong, with its place.

    Args:
        run: The run.
        row: Its assessment.
        language: Of the sentences.
    """
    if row["container_number"] is None:
        containers = run.canonical["containers"]
        record = containers.filter(pl.col("container_id") == row["container_id"])[
            "record_number"
        ].to_list()
        own = run.defects.filter(pl.col("record_number").is_in(record))
    else:
        own = run.defects.filter(pl.col("container_number") == row["container_number"])
    return tuple(
        (
            ":".join(
                str(part) for part in (d["file"], d["line"], d["column"]) if part is not None
            ),
            messages.render(f"defect.{d['code']}", json.loads(d["params_json"]), language),
        )
        for d in own.iter_rows(named=True)
    )


def facts_of(facts: Mapping[str, Any], language: str) -> tuple[tuple[str, str], ...]:
    """Return the lines at the head of an explanation; what was not declared is left out here and named below."""

    def joined(*names: str, by: str = " ") -> str:
        parts: list[str] = []
        for name in names:
            value = facts.get(name)
            parts += value if isinstance(value, list) else [value] if value is not None else []
        # A port that stands twice in a row, as receipt and loading, is named once.
        return by.join(str(part) for part, _ in groupby(parts))

    def amount(name: str, unit: str) -> str:
        value = facts.get(name)
        return (
            ""
            if value is None
            else messages.fill(
                "{value:number} {unit}", {"value": value, "unit": unit}, language
            )
        )

    lines = {
        "vessel": joined("vessel_name", "voyage_number"),
        "route": joined(
            "place_of_receipt",
            "port_of_loading",
            "transhipment_ports",
            "port_of_discharge",
            "place_of_delivery",
            by=" > ",
        ),
        "shipper": joined("shipper_name", "shipper_country", by=", "),
        "consignee": joined("consignee_name", "consignee_country", by=", "),
        "notify_party": joined("notify_party_name", "notify_party_country", by=", "),
        "goods": joined("goods_description", "hs_codes"),
        "mass": amount("gross_mass_kg", "kg"),
        "value": amount("declared_value_usd", "USD"),
        "box": joined("size_type", "container_family"),
        "seals": joined("seal_numbers", by=", "),
    }
    return tuple(
        (messages.render(f"desk.fact_line.{line}", {}, language), messages.visible(text))
        for line, text in lines.items()
        if text
    )
