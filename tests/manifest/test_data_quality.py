"""A score of which every part is shown, that cannot be earned by leaving things out or by nonsense."""

from __future__ import annotations

import random
import re
import string
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from riskengine import messages
from riskengine.codes.containers import check_digit
from riskengine.manifest import read_manifest
from riskengine.manifest.addresses import has_town
from riskengine.manifest.quality import WEIGHTS, quality_of
from riskengine.manifest.quality_faults import NOT_ASKED
from riskengine.manifest.request_text import letters_of, quoted
from riskengine.manifest.stop_words import groups, vague_groups


@pytest.fixture
def judged(tmp_path, written_lines):
    """Write lines as a file, read them, and return their quality."""

    def judge(lines):
        return quality_of(read_manifest(written_lines(tmp_path / "lines.csv", lines)))

    return judge


@pytest.fixture
def sound(voyage_lines):
    """Lines of the sample voyage of which nothing need be asked."""

    def lines(count=12):
        return [dict(line) for line in voyage_lines()[:count]]

    return lines


def number(serial):
    begun = f"LSXU{serial:06d}"
    return f"{begun}{check_digit(begun)}"


def shares(quality):
    return {part.name: part.share for part in quality.components}


def faults(quality):
    listed = pl.concat([filer.faults for filer in quality.filers])
    return set(listed.select("code", "field").rows())


def test_the_weights_add_up_and_every_part_is_shown(judged, sound):
    quality = judged(sound())
    assert sum(WEIGHTS.values()) == 100
    assert [part.name for part in quality.components] == list(WEIGHTS)
    assert quality.score == pytest.approx(100 - sum(part.lost for part in quality.components))
    for language in messages.LANGUAGES:
        for name in WEIGHTS:
            assert messages.render(f"quality.component.{name}", {}, language)


def test_a_sound_file_has_a_full_score_and_no_letter(judged, sound):
    quality = judged(sound())
    assert quality.score == pytest.approx(100)
    assert letters_of(quality) == ()


BROKEN = {
    "hs gone": ({"hs_code": ""}, "hs", ("missing", "hs_code")),
    "hs of four digits": ({"hs_code": "0803"}, "hs", ("hs_short", "hs_code")),
    "hs that is none": ({"hs_code": "080399"}, "hs", ("hs_unlisted", "hs_code")),
    "hs of no goods": ({"hs_code": "999999"}, "hs", ("hs_unlisted", "hs_code")),
    "hs of other goods": ({"hs_code": "870323"}, "hs", ("hs_not_fitting", "hs_code")),
    "goods gone": ({"goods_description": ""}, "described", ("missing", "goods_description")),
    "goods vague": (
        {"goods_description": "1X40HC STC MERCANCIA VARIADA"},
        "described",
        ("description_vague", "goods_description"),
    ),
    "shipper gone": ({"shipper_name": ""}, "parties", ("missing", "shipper_name")),
    "shipper a placeholder": (
        {"shipper_name": "N/A"}, "parties", ("party_placeholder", "shipper_name"),
    ),
    "consignee as somebody": (
        {"consignee_name": "SAME AS NOTIFY"}, "parties", ("party_placeholder", "consignee_name"),
    ),
    "no town": (
        {"consignee_address": "Kaai 188"}, "parties", ("address_without_town", "consignee_address"),
    ),
    "to order of nobody": (
        {"consignee_name": "TO ORDER", "notify_party_name": ""},
        "parties",
        ("missing", "notify_party_name"),
    ),
    "to order, notify the same": (
        {"consignee_name": "TO ORDER", "notify_party_name": "SAME AS CONSIGNEE"},
        "parties",
        ("party_placeholder", "notify_party_name"),
    ),
    "mass gone": ({"gross_mass_kg": ""}, "masses", ("missing", "gross_mass_kg")),
    "mass of nothing": ({"gross_mass_kg": "0"}, "masses", ("mass_impossible", "gross_mass_kg")),
    "mass of a ship": ({"gross_mass_kg": "91000"}, "masses", ("mass_impossible", "gross_mass_kg")),
    "net above gross": ({"net_mass_kg": "29000"}, "masses", ("net_above_gross", "net_mass_kg")),
    "mass not a number": ({"gross_mass_kg": "abc"}, "masses", ("unreadable", "gross_mass_kg")),
    "number of another box": (
        {"container_number": "LSXU6271580"}, "containers", ("container_wrong", "container_number"),
    ),
    "seal gone": ({"seal_numbers": ""}, "seals", ("missing", "seal_numbers")),
    "seal of zeros": ({"seal_numbers": "00000"}, "seals", ("seal_placeholder", "seal_numbers")),
}  # fmt: skip


@pytest.fixture(scope="module")
def broken(tmp_path_factory, written_lines, voyage_lines):
    """One file with each fault on a line of its own, and its quality."""
    lines = voyage_lines()[: len(BROKEN)]
    for line, (change, _, _) in zip(lines, BROKEN.values(), strict=True):
        line.update(change)
    path = written_lines(tmp_path_factory.mktemp("broken") / "lines.csv", lines)
    return lines, quality_of(read_manifest(path))


@pytest.mark.parametrize("name", BROKEN)
def test_each_fault_is_named_with_its_bill_and_its_place(broken, name):
    lines, quality = broken
    _, component, (code, field) = BROKEN[name]
    place = list(BROKEN).index(name)
    (filer,) = quality.filers
    listed = filer.faults.filter(
        (pl.col("code") == code) & (pl.col("field") == field) & (pl.col("line") == place + 2)
    )
    assert listed["bill_of_lading"].to_list() == [lines[place]["bill_of_lading"]]
    assert listed["is_asked"].to_list() == [code not in NOT_ASKED]
    assert shares(quality)[component] < 1


@pytest.mark.parametrize(
    "name", ["hs of four digits", "no town", "mass of a ship", "seal gone"]
)
def test_a_fault_costs_its_component_and_makes_its_bill_one_to_ask_about(judged, sound, name):
    change, component, _ = BROKEN[name]
    lines = sound()
    lines[3] |= change
    lost = {part.name for part in judged(lines).components if part.lost}
    assert {component, "whole"} <= lost <= {component, "whole", "complete", "readable"}


def test_a_sign_that_is_not_asked_about_leaves_the_bill_whole(judged, sound):
    lines = sound()
    lines[3] |= BROKEN["hs of other goods"][0]
    assert {part.name for part in judged(lines).components if part.lost} == {"hs"}


def test_a_sound_order_bill_names_who_is_to_be_notified(judged, sound):
    lines = sound()
    lines[0] |= {"consignee_name": "TO THE ORDER OF BANCO EXEMPLO", "consignee_address": ""}
    assert judged(lines).score == pytest.approx(100)


def test_an_empty_box_is_not_asked_for_goods_parties_and_seals(judged, sound):
    empty = {"is_full": "false", "verified_gross_mass_kg": "3800"}
    gone = ["seal_numbers", "hs_code", "goods_description", "package_count", "package_type",
            "gross_mass_kg", "net_mass_kg", "declared_value_usd", "volume_m3",
            "shipper_name", "consignee_name", "shipper_address", "consignee_address"]  # fmt: skip
    lines = sound()
    lines[0] |= empty | dict.fromkeys(gone, "")
    assert judged(lines).score == pytest.approx(100)


def test_lines_sent_twice_cost_points(judged, sound):
    quality = judged(sound() * 2)
    assert shares(quality)["distinct"] == pytest.approx(0.5)
    assert ("line_repeated", None) in faults(quality)


def test_what_could_not_be_read_costs_by_what_it_did(judged, sound, tmp_path, written_lines):
    lines = sound(10)
    lines[0]["arrival_expected_on"] = "soon"
    path = written_lines(tmp_path / "cut.csv", lines)
    path.write_text(path.read_text("utf-8") + "half,a,line\n", "utf-8")
    quality = quality_of(read_manifest(path))
    assert quality.unread_count == 1
    assert shares(quality)["readable"] == pytest.approx((10 - 0.5) / 11)
    assert quality.unread_lines["line"].to_list() == [12]


def nonsense(kind, sound):
    drawn = random.Random(kind)  # noqa: S311 - no secret
    lines = sound(40)
    headers = list(lines[0])
    if kind == "letters":
        signs = string.ascii_uppercase + "     0123456789"
        return [
            {name: "".join(drawn.choices(signs, k=drawn.randint(3, 25))) for name in headers}
            for _ in lines
        ]
    if kind == "digits":
        return [{name: str(drawn.randint(1, 10**8)) for name in headers} for _ in lines]
    if kind == "columns":
        other = drawn.sample(headers, len(headers))
        return [
            dict(zip(headers, (line[name] for name in other), strict=True)) for line in lines
        ]
    cells = [text for line in lines for text in line.values()]
    return [{name: drawn.choice(cells) for name in headers} for _ in lines]


@pytest.mark.parametrize("kind", ["letters", "digits", "columns", "cells"])
def test_nonsense_scores_low(judged, sound, kind):
    assert judged(nonsense(kind, sound)).score < 50


GAMED = {
    "nothing but numbers": lambda _, n: {"container_number": number(n), "bill_of_lading": f"B{n}"},
    "one line over and over": lambda line, n: line
    | {"container_number": number(n), "bill_of_lading": f"B{n}", "seal_numbers": f"S{n}7"},
    "all said to be empty": lambda line, _: line
    | {"is_full": "false", "goods_description": "", "hs_code": "", "gross_mass_kg": "", "package_count": ""},
    "placeholders": lambda line, _: line
    | {"goods_description": "GENERAL CARGO", "shipper_name": "TO ORDER", "shipper_address": "N/A",
       "consignee_name": "TO ORDER", "notify_party_name": "SAME AS CONSIGNEE",
       "notify_party_address": "X", "hs_code": "999999", "gross_mass_kg": "20000", "seal_numbers": "N/A"},
    "no boxes": lambda line, _: line | {"container_number": ""},
}  # fmt: skip


@pytest.mark.parametrize("name", GAMED)
def test_leaving_out_or_repeating_does_not_pay(judged, sound, name):
    kept = sound(1)[0] if name == "one line over and over" else None
    lines = [GAMED[name](kept or line, place) for place, line in enumerate(sound(40))]
    assert judged(lines).score < 80


def test_leaving_out_any_column_never_raises_the_score(judged, sound):
    lines = sound(20)
    lines[2]["hs_code"] = ""
    whole = judged(lines).score
    for name in ("hs_code", "seal_numbers", "container_number", "consignee_name"):
        assert judged([line | {name: ""} for line in lines]).score < whole


def test_filers_are_judged_apart_the_worst_first(judged, sound):
    lines = sound()
    for line in lines[:6]:
        line["carrier_code"] = "POOR"
        line["hs_code"] = ""
    quality = judged(lines)
    assert [filer.filer for filer in quality.filers] == ["POOR", "XOCN"]
    assert quality.filers[1].score == pytest.approx(100)
    assert quality.filers[0].score < quality.score < 100
    assert sum(filer.line_count for filer in quality.filers) == 12


def test_a_filer_that_is_named_counts_before_the_carrier(judged, sound):
    lines = [line | {"filer": "AGENCIA EJEMPLO"} for line in sound()]
    (filer,) = judged(lines).filers
    assert (filer.filer, filer.source) == ("AGENCIA EJEMPLO", "filer")


def test_a_stow_plan_is_not_asked_for_goods(judged, sound):
    asked = ("vessel_name", "voyage_number", "container_number", "size_type", "is_full",
             "port_of_loading", "port_of_discharge", "stow_position")  # fmt: skip
    lines = [
        {name: line[name] for name in asked} | {"container_gross_mass_kg": "21000"}
        for line in sound()
    ]
    quality = judged(lines)
    assert quality.kind == "stow_plan"
    assert quality.score == pytest.approx(100)
    assert "described" not in shares(quality)


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("SPARE PARTS", "parts"),
        ("STC 20 PALLETS OF SPARE PARTS, FREIGHT PREPAID", "parts"),
        ("Pièces détachées", "parts"),
        ("marchandises diverses", "anything"),
        ("MERCADORIAS EM GERAL", "anything"),
        ("varios", "anything"),
        ("CHEMICALS N.O.S.", "chemicals"),
        ("consolidated cargo", "consolidated"),
        ("segun factura", "elsewhere"),
        ("12345", "nothing"),
        ("BRAKE PADS FOR TRUCKS", None),
        ("PARTS FOR TRACTORS", None),
        ("CAMARON CONGELADO", None),
        ("水泥", None),
    ],
)
def test_words_that_fit_anything_are_known_in_four_languages(text, group):
    assert vague_groups(pl.Series([text])).to_list() == [group]


def test_every_group_of_stop_words_says_what_to_send_instead():
    for group in {*groups().values(), "nothing"}:
        for language in messages.LANGUAGES:
            assert messages.render(f"quality.instead.{group}", {}, language)


@pytest.mark.parametrize(
    ("address", "is_told"),
    [
        ("Parque California 2, Guayaquil", True),
        ("Calle 13 y Av. 24, Manta, Ecuador", True),
        ("AV 9 DE OCTUBRE 100 GUAYAQUIL", True),
        ("Rotterdam", True),
        ("Kaai 188", False),
        ("Km 12, Ecuador", False),
        ("STREET 1, ADDRESS", False),
        ("http://example.com/a,b", False),
        ("-", False),
    ],
)
def test_a_town_is_told_from_a_street_and_a_country(address, is_told):
    told = has_town(pl.Series([address]), pl.Series([None], dtype=pl.String))
    assert told.to_list() == [is_told]


SECRET = re.compile(
    r"(?i)score|quality|risk|lane|suspicio|threshold|indicator|seal.*several|whole tonnes|does not fit"
)


def test_a_letter_says_what_where_and_what_to_send_and_nothing_of_what_is_thought(
    judged, sound
):
    lines = sound()
    lines[1] |= {"goods_description": "SPARE PARTS", "hs_code": "0803"}
    lines[2] |= {"hs_code": "870323", "seal_numbers": "XO418207"}
    lines[0]["seal_numbers"] = "XO418207"
    for line in lines:
        line["gross_mass_kg"] = str(round(float(line["gross_mass_kg"]), -3))
        line["net_mass_kg"] = ""
    quality = judged(lines)
    assert {"hs_not_fitting", "seal_shared", "mass_round"} <= {
        code for code, _ in faults(quality)
    }
    (letter,) = letters_of(quality)
    assert letter.filer == "XOCN"
    assert f"Bill of lading {lines[1]['bill_of_lading']}" in letter.text
    assert f"line 3, container {lines[1]['container_number']}" in letter.text
    assert "brake pads for trucks" in letter.text
    assert "at least six digits" in letter.text
    assert lines[2]["bill_of_lading"] not in letter.text
    assert not SECRET.search(letter.text)


def test_what_is_missing_everywhere_is_asked_for_once(judged, sound):
    quality = judged([line | {"shipper_address": ""} for line in sound(30)])
    (letter,) = letters_of(quality)
    assert letter.text.count("Address of the shipper: nothing is given") == 1
    assert "Bill of lading" not in letter.text


def test_a_letter_names_so_many_bills_and_counts_the_rest(judged, sound):
    first = sound(1)[0]
    lines = [
        first | {"bill_of_lading": f"B{n}", "container_number": number(n), "hs_code": ["", "0803"][n % 2]}
        for n in range(500)
    ]  # fmt: skip
    (letter,) = letters_of(judged(lines))
    assert letter.text.count("Bill of lading B") == 200
    assert "300 more bills of lading" in letter.text


HOSTILE = "http://evil.example.com/x\x1b[2J\u202e www.evil.example@mail.example"


def test_hostile_texts_are_visible_cut_and_no_links_in_a_letter(judged, sound):
    lines = sound()
    lines[0] |= {"shipper_address": HOSTILE, "carrier_code": f"{HOSTILE}\nBcc: all"}
    lines[1] |= {"gross_mass_kg": HOSTILE + "9" * 5000}
    lines[2] |= {"hs_code": "99", "bill_of_lading": HOSTILE}
    quality = replace(judged(lines), file=f"{HOSTILE}.csv")
    letters = [
        letter for language in messages.LANGUAGES for letter in letters_of(quality, language=language)
    ]  # fmt: skip
    for letter in letters:
        assert all(char.isprintable() or char in "\n\u202f\u00a0" for char in letter.text)
        assert not re.search(r"://|www\.\w|\w@\w|example\.com|\nBcc", letter.text)
        assert max(map(len, letter.text.splitlines())) < 1200


def test_a_quote_is_one_line():
    assert "\n" not in quoted("a\nb\r\nc\u2028d")
    assert len(quoted("x" * 10_000)) < 100


def test_lines_that_could_not_be_read_are_asked_for_again(sound, tmp_path, written_lines):
    path = written_lines(tmp_path / "cut.csv", sound(3))
    path.write_text(path.read_text("utf-8") + "half,a,line\n", "utf-8")
    (letter,) = letters_of(quality_of(read_manifest(path)))
    assert (
        "line 5: This line could not be read at all. Please send the line again" in letter.text
    )


@pytest.fixture(scope="module")
def letter_of_segments():
    """The letter about a CUSCAR message with a wrong count, a cut end and malformed segments."""
    path = Path(__file__).parents[2] / "sample_manifests" / "broken" / "cuscar_broken.edi"
    quality = quality_of(read_manifest(path))
    return {one: letters_of(quality, language=one)[0].text for one in messages.LANGUAGES}


def test_what_is_wrong_with_a_message_is_said_once_and_not_bill_by_bill(letter_of_segments):
    said = letter_of_segments["en"]
    for sentence in ("do not add up", "cut off before its end", "Parts of the message could"):
        assert said.count(sentence) == 1
    assert '""' not in said
    assert "A field" not in said
    assert said.index("cut off before its end") < said.index("Bill of lading")


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_the_places_of_a_message_are_segments_and_its_file_keeps_its_name(
    letter_of_segments, language
):
    said = letter_of_segments[language]
    assert re.search(r"- segmento? 129, \w+ OLXU9885021:", said)
    assert not re.search(r"(?i)(line|ligne|l[ií]nea|linha) \d", said)
    assert "cuscar_broken.edi." in said


def test_a_place_stands_once_in_a_sentence():
    path = Path(__file__).parents[2] / "sample_manifests" / "broken" / "x12_broken.x12"
    (letter,) = letters_of(quality_of(read_manifest(path)))
    assert "x12_broken.x12" in letter.text
    for line in letter.text.splitlines():
        places = re.findall(r"segment \d+, container \w+", line)
        assert len(places) == len(set(places))


def test_a_column_that_is_absent_is_asked_for_once_however_few_the_lines(judged, sound):
    lines = [
        {name: text for name, text in line.items() if name != "hs_code"} for line in sound(2)
    ]
    (letter,) = letters_of(judged(lines))
    assert "In the whole file\n- HS code: nothing is given." in letter.text
    assert letter.text.count("HS code") == 1
    assert "Bill of lading" not in letter.text


def test_a_letter_of_another_alphabet_is_shown_as_what_it_is(judged, sound):
    lines = sound(3)
    lines[0]["container_number"] = "LS\N{CYRILLIC CAPITAL LETTER HA}U6271586"
    (letter,) = letters_of(judged(lines))
    assert "LS<U+0425>U6271586" in letter.text
    assert "\N{CYRILLIC CAPITAL LETTER HA}" not in letter.text
