"""The author's sentence: its placeholders checked against the fields, each fault under its brace."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from riskengine.rules.faults import LineFault, did_you_mean
from riskengine.rules.yaml_shape import Scalar, Table, place_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from riskengine.rules.reading import Reader
    from riskengine.rules.rule import Wording
    from riskengine.rules.tree import FieldKind

_FORMS: dict[str, tuple[str, ...]] = {
    "number": (":integer", ":number", ":percent"),
    "date": ("", ":date"),
}
_PLACEHOLDER = re.compile(
    r"\{(?P<name>[a-z_0-9]+)(?P<form>:(?:number|integer|percent|date))?\}"
)
_HOW = "Write {field}, or {field:number}, {field:integer}, {field:percent}, {field:date}."
_MOST_FAULTS = 20


def read_because(
    reader: Reader, kinds: Mapping[str, FieldKind], settings: Collection[str]
) -> Wording | None:
    """Return the sentence of a rule; what is wrong in its placeholders is noted.

    Args:
        reader: Reads the rule.
        kinds: Every field and measure that a sentence may name.
        settings: The names of the rule's settings, which it may not.
    """
    wording = reader.optional_wording("because")
    shape = reader.shape("because", needed=False)
    if wording is None or shape is None:
        return None
    for language in wording.languages():
        said = (shape.get(language) if isinstance(shape, Table) else shape) or shape
        if not isinstance(said, Scalar):
            continue
        faults = list(_faults(said.text, kinds, settings))
        for fault in faults[:_MOST_FAULTS]:
            line, column = place_in(reader.source, said, fault.at)
            reader.source.fault(line, column, fault.sentence, fault.hint)
    return wording


def _faults(
    text: str, kinds: Mapping[str, FieldKind], settings: Collection[str]
) -> Iterator[LineFault]:
    at = 0
    while at < len(text):
        match = _PLACEHOLDER.match(text, at)
        if match is None:
            if text[at] in "{}":
                yield LineFault(at, "a brace stands here that is no placeholder", _HOW)
                at = max(at, text.find("}", at))
            at += 1
            continue
        name, form = match["name"], match["form"] or ""
        kind = kinds.get(name)
        if kind is None:
            hint = did_you_mean(name, kinds) or "The page docs/indicators.md names every field."
            if name in settings:
                hint = (
                    "It is a setting; write the field that is compared with it, or its number."
                )
            yield LineFault(at, f"there is no field named {name[:60]!r}", hint)
        elif form not in _FORMS.get(kind, ("",)):
            allowed = " or ".join(f"{{{name}{other}}}" for other in _FORMS.get(kind, ("",)))
            sentence = f"{match.group()} does not fit: {name!r} holds a {kind}"
            yield LineFault(at, sentence, f"Write {allowed}.")
        at = match.end()
