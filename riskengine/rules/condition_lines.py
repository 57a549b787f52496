"""The conditions of a rule file: ``when``, ``unless`` and single lines, from YAML to trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.errors import Place
from riskengine.rules.faults import did_you_mean
from riskengine.rules.language import read_condition
from riskengine.rules.tree import Condition, Group, Mode
from riskengine.rules.yaml_shape import Scalar, Sequence, Table, place_in

if TYPE_CHECKING:
    from riskengine.rules.language import Vocabulary
    from riskengine.rules.reading import Reader
    from riskengine.rules.yaml_shape import Shape


_GROUPS = {
    **dict.fromkeys(
        ("and", "every", "both", "if"), "Write 'all:' and the conditions under it."
    ),
    **dict.fromkeys(
        ("or", "either", "one_of", "some"), "Write 'any:' and the conditions under it."
    ),
    **dict.fromkeys(
        ("not", "nor", "no", "neither"), "Write 'none:' and the conditions under it."
    ),
}


def read_when(reader: Reader, vocabulary: Vocabulary) -> Group:
    """Return the conditions under ``when``; an empty group where they have faults."""
    shape = reader.shape("when")
    if isinstance(shape, Table):
        return _group(reader, vocabulary, shape)
    if shape is not None:
        hint = "Write 'all:', 'any:' or 'none:' and the conditions under it, each after '- '."
        reader.fault(shape, "'when' holds 'all', 'any' or 'none'", hint)
    return Group(mode=Mode.ALL, members=())


def read_unless(reader: Reader, vocabulary: Vocabulary) -> tuple[Condition | Group, ...]:
    """Return what excuses a match."""
    items = reader.items("unless", needed=False)
    members = [_member(reader, vocabulary, item) for item in items]
    return tuple(member for member in members if member is not None)


def read_line(reader: Reader, vocabulary: Vocabulary, shape: Scalar) -> Condition | None:
    """Return one condition; None where it cannot be read."""
    tree, faults = read_condition(shape.text, vocabulary)
    for fault in faults:
        line, column = place_in(reader.source, shape, fault.at)
        reader.source.fault(line, column, fault.sentence, fault.hint)
    if tree is None:
        return None
    place = Place(file=reader.source.file, line=shape.line, column=shape.column)
    return Condition(text=shape.text, tree=tree, place=place)


def _group(reader: Reader, vocabulary: Vocabulary, table: Table) -> Group:
    """Return a mapping of all, any, none; several of them hold together."""
    groups: list[Group] = []
    for key, shape in table.entries:
        if key.text not in set(Mode):
            hint = _GROUPS.get(key.text.lower(), "") or did_you_mean(
                key.text, [mode.value for mode in Mode]
            )
            hint = hint or "A condition is one text: 'mass_kg > 3', after '- '."
            reader.fault(
                key, f"conditions stand under all, any or none, not {key.text!r}", hint
            )
            continue
        if not isinstance(shape, Sequence) or not shape.items:
            hint = "Put each condition on its own line, after '- '."
            reader.fault(shape, f"{key.text!r} holds a list of conditions", hint)
            continue
        members = [_member(reader, vocabulary, item) for item in shape.items]
        kept = tuple(member for member in members if member is not None)
        groups.append(Group(mode=Mode(key.text), members=kept))
    if not table.entries:
        reader.fault(table, "there are no conditions here", _GROUPS["and"])
    return groups[0] if len(groups) == 1 else Group(mode=Mode.ALL, members=tuple(groups))


def _member(reader: Reader, vocabulary: Vocabulary, shape: Shape) -> Condition | Group | None:
    if isinstance(shape, Table):
        return _group(reader, vocabulary, shape)
    if isinstance(shape, Sequence):
        reader.fault(shape, "a list cannot stand here", "Name it: 'all:', 'any:' or 'none:'.")
        return None
    return read_line(reader, vocabulary, shape)
