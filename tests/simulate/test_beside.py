"""What is received beside the manifests: honest sources mostly agree, and the guilty show signs more often, never surely."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from riskengine.domain import Typology
from riskengine.engine.reconcile import reconcile
from riskengine.engine.reported import reported_by
from riskengine.features import facts
from riskengine.manifest import read_manifest
from riskengine.simulate import Settings, simulate, write_world

BOX = ["of_manifest", "container_number"]
MANY = Settings(
    seed=21,
    months=3,
    containers_per_month=2_500,
    trader_count=1_500,
    prevalence=0.3,
    plans=True,
    movements=True,
    versions=True,
)
SEEN = simulate(MANY)
CLEAN = simulate(
    Settings(
        seed=21,
        months=1,
        containers_per_month=500,
        trader_count=300,
        prevalence=0.0,
        mistake_strength=0.0,
        missing_strength=0.0,
        plans=True,
        movements=True,
        versions=True,
    )
)


def declared(world) -> pl.DataFrame:
    """Return one row a container: its manifest, what is declared of it, and what it is."""
    keys = ["voyage_number", "bill_of_lading", "container_number"]
    return (
        world.lines.rename({"manifest_number": "of_manifest"})
        .unique(BOX, keep="first", maintain_order=True)
        .join(world.truth.unique(keys), on=keys, how="left", maintain_order="left")
    )


DECLARED = declared(SEEN)


def rates(frame: pl.DataFrame, sign: pl.Expr) -> dict[str, float]:
    """Return how often the containers of each typology, or the innocent, show a sign."""
    kind = pl.col("typology").fill_null("innocent")
    return dict(frame.group_by(kind).agg(sign.mean().alias("rate")).rows())


def events(kind: str, stage: str | None = None) -> pl.DataFrame:
    told = SEEN.movements.filter(pl.col("movement") == kind)
    if stage is not None:
        told = told.filter(pl.col("stage") == stage)
    return told.join(DECLARED, on=BOX, how="inner", suffix="_declared")


OTHER_SEALS = pl.col("movement_seal_numbers") != pl.col("seal_numbers")
HEAVIER = pl.col("movement_gross_mass_kg") - pl.col("container_gross_mass_kg") > 500


@pytest.mark.parametrize(
    ("typology", "kind", "sign"),
    [
        (Typology.RIP_ON_RIP_OFF, "gate_in", OTHER_SEALS),
        (Typology.INLAND_CONTAMINATION, "gate_in", OTHER_SEALS),
        (Typology.INLAND_CONTAMINATION, "gate_in", HEAVIER),
        (Typology.TRANSHIPMENT_CONTAMINATION, "discharged", OTHER_SEALS),
        (Typology.VESSEL_SIDE_LOADING, "discharged", OTHER_SEALS),
    ],
)
def test_the_guilty_show_a_sign_at_a_gate_more_often_yet_never_surely(typology, kind, sign):
    shown = rates(events(kind).filter(sign.is_not_null()), sign)
    assert 0 < shown["innocent"] < 0.04
    assert 3 * shown["innocent"] < shown[typology.value] < 0.6


def test_who_has_the_release_code_fetches_the_box_early():
    released = events("released").select(*BOX, released_at="moved_at")
    out = events("gate_out").join(released, on=BOX)
    shown = rates(out, pl.col("moved_at") < pl.col("released_at"))
    assert 0 < shown["innocent"] < 0.05
    assert shown[Typology.RELEASE_CODE_FRAUD.value] > 0.12


def test_a_hijacked_box_comes_back_less_often():
    back = events("gate_in", "after").filter(~pl.col("movement_is_full")).select(BOX).unique()
    full = DECLARED.filter("is_full").join(
        back.with_columns(is_back=True), on=BOX, how="left", maintain_order="left"
    )
    shown = rates(full, pl.col("is_back").fill_null(value=False))
    assert shown[Typology.HIJACK_AFTER_GATE_OUT.value] < shown["innocent"] - 0.15


def test_a_clone_is_reported_where_it_cannot_be():
    at_sea = SEEN.movements.filter(
        (pl.col("movement") == "gate_out") & (pl.col("stage") == "loading")
    )
    seen = at_sea.select(BOX).unique().with_columns(is_seen=True)
    frame = DECLARED.filter("is_full").join(seen, on=BOX, how="left", maintain_order="left")
    shown = rates(frame, pl.col("is_seen").fill_null(value=False))
    assert shown["innocent"] < 0.01
    assert shown[Typology.CLONED_CONTAINER.value] > 0.1


def test_the_plan_carries_boxes_that_no_manifest_names_and_the_reverse():
    full = DECLARED.filter("is_full")
    planned = SEEN.plans.select(BOX).with_columns(is_planned=True)
    shown = rates(
        full.join(planned, on=BOX, how="left", maintain_order="left"),
        pl.col("is_planned").is_null(),
    )
    assert 0 < shown["innocent"] < 0.02
    assert shown[Typology.VESSEL_SIDE_LOADING.value] > 0.12
    unmanifested = SEEN.plans.join(DECLARED, on=BOX, how="anti")
    assert 0 < unmanifested.height < 0.05 * SEEN.plans.height


def test_a_switched_bill_named_another_consignee_before():
    before = SEEN.earlier.unique(["of_manifest", "bill_of_lading", "container_number"])
    both = DECLARED.join(
        before, on=[*BOX, "bill_of_lading"], how="inner", suffix="_before"
    ).filter(pl.col("consignee_tax_id").is_not_null())
    changed = pl.col("consignee_tax_id") != pl.col("consignee_tax_id_before")
    shown = rates(both, changed)
    assert 0 < shown["innocent"] < 0.06
    assert shown[Typology.SWITCHED_BILL.value] > 0.25


def test_most_of_a_first_version_is_what_the_last_one_says():
    key = ["of_manifest", "bill_of_lading", "container_number"]
    same = ("consignee_name", "goods_description", "gross_mass_kg", "seal_numbers", "port_of_discharge")  # fmt: skip
    both = DECLARED.join(SEEN.earlier.unique(key), on=key, how="inner", suffix="_before")
    honest = both.filter(~pl.col("is_illicit"))
    for name in same:
        agrees = pl.col(name).eq_missing(pl.col(f"{name}_before")).mean()
        assert 0.9 < honest.select(agrees).item() <= 1.0, name


def test_a_first_version_comes_before_the_last_and_says_nothing_of_amendments():
    last = SEEN.lines.group_by(of_manifest="manifest_number").agg(pl.col("presented_on").max())
    days = SEEN.earlier.join(last, on="of_manifest", suffix="_last")
    assert (days["received_on"] < days["presented_on_last"]).all()
    assert (days["issued_on"] <= days["received_on"]).all()
    assert days["amendment_count"].sum() == 0
    assert days["last_amended_on"].null_count() == days.height


def test_reports_come_in_three_stages_by_the_day_they_were_in_hand():
    arrives = DECLARED.select("of_manifest", "arrival_expected_on", "presented_on").unique("of_manifest")  # fmt: skip
    told = SEEN.movements.join(arrives, on="of_manifest")
    days = (told["received_on"] - told["arrival_expected_on"]).dt.total_days()
    stages = dict(
        told.select("stage", days.alias("days"))
        .group_by("stage")
        .agg(pl.col("days").max())
        .rows()
    )
    assert stages["loading"] <= 0 < stages["discharge"] < stages["after"]
    # A clock may be wrong by hours, and now and then by a day.
    late = told.filter(pl.col("moved_on") > pl.col("received_on"))
    assert late.height < 0.01 * told.height
    assert ((late["moved_on"] - late["received_on"]).dt.total_days() <= 1).all()


def test_what_is_beside_the_manifest_changes_no_manifest():
    """Plans, reports and versions have dice of their own."""
    alone = Settings(seed=21, months=1, containers_per_month=500, trader_count=300)
    beside = Settings(
        seed=21,
        months=1,
        containers_per_month=500,
        trader_count=300,
        plans=True,
        movements=True,
        versions=True,
    )
    one, other = simulate(alone), simulate(beside)
    assert one.lines.equals(other.lines)
    assert one.truth.equals(other.truth)
    assert one.movements.is_empty()
    again = simulate(beside)
    for name in ("plans", "movements", "earlier"):
        assert getattr(other, name).equals(getattr(again, name)), name


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("beside")
    write_world(CLEAN, folder)
    return folder


def test_everything_beside_the_manifests_is_named_with_its_day(folder):
    came = pl.read_csv(folder / "received.csv", try_parse_dates=True)
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*.csv")}
    assert set(came["file"]) == files - {"received.csv"}
    assert came["received_on"].is_sorted()


def test_the_reader_tells_what_each_file_is_and_finds_no_fault(folder):
    came = pl.read_csv(folder / "received.csv")
    for kind, file in came.group_by("kind", maintain_order=True).agg(pl.col("file").first()).rows():  # fmt: skip
        reading = read_manifest(folder / file)
        assert reading.manifest.source.document.kind == kind, file
        assert reading.defects == [] or not reading.defects, file


def test_where_nobody_errs_plan_and_reports_differ_in_nothing(folder):
    for path in sorted((folder / "manifests").iterdir())[3:5]:
        stated = facts.gather(read_manifest(path).manifest, None)
        beside = [folder / "plans" / path.name, *(folder / "movements").glob(f"{path.stem}.*")]
        told = reported_by([read_manifest(file) for file in sorted(beside)], stated)
        day = stated["arrival_expected_on"].max() + timedelta(days=31)
        found = reconcile(stated, told.plan, told.movements, assessed_on=day)
        assert set(found.differences["kind"]) == set(), path.name
