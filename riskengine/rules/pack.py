"""A pack of rules read from a folder: every rule, every list, and every fault in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

from riskengine.errors import Place, RuleFault, RulesRefused
from riskengine.rules.faults import Source
from riskengine.rules.reading import Reader
from riskengine.rules.rule import Pack, Rule, RuleList
from riskengine.rules.rule_file import read_list, read_rule
from riskengine.rules.tree import FieldKind
from riskengine.rules.yaml_shape import LARGEST_FILE, Table, read_shape

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Pack", "Rule", "RuleList", "kinds_of", "load_pack", "load_rule", "read_pack"]

PACK_FILE = "pack.yaml"
LISTS_FOLDER = "lists"


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
    source = _read_source(path)
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
        path: The folder of the pack, or one rule file of it; faults name files as they are given here.
        fields: Every field that a condition may name.
    """
    folder = path if path.is_dir() else _pack_folder(path)
    kinds = kinds_of(fields)
    pack_file, list_files, rule_files = _files(folder)
    head, faults = _head(pack_file)
    lists: dict[str, RuleList] = {}
    for file in list_files:
        source = _read_source(file)
        found = None if source.faults else read_list(source)
        if found is not None and found.name != file.stem:
            source.fault(
                1, 1, f"the file of the list {found.name!r} is named {found.name}.yaml"
            )
        if found is not None:
            lists[found.name] = found
        faults += _in_order(source)
    rules: list[Rule] = []
    for file in rule_files if path.is_dir() else [path]:
        source = _read_source(file)
        rule = None if source.faults else read_rule(source, kinds, lists)
        if rule is not None:
            _check_place(rule, file, rules, source)
            rules.append(rule)
        faults += _in_order(source)
    if not rules and not faults:
        faults.append(
            RuleFault(place=Place(file=path.as_posix()), sentence="there are no rules here")
        )
    rules.sort(key=lambda rule: rule.id)
    pack = Pack(
        name=head["name"],
        version=head["version"],
        issuer=head["issuer"],
        licence=head["licence"],
        rules=tuple(rules),
        lists=tuple(lists[name] for name in sorted(lists)),
    )
    return pack, tuple(faults)


def _pack_folder(file: Path) -> Path:
    """Return the nearest folder above a rule file that is a pack, else the file's own folder.

    A folder that stands in *file* is returned as it is written there.
    """
    written = {folder.resolve(): folder for folder in file.parents}
    above = list(file.resolve().parents)[:4]
    found = next((folder for folder in above if (folder / PACK_FILE).is_file()), None)
    return file.parent if found is None else written.get(found, found)


def _files(folder: Path) -> tuple[Path, list[Path], list[Path]]:
    lists = sorted((folder / LISTS_FOLDER).glob("*.yaml"))
    inside = folder / LISTS_FOLDER
    rules = [
        file
        for file in sorted(folder.rglob("*.yaml"))
        if file != folder / PACK_FILE and inside not in file.parents
    ]
    return folder / PACK_FILE, lists, rules


def _head(file: Path) -> tuple[dict[str, str], list[RuleFault]]:
    """Return what pack.yaml says; a folder without one is a loose pack of the folder's name."""
    keys = ("name", "version", "issuer", "licence")
    if not file.is_file():
        return dict.fromkeys(keys, "") | {"name": file.resolve().parent.name}, []
    source = _read_source(file)
    table = None if source.faults else read_shape(source)
    reader = Reader(source, table or Table((), 1, 1))
    if table is not None:
        reader.only(("schema", *keys, "description"))
        reader.matching("schema", "1", "1")
    head = {key: reader.text(key, needed=table is not None) for key in keys}
    return head, source.faults


def _check_place(rule: Rule, file: Path, earlier: Sequence[Rule], source: Source) -> None:
    if file.stem != rule.id.lower():
        source.fault(1, 1, f"the file of the rule {rule.id} is named {rule.id.lower()}.yaml")
    twin = next((other for other in earlier if other.id == rule.id), None)
    if twin is not None:
        source.fault(1, 1, f"the id {rule.id} is used in {twin.place.file} already")


def _in_order(source: Source) -> list[RuleFault]:
    return sorted(
        source.faults, key=lambda fault: (fault.place.line or 0, fault.place.column or 0)
    )


def _read_source(file: Path) -> Source:
    """Return a file's text; what keeps it from being read is its first fault."""
    shown = file.as_posix()
    source = Source(shown, "")
    try:
        with file.open("rb") as stream:
            received = stream.read(LARGEST_FILE + 1)
        return Source(shown, received.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        source.fault(
            1, 1, f"the file is not UTF-8: the byte at {error.start} fits no character"
        )
    except OSError as error:
        sentence = f"the file cannot be read: {error.strerror}"
        source.faults.append(RuleFault(place=Place(file=shown), sentence=sentence))
    return source
