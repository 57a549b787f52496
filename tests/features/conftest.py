"""A manifest from plain rows: one dict a container, with only what a test cares about."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from riskengine.manifest.schema import SCHEMAS, Manifest, ManifestSource

_VOYAGE = ("vessel_name", "departed_on", "arrival_expected_on")
_TODAY = date(2024, 6, 1)


def _frame(name, rows):
    return pl.DataFrame(rows, schema=dict(SCHEMAS[name]), orient="row")


def _rows_of(name, source, **keys):
    return {column: source.get(column, keys.get(column)) for column in SCHEMAS[name]} | keys


def _manifest(rows):
    """Build a manifest; each row is one container on one bill, unless it names more ``bills``."""
    tables = {name: [] for name in SCHEMAS}
    bill_ids = {}
    voyage_ids = {}
    for number, row in enumerate(rows, start=1):
        box = row.get("container_id", number)
        facts = tuple(row.get(column) for column in SCHEMAS["voyages"])
        if facts not in voyage_ids:  # containers of one voyage are peers
            voyage_ids[facts] = len(voyage_ids) + 1
            tables["voyages"].append(_rows_of("voyages", row, voyage_id=voyage_ids[facts]))
        voyage = voyage_ids[facts]
        flags = {"is_loose_cargo": False, "is_unreadable": False, "defect_count": 0}
        tables["containers"].append(
            _rows_of("containers", flags | row, container_id=box, voyage_id=voyage)
        )
        bills = row.get("bills", [row])
        for place, bill in enumerate(bills):
            named = bill.get("bill_of_lading") or f"{box}.{place}"
            if named not in bill_ids:
                bill_ids[named] = bill.get("consignment_id", 1000 + len(bill_ids))
                _add_bill(tables, bill, bill_ids[named], voyage)
            tables["loads"].append({"container_id": box, "consignment_id": bill_ids[named]})
            for line in bill.get("goods", []):
                _add_line(tables, line, bill_ids[named], box)
        for seal in row.get("seals", []):
            tables["seals"].append(
                {"container_id": box, "seal_number": seal, "sealing_party": None}
            )
    source = ManifestSource(
        file="test.csv",
        sha256="",
        format="csv",
        columns=(),
        record_count=len(rows),
        blank_count=0,
        received_at=datetime(2024, 6, 1, tzinfo=UTC),
    )
    return Manifest(source=source, **{name: _frame(name, tables[name]) for name in SCHEMAS})


def _add_bill(tables, bill, consignment_id, voyage_id):
    tables["consignments"].append(
        _rows_of("consignments", bill, consignment_id=consignment_id, voyage_id=voyage_id)
    )
    for role, party in bill.get("parties", {}).items():
        key = party.get("name", "").lower() or None
        tables["parties"].append(
            _rows_of(
                "parties", {"name_key": key} | party, consignment_id=consignment_id, role=role
            )
        )
    for sequence, port in enumerate(bill.get("legs", []), start=1):
        tables["legs"].append(
            {
                "consignment_id": consignment_id,
                "sequence": sequence,
                "port": port,
                "port_text": port,
            }
        )


def _add_line(tables, line, consignment_id, box):
    item = line.get("goods_item_id", 1 + len(tables["goods_items"]))
    keys = {"goods_item_id": item, "consignment_id": consignment_id, "container_id": box}
    tables["goods_items"].append(_rows_of("goods_items", line, record_number=item, **keys))
    for name, value in line.get("attributes", {}).items():
        kind, name_only = name.split(":")
        tables["attributes"].append(
            {
                "goods_item_id": item,
                "container_id": box,
                "name": name_only,
                "kind": kind,
                "text": None if kind == "number" else value,
                "number": value if kind == "number" else None,
            }
        )


@pytest.fixture(scope="session")
def manifest_of():
    return _manifest
