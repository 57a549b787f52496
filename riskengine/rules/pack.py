"""A pack of rules read from a folder: every rule, every list, and every fault in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

from riskengine.errors import Place, RuleFault, RulesRefused
from riskengine.rules.exception_file import read_exceptions
from riskengine.rules.faults import TooManyFaults
from riskengine.rules.reading import Reader
from riskengine.rules.received import decoded, read_source
from riskengine.rules.rule import Pack, Rule, RuleException, RuleList
from riskengine.rules.rule_file import read_list, read_rule
from riskengine.rules.tree import FieldKind
from riskengine.rules.yaml_shape import Table, read_shape

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from riskengine.rules.faults import Source

__all__ = [
    "Pack",
    "Rule",
    "RuleList",
    "kinds_of",
    "load_pack",
    "load_rule",
    "read_exception_file",
    "read_pack",
    "read_pack_files",
]

PACK_FILE = "pack.yaml"
LISTS_FOLDER = "lists"
EXCEPTIONS_FOLDER = "exceptions"
HEAD_KEYS = ("name", "version", "issuer", "licence")
HEAD_REMARK = "description"
_OTHER_SUFFIXES = frozenset({".yml"})
_EXAMPLES = {
    "schema": "schema: 1",
    "name": "name: port of Example",
    "version": "version: 1.0.0",
    "issuer": "issuer: analysis desk",
    "licence": "licence: for our own use",
}
_NOTHING = Pack(name="", version="", issuer="", licence="", rules=(), lists=())


class Named(Protocol):
    """A field of the catalogue, as far as rules need to know it."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def kind(self) -> FieldKind:
        """What it holds."""
        ...


Fields: TypeAlias = Mapping[str, FieldKind] | Iterable[Named]


def kinds_of(fields: Fields) -> Mapping[str, FieldKind]:
    """Return the kind of each field, of a catalogue or of a mapping that says so already."""
    if isinstance(fields, Mapping):
        return cast("Mapping[str, FieldKind]", fields)
    return {field.name: field.kind for field in fields}


def load_rule(path: Path, fields: Fields, lists: Mapping[str, RuleList] | None = None) -> Rule:
    """Return the rule of one file.

    Args:
        path: The YAML file; faults name it as it is given here.
        fields: Every field that a condition may name.
        lists: The lists of its pack; None takes their names on trust, and such a rule cannot run.

    Raises:
        RulesRefused: The file has faults; all of them are carried along.
    """
    source = read_source(path)
    rule = None if source.faults else read_rule(source, kinds_of(fields), lists)
    if rule is None:
        raise RulesRefused(tuple(_in_order(source)))
    return rule


def load_pack(path: Path, fields: Fields) -> Pack:
    """Return the pack of a folder.

    Raises:
        RulesRefused: Some file has faults; all faults of all files are carried along.
    """
    pack, faults = read_pack(path, fields)
    if faults:
        raise RulesRefused(faults)
    return pack


def read_pack(path: Path, fields: Fields) -> tuple[Pack, tuple[RuleFault, ...]]:
    """Return what can be read of a pack, and every fault of every file in it.

    Args:
        path: The folder of the pack, or one file of it: a rule, a list of its folder lists, or exceptions
            of its folder exceptions; faults name files as they are given here.
        fields: Every field that a condition may name.
    """
    folder, rule_files = path, [path]
    if path.is_dir():
        rule_files = _rule_files(folder)
    else:
        if path.parent.name == EXCEPTIONS_FOLDER:
            exceptions, wrong = read_exception_file(path, fields)
            return replace(_NOTHING, exceptions=exceptions), wrong
        if path.parent.name == LISTS_FOLDER:
            entry, wrong = _list(path.stem, read_source(path))
            return replace(_NOTHING, lists=(entry,) if entry else ()), tuple(wrong)
        folder = _pack_folder(path)
    pack_file = folder / PACK_FILE
    pack, faults = _assembled(
        path.as_posix(),
        _head(read_source(pack_file), {})
        if pack_file.is_file()
        else _head(None, {"name": folder.resolve().name}),
        [(f.stem, read_source(f)) for f in sorted((folder / LISTS_FOLDER).glob("*.yaml"))],
        [(file.stem, read_source(file)) for file in rule_files],
        kinds_of(fields),
    )
    if not path.is_dir():
        return pack, faults
    exceptions, more = _exceptions(folder / EXCEPTIONS_FOLDER, kinds_of(fields))
    return replace(pack, exceptions=exceptions), (*faults, *more, *_misnamed(folder))


def _misnamed(folder: Path) -> tuple[RuleFault, ...]:
    """Return a fault for each file that its author may take for a rule, and that is not read."""
    sentence, hint = "this file is not read", "Rename it: the files of a pack end in .yaml."
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in _OTHER_SUFFIXES)
    return tuple(
        RuleFault(place=Place(file=file.as_posix()), sentence=sentence, hint=hint)
        for file in files
        if file.is_file()
    )


def read_exception_file(
    path: Path, fields: Fields
) -> tuple[tuple[RuleException, ...], tuple[RuleFault, ...]]:
    """Return the exceptions of one file, and every fault in it.

    Args:
        path: The YAML file; faults name it as it is given here.
        fields: Every field that an exception may name.
    """
    source = read_source(path)
    found = () if source.faults else read_exceptions(source, kinds_of(fields))
    return found, tuple(_in_order(source))


def _exceptions(
    folder: Path, kinds: Mapping[str, FieldKind]
) -> tuple[tuple[RuleException, ...], tuple[RuleFault, ...]]:
    """Return the exceptions of a pack's folder; an id stands in one file of it."""
    found: dict[str, RuleException] = {}
    faults: list[RuleFault] = []
    for file in sorted(folder.glob("*.yaml")):
        read, wrong = read_exception_file(file, kinds)
        faults += wrong
        for exception in read:
            if exception.id in found:
                sentence = (
                    f"the id {exception.id} is used in {found[exception.id].place.file} already"
                )
                faults.append(RuleFault(place=exception.place, sentence=sentence))
            found.setdefault(exception.id, exception)
    return tuple(found[key] for key in sorted(found)), tuple(faults)


def read_pack_files(
    files: Mapping[str, bytes], fields: Fields, shown: str
) -> tuple[Pack, tuple[RuleFault, ...]]:
    """Return what can be read of a pack that is held in memory, and every fault of every file in it.

    Args:
        files: The bytes of each YAML file by its name in the pack, with forward slashes.
        fields: Every field that a condition may name.
        shown: What the pack is called in the places of faults.
    """
    sources = {name: decoded(f"{shown}/{name}", files[name]) for name in sorted(files)}
    named = [(PurePosixPath(name), source) for name, source in sources.items()]
    return _assembled(
        shown,
        _head(sources.get(PACK_FILE), {}),
        [(name.stem, source) for name, source in named if name.parts[0] == LISTS_FOLDER],
        [
            (name.stem, source)
            for name, source in named
            if name.parts[0] != LISTS_FOLDER and name.as_posix() != PACK_FILE
        ],
        kinds_of(fields),
    )


def _assembled(
    shown: str,
    head: tuple[Mapping[str, str], list[RuleFault]],
    list_files: Sequence[tuple[str, Source]],
    rule_files: Sequence[tuple[str, Source]],
    kinds: Mapping[str, FieldKind],
) -> tuple[Pack, tuple[RuleFault, ...]]:
    """Return the pack of these files, each given with its name less the suffix, and their faults."""
    said, faults = head
    lists: dict[str, RuleList] = {}
    for stem, source in list_files:
        entry, wrong = _list(stem, source)
        if entry is not None:
            lists[entry.name] = entry
        faults += wrong
    rules: list[Rule] = []
    for stem, source in rule_files:
        rule = None if source.faults else read_rule(source, kinds, lists)
        if rule is not None:
            _check_place(rule, stem, rules, source)
            rules.append(rule)
        faults += _in_order(source)
    if not rules and not faults:
        hint = "A rule is a file of its own that ends in .yaml."
        place = Place(file=shown)
        faults.append(RuleFault(place=place, sentence="there are no rules here", hint=hint))
    rules.sort(key=lambda rule: rule.id)
    pack = Pack(
        name=said["name"],
        version=said["version"],
        issuer=said["issuer"],
        licence=said["licence"],
        rules=tuple(rules),
        lists=tuple(lists[name] for name in sorted(lists)),
    )
    return pack, tuple(faults)


def _list(stem: str, source: Source) -> tuple[RuleList | None, list[RuleFault]]:
    """Return the list of a file with this name less the suffix, and its faults."""
    found = None if source.faults else read_list(source)
    if found is not None and found.name != stem:
        sentence = f"the file of the list {found.name!r} is named {found.name}.yaml"
        source.fault(*_key(source, "name"), sentence, f"Rename it, or write 'name: {stem}'.")
    return found, _in_order(source)


def _pack_folder(file: Path) -> Path:
    """Return the nearest folder above a rule file that is a pack, else the file's own folder.

    A folder that stands in *file* is returned as it is written there.
    """
    written = {folder.resolve(): folder for folder in file.parents}
    above = list(file.resolve().parents)[:4]
    found = next((folder for folder in above if (folder / PACK_FILE).is_file()), None)
    return file.parent if found is None else written.get(found, found)


def _rule_files(folder: Path) -> list[Path]:
    apart = {folder / LISTS_FOLDER, folder / EXCEPTIONS_FOLDER}
    return [
        file
        for file in sorted(folder.rglob("*.yaml"))
        if file != folder / PACK_FILE and apart.isdisjoint(file.parents)
    ]


def _head(
    source: Source | None, otherwise: Mapping[str, str]
) -> tuple[Mapping[str, str], list[RuleFault]]:
    """Return what pack.yaml says; without one, a loose pack of the name given *otherwise*."""
    keys = HEAD_KEYS
    if source is None:
        return dict.fromkeys(keys, "") | dict(otherwise), []
    table = None if source.faults else read_shape(source)
    reader = Reader(source, table or Table((), 1, 1), _EXAMPLES)
    head: dict[str, str] = dict.fromkeys(keys, "")
    if table is not None:
        with suppress(TooManyFaults):
            reader.only(("schema", *keys, HEAD_REMARK))
            reader.matching("schema", "1", "1")
            head = {key: reader.text(key) for key in keys}
    return head, source.faults


def _check_place(rule: Rule, stem: str, earlier: Sequence[Rule], source: Source) -> None:
    if stem != rule.id.lower():
        sentence = f"the file of the rule {rule.id} is named {rule.id.lower()}.yaml"
        source.fault(*_key(source, "id"), sentence, "Rename the file; the id is never changed.")
    twin = next((other for other in earlier if other.id == rule.id), None)
    if twin is not None:
        sentence = f"the id {rule.id} is used in {twin.place.file} already"
        source.fault(*_key(source, "id"), sentence, "Give the newer rule an id of its own.")


def _key(source: Source, key: str) -> tuple[int, int]:
    """Return the line and column of a key of the outermost mapping; the beginning if it is not there."""
    rows = source.text.split("\n")
    return next((n for n, row in enumerate(rows, 1) if row.startswith(f"{key}:")), 1), 1


def _in_order(source: Source) -> list[RuleFault]:
    return sorted(
        source.faults, key=lambda fault: (fault.place.line or 0, fault.place.column or 0)
    )
