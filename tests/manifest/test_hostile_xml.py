"""XML from adversaries and from the careless: refused in one sentence, or read without losing a container."""

from __future__ import annotations

import contextlib
import re
import resource
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.domain import DefectEffect
from riskengine.errors import ManifestError
from riskengine.manifest import Reading, read_manifest
from riskengine.manifest.assemble import container_numbers_in
from riskengine.messages import LANGUAGES, render

BROKEN = Path(__file__).parents[2] / "sample_manifests" / "broken"
MOST_MEGABYTES = 200

HEAD = b"<General_segment><Voyage_number>609E</Voyage_number></General_segment>\n"
BILL = (
    b"<Bol_segment><Bol_id><Bol_reference>%s</Bol_reference></Bol_id><ctn_segment><Ctn_reference>%s"
    b"</Ctn_reference></ctn_segment></Bol_segment>\n"
)
ONE, TWO, THREE = (
    BILL % pair
    for pair in ((b"B1", b"CSQU3054383"), (b"B2", b"MSCU6639870"), (b"B3", b"TEMU1234565"))
)
ALL = ["CSQU3054383", "MSCU6639870", "TEMU1234565"]
LAUGHS = b"".join(
    b'<!ENTITY a%d "%s">' % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 10)
)


def document(*parts: bytes) -> bytes:
    return b"<Awmds>\n" + HEAD + b"".join(parts) + b"</Awmds>\n"


def read(content: bytes) -> Reading:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "voyage.xml"
        path.write_bytes(content)
        return read_manifest(path)


def codes(reading: Reading) -> set[str]:
    return {defect.code for defect in reading.defects}


def numbers(reading: Reading) -> list[str]:
    return sorted(reading.manifest.containers["container_number"].drop_nulls())


def unreadable(reading: Reading) -> list[str]:
    boxes = reading.manifest.containers
    return boxes.filter(boxes["is_unreadable"])["container_number"].drop_nulls().to_list()


@pytest.mark.parametrize(
    "prolog",
    [
        b'<!DOCTYPE Awmds [<!ENTITY a0 "XOCU">' + LAUGHS + b"]>",
        b'<!DOCTYPE Awmds [<!ENTITY a9 SYSTEM "file:///etc/hostname">]>',
        b'<!DOCTYPE Awmds SYSTEM "http://localhost:9/awmds.dtd">',
        b'<?xml version="1.0"?>\n<!-- a manifest --> <!DOCTYPE Awmds>',
        b"<!doctype Awmds>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_document_type_definition_is_refused_in_any_encoding(prolog: bytes, encoding: str):
    content = prolog + document(ONE, BILL % (b"B&a9;", b""))
    with pytest.raises(ManifestError, match="document type definition"):
        read(content.decode().encode(encoding))


@pytest.mark.parametrize("name", ["awmds_laughs.xml", "awmds_external.xml"])
def test_the_samples_with_definitions_are_refused(name: str):
    with pytest.raises(ManifestError, match="document type definition"):
        read_manifest(BROKEN / name)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<Invoice/>", "root element <Invoice>"),
        (b"<" + b"a" * 10_000 + b"/>", "root element <a{60}>"),
        (
            b'<Declaration xmlns="urn:other"><Consignment/></Declaration>',
            "another namespace, urn:other",
        ),
        (b"<Awmds", "holds no element"),
        (b"<!-- never closed", "holds no element|document type definition"),
        (b"<Awmds>" + b"<a>" * 200_000, "not well-formed"),
        (document(b"<a/>" * 700_000), "elements in one bill"),
        (
            document(b"<Bol_segment>" + b"<a x='' y=''/>" * 250_000 + b"</Bol_segment>"),
            "elements in one bill",
        ),
        (document(b"<Bol_segment/>" * 150_000), "parts of voyage.xml cannot be read"),
        (b'<?xml version="1.0" encoding="zlib_codec"?><Awmds/>', "encoding is 'zlib_codec'"),
    ],
)
def test_what_is_no_manifest_is_refused_in_one_sentence(content: bytes, sentence: str):
    with pytest.raises(ManifestError, match=sentence):
        read(content)


def test_what_is_repeated_for_each_container_has_a_limit():
    boxes = b"<ctn_segment><Ctn_reference>CSQU3054383</Ctn_reference></ctn_segment>" * 20_000
    name = b"<Exporter_name>" + b"x" * 99_000 + b"</Exporter_name>"
    with pytest.raises(ManifestError, match="repeats so much"):
        read(document(b"<Bol_segment>" + name + boxes + b"</Bol_segment>"))
    head = HEAD.replace(b"609E", b"x" * 99_000)
    with pytest.raises(ManifestError, match="repeats so much"):
        read(document(ONE * 5_000).replace(HEAD, head))


@pytest.mark.parametrize(
    "broken",
    [
        TWO.replace(b"B2", b"B & 2"),
        TWO.replace(b"B2", b"&agent;"),
        TWO.replace(b"B2", b"\x01"),
        TWO.replace(b"B2", b"\x00"),
        TWO.replace(b"</ctn_segment>", b""),
        TWO.replace(b"</Bol_segment>", b""),
        TWO.replace(b"<Bol_id>", b"<q:Bol_id>"),
        TWO.replace(b"<Bol_id>", b"<a>" * 300 + b"<Bol_id>"),
        TWO.replace(b"<Bol_id>", b"<Bol_id x='1' x='2'>"),
        TWO.replace(b"B2", b"x" * 10_100_000),
    ],
)
def test_a_broken_bill_does_not_lose_its_neighbours(broken: bytes):
    reading = read(document(ONE, broken, THREE))
    assert numbers(reading) == ALL
    assert unreadable(reading) == ["MSCU6639870"]
    assert codes(reading) == {"xml_not_well_formed", "xml_bill_broken"}
    assert reading.manifest.voyages["voyage_number"].to_list() == ["609E"]


def test_the_bills_of_the_broken_sample_are_told_apart_and_placed():
    reading = read_manifest(BROKEN / "awmds_bills.xml")
    assert len(numbers(reading)) == 10
    assert [d.place.line for d in reading.defects if d.code == "xml_bill_broken"] == [
        142,
        258,
        373,
    ]
    assert len(unreadable(reading)) == 3


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (document(ONE, b"<Bol_segment>" + TWO + b"</Bol_segment>", THREE), "xml_bill_nested"),
        (document(ONE, TWO.replace(b"B2", b"x" * 100_001), THREE), "xml_text_too_long"),
    ],
)
def test_a_bill_that_is_no_bill_is_named(content: bytes, code: str):
    reading = read(content)
    assert numbers(reading) == ALL
    assert codes(reading) == {code}
    assert set(unreadable(reading)) == {"MSCU6639870"}


def test_a_part_that_is_too_long_to_keep_in_one_piece_loses_no_container():
    filler = b"<!-- %s -->" % (b"x y " * 4_990)
    broken = b"<Bol_segment>&" + b"".join(BILL[13:] % (b"B", n.encode()) + filler for n in ALL)
    assert numbers(read(document(ONE, broken.replace(b"</Bol_segment>", b"")))) == ALL


def test_of_a_document_cut_off_what_was_whole_is_read_and_doubted():
    whole = document(ONE, TWO, THREE)
    reading = read(whole[: whole.index(b"TEMU1234565") + 11])
    assert numbers(reading) == ALL
    assert unreadable(reading) == ["TEMU1234565"]
    assert codes(reading) == {"message_cut"}
    assert reading.manifest.containers["defect_count"].to_list() == [1, 1, 1]
    assert codes(read_manifest(BROKEN / "awmds_cut.xml")) == {"message_cut"}


def test_a_bill_whose_own_tag_is_broken_is_found_between_its_neighbours():
    reading = read(document(ONE, TWO.replace(b"<Bol_segment>", b"<B_segment>"), THREE))
    assert numbers(reading) == ALL
    assert codes(reading) == {"xml_not_well_formed", "xml_header_unread", "xml_text_astray"}
    cut = document(ONE, TWO.replace(b"<Bol_segment>", b"<B_segment>"), THREE)[:-20]
    assert numbers(read(cut)) == ALL


def test_a_head_that_cannot_be_read_is_doubted_and_its_bills_stay():
    reading = read(document(ONE).replace(b"609E", b"609 & E"))
    assert numbers(reading) == ["CSQU3054383"]
    assert codes(reading) == {"xml_not_well_formed", "xml_header_unread"}


def test_what_follows_the_end_is_not_lost():
    reading = read(document(ONE) + b"<ctn_segment>MSCU6639870</ctn_segment>")
    assert numbers(reading) == ["CSQU3054383", "MSCU6639870"]
    assert codes(reading) == {"xml_not_well_formed", "xml_text_astray"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "iso-8859-1"])
def test_the_encoding_is_the_one_declared_or_told(encoding: str):
    text = document(ONE).decode().replace("B1", "Peñas 5")
    declared = encoding.removesuffix("-sig")
    content = f'<?xml version="1.0" encoding="{declared}"?>\n{text}'.encode(encoding)
    assert read(content).manifest.consignments["bill_of_lading"].to_list() == ["Peñas 5"]


def test_an_encoding_that_is_not_the_one_declared_is_guessed_and_said():
    reading = read(
        b'<?xml version="1.0" encoding="UTF-8"?>' + document(ONE).replace(b"B1", b"Pe\xf1as")
    )
    assert reading.manifest.consignments["bill_of_lading"].to_list() == ["Peñas"]
    assert codes(reading) == {"encoding_guessed"}


def test_comments_and_instructions_take_nothing_out_of_a_text():
    reading = read(
        document(ONE.replace(b"CSQU3054383", b"CSQU<!-- x -->305<?y?>43<![CDATA[83]]>"))
    )
    assert numbers(reading) == ["CSQU3054383"]
    assert reading.defects == ()


def test_attacks_are_met_within_memory():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for content in (
        b'<!DOCTYPE Awmds [<!ENTITY a0 "XOCU">' + LAUGHS + b"]>" + document(ONE),
        document(b"<Bol_segment " * 500_000),
        document(b"</Bol_segment " * 500_000),
        document(ONE, TWO.replace(b"B2", b"x" * 9_000_000)),
        document(b"<" * 5_000_000),
        document(b"<a:" * 1_000_000),
    ):
        with contextlib.suppress(ManifestError):
            read(content)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < MOST_MEGABYTES * 1024


SCRAPS = [
    b"<",
    b">",
    b"&",
    b"]]>",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"</Bol_segment>",
    b"<Bol_segment>",
    b"\0",
    b"\xff",
]
SCRAPS += [
    b"</Awmds>",
    b"<Awmds>",
    b"</ctn_segment>",
    b"<?x",
    b"?>",
    b"'",
    b'"',
    b"&lt;",
    b"/",
    b" ",
    b"\n",
    b"U",
    b"1",
]
PLACE = re.compile(rb"<(Ctn_reference)>([^<>&]*)</\1>")


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A plausible manifest, struck at random places, perhaps cut."""
    parts = draw(st.lists(st.sampled_from([ONE, TWO, THREE]), max_size=5))
    content = bytearray(document(*parts))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(content)))
        content[at : at + draw(st.integers(0, 9))] = draw(st.sampled_from(SCRAPS))
    return bytes(content[: draw(st.integers(len(content) // 2, len(content)))])


@given(mangled())
@settings(max_examples=30, deadline=None)
def test_no_container_of_a_mangled_document_is_lost(content: bytes):
    """Each well-formed number in a container's place is a row, or unreadable, or the file is refused."""
    try:
        reading = read(content)
    except ManifestError:
        return
    source, manifest = reading.manifest.source, reading.manifest
    if source.format != "awmds":
        return
    broken = {d.record_number for d in reading.defects if d.effect is DefectEffect.RECORD}
    whole = set(manifest.goods_items["record_number"])
    assert not broken & whole
    assert source.record_count == len(whole) + len(broken) + source.blank_count
    text = re.sub(
        rb"<!--.*?(?:-->|$)|<\?.*?(?:\?>|$)|<!\[CDATA\[.*?(?:\]\]>|$)",
        b"",
        content,
        flags=re.DOTALL,
    )
    named = {
        n
        for place in PLACE.finditer(text)
        for n in container_numbers_in(place[2].decode("latin-1"))
    }
    assert named <= set(numbers(reading))


def test_every_defect_of_an_xml_manifest_can_be_told_in_four_languages():
    names = ["awmds_bills", "awmds_totals", "awmds_cut", "wco_consignment"]
    readings = [read_manifest(BROKEN / f"{name}.xml") for name in names]
    readings += [read(document(ONE, b"<Bol_segment/>", ONE.replace(b"B1", b"x" * 100_001)))]
    for reading in readings:
        for defect in reading.defects:
            for language in LANGUAGES:
                assert render(f"defect.{defect.code}", defect.params, language)
