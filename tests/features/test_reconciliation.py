"""Indicators of what differs: known differences, known agreement, and silence where one side is silent."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from riskengine.features import reconciliation
from riskengine.features.beside import RECONCILIATION, with_beside
from riskengine.features.facts import gather


@pytest.fixture
def drawn(manifest_of):
    """Draw the indicators of one container from what is declared and what is found beside it."""

    def indicators(declared, **beside):
        facts = gather(manifest_of([{"container_number": "MSCU6639870"} | declared]))
        kinds = {
            "number": pl.Float64(), "text": pl.String(), "texts": pl.List(pl.String()),
            "boolean": pl.Boolean(), "date": pl.Date(),
        }  # fmt: skip
        found = pl.DataFrame(
            {"container_id": [1]} | {name: [value] for name, value in beside.items()},
            schema={"container_id": pl.Int32()}
            | {name: kinds[RECONCILIATION[name]] for name in beside},
        )
        return with_beside(facts, found).select(
            one.expression().alias(one.field.name) for one in reconciliation.register.indicators
        ).row(0, named=True)  # fmt: skip

    return indicators


def test_without_anything_beside_the_manifest_every_indicator_is_unknown(drawn):
    declared = {
        "is_full": None, "size_type": "45R1", "port_of_discharge": "BEANR",
        "port_of_loading": "ECGYE", "seals": ["A1"], "container_gross_mass_kg": 26_000.0,
    }  # fmt: skip
    assert set(drawn(declared).values()) == {None}


@pytest.mark.parametrize(
    ("declared", "beside", "name", "answer"),
    [
        ({}, {"is_on_stow_plan": False}, "is_absent_from_stow_plan", True),
        ({}, {"is_on_stow_plan": True}, "is_absent_from_stow_plan", False),
        (
            {"port_of_discharge": "BEANR"},
            {"planned_port_of_discharge": "NLRTM"},
            "is_port_of_discharge_unlike_stow_plan",
            True,
        ),
        (
            {"port_of_discharge": "BEANR", "legs": ["NLRTM"]},
            {"planned_port_of_discharge": "NLRTM"},
            "is_port_of_discharge_unlike_stow_plan",
            False,
        ),
        (
            {"port_of_loading": "BRSSZ", "legs": ["ESALG"]},
            {"planned_port_of_loading": "ESALG"},
            "is_port_of_loading_unlike_stow_plan",
            False,
        ),
        ({"size_type": "45R1"}, {"planned_size_type": "45G1"}, "is_size_type_unlike_stow_plan", True),
        ({"size_type": "45R1"}, {"planned_size_type": "40RF"}, "is_size_type_unlike_stow_plan", False),
        ({"size_type": "45R1"}, {"planned_size_type": "??"}, "is_size_type_unlike_stow_plan", None),
        ({"size_type": "22G1"}, {"gate_size_type": "42G1"}, "is_size_type_unlike_gate", True),
        ({"stow_position": "0120304"}, {"planned_stow_position": "0120382"}, "is_planned_stow_position_reachable", True),
        ({"stow_position": "0120382"}, {"planned_stow_position": "0120304"}, "is_planned_stow_position_reachable", False),
        ({"stow_position": "0120382"}, {}, "is_planned_stow_position_reachable", None),
        ({"is_full": False}, {"planned_is_full": True}, "is_full_state_unlike_stow_plan", True),
        ({"is_full": True}, {"gate_is_full": True}, "is_full_state_unlike_gate", False),
        (
            {"is_full": False},
            {"_weighed_mass_kg": 4300.0, "_highest_tare_kg": 3800.0},
            "is_empty_weighed_too_heavy",
            True,
        ),
        (
            {"is_full": False},
            {"_weighed_mass_kg": 4180.0, "_highest_tare_kg": 3800.0},
            "is_empty_weighed_too_heavy",
            False,
        ),
        (
            {"is_full": True},
            {"_weighed_mass_kg": 26_000.0, "_highest_tare_kg": 3800.0},
            "is_empty_weighed_too_heavy",
            False,
        ),
        ({"is_full": False}, {"_highest_tare_kg": 3800.0}, "is_empty_weighed_too_heavy", None),
        (
            {},
            {"_declared_seal_list": ["A1"], "loading_seal_numbers": ["B1"]},
            "is_seal_unlike_at_loading",
            True,
        ),
        (
            {},
            {"_declared_seal_list": ["A1", "A2"], "loading_seal_numbers": ["A2"]},
            "is_seal_unlike_at_loading",
            False,
        ),
        (
            {},
            {"_declared_seal_list": ["A1"], "gate_out_seal_numbers": ["B1"]},
            "is_seal_unlike_at_discharge",
            True,
        ),
        (
            {},
            {"release_reference": "R1", "gate_out_reference": "R2"},
            "is_pick_up_reference_unlike_release",
            True,
        ),
        ({}, {"release_reference": "R1"}, "is_pick_up_reference_unlike_release", None),
        ({}, {"_is_gate_out_before_release": True}, "is_gate_out_before_release", True),
    ],
)  # fmt: skip
def test_an_indicator_answers_only_what_both_sides_say(drawn, declared, beside, name, answer):
    assert drawn(declared, **beside)[name] is answer


def test_masses_are_compared_as_a_share_of_the_declared_one(drawn):
    found = drawn(
        {},
        _declared_mass_kg=20_000.0,
        planned_gross_mass_kg=22_000.0,
        gate_gross_mass_kg=19_000.0,
    )
    assert found["stow_plan_mass_difference_share"] == pytest.approx(0.1)
    assert found["gate_mass_difference_share"] == pytest.approx(-0.05)
    assert drawn({}, planned_gross_mass_kg=1.0)["stow_plan_mass_difference_share"] is None
    nothing = drawn({}, _declared_mass_kg=0.0, planned_gross_mass_kg=1.0)
    assert nothing["stow_plan_mass_difference_share"] is None


def test_days_and_counts_are_told_as_they_were_found(drawn):
    found = drawn({}, _days_in_yard=0.0, _rehandling_count=0.0, gate_out_on=date(2026, 3, 1))
    assert found["days_in_yard_before_loading"] == 0.0
    assert found["rehandling_count"] == 0.0
    assert found["days_between_discharge_and_gate_out"] is None
