"""UN/EDIFACT files: framed, then read by the kind of message that they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias, cast

from riskengine.errors import ManifestError
from riskengine.manifest.flat import FlatRows
from riskengine.manifest.schema import Document, DocumentKind
from riskengine.manifest.segments import Message, read_interchanges
from riskengine.manifest.table import FileRemark

if TYPE_CHECKING:
    from riskengine.manifest.plan import FileSettings
    from riskengine.manifest.table import TextTable

MessageReader: TypeAlias = Callable[[Sequence[Message], FlatRows, Counter[str]], Document]
"""Reads messages of one kind into rows, counts the tags of what it does not use, and says what they are."""

MONEY = {
    "declared_value_usd": ("declared_value", "declared_value_currency"),
    "freight_amount_usd": ("freight_amount", "freight_currency"),
}
"""Amounts in any currency: the canonical field, and the columns of its amount and its currency."""

# Each reader is imported when its message is met.
_READERS: dict[str, tuple[DocumentKind, str, str]] = {
    "CUSCAR": ("manifest", "cuscar", "read_cuscar"),
    "BAPLIE": ("stow_plan", "baplie", "read_baplie"),
    "COPRAR": ("movements", "container_lists", "read_container_lists"),
    "COARRI": ("movements", "container_lists", "read_container_lists"),
    "CODECO": ("movements", "container_lists", "read_container_lists"),
}
_ORDER: tuple[DocumentKind, ...] = ("manifest", "stow_plan", "movements")
_MOST_TYPES_SHOWN = 10
_MOST_TAGS_SHOWN = 40


def read_edifact(data: bytes, *, file: str, settings: FileSettings) -> TextTable:
    """Frame a UN/EDIFACT file into rows of canonical fields.

    One file is one kind of document: where messages of several kinds are joined in one, the manifest is read
    before the stow plan, and the stow plan before movements; what is left is named, with every container
    number in it, as unread.

    Raises:
        ManifestError: No message in it is of a kind that is read here.
    """
    transmission = read_interchanges(data, file=file, encoding=settings.encoding)
    known = [message for message in transmission.messages if message.type in _READERS]
    if not known:
        _refuse(transmission.messages, file)
    kind = next(
        kind for kind in _ORDER if any(_READERS[message.type][0] == kind for message in known)
    )
    rows = FlatRows(file=file, size=len(data), remarks=list(transmission.remarks))
    unmapped: Counter[str] = Counter()
    documents: list[tuple[str, Document]] = []
    for module, function in dict.fromkeys(
        (module, function) for of_kind, module, function in _READERS.values() if of_kind == kind
    ):
        chosen = [item for item in known if _READERS[item.type][1:] == (module, function)]
        if chosen:
            reader = cast(
                "MessageReader",
                getattr(import_module(f"riskengine.manifest.{module}"), function),
            )
            documents.append((chosen[0].type.lower(), reader(chosen, rows, unmapped)))
    for message in transmission.messages:
        if message.type not in _READERS or _READERS[message.type][0] != kind:
            raw = message.segments.raw(0, len(message.segments))
            params = {"line": message.number, "type": message.type[:_MOST_TAGS_SHOWN]}
            rows.refuse(message.number, "message_of_other_kind", raw, params)
    for stray in transmission.strays:
        rows.refuse(stray.number, stray.code, stray.raw, {"line": stray.number})
    note_unmapped(rows, unmapped)
    if not rows.rows:
        rows.remarks.append(FileRemark(code="no_containers"))
    name, document = documents[0]
    return rows.table(name=name, title=name.upper(), document=document, currencies=MONEY)


def note_unmapped(rows: FlatRows, unmapped: Counter[str]) -> None:
    """Say in one remark which parts of the file nobody used."""
    if not unmapped:
        return
    tags = [tag for tag, _ in unmapped.most_common(_MOST_TAGS_SHOWN)]
    shown = ", ".join(tags) + (", ..." if len(unmapped) > len(tags) else "")
    params = {"count": unmapped.total(), "tags": shown}
    rows.remarks.append(FileRemark(code="unmapped_segments", params=params))


def _refuse(messages: Sequence[Message], file: str) -> None:
    types = list(dict.fromkeys(message.type[:_MOST_TAGS_SHOWN] for message in messages))
    if not types:
        raise ManifestError(
            f"{file} is UN/EDIFACT, but holds no message.",
            remedy="Ask the sender for the whole interchange.",
        )
    shown = ", ".join(map(repr, types[:_MOST_TYPES_SHOWN]))
    if len(types) > _MOST_TYPES_SHOWN:
        shown += ", ..."
    raise ManifestError(
        f"{file} holds messages that are not read here: {shown}.",
        remedy=f"Read here are {', '.join(_READERS)}.",
    )
