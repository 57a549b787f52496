"""The laws of manifest intake: nothing is lost, and nothing but ManifestError escapes."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.domain import DefectEffect
from riskengine.errors import ManifestError
from riskengine.manifest import Reading, read_manifest

LINES = [
    b"CSQU3054383,BL1,bananas,21000",
    b'MSCU1234566,BL2,"fresh, ripe",1.234',
    b'TEMU1234565,BL3,"two\nlines",5',
    b",BL4,loose,",
    b"HLXU1234567,BL5,caf\xe9,1e400",
    b"container_number,bill_of_lading,goods_description,gross_mass_kg",
    b"",
    b",,,",
]
HEADER = LINES[5]
SCRAPS = [b'"', b",", b"\n", b"\r", b"\0", b"\xff", b'""', b";", b"\xef\xbb\xbf", b" ", b"'"]


def as_file(data: bytes, name: str = "voyage.csv") -> Reading:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return read_manifest(path)


def must_add_up(reading: Reading) -> None:
    manifest, source = reading.manifest, reading.manifest.source
    broken = {d.record_number for d in reading.defects if d.effect is DefectEffect.RECORD}
    read = set(manifest.goods_items["record_number"])
    assert not broken & read
    assert source.record_count == len(read) + len(broken) + source.blank_count
    assert set(manifest.received["record_number"]) == read | broken
    assert set(manifest.goods_items["container_id"]) <= set(manifest.containers["container_id"])
    assert set(manifest.received["container_id"].drop_nulls()) <= set(
        manifest.containers["container_id"]
    )


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A plausible file, struck at random places."""
    lines = draw(st.lists(st.sampled_from(LINES), max_size=12))
    data = bytearray(b"\n".join([HEADER, *lines]))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 3))] = draw(st.sampled_from(SCRAPS))
    return bytes(data)


@given(mangled())
@settings(max_examples=50, deadline=None)
def test_no_record_of_a_mangled_file_is_lost(data: bytes):
    """Lines in the file = lines that were read + lines that are blank + lines named in Defects."""
    try:
        reading = as_file(data)
    except ManifestError:
        return
    must_add_up(reading)


@given(st.binary(max_size=200))
@settings(max_examples=50, deadline=None)
def test_arbitrary_bytes_are_read_or_refused_and_never_crash(data: bytes):
    """Whatever the bytes, only a ManifestError may come out."""
    try:
        reading = as_file(b"container_number,hs_code\n" + data)
    except ManifestError:
        return
    must_add_up(reading)


@given(st.lists(st.sampled_from(LINES[:5]), min_size=1, max_size=6), st.data())
@settings(max_examples=30, deadline=None)
def test_every_container_number_in_a_file_cut_anywhere_is_found(
    lines: list[bytes], data: st.DataObject
):
    """A file that breaks off loses no container that it still names in full."""
    whole = b"\n".join([HEADER, *lines])
    cut = whole[: data.draw(st.integers(len(HEADER) + 1, len(whole)))]
    numbers = {
        line[:11].decode()
        for line in cut.split(b"\n")[1:]
        if line[:3].isalpha() and len(line) > 11
    }
    numbers -= {number for number in numbers if not number[4:].isdigit()}
    assert numbers <= set(as_file(cut).manifest.containers["container_number"].drop_nulls())
