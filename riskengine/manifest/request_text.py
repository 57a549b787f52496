"""The letter that asks a filer for what is missing: what, where, and what to send; never why it matters.

A letter speaks of defects that the filer can see in the file. It holds no score, no rule, no threshold and nothing
of what the desk thinks of a consignment. What it quotes from the file is made visible and cut, and can neither become
a link nor turn a line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from riskengine import messages
from riskengine.manifest.quality_faults import OF_THE_FILE
from riskengine.messages import visible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from riskengine.manifest.quality import FilerQuality, Quality

MOST_BILLS = 200
"""Bills that a letter names; the others are counted."""

MOST_PLACES = 5
EVERYWHERE = 0.9
"""A fault on this share of the lines, and on more than ten, is asked for once for the whole file."""

_FEWEST_EVERYWHERE = 10
_LONGEST_QUOTE = 80
_LONGEST_NAME = 120
_BETWEEN_WORDS = re.compile(
    r"(?<=\w)\.(?=\w{2})(?!(?:csv|tsv|txt|xlsx|xlsm|xls|ods|parquet|xml|json|edi)$)",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(
    r"(?!www\.)[\w.()+-]+\.(?:csv|tsv|txt|xlsx|xlsm|xls|ods|parquet|xml|json|ndjson|edi|x12)",
    re.IGNORECASE,
)
_SEGMENTED = frozenset({"cuscar", "baplie", "coprar", "coarri", "codeco", "x12_309"})
_SCHEME = re.compile(r"(\w):(?=//|\\\\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A request for information to one filer.

    Attributes:
        filer: As the file names it, or None.
        text: The whole letter, plain text.
    """

    filer: str | None
    text: str


def letters_of(
    quality: Quality, *, language: str = "en", answer_by: date | None = None
) -> tuple[Letter, ...]:
    """Return a letter to each filer of whom something has to be asked, the worst first.

    Args:
        quality: Of one file.
        language: en, fr, es or pt.
        answer_by: The last day for an answer; without it the letter leaves the place free.
    """
    letters = [
        _letter(quality, filer, language, answer_by)
        for filer in quality.filers
        if filer.faults["is_asked"].any()
        or (quality.unread_lines.height and len(quality.filers) == 1)
    ]
    if not letters and quality.unread_lines.height:  # nobody can be told apart
        letters = [_letter(quality, None, language, answer_by)]
    return tuple(letters)


def quoted(text: object, longest: int = _LONGEST_QUOTE) -> str:
    r"""Return a text of a file as a letter may quote it: one line, cut, and nothing in it a link.

    >>> quoted("see http://evil.example/x\n")
    'see http: //evil. example/x<U+000A>'
    """
    shown = visible("" if text is None else str(text), longest)
    parted = _SCHEME.sub(r"\1: ", shown).replace("@", " (at) ").replace('"', "'")
    return _BETWEEN_WORDS.sub(". ", parted)


def container_quoted(text: object) -> str:
    """Return a container number as a letter may quote it: a letter of another alphabet is shown as its code point.

    >>> container_quoted("LS\N{CYRILLIC CAPITAL LETTER HA}U6271586")
    'LS<U+0425>U6271586'
    """
    number = "" if text is None else str(text)
    shown = "".join(
        char if char.isascii() else f"<U+{ord(char):04X}>" for char in number[:_LONGEST_QUOTE]
    )
    return quoted(shown, len("<U+10FFFF>") * _LONGEST_QUOTE)


def file_quoted(name: str) -> str:
    """Return the name of a file as a letter may quote it: whole, where it is a plain name and no address.

    >>> [file_quoted(name) for name in ("voyage.awmds.xml", "www.evil.example.csv")]
    ['voyage.awmds.xml', 'www. evil. example.csv']
    """
    is_plain = len(name) <= _LONGEST_NAME and _FILE_NAME.fullmatch(name) is not None
    return name if is_plain else quoted(name, _LONGEST_NAME)


def fault_sentence(row: dict[str, Any], language: str) -> str:
    """Return what is wrong, of one row of the faults."""
    is_number = row["field"] == "container_number"
    raw = container_quoted(row["raw"]) if is_number else quoted(row["raw"])
    params = {"field": field_name(row["field"], language), "raw": raw}
    said = messages.render(f"quality.fault.{row['code']}", params, language)
    return said[:1].upper() + said[1:]


def field_name(field: str | None, language: str) -> str:
    """Return what people call a field, or its own name where no word is known."""
    key = f"quality.field.{field}"
    if field is None:
        return messages.render("quality.field.other", {}, language)
    return messages.render(key, {}, language) if messages.has(key) else quoted(field)


def _letter(
    quality: Quality, filer: FilerQuality | None, language: str, answer_by: date | None
) -> Letter:
    def say(key: str, **params: object) -> str:
        return messages.render(f"quality.letter.{key}", params, language)

    file = file_quoted(quality.file)
    named = None if filer is None else filer.filer
    to = say("unknown_filer") if named is None else quoted(named, _LONGEST_NAME)
    deadline = say("by_unknown") if answer_by is None else say("by", day=answer_by)
    parts = [
        say("to", filer=to),
        say("subject", file=file),
        say("greeting"),
        say("opening", file=file),
    ]
    if filer is not None:
        parts += _asked(quality, filer, language)
    if quality.unread_lines.height and (filer is None or len(quality.filers) == 1):
        parts.append(_unread(quality, language))
    parts += [f"{deadline} {say('how')}", say("closing"), say("signature")]
    return Letter(filer=named, text="\n\n".join(parts) + "\n")


def _asked(quality: Quality, filer: FilerQuality, language: str) -> list[str]:
    """Return a paragraph for the whole file and one for each bill."""
    asked = filer.faults.filter("is_asked")
    whole, rest = _split(asked, filer.line_count, quality.absent)
    parts: list[str] = []
    if whole:
        lines = [messages.render("quality.letter.everywhere", {}, language)]
        for kind in whole:
            row = kind.row(0, named=True)
            said = _sentence(row, language, is_alone=kind["raw"].n_unique() <= 1)
            if not _is_of_the_file(kind, quality.absent):
                params = {
                    "count": int(kind["count"].sum()),
                    "what": said,
                    "first": _place(row, quality, language),
                }
                said = messages.render("quality.letter.of_all", params, language)
            lines.append(f"- {said}")
        parts.append("\n".join(lines))
    bills = rest.filter(pl.col("unit").is_not_null()).partition_by("unit", maintain_order=True)
    parts += [_of_bill(bill, quality, language) for bill in bills[:MOST_BILLS]]
    if len(bills) > MOST_BILLS:
        params = {"count": len(bills) - MOST_BILLS}
        parts.append(messages.render("quality.letter.more_bills", params, language))
    return parts


def _is_of_the_file(kind: pl.DataFrame, absent: frozenset[str]) -> bool:
    code, field = kind["code"][0], kind["field"][0]
    return code in OF_THE_FILE or (code == "missing" and field in absent)


def _split(
    asked: pl.DataFrame, line_count: int, absent: frozenset[str]
) -> tuple[list[pl.DataFrame], pl.DataFrame]:
    """Part what is wrong with the file, or nearly everywhere in it, from what is wrong here and there."""
    whole: list[pl.DataFrame] = []
    rest: list[pl.DataFrame] = []
    for kind in asked.partition_by("code", "field", "group", maintain_order=True):
        count = int(kind["count"].sum())
        is_everywhere = count > _FEWEST_EVERYWHERE and count >= EVERYWHERE * line_count
        is_uncounted = kind["unit"].null_count() > 0  # too many to be listed
        is_whole = is_everywhere or is_uncounted or _is_of_the_file(kind, absent)
        (whole if is_whole else rest).append(kind)
    return whole, pl.concat([asked.clear(), *rest]).sort("line", maintain_order=True)


def _of_bill(bill: pl.DataFrame, quality: Quality, language: str) -> str:
    number = bill["bill_of_lading"][0]
    head = (
        messages.render("quality.letter.no_bill", {}, language)
        if number is None
        else messages.render("quality.letter.bill", {"bill": quoted(number)}, language)
    )
    lines = [head]
    for same in bill.partition_by("code", "field", "raw", "group", maintain_order=True):
        row = same.row(0, named=True)
        each = same.unique(["line", "container_number"], keep="first", maintain_order=True)
        shown = each.head(MOST_PLACES).iter_rows(named=True)
        places = [_place(one, quality, language) for one in shown]
        if each.height > MOST_PLACES:
            params = {"count": each.height - MOST_PLACES}
            places.append(messages.render("quality.letter.more_places", params, language))
        lines.append(f"- {'; '.join(places)}: {_sentence(row, language)}")
    return "\n".join(lines)


def _unread(quality: Quality, language: str) -> str:
    listed = quality.unread_lines.head(MOST_PLACES * MOST_PLACES)
    places = [
        messages.render(f"quality.letter.{_noun(quality)}", {"line": line}, language)
        for line in listed["line"].unique(maintain_order=True).to_list()
    ]
    if quality.unread_count > listed.height:
        params = {"count": quality.unread_count - listed.height}
        places.append(messages.render("quality.letter.more_places", params, language))
    what = "segment_unread" if _noun(quality) == "segment" else "record_unread"
    said = messages.render(f"quality.fault.{what}", {}, language)
    send = messages.render(f"quality.send.{what}", {}, language)
    of_what = "unread_segments" if _noun(quality) == "segment" else "unread"
    head = messages.render(f"quality.letter.{of_what}", {}, language)
    return f"{head}\n- {'; '.join(places)}: {said} {send}"


def _sentence(row: dict[str, Any], language: str, *, is_alone: bool = True) -> str:
    """Return what is wrong and what to send; of several values the first is quoted."""
    shown = row if is_alone else row | {"raw": f"{quoted(row['raw'])}, …"}
    return f"{fault_sentence(shown, language)} {_send(row, language)}"


def _send(row: dict[str, Any], language: str) -> str:
    code, field = row["code"], row["field"] or ""
    keys: Sequence[str] = (f"send.{code}",)
    if code == "description_vague":
        keys = (f"instead.{row['group']}",)
    elif code == "missing":
        address = ("send.missing_address",) if field.endswith("_address") else ()
        keys = (f"send.missing_{field}", *address, "send.missing")
    known = next(key for key in (*keys, "send.missing") if messages.has(f"quality.{key}"))
    return messages.render(f"quality.{known}", {}, language)


def _place(row: dict[str, Any], quality: Quality, language: str) -> str:
    noun = _noun(quality)
    if row["container_number"] is None:
        return messages.render(f"quality.letter.{noun}", {"line": row["line"]}, language)
    params = {"line": row["line"], "container": container_quoted(row["container_number"])}
    return messages.render(f"quality.letter.{noun}_of", params, language)


def _noun(quality: Quality) -> str:
    """Return what a place of the file is called: EDIFACT and X12 have segments, all else has lines."""
    return "segment" if quality.format in _SEGMENTED else "line"
