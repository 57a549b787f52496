"""A pack of rules as one file: what it holds, what it says of itself, and the same bytes every time."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, cast

from riskengine import __version__
from riskengine.errors import PackError, PackMalformed
from riskengine.exchange.archive import AS_EXPORTED, packed, unpacked
from riskengine.exchange.handling import Handling
from riskengine.messages import visible
from riskengine.rules.pack import PACK_FILE
from riskengine.rules.yaml_shape import LARGEST_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.rules.rule import Rule

HEAD_FILE: Final = "pack.json"
READ_ME: Final = "README.md"
_KIND: Final = "riskengine rule pack"
_LARGEST_HEAD: Final = 1024 * 1024
_VERSION: Final = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}){0,3}", re.ASCII)
_PLACE: Final = re.compile(
    r"pack\.json|pack\.yaml|README\.md|lists/[a-z][a-z0-9_]*\.yaml"
    r"|(?!lists/|exceptions/)[a-z][a-z0-9_]*/[a-z][a-z0-9-]*\.yaml",
    re.ASCII,
)
_HEAD_KEYS: Final = {
    "schema", "kind", "name", "version", "issuer", "licence", "engine", "handling", "made_on", "files",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PackHead:
    """What a pack says of itself.

    Attributes:
        name: The pack's name.
        version: Numbers with dots; a later one is higher.
        issuer: Who gives it; the key that signs it is trusted for this name.
        licence: Under which terms.
        engine_from: The first version of the engine that reads it.
        engine_below: The first version that does not.
        handling: The label of its most guarded rule.
        made_on: The day its issuer wrote on it, or None.
    """

    name: str
    version: str
    issuer: str
    licence: str
    engine_from: str
    engine_below: str
    handling: Handling
    made_on: date | None


@dataclass(frozen=True, slots=True)
class OpenedPack:
    """A pack in memory.

    Attributes:
        head: What it says of itself.
        files: Its YAML files, by name.
        read_me: Its README; empty where it has none.
    """

    head: PackHead
    files: Mapping[str, bytes]
    read_me: str


def place_of(rule: Rule) -> str:
    """Return where a rule's file stands in a pack, wherever its author kept it."""
    return f"{rule.typologies[0].value}/{rule.id.lower()}.yaml"


def engine_range() -> tuple[str, str]:
    """Return from which version of the engine on, and up to which, a pack made now is read."""
    major = int(__version__.partition(".")[0])
    return __version__, f"{major + 1}.0.0"


def version_key(version: str) -> tuple[int, ...]:
    """Return a pack's version in a form that compares.

    >>> version_key("1.10") > version_key("1.9.3")
    True
    >>> version_key("2") == version_key("2.0.0")
    True

    Raises:
        PackError: It is not one to four numbers with dots.
    """
    if _VERSION.fullmatch(version) is None:
        raise PackError(
            f"The version of a pack is one to four numbers with dots, as 1.4.0, not {visible(version)}.",
            remedy="Write it so in pack.yaml.",
        )
    numbers = [int(part) for part in version.split(".")]
    return tuple(numbers + [0] * (4 - len(numbers)))


def made(head: PackHead, files: Mapping[str, bytes]) -> bytes:
    """Return the bytes of a pack; the same head and files give the same bytes.

    Args:
        head: What it says of itself.
        files: Its files but the head, by name.
    """
    return packed({**files, HEAD_FILE: _head_text(head, files)})


def opened(archive: bytes) -> OpenedPack:
    """Return what a pack holds. Call this only for bytes whose signature was verified.

    Raises:
        PackMalformed: The archive, its layout or what it says of its files is wrong.
    """
    files = unpacked(archive)
    for name, content in files.items():
        _must_have_a_place(name, content)
    for name in (HEAD_FILE, PACK_FILE):
        if name not in files:
            raise PackMalformed(f"There is no {name} in the pack.", remedy=AS_EXPORTED)
    text = files.pop(HEAD_FILE)
    head = _head_of(text)
    if _head_text(head, files) != text:
        _name_the_difference(text, files)
        raise _refused("is not written as an export writes it")
    read_me = files.pop(READ_ME, b"")
    try:
        shown = read_me.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PackMalformed(
            f"{READ_ME} in the pack is not UTF-8.", remedy=AS_EXPORTED
        ) from error
    return OpenedPack(head, files, shown)


def _must_have_a_place(name: str, content: bytes) -> None:
    if name.startswith("exceptions/"):
        raise PackMalformed(
            f"The pack holds {visible(name)}: exceptions name traders of a unit, and no other unit gives them.",
            remedy="Ask its issuer for a pack of rules alone; enter exceptions of your own with"
            " `riskengine rules except`.",
        )
    if _PLACE.fullmatch(name) is None:
        raise PackMalformed(
            f"{visible(name)} has no place in a pack, which holds pack.json, pack.yaml, README.md, lists and,"
            " in folders by typology, rules.",
            remedy=AS_EXPORTED,
        )
    most = _LARGEST_HEAD if name == HEAD_FILE else LARGEST_FILE
    if len(content) > most:
        raise PackMalformed(
            f"{visible(name)} in the pack has {len(content):,} bytes; {most:,} are the most.",
            remedy=AS_EXPORTED,
        )


def _head_text(head: PackHead, files: Mapping[str, bytes]) -> bytes:
    said = asdict(head)
    content = {
        "schema": 1,
        "kind": _KIND,
        **{key: said[key] for key in ("name", "version", "issuer", "licence")},
        "engine": {"from": head.engine_from, "below": head.engine_below},
        "handling": head.handling.value,
        "made_on": head.made_on.isoformat() if head.made_on else None,
        "files": [
            {
                "name": name,
                "sha256": hashlib.sha256(files[name]).hexdigest(),
                "size": len(files[name]),
            }
            for name in sorted(files)
        ],
    }
    return f"{json.dumps(content, ensure_ascii=False, indent=1)}\n".encode()


def _head_of(text: bytes) -> PackHead:
    try:
        content = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _refused("is no JSON") from error
    if not isinstance(content, dict) or set(content) != _HEAD_KEYS:
        raise _refused("does not say what a pack says of itself, or says more")
    said = cast("dict[str, object]", content)
    engine = said["engine"]
    if said["schema"] != 1 or said["kind"] != _KIND:
        raise _refused("is not of the form that this engine reads")
    if not isinstance(engine, dict) or set(engine) != {"from", "below"}:
        raise _refused("names no range of engines")
    texts = {
        "engine.from": engine["from"],
        "engine.below": engine["below"],
        **{key: said[key] for key in ("name", "version", "issuer", "licence", "handling")},
    }
    for key, value in texts.items():
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise _refused(f"has no text that can be read under {key!r}")
    plain = cast("dict[str, str]", texts)
    for key in ("version", "engine.from", "engine.below"):
        if _VERSION.fullmatch(plain[key]) is None:
            raise _refused(f"has a {key!r} that is not numbers with dots")
    if plain["handling"] not in set(Handling):
        raise _refused("has a label of handling that nobody knows")
    return PackHead(
        name=plain["name"],
        version=plain["version"],
        issuer=plain["issuer"],
        licence=plain["licence"],
        engine_from=plain["engine.from"],
        engine_below=plain["engine.below"],
        handling=Handling(plain["handling"]),
        made_on=_day_of(said["made_on"]),
    )


def _day_of(value: object) -> date | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise _refused("has a day that is none")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise _refused("has a day that is none") from error


def _name_the_difference(text: bytes, files: Mapping[str, bytes]) -> None:
    """Refuse with the first file that is not the one the head promises; return where the files are right."""
    listed = json.loads(text)["files"]
    if not isinstance(listed, list) or not all(
        isinstance(entry, dict) and isinstance(entry.get("name"), str) for entry in listed
    ):
        raise _refused("has no list of files")
    promised = {entry["name"]: entry for entry in listed}
    for name in sorted({*promised, *files}):
        shown = visible(name)
        if name not in files:
            raise PackMalformed(f"The file {shown} is missing in the pack.", remedy=AS_EXPORTED)
        if name not in promised:
            raise PackMalformed(
                f"The file {shown} is in the pack, but pack.json does not name it.",
                remedy=AS_EXPORTED,
            )
        content, entry = files[name], promised[name]
        if entry.get("sha256") != hashlib.sha256(content).hexdigest():
            raise PackMalformed(
                f"The file {shown} is not the one that pack.json promises.", remedy=AS_EXPORTED
            )


def _refused(what: str) -> PackMalformed:
    return PackMalformed(f"The pack.json of the pack {what}.", remedy=AS_EXPORTED)
