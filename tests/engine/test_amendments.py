"""What changed between the versions of a manifest is seen, told apart from what did not, and only the past is asked."""

from __future__ import annotations

from copy import copy
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskengine import messages
from riskengine.engine import intake
from riskengine.engine.amendments import amendments_of, told_changes
from riskengine.engine.declarations import declared_rows
from riskengine.features import facts
from riskengine.features.beside import AMENDMENTS
from riskengine.ledger import declared, received_files
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.migrations import create_ledger
from riskengine.manifest import read_manifest
from riskengine.workspace import Workspace

FIRST_DAY = date(2026, 3, 1)
BOXES = (
    "CSQU3054383",
    "TGHU1234568",
    "MSCU1234566",
    "OLXU9886408",
    "XOCU4694018",
    "LSXU8552746",
)
LINE = {
    "vessel_name": "EXAMPLE ANDES",
    "vessel_imo": "9074729",
    "voyage_number": "609E",
    "arrival_expected_on": "2026-03-08",
    "port_of_loading": "ECGYE",
    "port_of_discharge": "BEANR",
    "place_of_delivery": "BEANR",
    "shipper_name": "Cacao Fino S.A.",
    "consignee_name": "Noord Fruit BV",
    "notify_party_name": "Same as consignee",
    "goods_description": "Cocoa beans in bags",
    "hs_code": "180100",
    "gross_mass_kg": "20000",
    "seal_numbers": "S1",
}


def line(number=0, **changed):
    """Return a line of the voyage: a box on a bill of its own, unless told otherwise."""
    own = {
        "bill_of_lading": f"B{number}",
        "container_number": BOXES[number],
        "seal_numbers": f"S{number}",
    }
    return {**LINE, **own, **changed}


KINDS = (
    ("consignee_name", "Noord Fruit BV", "NOORD  FRUIT B.V.", "respelled"),
    ("consignee_name", "Noord Fruit BV", "Fruit Noord", "respelled"),
    ("consignee_name", "Noord Fruit BV", "Noord Fruits Holding BV", "changed"),
    ("consignee_name", "To order", "Noord Fruit BV", "changed"),
    ("consignee_address", "Kaai 1, Antwerpen", "KAAI 1 ANTWERPEN BELGIUM", "respelled"),
    ("consignee_address", "Kaai 1, Antwerpen", "Kaai 2, Antwerpen", "changed"),
    ("port_of_discharge", "BEANR", "Port of Antwerp, quay 1742", "respelled"),
    ("port_of_discharge", "BEANR", "NLRTM", "changed"),
    ("port_of_discharge", "any safe port", "BEANR", "changed"),
    ("goods_description", "Cocoa beans, in bags", "COCOA BEANS IN BAGS", "respelled"),
    ("goods_description", "Cocoa beans", "Scrap metal", "changed"),
    ("hs_code", "1801", "180100", "respelled"),
    ("hs_code", "180100", "180200", "changed"),
    ("seal_numbers", "A;B", "A;B;CUSTOMS1", "added"),
    ("seal_numbers", "A;B", "A", "removed"),
    ("seal_numbers", "A;B", "A;C", "changed"),
    ("gross_mass_kg", "20000", "18500", "changed"),
    ("size_type", "22G1", "45R1", "changed"),
    ("issued_on", "2026-02-18", "2026-03-02", "changed"),
    ("is_full", "true", "false", "changed"),
)
MEANING_THE_SAME = (
    ("consignee_name", "Noord Fruit BV", " noord   fruit bv "),
    ("port_of_discharge", "BEANR", "Antwerpen"),
    ("seal_numbers", "A;B", "B; a"),
    ("gross_mass_kg", "20000.4", "20000"),
    ("declared_value_usd", "10000", "10004"),
)
_HOUSE = {"master_bill_of_lading": "M1", "bill_type": "house", "shipper_name": "Maker S.A."}
_LIGHT, _HEAVY = {"gross_mass_kg": "9000"}, {"gross_mass_kg": "21000"}
_LOOSE = line(0, container_number="", gross_mass_kg="5000")
_BOTH = ("B0", "B9")
_NAMELESS = {"voyage_number": "", "vessel_imo": "", "vessel_name": ""}
_UNNUMBERED = {"voyage_number": "", "vessel_imo": "9176187"}

TWO_VERSIONS = {
    "FIRST": ([], [line(0), line(1)]),
    "SAME": ([line(0)], [line(0), line(1)]),
    "CONSIGNEE": ([line(0), line(1)], [line(0, consignee_name="Kade Twaalf BV"), line(1)]),
    "FILLED": ([line(0, consignee_name=""), line(1)], [line(0), line(1)]),
    "SWITCHED": (
        [line(0), line(1)],
        [
            line(0, bill_of_lading="ALG77", shipper_name="Iberica SL", port_of_loading="ESALG"),
            line(1),
        ],
    ),
    "HOUSE": (
        [line(0, bill_of_lading="M1", bill_type="master"), line(1)],
        [
            line(0, bill_of_lading="H1", **_HOUSE),
            line(0, bill_of_lading="H2", **_HOUSE),
            line(1),
        ],
    ),
    "ADDITION": (
        [line(0), line(1)],
        [line(0, bill_of_lading="B9", declaration_function="addition")],
    ),
    "REPLACED": ([line(0), line(1)], [line(0, container_number=BOXES[3]), line(1)]),
    "PAIRED": (
        [line(0, **_LIGHT), line(1, bill_of_lading="B0", **_HEAVY)],
        [line(2, bill_of_lading="B0", **_HEAVY), line(3, bill_of_lading="B0", **_LIGHT)],
    ),
    "ONTO": ([line(0)], [line(0), line(1, bill_of_lading="B0")]),
    "AGENTS": ([line(0), line(1), line(2)], [line(3), line(4)]),
    "MESSAGE": (
        [line(0), line(1, bill_of_lading="B0"), line(2), line(3)],
        [line(0, declaration_function="amendment")],
    ),
    "LOOSE": ([_LOOSE, line(1)], [{**_LOOSE, "consignee_name": "Other BV"}, line(1)]),
    "GONE": ([_LOOSE, line(1), line(2)], [line(1), line(2)]),
    "PACKED": ([_LOOSE, line(1)], [line(1), line(3, bill_of_lading="B0")]),
    "DECLARED": (
        [line(0, amendment_count="0"), line(1, amendment_count="0"), line(2)],
        [
            line(0, amendment_count="0", seal_numbers="T0"),
            line(1, amendment_count="1", seal_numbers="T1"),
            line(2, seal_numbers="T2"),
        ],
    ),
    "MASS": (
        [line(0, bill_of_lading=bill, gross_mass_kg="5000") for bill in _BOTH],
        [line(0, bill_of_lading=bill, gross_mass_kg="6000") for bill in _BOTH],
    ),
    "HOUR": (
        [line(0)],
        [line(0, seal_numbers="T0", arrival_expected_at="2026-03-02T21:00:00+00:00")],
    ),
    "NEVER": (
        [line(0, arrival_expected_on="")],
        [line(0, seal_numbers="T0", arrival_expected_on="")],
    ),
    "": (  # a ship that names no voyage number: two calls, and the second version of one of them
        [line(0, **_UNNUMBERED)],
        [
            line(0, **_UNNUMBERED, arrival_expected_on="2026-03-09", seal_numbers="T0"),
            line(1, **_UNNUMBERED, bill_of_lading="B7", arrival_expected_on="2026-04-08"),
        ],
    ),
    **{
        f"KIND{place}": (
            [line(0, **{field: before, "notify_party_name": "X"})],
            [line(0, **{field: after, "notify_party_name": "X"})],
        )
        for place, (field, before, after, _) in enumerate(KINDS)
    },
    **{
        f"ALIKE{place}": ([line(0, **{field: before})], [line(0, **{field: after})])
        for place, (field, before, after) in enumerate(MEANING_THE_SAME)
    },
}
"""Voyages by their number, each with the lines of a first and of a second version."""


class Desk:
    """A unit to which versions come, one a day unless told otherwise."""

    def __init__(self, folder, written):
        self.workspace = Workspace(folder / "desk")
        create_ledger(self.workspace)
        self._written, self._folder, self._day, self._count = written, folder, FIRST_DAY, 0

    def read(self, *lines, broken=None):
        self._count += 1
        path = self._written(self._folder / f"v{self._count}.csv", lines)
        if broken is not None:
            texts = path.read_text().splitlines()
            texts[broken + 1] += ",one,field,too,many"
            path.write_text("\n".join(texts))
        return read_manifest(path)

    def came(self, *lines, on=None, broken=None):
        """Note a version as received and return what is seen of it on that day."""
        reading = self.read(*lines, broken=broken)
        day = on or self._day
        self._day = day + timedelta(days=1)
        moment = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        entry = intake._entry(reading, at=moment, known_on=day, by="officer")
        stated = facts.gather(reading.manifest, day)
        with open_ledger(self.workspace) as connection:
            seq, is_new = received_files.note(connection, entry)
            if is_new:
                rows = declared_rows(reading.manifest, stated)
                declared.note(connection, seq, rows.drop("container_id"))
        return Seen(self, reading, stated, seq, day)

    def dry(self, *lines):
        reading = self.read(*lines)
        stated = facts.gather(reading.manifest, self._day)
        return Seen(self, reading, stated, None, self._day)


class Seen:
    """What is seen of one version, or of one voyage in it."""

    def __init__(self, desk, reading, stated, seq, day):
        self._asked = (desk.workspace, reading.manifest, seq, day)
        self.stated = stated
        self.amendments = self.again()

    def again(self, on=None):
        workspace, manifest, seq, day = self._asked
        return amendments_of(workspace, manifest, self.stated, seq=seq, known_on=on or day)

    def on(self, voyage):
        """Return what is seen of one voyage."""
        one = copy(self)
        named = pl.col("voyage_number").fill_null("") == voyage
        one.stated = self.stated.filter(named)
        return one

    def changes(self, number=0):
        """Return field, before, after and kind of what changed of a box."""
        own = self._named(self.amendments.changes, BOXES[number])
        return {(c["field"], c["before"], c["after"], c["kind"]) for c in own.to_dicts()}

    def facts(self, number=0):
        (row,) = self._named(self.amendments.facts, BOXES[number]).to_dicts()
        return row

    def has_facts(self):
        return not self.amendments.facts.join(self.stated, on="container_id").is_empty()

    def withdrawn(self):
        """Return what this version no longer names, in the order of names."""
        voyages = set(self.stated["voyage_number"])
        return [
            defect.raw
            for defect, voyage in zip(
                self.amendments.defects, self.amendments.withdrawn["voyage_key"], strict=True
            )
            if voyage.partition("|")[2] in voyages
        ]

    def _named(self, frame, number):
        named = self.stated.select("container_id", "container_number")
        return frame.join(named, on="container_id").filter(pl.col("container_number") == number)


@pytest.fixture
def desk(tmp_path, written_lines):
    return Desk(tmp_path, written_lines)


@pytest.fixture(scope="module")
def second(tmp_path_factory, written_lines):
    """Everything that is seen of the second versions of all voyages above."""
    desk = Desk(tmp_path_factory.mktemp("two"), written_lines)
    versions = [
        [
            {**each, "voyage_number": voyage}
            for voyage, lines in TWO_VERSIONS.items()
            for each in lines[place]
        ]
        for place in range(2)
    ]
    desk.came(*versions[0])
    return desk.came(*versions[1])


def test_of_a_first_version_nothing_is_known(desk, second):
    seen = desk.came(line(0), line(1))
    assert seen.amendments.facts.is_empty()
    assert set(seen.amendments.facts.columns) == {"container_id", *AMENDMENTS}
    assert seen.amendments.changes.is_empty()
    assert seen.amendments.defects == ()
    assert not second.on("FIRST").has_facts()


def test_where_nothing_changed_that_is_known(second):
    facts = second.on("SAME").facts()
    assert (facts["received_version_count"], facts["seen_amendment_count"]) == (2, 0)
    assert facts["seen_amended_fields"] == []
    assert facts["undeclared_amendment_count"] == 0
    assert facts["earlier_consignee_name"] == "NOORD FRUIT BV"


def test_another_consignee_is_seen_with_what_stood_before_and_how_late(second):
    seen = second.on("CONSIGNEE")
    assert seen.changes() == {
        ("consignee_name", "NOORD FRUIT BV", "KADE TWAALF BV", "changed"),
        # Who is notified "same as consignee" is another one now.
        ("notify_party_name", "NOORD FRUIT BV", "KADE TWAALF BV", "changed"),
    }
    assert seen.changes(1) == set()
    facts = seen.facts()
    assert facts["seen_amended_fields"] == ["CONSIGNEE_NAME", "NOTIFY_PARTY_NAME"]
    assert facts["earlier_consignee_name"] == "NOORD FRUIT BV"
    assert facts["last_seen_amendment_hours_before_arrival"] == 6 * 24
    assert facts["last_seen_amended_on"] == date(2026, 3, 2)


@pytest.mark.parametrize("place", range(len(KINDS)), ids=lambda place: "-".join(KINDS[place]))
def test_kinds_of_change_are_told_apart(second, place):
    field, _, _, kind = KINDS[place]
    seen = second.on(f"KIND{place}")
    ((name, _, _, told),) = seen.changes()
    assert (name, told) == (field, kind)
    counted = kind in {"changed", "removed"}
    assert seen.facts()["seen_amendment_count"] == counted
    assert seen.facts()["seen_amended_fields"] == ([field.upper()] if counted else [])


@pytest.mark.parametrize("place", range(len(MEANING_THE_SAME)))
def test_what_means_the_same_is_no_change(second, place):
    assert second.on(f"ALIKE{place}").changes() == set()


def test_what_is_filled_in_later_is_a_completion(second):
    assert {(field, kind) for field, _, _, kind in second.on("FILLED").changes()} == {
        ("consignee_name", "added"),
        ("notify_party_name", "added"),
    }


def test_a_switched_bill_is_seen_and_its_parties_compared(second):
    seen = second.on("SWITCHED")
    assert seen.changes() == {
        ("bill_of_lading", "B0", "ALG77", "changed"),
        ("shipper_name", "CACAO FINO S.A.", "IBERICA SL", "changed"),
        ("port_of_loading", "ECGYE", "ESALG", "changed"),
    }
    facts = seen.facts()
    assert facts["earlier_bills_of_lading"] == ["B0"]
    assert facts["earlier_shipper_name"] == "CACAO FINO S.A."
    assert facts["earlier_port_of_loading"] == "ECGYE"
    assert seen.withdrawn() == []


def test_the_house_bills_of_its_master_are_no_switch(second):
    seen = second.on("HOUSE")
    assert seen.changes() == {("bills_of_lading", "M1", "H1; H2", "added")}
    assert seen.facts()["seen_amendment_count"] == 0


def test_what_an_addition_brings_takes_nothing_away(second):
    seen = second.on("ADDITION")
    assert seen.changes() == {("bills_of_lading", "B0", "B9", "added")}
    assert seen.withdrawn() == []


def test_a_replaced_box_is_seen_and_the_one_that_is_gone_is_named(second):
    seen = second.on("REPLACED")
    assert seen.changes(3) == {("container_number", BOXES[0], BOXES[3], "changed")}
    assert seen.facts(3)["earlier_container_numbers"] == [BOXES[0]]
    assert seen.facts(1)["earlier_container_numbers"] == [BOXES[1]]
    assert seen.withdrawn() == [BOXES[0]]


def test_boxes_that_are_replaced_together_are_paired_by_what_they_hold(second):
    seen = second.on("PAIRED")
    assert ("container_number", BOXES[1], BOXES[2], "changed") in seen.changes(2)
    assert ("container_number", BOXES[0], BOXES[3], "changed") in seen.changes(3)


def test_a_box_that_comes_onto_a_bill_replaces_none(second):
    seen = second.on("ONTO")
    assert seen.changes(1) == {("container_number", None, BOXES[1], "added")}
    assert seen.facts(1)["seen_amendment_count"] == 0


def test_a_message_about_one_bill_speaks_for_its_boxes_alone(second):
    assert second.on("MESSAGE").withdrawn() == [BOXES[1]]


def test_two_agents_do_not_withdraw_each_others_boxes(second):
    assert second.on("AGENTS").withdrawn() == []


def test_loose_cargo_has_versions_too(second):
    loose = second.on("LOOSE")
    ids = loose.stated.filter("is_loose_cargo")["container_id"]
    told = loose.amendments.changes.filter(pl.col("container_id").is_in(ids.implode()))
    assert told["field"].to_list() == ["consignee_name", "notify_party_name"]
    assert second.on("GONE").withdrawn() == ["B0"]
    assert second.on("PACKED").withdrawn() == []


def test_everything_withdrawn_is_told_in_every_language(second):
    codes = {defect.code for defect in second.amendments.defects}
    assert codes == {"withdrawn_container", "withdrawn_bill"}
    for defect in second.amendments.defects:
        for language in messages.LANGUAGES:
            told = messages.render(f"defect.{defect.code}", defect.params, language)
            assert defect.raw in told


def test_what_the_feed_declares_is_set_against_what_was_seen(second):
    seen = second.on("DECLARED")
    undeclared = [seen.facts(number)["undeclared_amendment_count"] for number in range(3)]
    assert undeclared == [1, 0, None]


def test_the_mass_of_a_box_is_compared_over_all_its_bills(second):
    assert second.on("MASS").facts()["earlier_gross_mass_kg"] == 10000


def test_the_hour_of_arrival_counts_where_it_is_known(second):
    assert second.on("HOUR").facts()["last_seen_amendment_hours_before_arrival"] == 21


def test_of_an_unknown_arrival_no_hours_are_told(second):
    seen = second.on("NEVER")
    assert seen.changes() == {("seal_numbers", "S0", "T0", "changed")}
    assert seen.facts()["last_seen_amendment_hours_before_arrival"] is None


def test_a_ship_that_names_no_voyage_number_is_compared_by_its_bills(second):
    seen = second.on("")
    assert seen.changes() == {("seal_numbers", "S0", "T0", "changed")}
    # The next call of the same ship is none of its versions.
    ids = set(seen.amendments.facts["container_id"])
    by_box = dict(seen.stated.select("container_number", "container_id").rows())
    assert (by_box[BOXES[0]] in ids, by_box[BOXES[1]] in ids) == (True, False)


def test_a_box_on_two_bills_of_no_named_voyage_has_its_facts_once(desk):
    """Each bill is then a voyage of its own: twice the facts would double the box at every join that follows."""
    both = [line(0, bill_of_lading=bill, **_NAMELESS) for bill in _BOTH]
    desk.came(*both)
    seen = desk.came(*({**one, "gross_mass_kg": "18000"} for one in both))
    assert seen.facts()["received_version_count"] == 2
    assert seen.facts()["earlier_seal_numbers"] == ["S0"]


def test_a_version_that_never_says_a_field_takes_nothing_back(desk):
    desk.came(line(0), line(1))
    silent = {"hs_code": "", "seal_numbers": ""}
    assert desk.came(line(0, **silent), line(1, **silent)).changes() == set()
    # And it hides nothing: the seal is compared with the last one that anybody declared.
    after = desk.came(line(0, seal_numbers="T0"), line(1))
    assert after.changes() == {("seal_numbers", "S0", "T0", "changed")}
    assert after.changes(1) == set()
    taken = desk.came(line(0, seal_numbers=""), line(1))
    assert ("seal_numbers", "T0", None, "removed") in taken.changes()


def test_a_box_whose_line_cannot_be_read_is_not_missed(desk):
    desk.came(line(0), line(1), line(2))
    seen = desk.came(line(0), line(1), line(2), broken=2)
    assert seen.stated.filter("is_unreadable")["container_number"].to_list() == [BOXES[2]]
    assert seen.withdrawn() == []


def test_a_box_that_a_new_version_no_longer_names_does_not_vanish(desk):
    desk.came(line(0), line(1), line(2))
    assert desk.came(line(0), line(1)).withdrawn() == [BOXES[2]]
    # By way of the version between, also the last one speaks for the first.
    assert desk.came(line(0)).withdrawn() == [BOXES[2], BOXES[1]]
    # And what comes from another agent changes nothing in that.
    assert desk.came(line(0), line(5), line(3)).withdrawn() == [BOXES[2], BOXES[1]]


def test_what_was_cancelled_in_so_many_words_is_not_missed(desk):
    desk.came(line(0), line(1), line(2))
    bare = {"bill_of_lading": "B2", "container_number": BOXES[2]}
    voyage = {name: LINE[name] for name in ("vessel_imo", "voyage_number")}
    seen = desk.came({**voyage, **bare, "declaration_function": "cancellation"})
    assert seen.changes(2) == {("declaration_function", None, "cancellation", "changed")}
    assert desk.came(line(0), line(1)).withdrawn() == []


def test_changes_over_all_versions_stand_in_their_order(desk):
    desk.came(line(0, consignee_name="One"))
    desk.came(line(0, consignee_name="Two"))
    desk.came(line(0, consignee_name="Two", seal_numbers="T0"))
    seen = desk.came(line(0, consignee_name="One", seal_numbers="T0"))
    told = seen.amendments.changes.filter(pl.col("field") != "notify_party_name")
    assert told.select("field", "version", "before", "after").rows() == [
        ("consignee_name", 2, "ONE", "TWO"),
        ("seal_numbers", 3, "S0", "T0"),
        ("consignee_name", 4, "TWO", "ONE"),
    ]
    facts = seen.facts()
    assert (facts["received_version_count"], facts["seen_amendment_count"]) == (4, 3)
    assert facts["earlier_consignee_name"] == "TWO"
    assert facts["earlier_seal_numbers"] == ["S0"]
    assert facts["last_seen_sensitive_amendment_hours_before_arrival"] == 24 * 4


def test_a_version_that_became_known_later_is_not_looked_at(desk):
    desk.came(line(0, consignee_name="Late BV"), on=date(2026, 3, 9))
    seen = desk.came(line(0), on=date(2026, 3, 5))
    assert seen.amendments.facts.is_empty()
    assert not seen.again(on=date(2026, 3, 9)).facts.is_empty()


def test_a_file_that_is_assessed_again_sees_what_it_saw(desk):
    desk.came(line(0))
    seen = desk.came(line(0, consignee_name="Kade Twaalf BV"))
    before = seen.amendments
    desk.came(line(0, consignee_name="Third BV", seal_numbers="T0"), line(1))
    after = seen.again()
    assert after.facts.equals(before.facts)
    assert after.changes.equals(before.changes)
    assert (after.withdrawn.equals(before.withdrawn), after.defects) == (True, before.defects)


def test_what_is_assessed_without_being_received_is_the_newest(desk):
    desk.came(line(0))
    dry = desk.dry(line(0, consignee_name="Kade Twaalf BV"))
    recorded = desk.came(line(0, consignee_name="Kade Twaalf BV"))
    assert dry.changes() == recorded.changes()
    assert dry.amendments.withdrawn.equals(recorded.amendments.withdrawn)


def test_changes_are_told_in_every_language(desk):
    desk.came(line(0))
    seen = desk.came(line(0, consignee_name="Kade\x1b[2J BV"))
    (container_id,) = seen.stated["container_id"].to_list()
    for language in messages.LANGUAGES:
        told = told_changes(seen.amendments.changes, container_id, language)
        assert len(told) == 2
        assert all("NOORD FRUIT BV" in sentence for sentence in told)
        assert all(sentence.isprintable() and sentence.endswith(").") for sentence in told)


NAMES = st.sampled_from(["One", "Two SA", "To order", ""])
VERSION = st.lists(
    st.fixed_dictionaries(
        {
            "number": st.integers(0, 2),
            "bill": st.sampled_from(["B0", "B1", "B2"]),
            "consignee_name": NAMES,
            "seal_numbers": st.sampled_from(["A", "A;B", "B", ""]),
            "gross_mass_kg": st.sampled_from(["", "1000", "2000"]),
            "declaration_function": st.sampled_from(
                ["", "original", "addition", "amendment", "replacement", "cancellation"]
            ),
        }
    ),
    min_size=1,
    max_size=4,
)


@given(versions=st.lists(VERSION, min_size=2, max_size=3))
@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_nothing_that_comes_later_changes_an_earlier_assessment(
    tmp_path_factory, written_lines, versions
):
    """And whatever comes, every box that was named is in the file or among the withdrawn of a restated bill."""
    desk = Desk(tmp_path_factory.mktemp("past"), written_lines)
    seen = []
    for place, version in enumerate(versions):
        lines = [
            line(own.pop("number"), bill_of_lading=own.pop("bill"), **own)
            for own in map(dict, version)
        ]
        # A mark of its own keeps two equal versions two files.
        seen.append(desk.came(*lines, {"bill_of_lading": f"MARK{place}"}, on=FIRST_DAY))
    for one in seen:
        before = one.amendments
        after = one.again()
        assert after.facts.equals(before.facts)
        assert after.changes.equals(before.changes)
        assert after.defects == before.defects
        named = set(one.stated["container_number"].drop_nulls())
        assert named.isdisjoint(one.withdrawn())
        assert after.facts["container_id"].n_unique() == after.facts.height
