"""Packed files: read within limits, damaged ones refused, several kept apart."""

import gzip
import hashlib
import io
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest

from riskengine import messages
from riskengine.errors import ManifestError
from riskengine.manifest import read_manifest, read_manifests
from riskengine.manifest.packed import LARGEST_UNPACKED

LIST = b"container_number,bill_of_lading\nCSQU3054383,BL1\n"
OTHER = b"container_number,bill_of_lading\nMSCU1234566,BL2\n"


def gzipped(content: bytes) -> bytes:
    """The same bytes at any hour, so that every worker names the tests alike."""
    return gzip.compress(content, mtime=0)


def zipped(members: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return whole.getvalue()


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("voyage.csv.gz", gzipped(LIST)),
        ("voyage.csv.gz", gzipped(LIST[:20]) + gzipped(LIST[20:])),
        ("voyage.zip", zipped({"lists/voyage.csv": LIST})),
        ("voyage.zip", zipped({"voyage.csv": LIST, "__MACOSX/._voyage.csv": b"x"})),
    ],
)
def test_a_packed_list_reads_as_the_list_in_it(tmp_path, name, content):
    reading = read_manifest(written(tmp_path, name, content))
    source = reading.manifest.source
    assert reading.manifest.containers["container_number"].to_list() == ["CSQU3054383"]
    assert source.file == "voyage.csv"
    assert source.sha256 == hashlib.sha256(LIST).hexdigest()
    assert source.packed_in == hashlib.sha256(content).hexdigest()
    assert reading.content == LIST
    assert not reading.defects


def test_every_file_of_an_archive_is_a_reading_of_its_own(tmp_path):
    path = written(tmp_path, "day.zip", zipped({"a.csv": LIST, "b/c.csv": OTHER}))
    files = [reading.manifest.source.file for reading in read_manifests(path)]
    assert files == ["a.csv", "c.csv"]
    with pytest.raises(ManifestError, match=r"holds 2 files: a\.csv, c\.csv"):
        read_manifest(path)


def test_a_file_of_an_archive_that_is_no_manifest_stops_no_other(tmp_path):
    members = {
        "README.md": b"# Lists of the day",
        "a.csv": LIST,
        "none.csv": b"",
        "c.csv": OTHER,
    }
    first, second = read_manifests(written(tmp_path, "day.zip", zipped(members)))
    assert [one.manifest.source.file for one in (first, second)] == ["a.csv", "c.csv"]
    assert [(one.code, one.params["member"]) for one in first.defects] == [
        ("member_refused", "day.zip/README.md"),
        ("member_refused", "day.zip/none.csv"),
    ]
    assert not second.defects
    for language in messages.LANGUAGES:
        said = messages.render("defect.member_refused", first.defects[1].params, language)
        assert "day.zip/none.csv" in said
        assert "is empty" in said


def test_an_archive_of_which_nothing_can_be_read_is_refused_with_the_first_reason(tmp_path):
    path = written(tmp_path, "day.zip", zipped({"README.md": b"# Lists", "none.csv": b""}))
    with pytest.raises(
        ManifestError, match=r"None of the 2 files in day\.zip .*day\.zip/README\.md: \w"
    ):
        read_manifests(path)


def bad_sum() -> bytes:
    packed = bytearray(gzipped(LIST))
    packed[-8:-4] = bytes(4)
    return bytes(packed)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (gzipped(LIST)[:-4], "ends before its content"),
        (gzipped(LIST) + b"more", "something follows its end"),
        (bad_sum(), "damaged archive"),
        (b"\x1f\x8b\x08", "damaged archive|ends before"),
        (zipped({}) + b"", "container number|nothing|archive"),
        (zipped({"inner.zip": zipped({"a.csv": LIST})}), "another archive"),
        (zipped({"inner.gz": gzipped(LIST)}), "another archive"),
        (zipped({"a.csv": b""}), "is empty"),
        (zipped({f"{n}.csv": LIST for n in range(101)}), "holds 101 files"),
        (zipped({"a.csv": LIST})[:-30], "damaged"),
    ],
)
def test_a_damaged_or_unreasonable_archive_is_refused_in_a_sentence(tmp_path, content, what):
    with pytest.raises(ManifestError, match=what) as refusal:
        read_manifests(written(tmp_path, "voyage.zip", content))
    assert "Traceback" not in refusal.value.sentence


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    chunk = bytes(1 << 20)
    packed = b"".join(packer.compress(chunk) for _ in range(size >> 20))
    return packed + packer.flush()


@pytest.mark.parametrize("form", ["gzip", "zip"])
def test_a_bomb_ends_in_a_sentence_long_before_it_has_unpacked(tmp_path, form):
    packed = bomb(256 << 20) if form == "gzip" else zipped({"a.csv": bytes(256 << 20)})
    path = written(tmp_path, "bomb", packed)
    tracemalloc.start()
    with pytest.raises(ManifestError, match="unpacks to more than"):
        read_manifests(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 200 << 20
    assert len(packed) * 200 < LARGEST_UNPACKED


def test_a_member_cannot_choose_where_it_lies(tmp_path):
    path = written(tmp_path, "day.zip", zipped({"../../etc/x.csv": LIST, "a\\b.csv": OTHER}))
    files = [reading.manifest.source.file for reading in read_manifests(path)]
    assert files == ["x.csv", "b.csv"]
