"""Packs with one thing wrong each, signed by a trusted key: each is refused in words, and nothing changes."""

from __future__ import annotations

import io
import json
import re
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass, field, replace

import pytest

from riskengine.errors import PackError, RiskEngineError, RulesRefused
from riskengine.exchange import pack_file
from riskengine.exchange.archive import LARGEST_ARCHIVE, packed
from riskengine.exchange.pack_import import examine, plan

LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")


@dataclass(frozen=True)
class Entry:
    """One file, told twice: in its own header and in the directory."""

    name: bytes
    content: bytes
    method: int = 0
    flags: int = 0
    mode: int = stat.S_IFREG | 0o644
    day: int = 0x21
    size: int | None = None
    packed: int | None = None
    crc: int | None = None
    extra: bytes = b""
    comment: bytes = b""
    internal: int = 0
    local: dict[str, int | bytes] = field(default_factory=dict)
    before: bytes = b""
    offset: int | None = None
    is_hidden: bool = False


@dataclass(frozen=True)
class Layout:
    """How the archive is put together around its files."""

    head: bytes = b""
    gap: bytes = b""
    tail: bytes = b""
    comment: bytes = b""
    count: int = 0
    size: int = 0
    start: int = 0
    disk: int = 0


def written(entries: list[Entry], layout: Layout | None = None) -> bytes:
    """The archive of these entries, lies and all; the numbers of the layout are added to the true ones."""
    layout = layout or Layout()
    out, directory = bytearray(layout.head), bytearray()
    shown = 0
    for entry in entries:
        crc = zlib.crc32(entry.content) if entry.crc is None else entry.crc
        body = entry.content
        if entry.method:
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            body = packer.compress(entry.content) + packer.flush()
        size = len(entry.content) if entry.size is None else entry.size
        packed = len(body) if entry.packed is None else entry.packed
        out += entry.before
        offset = len(out) if entry.offset is None else entry.offset
        said = {
            "name": entry.name,
            "flags": entry.flags,
            "crc": crc,
            "size": size,
            **entry.local,
        }
        if entry.offset is None:
            out += LOCAL.pack(
                b"PK\x03\x04", 20, said["flags"], entry.method, 0, entry.day, said["crc"], packed,
                said["size"], len(said["name"]), len(entry.extra),
            )  # fmt: skip
            out += said["name"] + entry.extra + body
        if entry.is_hidden:
            continue
        shown += 1
        directory += CENTRAL.pack(
            b"PK\x01\x02", 3 << 8 | 20, 20, entry.flags, entry.method, 0, entry.day, crc, packed,
            size, len(entry.name), len(entry.extra), len(entry.comment), 0, entry.internal,
            entry.mode << 16, offset,
        )  # fmt: skip
        directory += entry.name + entry.extra + entry.comment
    out += layout.gap
    start = len(out)
    out += directory
    out += END.pack(
        b"PK\x05\x06", layout.disk, layout.disk, (shown + layout.count) & 0xFFFF,
        (shown + layout.count) & 0xFFFF, (len(directory) + layout.size) & 0xFFFFFFFF,
        (start + layout.start) & 0xFFFFFFFF, len(layout.comment),
    )  # fmt: skip
    return bytes(out + layout.comment + layout.tail)


def entries_of(archive: bytes) -> list[Entry]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return [Entry(name.encode(), opened.read(name)) for name in opened.namelist()]


def crafted(archive: bytes) -> dict[str, tuple[bytes, str]]:
    """Every attack on a sound archive, by its name, with the words that its refusal says."""
    entries = entries_of(archive)
    return {
        **_around(archive, entries),
        **_directories(entries),
        **_doubles(entries),
        **_entries(entries),
        **_names(entries),
    }


def _around(archive: bytes, entries: list[Entry]) -> dict[str, tuple[bytes, str]]:
    other = written([Entry(b"pack.json", b"{}")])
    unusual = io.BytesIO()
    with zipfile.ZipFile(unusual, "w") as file:
        for entry in entries:
            file.writestr(entry.name.decode(), entry.content)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, 0, 1)
    return {
        "nothing at all": (b"", "not a zip"),
        "a text": (b"Dear colleague, the pack is attached.", "not a zip"),
        "another kind of archive": (b"\x1f\x8b\x08\x00" + archive, "before the archive"),
        "an archive of nothing": (written([]), "no pack.json"),
        "cut in the middle": (archive[: len(archive) // 2], "cut short"),
        "its last byte is missing": (archive[:-1], "after the archive|cut short"),
        "one byte more": (archive + b"\x00", "after the archive"),
        "a second archive behind": (archive + other, "not where|before|overlap|begin"),
        "a second archive before": (other + archive, "not where|before|overlap|begin"),
        "a program before": (b"#!/bin/sh\n" + archive, "before the archive"),
        "a comment": (written(entries, Layout(comment=b"hello")), "comment"),
        "an archive in the comment": (
            written(entries, Layout(comment=other)),
            "not where|begin",
        ),
        "written by another program": (unusual.getvalue(), "contradict|another program|begin"),
        "other days": ([replace(e, day=0x5A21) for e in entries], "another program"),
        "another order": ([*reversed(entries)], "another program"),
        "other inner marks": ([replace(e, internal=1) for e in entries], "another program"),
        "rights of a program": (
            [replace(e, mode=stat.S_IFREG | 0o4755) for e in entries],
            "another program",
        ),
        "a locator of the large form": (
            written(entries, Layout(gap=locator)),
            "hidden between",
        ),
    }


def _directories(entries: list[Entry]) -> dict[str, tuple[bytes, str]]:
    many = [Entry(f"f/{number:04}.yaml".encode(), b"") for number in range(3001)]
    lies = {
        "counts one file too many": (Layout(count=1), "fewer files"),
        "counts one file too few": (Layout(count=-1), "longer than"),
        "counts no file": (Layout(count=-len(entries)), "longer than"),
        "begins elsewhere": (Layout(start=-7), "not where"),
        "is said to be longer": (Layout(size=9), "not where"),
        "is shifted": (Layout(start=-9, size=9), "fewer files|hidden|damaged"),
        "is of the large form": (Layout(count=0xFFFF - len(entries)), "large form"),
        "is far away": (Layout(start=0xFFFFFFFF), "not where"),
        "is one part of several": (Layout(disk=1), "several"),
        "has something hidden before it": (Layout(gap=b"hidden"), "hidden between"),
    }
    found = {
        f"the directory {name}": (written(entries, layout), said)
        for name, (layout, said) in lies.items()
    }
    return {**found, "three thousand and one files": (many, "3,001 files")}


def _doubles(entries: list[Entry]) -> dict[str, tuple[bytes, str]]:
    first, *rest = entries
    hidden = Entry(b"cloned_container/tst-two-001.yaml", b"hidden", is_hidden=True)
    return {
        "the same file under two names": (
            [first, *rest, Entry(b"zzz/again.yaml", first.content, offset=0)],
            "overlap",
        ),
        "one file inside another": (
            [first, *rest, Entry(b"zzz/inner.yaml", first.content[10:], offset=10)],
            "overlap",
        ),
        "a file that the directory does not name": ([hidden, *entries], "overlap|hidden"),
        "a file between that the directory does not name": ([first, hidden, *rest], "hidden"),
        "something between two files": (
            [first, replace(rest[0], before=b"hidden"), *rest[1:]],
            "hidden",
        ),
        "two files of one name": ([first, first, *rest], "twice"),
        "two names that differ in capitals": (
            [first, replace(first, name=first.name.upper()), *rest],
            "capitals",
        ),
    }


def _entries(entries: list[Entry]) -> dict[str, tuple[bytes, str]]:
    first, *rest = entries
    bomb = b"\x00" * 5_000_000
    large = struct.pack("<HHQQ", 1, 16, len(first.content), len(first.content))
    wrong = {
        "another name in its header": (replace(first, local={"name": b"x" * len(first.name)}), "contradict"),
        "a longer name in its header": (replace(first, local={"name": first.name + b"x"}), "contradict"),
        "another size in its header": (replace(first, local={"size": 1}), "contradict"),
        "another check sum in its header": (replace(first, local={"crc": 1}), "contradict"),
        "other marks in its header": (replace(first, local={"flags": 0x800}), "contradict"),
        "a wrong check sum": (replace(first, crc=1), "check sum"),
        "an encrypted file": (replace(first, flags=1), "encrypted"),
        "a strongly encrypted file": (replace(first, flags=0x40), "encrypted"),
        "a hidden directory": (replace(first, flags=0x2000), "encrypted"),
        "its size behind it": (replace(first, flags=8), "behind"),
        "a language mark": (replace(first, flags=0x800), "another program"),
        "a compressed file": (replace(first, method=8), "compressed"),
        "a bomb": (replace(first, content=bomb, method=8), "compressed"),
        "an unknown compression": (replace(first, method=99, content=b""), "compressed"),
        "two sizes": (replace(first, size=len(first.content) + 1), "two sizes"),
        "a size beyond the end": (replace(first, size=10**6, packed=10**6), "reaches into"),
        "a size of the large form": (replace(first, size=0xFFFFFFFF, packed=0xFFFFFFFF), "large form"),
        "fields of the large form": (replace(first, extra=large), "more of"),
        "fields of another program": (replace(first, extra=b"UT\x05\x00\x03\x00\x00\x00\x00"), "more of"),
        "a remark on a file": (replace(first, comment=b"see below"), "more of"),
        "a link": (replace(first, mode=stat.S_IFLNK | 0o777, content=b"/etc/passwd"), "link"),
        "a folder": (replace(first, mode=stat.S_IFDIR | 0o755), "link, a folder"),
        "a device": (replace(first, mode=stat.S_IFCHR | 0o600), "device"),
    }  # fmt: skip
    return {name: ([entry, *rest], said) for name, (entry, said) in wrong.items()}


def _names(entries: list[Entry]) -> dict[str, tuple[bytes, str]]:
    names = {
        "from the root": (b"/etc/cron.d/x.yaml", "root"),
        "upwards": (b"../../x.yaml", "climbs"),
        "upwards in the middle": (b"lists/../../x.yaml", "climbs"),
        "with backslashes": (b"..\\..\\x.yaml", "backslash"),
        "on a disk": (b"C:x.yaml", "disk"),
        "on a disk, from its root": (b"c:/x.yaml", "disk"),
        "with a zero": (b"lists/a.yaml\x00.py", "zero"),
        "that is a folder": (b"lists/", "folder"),
        "with an empty step": (b"lists//a.yaml", "empty step"),
        "with a step that is none": (b"./lists/a.yaml", "empty step"),
        "of nothing": (b"", "empty"),
        "not in normal form": ("lists/e\u0301.yaml".encode(), "NFC"),
        "with a look-alike": ("lists/p\u043erts.yaml".encode(), "plain"),
        "that turns the line": ("lists/\u202elmay.yaml".encode(), "plain"),
        "in another code": (b"lists/\xe9.yaml", "UTF-8"),
        "far too long": (b"lists/" + b"a" * 300 + b".yaml", "120"),
        "with no place": (b"cloned_container/run.py", "no place"),
        "too deep": (b"cloned_container/deeper/x.yaml", "no place"),
        "at the top": (b"tst-one-001.yaml", "no place"),
        "of a list in capitals": (b"lists/Ports.yaml", "no place"),
        "of an exception": (b"exceptions/ours.yaml", "exceptions name traders"),
    }
    return {
        f"a name {which}": (
            sorted([*entries, Entry(name, b"id: x\n")], key=lambda entry: entry.name),
            said,
        )
        for which, (name, said) in names.items()
    }


def as_bytes(made: bytes | list[Entry]) -> bytes:
    return made if isinstance(made, bytes) else written(made)


SOUND = packed(
    {"cloned_container/tst-one-001.yaml": b"x", "pack.json": b"{}", "pack.yaml": b"y"}
)


@pytest.fixture(scope="session")
def sound(writing) -> bytes:
    return writing.archive_of(writing.rule_text())


@pytest.fixture
def refused(founded, issuer, writing, tmp_path):
    """A function: signed bytes to the refusal; the unit is as it was before."""

    def refused(archive: bytes, error: type[RiskEngineError] = PackError) -> str:
        before = writing.state_of(founded)
        path = issuer.signed(archive, tmp_path / "pack.zip")
        with pytest.raises(error) as told:
            plan(founded, examine(founded, path))
        assert writing.state_of(founded) == before
        assert [file.name for file in tmp_path.iterdir()] == ["pack.zip", "pack.zip.sig"]
        assert told.value.remedy or error is RulesRefused
        return told.value.sentence

    return refused


def test_the_sound_pack_is_not_refused(founded, issuer, sound, tmp_path):
    examined = examine(founded, issuer.signed(sound, tmp_path / "pack.zip"))
    assert [rule.id for rule in plan(founded, examined).pack.rules] == ["TST-ONE-001"]


@pytest.mark.parametrize("attack", crafted(SOUND))
def test_an_archive_with_one_thing_wrong_is_refused(attack, sound, refused):
    made, said = crafted(sound)[attack]
    sentence = refused(as_bytes(made))
    assert re.search(said, sentence), sentence


def test_an_archive_that_is_too_large_is_refused(refused):
    assert "more than" in refused(b"PK\x03\x04" + bytes(LARGEST_ARCHIVE))


def _as_head(change):
    """An attack on pack.json, given as a function from its content to other content."""

    def made(writing) -> bytes:
        files = writing.files_of(writing.rule_text())
        content = json.loads(pack_file._head_text(writing.head_of(files), files))
        content = change(content) or content
        text = content if isinstance(content, bytes) else _as_json(content)
        return packed({**files, "pack.json": text})

    return made


def _as_json(content) -> bytes:
    return f"{json.dumps(content, indent=1)}\n".encode()


HEADS = {
    "no JSON": (lambda _: b"{", "no JSON"),
    "not UTF-8": (lambda _: b"\xff", "no JSON"),
    "too deep": (lambda _: b"[" * 200_000, "no JSON"),
    "too many digits": (lambda _: b'{"schema": ' + b"1" * 5000 + b"}", "no JSON"),
    "a list": (lambda _: b"[]", "does not say"),
    "in another layout": (lambda head: json.dumps(head).encode(), "not written as"),
    "with one key twice": (
        lambda head: _as_json(head).replace(b"{", b'{\n "name": "x",', 1),
        "not written as",
    ),
    "with one key more": (lambda head: head.update(status="active"), "or says more"),
    "with one key less": (lambda head: head.pop("licence"), "does not say"),
    "of another form": (lambda head: head.update(schema=2), "form"),
    "of truth for a number": (lambda head: head.update(schema=True), "not written as"),
    "of another thing": (lambda head: head.update(kind="riskengine model"), "form"),
    "without an engine": (lambda head: head.update(engine="any"), "range of engines"),
    "with a name that is none": (lambda head: head.update(name=7), "no text"),
    "with an empty name": (lambda head: head.update(name=" "), "no text"),
    "with a name that moves the cursor": (lambda head: head.update(name="a\x1b[2J"), "no text"),
    "with half a letter": (lambda head: head.update(name="a\ud800"), "no text"),
    "with a version in words": (lambda head: head.update(version="latest"), "numbers"),
    "with an unknown label": (lambda head: head.update(handling="TLP:WHITE"), "label"),
    "with a day that is none": (lambda head: head.update(made_on="2026-02-30"), "day"),
    "with a number for a day": (lambda head: head.update(made_on=20260101), "day"),
    "with a day in another form": (lambda head: head.update(made_on="20260101"), "not written"),
    "for a later engine": (
        lambda head: head.update(engine={"from": "88.0", "below": "89.0"}),
        "for engines from 88.0",
    ),
    "for an earlier engine": (
        lambda head: head.update(engine={"from": "0.0.1", "below": "0.0.2"}),
        "for engines from 0.0.1",
    ),
    "of another issuer": (lambda head: head.update(issuer="Port of Ours"), "trusted for"),
    "of another name than pack.yaml": (lambda head: head.update(name="core"), "another name"),
    "of another version": (lambda head: head.update(version="2"), "another version"),
    "of another licence": (lambda head: head.update(licence="none"), "another licence"),
    "with a freer label": (lambda head: head.update(handling="TLP:CLEAR"), "most guarded"),
    "with a stricter label": (lambda head: head.update(handling="TLP:AMBER"), "most guarded"),
    "that says RED": (lambda head: head.update(handling="TLP:RED"), "TLP:RED"),
    "without its list of files": (lambda head: head.update(files=None), "list of files"),
    "with files that are none": (lambda head: head.update(files=[1]), "list of files"),
    "that names a file less": (lambda head: head["files"].clear(), "does not name it"),
    "that names a file more": (
        lambda head: head["files"].append({"name": "z", "sha256": "", "size": 0}),
        "missing",
    ),
    "that names a file twice": (
        lambda head: head["files"].append(head["files"][0]),
        "not written as",
    ),
    "that promises another file": (
        lambda head: head["files"][0].update(sha256="0" * 64),
        "not the one",
    ),
    "that promises another size": (lambda head: head["files"][0].update(size=1), "not written"),
}  # fmt: skip


@pytest.mark.parametrize("attack", HEADS)
def test_a_head_with_one_thing_wrong_is_refused(attack, writing, refused):
    change, said = HEADS[attack]
    sentence = refused(_as_head(change)(writing))
    assert said in sentence, sentence


def _without(name):
    return lambda files: {key: files[key] for key in files if key != name}


def _with(**more):
    return lambda files: {**files, **{k.replace("__", "/"): v for k, v in more.items()}}


FILE_SETS = {
    "no pack.yaml": (_without("pack.yaml"), "no pack.yaml"),
    "a file too large": (
        lambda files: {**files, "lists/ports.yaml": b"#" * 70_000},
        "65,536 are the most",
    ),
    "a README that is no text": (lambda files: {**files, "README.md": b"\xff\xfe"}, "UTF-8"),
    "a rule in another folder": (
        lambda files: {
            ("split_consignments/tst-one-001.yaml" if "tst" in name else name): content
            for name, content in files.items()
        },
        "does not stand at",
    ),
}


@pytest.mark.parametrize("attack", FILE_SETS)
def test_a_set_of_files_with_one_thing_wrong_is_refused(attack, writing, refused):
    change, said = FILE_SETS[attack]
    whole = writing.files_of(writing.rule_text())
    head = writing.head_of(whole)
    assert said in refused(pack_file.made(head, change(whole)))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("cloned_container/tst-two-001.yaml", b"id: [unclosed\n", "not YAML"),
        ("cloned_container/tst-two-001.yaml", b"a: &x 1\nb: *x\n", "'&' names"),
        (
            "cloned_container/tst-two-001.yaml",
            b"a: !!python/object:os.system ls\n",
            "'!' gives",
        ),
        ("cloned_container/tst-two-001.yaml", b"\xff", "not UTF-8"),
        ("cloned_container/tst-two-001.yaml", "a: \u202eb\n".encode(), "invisible character"),
        ("lists/ports.yaml", b"schema: 1\nname: other\n", "is needed here"),
    ],
)
def test_faults_of_the_files_inside_are_told_with_their_places(
    name, text, said, writing, refused
):
    files = writing.files_of(writing.rule_text())
    head = writing.head_of(files)
    sentence = refused(pack_file.made(head, {**files, name: text}), RulesRefused)
    assert said in sentence
    assert f"pack.zip/{name}:1:" in sentence


def test_a_rule_with_a_fault_is_refused_with_its_place(writing, refused):
    files = writing.files_of(writing.rule_text())
    head = writing.head_of(files)
    broken = {
        name: text.replace(b"gross_mass_kg > heavy", b"gros_mass_kg > heavy")
        for name, text in files.items()
    }
    sentence = refused(pack_file.made(head, broken), RulesRefused)
    assert "pack.zip/cloned_container/tst-one-001.yaml:20:7" in sentence


def test_a_pack_whose_tests_fail_in_this_engine_is_refused(writing, refused):
    wrong = writing.rule_text().replace("gross_mass_kg: 99000", "gross_mass_kg: 15000")
    assert "TST-ONE-001: above" in refused(writing.archive_of(wrong))


def test_a_pack_with_a_rule_labelled_red_is_refused(writing, refused):
    assert "TLP:RED" in refused(writing.archive_of(writing.rule_text(handling="TLP:RED")))
