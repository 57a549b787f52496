"""The one form of archive: the same bytes every time, and nothing else is read."""

from __future__ import annotations

import hashlib
import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.errors import PackMalformed
from riskengine.exchange.archive import LARGEST_ARCHIVE, packed, unpacked

FILES = {
    "pack.json": b"{}\n",
    "lists/ports.yaml": b"x: y\n",
    "a_b/tst-one-001.yaml": b"id: 1\n" * 9,
}
ARCHIVE = packed(FILES)


def test_the_same_files_give_the_same_bytes_on_every_machine():
    assert packed(dict(reversed(FILES.items()))) == ARCHIVE
    assert hashlib.sha256(ARCHIVE).hexdigest() == (
        "990e0b14f234e61557bfd3c723d871440007447a52af33dd591a3feb5ee282ea"
    )


def test_what_was_packed_is_unpacked_and_any_zip_program_opens_it():
    assert unpacked(ARCHIVE) == FILES
    with zipfile.ZipFile(io.BytesIO(ARCHIVE)) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == FILES


@pytest.mark.parametrize("bit", range(8))
def test_no_flipped_bit_is_overlooked(bit):
    for at in range(len(ARCHIVE)):
        changed = bytearray(ARCHIVE)
        changed[at] ^= 1 << bit
        with pytest.raises(PackMalformed):
            unpacked(bytes(changed))


def test_no_cut_is_overlooked():
    for at in range(len(ARCHIVE)):
        with pytest.raises(PackMalformed):
            unpacked(ARCHIVE[:at])


@settings(max_examples=200, deadline=None)
@given(
    at=st.integers(0, len(ARCHIVE)),
    gone=st.integers(0, 40),
    come=st.binary(max_size=40)
    | st.sampled_from([b"PK\x01\x02", b"PK\x05\x06", b"PK\x03\x04"]),
)
def test_whatever_is_exchanged_is_refused_in_words(at, gone, come):
    changed = ARCHIVE[:at] + come + ARCHIVE[at + gone :]
    if changed != ARCHIVE:
        with pytest.raises(PackMalformed) as refused:
            unpacked(changed)
        assert refused.value.remedy


def test_an_archive_that_is_too_large_is_not_looked_at():
    with pytest.raises(PackMalformed, match="more than"):
        unpacked(b"PK\x03\x04" + bytes(LARGEST_ARCHIVE))


@given(
    files=st.dictionaries(
        st.from_regex(r"[a-z]{1,8}/[a-z]{1,8}\.yaml", fullmatch=True),
        st.binary(max_size=50),
        max_size=5,
    )
)
def test_every_set_of_files_comes_back(files):
    assert unpacked(packed(files)) == files
