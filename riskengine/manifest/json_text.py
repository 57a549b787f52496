"""JSON text to its documents, each with its line: an array, an object that wraps one, or one document a line.

The standard library reads a document or none of it, takes the last of two members with one name, and lets
NaN and half characters pass. Here a broken document is kept as it stands and its neighbours are read.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from json.decoder import scanstring  # pyright: ignore[reportUnknownVariableType, reportAttributeAccessIssue]
from typing import TYPE_CHECKING, TypeAlias, cast

from riskengine.manifest.json_bounds import (
    MOST_IN_ONE,
    TOKENS,
    heavy_values,
    must_not_have_more,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json: TypeAlias = "dict[str, Json] | list[Json] | str | Decimal | bool | None"

MOST_BROKEN = 200
"""Places where reading is taken up again after a fault; beyond them the rest of the file is kept unread."""

MOST_MEMBERS = 10_000
"""Of an object, or arrays with nothing in them; a bill of lading has forty members."""

_LONGEST_NUMBER = 1000  # characters; what is longer stays a text
_BLANK = re.compile(r"[ \t\r\n]*")
_COMMAS = re.compile(r"[, \t\r\n]*")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_HALF = re.compile("[\ud800-\udfff]")
_NEVER_DOCUMENTS = {
    "houseBillOfLadings"
}  # they look like bills, and belong to the one around them
_NEXT_DOCUMENT = re.compile(r"\n(?=[\[{])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One document of a file, or a piece of the file that is none.

    Attributes:
        line: Where it begins.
        value: What it says; None where it could not be read.
        code: What is wrong with it (``defect.<code>``), or None.
        params: What the sentence needs.
        raw: The text of what could not be read; else empty.
        is_envelope: Whether it is what stands around documents, and none itself.
    """

    line: int
    value: Json = None
    code: str | None = None
    params: dict[str, str | int | float] = field(default_factory=dict[str, "str | int | float"])
    raw: str = ""
    is_envelope: bool = False


@dataclass(slots=True)
class JsonText:
    """The documents of one file, in order.

    Attributes:
        text: The file.
        file: Its name, for sentences.
        is_document: Tells a document of the trade from what merely wraps it.
        is_cut: Whether the text ended before its last document did; known when all parts were asked for.
        strays: Lines where a comma is missing or stands too much.
    """

    text: str
    file: str
    is_document: Callable[[Json], bool]
    is_cut: bool = False
    strays: list[int] = field(default_factory=list[int])
    _faults: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    _broken_count: int = 0
    _line: int = 1
    _counted: int = 0
    _heavy: dict[int, int] = field(default_factory=dict[int, int])
    _decoder: json.JSONDecoder = field(default_factory=json.JSONDecoder)

    def __post_init__(self) -> None:
        """Set the decoder up, and refuse what is nested without end."""
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_float=self._number,
            parse_int=self._number,
            parse_constant=self._constant,
        )
        self._heavy = heavy_values(self.text, self.file)

    def parts(self) -> Iterator[Part]:
        """Yield every document, and every piece that is none."""
        at, empty_count = self._skip(0), 0
        while at < len(self.text):
            if self.text.startswith("[]", at):
                empty_count += 1
                must_not_have_more(self.file, empty_count, "empty arrays", MOST_MEMBERS)
                at += 2
            elif self.text[at] == "[":
                at = yield from self._array(at)
            elif self.text[at] == "{":
                at = yield from self._object_at(at)
            else:
                at = yield from self._stray_text(at)
            at = self._skip(at)

    def _array(self, start: int) -> Iterator[Part]:  # a generator that returns the place behind
        at = self._skip(start + 1)
        while at < len(self.text):
            if self.text[at] == "]":
                return at + 1
            if self.text[at] == ",":  # a comma too much
                self.strays.append(self._line_of(at))
                at = self._skip_commas(at)
                continue
            part, at = self._value(at)
            yield part
            at = self._skip(at)
            sign = self.text[at : at + 1]
            if sign == ",":
                at = self._skip(at + 1)
                if self.text[at : at + 1] == "]":
                    self.strays.append(self._line_of(at))
            elif sign and sign != "]":
                self.strays.append(self._line_of(at))
                if sign not in "{[":
                    yield self._unread(at, len(self.text), "json_malformed", "")
                    return len(self.text)
        self.is_cut = True
        return at

    def _object_at(self, start: int) -> Iterator[Part]:
        """Read an object member by member: it is a document itself, or wraps documents."""
        members: list[tuple[str, Json]] = []
        doubtful: list[Part] = []
        faults: list[tuple[str, str]] = []
        line, is_wrapper, held = self._line_of(start), False, 0
        at = self._skip(start + 1)
        while self.text[at : at + 1] != "}":
            try:
                name, at = self._name(at)
                must_not_have_more(
                    self.file, len(members), "members in one object", MOST_MEMBERS
                )
                if self.text[at : at + 1] == "[" and self._wraps(at, name):
                    is_wrapper = True
                    at = yield from self._array(at)
                else:
                    began = at
                    self._faults.clear()
                    self._must_be_light(at)
                    value, at = self._decoder.raw_decode(self.text, at)
                    held += self.text.count(",", began, at)
                    must_not_have_more(self.file, held, "values in one document", MOST_IN_ONE)
                    part = self._part(began, at, value, list(self._faults))
                    faults += self._faults
                    if name not in _NEVER_DOCUMENTS and self.is_document(value):
                        is_wrapper = True
                        yield part
                    elif part.code is not None:
                        doubtful.append(part)
                        members.append((name, None))
                    else:
                        members.append((name, value))
                at = self._next_member(self._skip(at))
            except json.JSONDecodeError as fault:
                begin = at if is_wrapper else start
                part, after = self._broken(begin, fault, _NEXT_DOCUMENT)
                if is_wrapper:
                    yield from doubtful
                    yield Part(line=line, value=dict(members), is_envelope=True)
                if part is not None:
                    yield part
                return after
        self._faults[:] = faults
        whole = self._object(members)
        if is_wrapper:
            yield from doubtful
            yield Part(line=line, value=whole, is_envelope=True)
        elif doubtful:
            yield replace(doubtful[0], line=line, raw=readable(self.text[start : at + 1]))
        else:
            yield self._part(start, at + 1, whole, list(self._faults), line)
        return at + 1

    def _next_member(self, at: int) -> int:
        sign = self.text[at : at + 1]
        if sign not in {",", "}"}:
            raise json.JSONDecodeError("Expecting ',' delimiter", self.text, at)
        return self._skip(at + 1) if sign == "," else at

    def _name(self, at: int) -> tuple[str, int]:
        if self.text[at : at + 1] != '"':
            raise json.JSONDecodeError(
                "Expecting property name enclosed in double quotes", self.text, at
            )
        name, at = cast("tuple[str, int]", scanstring(self.text, at + 1, True))
        at = self._skip(at)
        if self.text[at : at + 1] != ":":
            raise json.JSONDecodeError("Expecting ':' delimiter", self.text, at)
        return name, self._skip(at + 1)

    def _wraps(self, at: int, name: str) -> bool:
        """Tell whether an array holds documents, by its first element."""
        if name in _NEVER_DOCUMENTS:
            return False
        first = self._skip(at + 1)
        if self.text[first : first + 1] != "{":
            return name in {"events", "arrivalNotices"} and self.text[first : first + 1] == "]"
        self._must_be_light(first)
        try:
            value, _ = self._decoder.raw_decode(self.text, first)
        except json.JSONDecodeError:
            return name in {"events", "arrivalNotices", "transportDocuments"}
        return self.is_document(value)

    def _value(self, start: int) -> tuple[Part, int]:
        """Read one element of an array; where it is broken, find where the next one begins."""
        self._faults.clear()
        self._must_be_light(start)
        try:
            value, end = self._decoder.raw_decode(self.text, start)
        except json.JSONDecodeError as fault:
            indent = self.text[self.text.rfind("\n", 0, start) + 1 : start]
            resume = None if indent.strip() else re.compile(rf"\n{re.escape(indent)}(?=[\[{{])")
            part, after = self._broken(start, fault, resume)
            return part or Part(line=self._line_of(start)), after
        return self._part(start, end, value, list(self._faults)), end

    def _broken(
        self, start: int, fault: json.JSONDecodeError, resume: re.Pattern[str] | None
    ) -> tuple[Part | None, int]:
        """Return what stands from *start* to the end of a broken value, and the place behind it."""
        self._broken_count += 1
        is_hopeless = self._broken_count > MOST_BROKEN
        end = len(self.text) if is_hopeless else self._end_of(start)
        if end is None and resume is not None:
            match = resume.search(self.text, start + 1)
            end = match.end() if match else None
        is_cut = end is None and (
            fault.pos >= len(self.text.rstrip()) or fault.msg.startswith("Unterminated")
        )
        end = len(self.text) if end is None else end
        if start >= end or not self.text[start:end].strip():
            self.is_cut = True
            return None, len(self.text)
        self.is_cut = self.is_cut or is_cut
        code = "json_cut" if is_cut else "json_malformed"
        what = f"{fault.lineno}:{fault.colno}"
        return self._unread(start, end, code, what), end

    def _end_of(self, start: int) -> int | None:
        """Return the place behind the bracket that closes the one at *start*, or None."""
        if self.text[start : start + 1] not in {"{", "["}:
            match = re.compile(r"[,\]}\n]").search(self.text, start)
            return match.start() if match and match.start() > start else None
        depth = 0
        for token in TOKENS.finditer(self.text, start):
            sign = token.group()
            if sign in "{[":
                depth += 1
            elif sign in "}]":
                depth -= 1
                if depth == 0:
                    return token.end()
            elif sign == '"':
                return None
        return None

    def _stray_text(self, start: int) -> Iterator[Part]:
        """Keep text between documents that is none."""
        match = _NEXT_DOCUMENT.search(self.text, start)
        end = match.end() if match else len(self.text)
        yield self._unread(start, end, "json_malformed", "")
        return end

    def _part(
        self,
        start: int,
        end: int,
        value: Json,
        faults: list[tuple[str, str]],
        line: int | None = None,
    ) -> Part:
        line = self._line_of(start) if line is None else line
        if "\\u" in self.text[start:end] and _HALF.search(
            json.dumps(value, ensure_ascii=False, default=str)
        ):
            faults = [*faults, ("json_half_character", "")]
        if not faults:
            return Part(line=line, value=value)
        code, name = faults[0]
        return Part(
            line=line,
            code=code,
            params={"name": name[:100]} if name else {},
            raw=readable(self.text[start:end]),
        )

    def _unread(self, start: int, end: int, code: str, where: str) -> Part:
        line = self._line_of(start)
        params: dict[str, str | int | float] = {"where": where or f"{line}:1"}
        return Part(line=line, code=code, params=params, raw=readable(self.text[start:end]))

    def _skip(self, at: int) -> int:
        match = _BLANK.match(self.text, at)
        return match.end() if match else at

    def _skip_commas(self, at: int) -> int:
        match = _COMMAS.match(self.text, at)
        return match.end() if match else at

    def _line_of(self, at: int) -> int:
        if at < self._counted:
            return self.text.count("\n", 0, at) + 1
        self._line += self.text.count("\n", self._counted, at)
        self._counted = at
        return self._line

    def _must_be_light(self, start: int) -> None:
        """Refuse a value before it is decoded, where it would take many times the room of its text."""
        count = self._heavy.get(start, 0)
        must_not_have_more(self.file, count, "values in one document", MOST_IN_ONE)

    def _object(self, pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        members = dict(pairs)
        if len(members) != len(pairs):
            counts = Counter(name for name, _ in pairs)
            self._faults.append(("json_member_twice", counts.most_common(1)[0][0]))
        return members

    def _number(self, text: str) -> Json:
        if len(text) > _LONGEST_NUMBER:
            return text
        try:
            return Decimal(text)
        except InvalidOperation:  # an exponent beyond all reckoning
            return text

    def _constant(self, text: str) -> Json:
        self._faults.append(("json_no_number", text))
        return text


def readable(text: str) -> str:
    r"""Return a text with the characters that it writes by number, so that container numbers can be found in it.

    >>> readable(r"\u0041BCU1234567 \ud800")
    'ABCU1234567 \\ud800'
    """

    def character(match: re.Match[str]) -> str:
        number = int(match.group(1), 16)
        return match.group() if 0xD800 <= number <= 0xDFFF else chr(number)  # noqa: PLR2004

    return _ESCAPE.sub(character, text)
