"""The life of a box: only the past, only of others, and nothing that honest trade does is a sign of a clone."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from datetime import UTC, date, datetime
from types import SimpleNamespace

import polars as pl
import pytest

from riskengine.codes.containers import is_container_number, numbers_one_slip_away
from riskengine.domain import ExaminationResult, Outcome
from riskengine.engine.biography import biographies, biography_of, told_chapters
from riskengine.engine.kept_life import life_in
from riskengine.engine.memory import kept_fields, remember
from riskengine.features import gather
from riskengine.features.beside import BOX, with_beside
from riskengine.features.box_past import register
from riskengine.ledger import history, movements, received_files, seen
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.migrations import create_ledger
from riskengine.ledger.outcomes import note_outcome
from riskengine.manifest import read_manifest
from riskengine.manifest.schema import ATTRIBUTES
from riskengine.workspace import Workspace

BOX_NUMBER = "CSQU3054383"
OTHER = "MSCU6639870"
FIRST, SECOND = date(2026, 1, 31), date(2026, 3, 4)
VOYAGE = {
    "bill_of_lading": "B1",
    "container_number": BOX_NUMBER,
    "seal_number": "XO418207",
    "vessel_name": "EXAMPLE ANDES",
    "vessel_imo": "9074729",
    "voyage_number": "601E",
    "departed_on": "2026-01-20",
    "arrival_expected_on": "2026-02-01",
    "port_of_loading": "ECGYE",
    "port_of_discharge": "ESBCN",
    "shipper_name": "EXPORT SA",
    "consignee_name": "IMPORT SL",
    "goods_description": "GREEN COFFEE",
    "gross_mass_kg": "20000",
    "tare_mass_kg": "2200",
    "size_type": "22G1",
    "is_full": "yes",
    "cargo_nature": "import",
}
LATER = VOYAGE | {
    "bill_of_lading": "B2",
    "seal_number": "QT900113",
    "vessel_name": "EXAMPLE PLATA",
    "vessel_imo": "9321483",
    "voyage_number": "77W",
    "departed_on": "2026-02-20",
    "arrival_expected_on": "2026-03-05",
    "port_of_loading": "BRSSZ",
    "shipper_name": "CAFE LTDA",
    "consignee_name": "TOSTADORES SL",
}


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    """A ledger that holds nothing and has every column: nobody may change it."""
    made = Workspace(tmp_path_factory.mktemp("founded") / "unit")
    create_ledger(made)
    made.settings_file.touch()
    columns = dict.fromkeys(seen.KEYS[:3], pl.String()) | {"on": pl.Date()} | kept_fields()
    with open_ledger(made) as connection:
        seen.note(connection, pl.DataFrame(schema=columns))
    return made


@pytest.fixture
def bare(tmp_path, founded):
    """A unit without any past: its ledger is all that a life is read from."""
    shutil.copytree(founded.root, tmp_path / "bare")
    return Workspace(tmp_path / "bare")


@pytest.fixture(scope="module")
def one_box(tmp_path_factory, written_lines):
    """The facts of one line, read once."""
    file = written_lines(tmp_path_factory.mktemp("line") / "one.csv", [VOYAGE])
    return gather(read_manifest(file).manifest, FIRST)


@pytest.fixture
def lodged(one_box, bare):
    """Count a manifest of these lines in the history of a day, and return its facts."""

    def recorded(on, *lines, is_kept=True):
        said = [fields_of(number, line, on) for number, line in enumerate(lines)]
        stated = pl.concat([one_box] * len(said)).with_columns(
            pl.Series(name, [line[name] for line in said], dtype=one_box.schema[name])
            for name in said[0]
            if name in one_box.columns
        )
        if is_kept:
            with open_ledger(bare) as connection:
                remember(connection, with_beside(stated), pl.DataFrame(schema=dict(ATTRIBUTES)))
        return stated

    return recorded


def fields_of(number, line, on):
    """Return the facts of a line that says this."""
    said = {"container_id": number, "assessed_on": on, "container_number": None} | line
    said["bills_of_lading"] = [said.pop("bill_of_lading")]
    said["is_loose_cargo"] = said["container_number"] is None
    for name, texts in (("seal_number", "seal_numbers"), ("transhipment_ports",) * 2):
        text = said.pop(name, "")
        said[texts] = [text] if text else None
    for name in ("departed_on", "arrival_expected_on"):
        said[name] = date.fromisoformat(said[name]) if said[name] else None
    for name in ("gross_mass_kg", "tare_mass_kg"):
        said[name] = float(said[name])
    return said | {"is_full": True}


@pytest.fixture
def examined(bare):
    """Count what an examination found, as entering an outcome does."""

    def note(intent, outcome, on, *, taken_off=0):
        result = ExaminationResult(
            container_number=BOX_NUMBER, outcome=outcome, officer="o", run_id="r1",
            examined_at=datetime(2026, 2, 1, tzinfo=UTC),
        )  # fmt: skip
        found = int(outcome is not Outcome.NIL)
        rows = [("container", BOX_NUMBER, on, 0, 1, found)]
        if taken_off:
            rows.append(("container", BOX_NUMBER, date(2026, 2, 3), 0, -1, -taken_off))
        counts = pl.DataFrame(rows, schema=dict(history.COUNT_DAYS), orient="row")
        with open_ledger(bare) as connection:
            note_outcome(connection, intent, result, known_on=on)
            history.add(
                connection,
                history.Past(
                    counts=counts, habits=pl.DataFrame(schema=dict(history.HABIT_DAYS))
                ),
            )

    return note


@pytest.fixture
def asked(bare, lodged):
    """Return the facts and indicators of the box when a manifest of these lines is assessed."""

    def told(*lines, on=SECOND):
        stated = lodged(on, *lines, is_kept=False)
        found = biographies(bare, stated, on)
        whole = with_beside(stated, found.facts).with_columns(
            indicator.expression().alias(indicator.field.name)
            for indicator in register.indicators
        )
        return whole.row(0, named=True)

    return told


@pytest.fixture
def reported(bare):
    """Note what a gate reported of the box."""

    def note(movement, moved_on, place, *, seq_known=FIRST, number=BOX_NUMBER, **said):
        row = dict.fromkeys(movements.MOVED) | said
        row |= {
            "container_number": number,
            "movement": movement,
            "moved_on": moved_on,
            "place": place,
        }
        with open_ledger(bare) as connection:
            entry = received_files.ReceivedFile(
                sha256=f"{movement}{moved_on}{place}", mapping_sha256="", file="gate.csv",
                packed_in="", format="csv", kind="movements", function=None,
                document_number=None, sender=None, received_at=datetime(2026, 1, 1, tzinfo=UTC),
                known_on=seq_known, received_by="t", record_count=1, container_count=1,
                defect_count=0,
            )  # fmt: skip
            seq, _ = received_files.note(connection, entry)
            movements.note(
                connection,
                seq,
                pl.DataFrame(schema=dict(movements.PLANNED)),
                pl.DataFrame([row], schema=dict(movements.MOVED)),
            )

    return note


def codes(biography):
    return [sign.code for sign in biography.signs]


def test_without_a_past_nothing_is_said(asked):
    """On the first day nobody is new, and nothing was not there."""
    told = asked(LATER)
    assert {name: told[name] for name in BOX} == dict.fromkeys(BOX)
    drawn = [indicator.field.name for indicator in register.indicators]
    assert [name for name in drawn if told[name] is not None] == []


def test_what_a_box_did_before_is_known_of_it(asked, lodged):
    lodged(FIRST, VOYAGE)
    told = asked(LATER)
    assert told["earlier_voyage_count"] == 1
    assert (told["earlier_examination_count"], told["earlier_find_count"]) == (0, 0)
    assert (told["last_seen_on"], told["last_port_seen"]) == (FIRST, "ESBCN")
    assert (told["earlier_size_type"], told["earlier_tare_mass_kg"]) == ("22G1", 2200)
    assert told["days_since_last_seen"] == 32
    assert not told["is_first_seen"]
    assert told["seals_seen_before_count"] == 0
    assert [told[i.field.name] for i in register.indicators].count(True) == 0


def test_a_box_is_new_only_when_the_history_is_old_enough(asked, lodged):
    """In the first half year everybody is new: then nobody is said to be."""
    lodged(FIRST, VOYAGE | {"container_number": OTHER})
    told = asked(LATER)
    assert (told["earlier_voyage_count"], told["is_first_seen"]) == (0, None)
    assert asked(LATER, on=date(2026, 7, 31))["is_first_seen"] is True
    assert asked(LATER, on=date(2026, 7, 29))["is_first_seen"] is None


def test_only_the_days_before_count(asked, lodged):
    """What was declared on the day itself may be later than this."""
    lodged(SECOND, VOYAGE)
    assert asked(LATER)["earlier_voyage_count"] is None
    lodged(FIRST, VOYAGE | {"container_number": OTHER})
    assert asked(LATER)["earlier_voyage_count"] == 0


def test_a_voyage_that_is_assessed_again_does_not_find_itself(asked, lodged):
    lodged(FIRST, VOYAGE, VOYAGE | {"container_number": OTHER, "voyage_number": "600E"})
    told = asked(VOYAGE | {"bill_of_lading": "B1-AMENDED", "size_type": "45R1"})
    assert (told["earlier_voyage_count"], told["is_size_type_unlike_before"]) == (0, None)


def test_each_container_of_a_history_knows_its_own_days_only(bare, lodged):
    """Where each is assessed as of its own day, a later one knows more."""
    lodged(FIRST, VOYAGE)
    early = lodged(date(2026, 1, 31), LATER, is_kept=False)
    late = lodged(date(2026, 2, 1), LATER, is_kept=False)
    both = pl.concat([early, late.with_columns(pl.col("container_id") + 1000)])
    counts = biographies(bare, both, None).facts["earlier_voyage_count"].to_list()
    assert counts == [None, 1]


def test_a_box_of_another_size_and_tare_shows_two_boxes(asked, lodged, bare):
    lodged(FIRST, VOYAGE)
    other = LATER | {"size_type": "45R1", "tare_mass_kg": "4600"}
    told = asked(other)
    assert (told["is_size_type_unlike_before"], told["is_tare_unlike_before"]) == (True, True)
    lodged(SECOND, other)
    life = biography_of(bare, BOX_NUMBER)
    assert codes(life) == ["size_type_changed", "tare_changed"]
    (sign, _) = life.signs
    assert sign.params == {"before": "22G1", "now": "45R1"}
    assert sign.earlier == ("ESBCN", date(2026, 2, 1))
    assert sign.later == ("ESBCN", date(2026, 3, 5))


@pytest.mark.parametrize(
    ("departed", "is_overlapping"),
    [("2026-01-25", True), ("2026-01-29", True), ("2026-01-30", False), ("", None)],
)
def test_two_ships_at_once_are_a_sign_and_days_that_touch_are_none(
    asked, lodged, bare, departed, is_overlapping
):
    lodged(FIRST, VOYAGE)
    now = LATER | {"departed_on": departed}
    told = asked(now)
    assert told["is_seen_elsewhere_at_same_time"] is is_overlapping
    assert told["overlapping_voyage"] == ("EXAMPLE ANDES 601E" if is_overlapping else None)
    lodged(SECOND, now)
    assert ("voyages_overlap" in codes(biography_of(bare, BOX_NUMBER))) is bool(is_overlapping)


@pytest.mark.parametrize(
    "same",
    [
        {"bill_of_lading": "B1"},
        {"vessel_imo": "9074729"},
        {"vessel_name": "EXAMPLE ANDES"},
        {"shipper_name": "EXPORT SA", "consignee_name": "IMPORT SL"},
        {"transhipment_ports": "ESBCN"},
    ],
    ids=["its bill", "the ship", "the ship by name", "its parties", "the port on its way"],
)
def test_one_load_that_goes_on_is_no_clone(asked, lodged, same):
    """A load that is transhipped stands on two manifests; a ship may be named in two ways."""
    lodged(FIRST, VOYAGE)
    told = asked(LATER | {"departed_on": "2026-01-25"} | same)
    assert not told["is_seen_elsewhere_at_same_time"]
    assert not told["is_travel_impossibly_fast"]


@pytest.mark.parametrize(
    ("departed", "is_fast"),
    [("2026-02-06", True), ("2026-02-07", False), ("2026-02-20", False), ("", None)],
)
def test_a_box_is_no_faster_than_a_ship(asked, lodged, departed, is_fast):
    """Barcelona to Santos is 8,900 km: 7.4 days at sea."""
    lodged(FIRST, VOYAGE)
    told = asked(LATER | {"departed_on": departed})
    assert told["is_travel_impossibly_fast"] is is_fast


def test_a_paper_that_comes_late_is_set_in_its_time(asked, lodged):
    """The voyage of January is lodged in March: it was the first nevertheless."""
    lodged(FIRST, LATER)
    told = asked(VOYAGE)
    assert told["travel_days_lacking"] < 0
    assert told["is_seen_elsewhere_at_same_time"] is False


def test_a_gate_ashore_while_at_sea_is_a_sign(asked, lodged, reported, bare):
    lodged(FIRST, VOYAGE)
    reported("gate_in", date(2026, 2, 25), "MAPTM")
    told = asked(LATER)
    assert (told["overlapping_voyage_count"], told["is_seen_elsewhere_at_same_time"]) == (
        1,
        True,
    )
    assert (told["last_port_seen"], told["days_since_last_seen"]) == ("MAPTM", 7)
    lodged(SECOND, LATER)
    assert "ashore_while_at_sea" in codes(biography_of(bare, BOX_NUMBER))


@pytest.mark.parametrize(
    ("gate", "told"),
    [
        ({}, ["discharged", "gate_out"]),
        # Given back empty, it has not begun the journey of a full box.
        ({"is_full": False}, ["discharged", "gate_out", "gate_in", "load_ordered"]),
        # What names the ship of an earlier journey is of that one.
        (
            {"vessel_name": "EXAMPLE ANDES", "voyage_number": "601E"},
            ["discharged", "gate_out", "gate_in"],
        ),
    ],
)
def test_the_journey_itself_is_no_past(bare, lodged, reported, gate, told):
    """From its gate-in on: what is told is the life before, and the ledger still has everything."""
    reported("discharged", date(2026, 2, 1), "ESBCN", vessel_name="EXAMPLE ANDES")
    reported("gate_out", date(2026, 2, 3), "ESBCN")
    reported("gate_in", date(2026, 2, 17), "BRSSZ", **gate)
    reported("load_ordered", date(2026, 2, 18), "BRSSZ")
    reported("loaded", date(2026, 2, 19), "BRSSZ", vessel_imo="9321483", voyage_number="77W")
    reported("discharged", date(2026, 3, 3), "ESBCN")
    found = biographies(bare, lodged(SECOND, LATER, is_kept=False), SECOND)
    assert found.chapters["movement"].to_list() == told
    assert len(biography_of(bare, BOX_NUMBER).chapters) == 6


def test_what_was_reported_ashore_while_at_sea_stays_with_the_run(bare, lodged, reported):
    reported("gate_in", date(2026, 2, 17), "BRSSZ")
    reported("gate_out", date(2026, 2, 25), "MAPTM")
    found = biographies(bare, lodged(SECOND, LATER, is_kept=False), SECOND)
    assert found.chapters["place"].to_list() == ["MAPTM"]


def test_a_run_tells_the_signs_of_what_it_kept_without_the_ledger(bare, lodged, reported):
    lodged(FIRST, VOYAGE | {"size_type": "45R1"})
    reported("gate_out", date(2026, 2, 25), "MAPTM")
    stated = lodged(SECOND, LATER, is_kept=False)
    found = biographies(bare, stated, SECOND)
    run = SimpleNamespace(beside={"chapters": found.chapters}, indicators=stated)
    shutil.rmtree(bare.root)
    chapters, signs = life_in(run, 0)
    assert [chapter.kind for chapter in chapters] == ["voyage", "movement"]
    assert {sign.code for sign in signs} == {"size_type_changed", "ashore_while_at_sea"}
    assert life_in(SimpleNamespace(beside={}, indicators=stated), 0) == ((), ())


def test_a_report_counts_from_the_day_it_was_in_hand(asked, lodged, reported):
    lodged(FIRST, VOYAGE)
    reported("gate_in", date(2026, 2, 25), "MAPTM", seq_known=SECOND)
    assert asked(LATER)["overlapping_voyage_count"] == 0


def test_two_gates_too_far_apart_are_a_sign(reported, bare):
    reported("gate_out", date(2026, 2, 1), "ESBCN")
    reported("gate_in", date(2026, 2, 4), "CNSHA")
    life = biography_of(bare, BOX_NUMBER)
    assert codes(life) == ["moved_too_fast"]
    assert [chapter.movement for chapter in life.chapters] == ["gate_out", "gate_in"]


@pytest.mark.parametrize(
    ("seal", "count"), [("XO418207", 1), ("NIL", 0), ("12", 0), ("", None)]
)
def test_a_seal_is_used_once(asked, lodged, seal, count):
    lodged(FIRST, VOYAGE | {"seal_number": seal or "QQ771188"})
    told = asked(LATER | {"seal_number": seal})
    assert told["seals_seen_before_count"] == count
    assert told["seal_seen_before_on_container"] == (BOX_NUMBER if count else None)


def test_a_seal_of_another_box_is_a_sign_and_of_one_load_is_none(asked, lodged, bare):
    lodged(FIRST, VOYAGE | {"container_number": OTHER})
    sealed = LATER | {"seal_number": "XO418207"}
    told = asked(sealed)
    assert (told["seal_seen_before_on_container"], told["is_seal_seen_before"]) == (OTHER, True)
    # The number was mistyped on the first bill: the same bill has one seal.
    assert asked(sealed | {"bill_of_lading": "B1"})["is_seal_seen_before"] is False
    lodged(SECOND, sealed)
    (sign,) = biography_of(bare, BOX_NUMBER).signs
    assert (sign.code, sign.params) == (
        "seal_on_other_box",
        {"before": "XO418207", "now": OTHER},
    )


def test_a_seal_on_many_boxes_is_what_clerks_write_for_none(asked, lodged):
    many = [f"TEXU{number:06}0" for number in range(21)]
    lines = [
        VOYAGE
        | {"container_number": number, "seal_number": "NOSEAL1", "bill_of_lading": number}
        for number in many
    ]
    lodged(FIRST, *lines)
    assert asked(LATER | {"seal_number": "NOSEAL1"})["seals_seen_before_count"] == 0


def test_a_wrong_number_names_the_known_box_one_slip_away(asked, lodged, bare):
    lodged(FIRST, VOYAGE)
    wrong = "CSQU3054384"
    told = asked(LATER | {"container_number": wrong})
    assert (told["near_container_number"], told["is_number_near_known_box"]) == (
        BOX_NUMBER,
        True,
    )
    assert asked(LATER)["is_number_near_known_box"] is False
    life = biography_of(bare, wrong)
    assert (life.chapters, life.known_near) == ((), (BOX_NUMBER,))
    assert codes(life) == ["check_digit_wrong", "near_number"]


@pytest.mark.parametrize(
    "slip", ["CSQU3054384", "CSQU3054338", "CSOU3054383", "CSQU0354383", "CSUQ3054383"]
)
def test_one_slip_is_taken_back(slip):
    """A digit, two neighbours, a letter: the right number is among those that are named, and all of them are right."""
    found = numbers_one_slip_away(slip)
    assert (BOX_NUMBER in found) is (slip != "CSUQ3054383")
    assert all(map(is_container_number, found))
    assert numbers_one_slip_away(BOX_NUMBER) == ()


def test_a_find_is_known_from_the_day_it_was_entered(asked, lodged, bare, examined):
    lodged(FIRST, VOYAGE)
    examined("i1", Outcome.SEIZURE, date(2026, 2, 3))
    assert asked(LATER, on=date(2026, 2, 3))["is_find_in_box_before"] is False
    told = asked(LATER, on=date(2026, 2, 4))
    assert (told["earlier_examination_count"], told["earlier_find_count"]) == (1, 1)
    life = biography_of(bare, BOX_NUMBER, before=date(2026, 2, 4))
    assert [(c.kind, c.outcome) for c in life.chapters] == [
        ("voyage", None),
        ("examination", "seizure"),
    ]
    assert (life.voyage_count, life.examination_count, life.find_count) == (1, 1, 1)
    assert biography_of(bare, BOX_NUMBER, before=date(2026, 2, 3)).find_count == 0
    examined("i2", Outcome.NIL, date(2026, 2, 5), taken_off=1)
    life = biography_of(bare, BOX_NUMBER)
    assert [c.outcome for c in life.chapters if c.kind == "examination"] == ["nil"]
    assert (life.examination_count, life.find_count) == (1, 0)


def test_a_find_of_a_history_that_was_remembered_is_told_without_its_kind(bare, lodged):
    """Only that something was found is kept of it."""
    stated = lodged(FIRST, VOYAGE, is_kept=False)
    known = stated.select(
        "container_id",
        pl.lit(value=True).alias("is_find"),
        pl.lit(date(2026, 2, 9)).alias("known_on"),
    )
    attributes = pl.DataFrame(schema=dict(ATTRIBUTES))
    with open_ledger(bare) as connection:
        remember(connection, with_beside(stated), attributes, known)
    last = biography_of(bare, BOX_NUMBER).chapters[-1]
    assert (last.kind, last.on, last.outcome) == ("examination", date(2026, 2, 9), "find")


def test_a_life_is_told_in_the_order_of_time(lodged, bare):
    """Whatever the order in which the papers came, and one voyage is one chapter."""
    lodged(FIRST, LATER)
    lodged(date(2026, 2, 2), VOYAGE | {"bill_of_lading": "B3"})
    lodged(SECOND, VOYAGE)
    life = biography_of(bare, "csqu 305438-3")
    assert [chapter.voyage_number for chapter in life.chapters] == ["601E", "77W"]
    first = life.chapters[0]
    assert (first.bills, first.ports, first.seals) == (
        ("B1", "B3"),
        ("ECGYE", "ESBCN"),
        ("XO418207",),
    )
    assert (first.shipper, first.goods, first.gross_mass_kg) == (
        "EXPORT SA",
        "GREEN COFFEE",
        20000,
    )


def test_loose_cargo_is_found_by_its_bill(lodged, bare):
    loose = {name: value for name, value in VOYAGE.items() if name != "container_number"}
    lodged(FIRST, loose | {"bill_of_lading": "LOOSE 7"})
    life = biography_of(bare, "LOOSE 7")
    assert (life.name, [chapter.kind for chapter in life.chapters]) == ("LOOSE 7", ["voyage"])


def test_the_bill_of_boxes_names_them(lodged, bare):
    lodged(FIRST, VOYAGE, VOYAGE | {"container_number": OTHER})
    life = biography_of(bare, "B1")
    assert (life.chapters, life.boxes_on_bill) == ((), (BOX_NUMBER, OTHER))


def test_what_nobody_knows_is_an_empty_life(bare):
    life = biography_of(bare, "TEXU1234567")
    assert (life.chapters, life.voyage_count, life.boxes_on_bill) == ((), 0, ())


def test_a_long_life_is_cut_and_says_so(lodged, bare, asked):
    """Counts speak of everything; only the telling has a bound."""
    lodged(FIRST, *(VOYAGE | {"voyage_number": f"V{number}"} for number in range(60)))
    life = biography_of(bare, BOX_NUMBER)
    assert (life.voyage_count, len(life.chapters), life.voyages_left_out) == (60, 50, 10)
    assert asked(LATER)["earlier_voyage_count"] == 60


def test_the_chapters_of_a_run_are_bounded_and_can_be_told_again(lodged, bare):
    days = [f"2026-01-{day:02}" for day in range(1, 13)]
    lodged(
        FIRST,
        *(
            VOYAGE | {"voyage_number": day, "departed_on": "", "arrival_expected_on": day}
            for day in days
        ),
    )
    stated = lodged(SECOND, LATER, is_kept=False)
    found = biographies(bare, stated, SECOND)
    assert found.chapters["container_id"].unique().to_list() == stated["container_id"].to_list()
    told = told_chapters(found.chapters)
    assert [chapter.voyage_number for chapter in told] == days[2:]
    again = biographies(bare, stated, SECOND)
    assert again.chapters.equals(found.chapters)
    assert again.facts.equals(found.facts)
    assert asdict(told[0])["kind"] == "voyage"
