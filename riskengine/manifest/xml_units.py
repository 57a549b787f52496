"""An XML manifest bill by bill: one that is broken does not lose its neighbours.

A document is read element by element, and each bill is let go as soon as it was taken. Where the document
is not well-formed XML, its bills are told apart by their tags, and each is read as a document of its own:
strictly, for a parser that repairs what it reads leaves out what it cannot repair.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - it has no stubs

from riskengine.errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from riskengine.manifest.xml_prolog import XmlSource

Element: TypeAlias = Any  # lxml declares no public name for it

MOST_SPANS = 500_000
"""Bills of a document that is not well-formed; a well-formed one of the largest size has fewer."""

LARGEST_UNIT = 300_000
"""Elements and attributes between the beginnings of two bills; a tree takes twenty times its text."""

LONGEST_UNIT = 24 << 20
"""Bytes between the beginnings of two bills; one with ten thousand containers has about half of it."""

_CHUNK = 1 << 16
_LONGEST_TAG = 10_000
_PREFIX = re.compile(rb"""\bxmlns:([^\s=><"']{1,100})\s*=\s*("[^"<]*"|'[^'<]*')""")
_ONLY_CLOSING = re.compile(
    rb"(?:\s++|</[^<>]*+>|<!--(?:(?!-->).)*+-->)*+(?:</?[\w:.-]*+)?", re.DOTALL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A part of a document that could not be read.

    Attributes:
        line: Where it begins.
        code: What is wrong.
        text: The part as it stands.
    """

    line: int
    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One bill."""

    line: int
    element: Element


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What stands around the bills.

    Attributes:
        root: The root element without its bills, or None where it could not be read.
        fault_line: Where the document stops being well-formed, or None.
    """

    root: Element | None
    fault_line: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the whole document was well-formed."""
        return self.root is not None and self.fault_line is None

    @property
    def parts(self) -> Element:
        """The root, or an element with nothing in it."""
        return etree.Element("nothing") if self.root is None else self.root


Part: TypeAlias = "Unit | Broken | Rest"


@lru_cache(maxsize=4096)
def plain_name(tag: str) -> str:
    """Return the name of an element without namespace, case and the signs between its words.

    >>> plain_name("{urn:x}Bol_segment")
    'bolsegment'
    """
    local = tag.rpartition("}")[2]
    return local.replace("_", "").replace("-", "").replace(".", "").casefold()


def parts_of(source: XmlSource, unit: str, restart: Callable[[], None]) -> Iterator[Part]:
    """Yield every bill of a document in its order, and at the end what stands around them.

    Args:
        source: The document.
        unit: The name of the element that is a bill, as a pattern for bytes in which nothing repeats.
        restart: Called where the document turns out not to be well-formed: what was yielded is void, and
            comes again.

    Raises:
        ManifestError: A part is so large that it could not be held, or nothing in the document can be read.
    """
    tags = re.compile(
        rb"<(/?)((?:[^\s/><!?:\"'&;=]{1,100}:)?(?:" + unit.encode() + rb"))(?=[\s/>])",
        re.IGNORECASE,
    )
    _must_be_bounded(source, tags)
    try:
        yield from _strictly(source, tags)
    except etree.XMLSyntaxError as fault:
        restart()
        line = fault.position[0] or None
        yield from _one_by_one(source, tags, line)


def _must_be_bounded(source: XmlSource, tags: re.Pattern[bytes]) -> None:
    content, last = source.content, 0
    for tag in tags.finditer(content):
        if not tag[1]:
            _must_be_small(source, last, tag.start())
            last = tag.start()
    _must_be_small(source, last, len(content))


def _must_be_small(source: XmlSource, start: int, end: int) -> None:
    if end - start < LARGEST_UNIT:
        return
    if end - start > LONGEST_UNIT:
        raise ManifestError(
            f"{source.file} has more than {LONGEST_UNIT >> 20} MB in one bill or beside the bills.",
            remedy="Mistrust the sender, or split the manifest.",
        )
    content = source.content
    if content.count(b"<", start, end) + content.count(b"=", start, end) > 2 * LARGEST_UNIT:
        raise ManifestError(
            f"{source.file} has more than {LARGEST_UNIT} elements in one bill or beside the bills.",
            remedy="Mistrust the sender, or split the manifest.",
        )


def _parser_options() -> dict[str, bool]:
    # Without entities and definitions: whoever wants to use one finds it undefined, which is an error.
    return {
        "resolve_entities": False,
        "no_network": True,
        "load_dtd": False,
        "dtd_validation": False,
        "huge_tree": False,
        "recover": False,
        "remove_comments": True,
        "remove_pis": True,
    }


def _strictly(source: XmlSource, tags: re.Pattern[bytes]) -> Iterator[Part]:
    names = {tag[2].rpartition(b":")[2].decode() for tag in tags.finditer(source.content)}
    parser = etree.XMLPullParser(
        events=("end",),
        tag=[f"{{*}}{name}" for name in sorted(names)] or ["{*}none-of-them"],
        encoding="utf-8",
        **_parser_options(),
    )
    taken: Element | None = None
    for start in range(0, len(source.content), _CHUNK):
        parser.feed(source.content[start : start + _CHUNK])
        for _, element in parser.read_events():
            if _is_inside_another(element, names):
                continue
            _release(taken)
            taken = element
            yield Unit(line=element.sourceline, element=element)
            element.clear(keep_tail=True)
    root = parser.close()
    _release(taken)
    yield Rest(root=root)


def _release(taken: Element | None) -> None:
    """Take a bill out of the tree; what was written behind it stays, for it is not part of the bill."""
    if taken is None or (parent := taken.getparent()) is None:
        return
    behind, before = taken.tail, taken.getprevious()
    parent.remove(taken)
    if behind and not behind.isspace():
        if before is None:
            parent.text = (parent.text or "") + behind
        else:
            before.tail = (before.tail or "") + behind


def _is_inside_another(element: Element, names: set[str]) -> bool:
    return any(
        isinstance(above.tag, str) and above.tag.rpartition("}")[2] in names
        for above in element.iterancestors()
    )


def _one_by_one(
    source: XmlSource, tags: re.Pattern[bytes], fault_line: int | None
) -> Iterator[Part]:
    content = source.content
    spans = list(islice(_spans(content, tags), MOST_SPANS))
    if not spans or len(spans) == MOST_SPANS:
        raise ManifestError(
            f"{source.file} is not well-formed XML"
            + (f": the first fault is in line {fault_line}." if fault_line else "."),
            remedy="Ask the sender for the file again.",
        )
    wrapper = _wrapper(content[: spans[0][0]])
    between: list[tuple[int, int]] = []
    last, line = 0, 1
    for start, end, is_whole in spans:
        between.append((last, start))
        line += content.count(b"\n", last, start)
        element = _parsed(wrapper, content[start:end]) if is_whole else None
        if element is None:
            code = "message_cut" if end == len(content) and not is_whole else "xml_bill_broken"
            yield Broken(line=line, code=code, text=_text(content[start:end]))
        else:
            yield Unit(line=line, element=element)
        line += content.count(b"\n", start, end)
        last = end
    between.append((last, len(content)))
    yield from _rest(source, between, fault_line)


def _spans(content: bytes, tags: re.Pattern[bytes]) -> Iterator[tuple[int, int, bool]]:
    """Yield where each bill begins and ends, and whether its end tag is there."""
    opened: int | None = None
    for tag in tags.finditer(content):
        if not tag[1]:
            if opened is not None:
                yield opened, tag.start(), False
            opened = tag.start()
            start_tag = content[tag.end() : tag.end() + _LONGEST_TAG].partition(b">")
            if start_tag[1] and start_tag[0].endswith(b"/") and b"<" not in start_tag[0]:
                yield opened, tag.end() + len(start_tag[0]) + 1, True
                opened = None
        elif opened is not None:
            close = content.find(b">", tag.end(), tag.end() + _LONGEST_TAG)
            yield opened, (close + 1 if close >= 0 else tag.end()), close >= 0
            opened = None
    if opened is not None:
        yield opened, len(content), False


def _wrapper(before: bytes) -> bytes:
    """Return a start tag that declares every prefix declared before the first bill."""
    prefixes = dict(_PREFIX.findall(before))
    declared = b"".join(b" xmlns:%s=%s" % pair for pair in prefixes.items())
    return b"<part" + declared + b">"


def _parsed(wrapper: bytes, fragment: bytes) -> Element | None:
    """Return a bill read as a document of its own, or None."""
    parser = etree.XMLParser(encoding="utf-8", **_parser_options())
    try:
        part = etree.fromstring(wrapper + fragment + b"</part>", parser)
    except etree.XMLSyntaxError:
        return None
    return part[0] if len(part) == 1 else None


def _rest(
    source: XmlSource, between: list[tuple[int, int]], fault_line: int | None
) -> Iterator[Part]:
    """Yield what remains when every bill is taken out, read as one document."""
    content, (start, stop) = source.content, between.pop()
    end = stop if source.end is None else max(source.end, start)
    between.append((start, end))
    # A bill leaves its lines behind, so that the others keep theirs.
    blanks = [
        b"\n" * content.count(b"\n", one[1], other[0]) for one, other in pairwise(between)
    ]
    remains = b"".join(
        content[start:stop] + blank
        for (start, stop), blank in zip(between, [*blanks, b""], strict=True)
    )
    root = _root_of(remains)
    line, last = 1, 0
    for start, stop in [*([] if root is not None else between), (end, len(content))]:
        line += content.count(b"\n", last, start)
        last = start
        if not _ONLY_CLOSING.fullmatch(content, start, stop):
            code = "xml_text_astray" if start else "xml_header_unread"
            yield Broken(line=line, code=code, text=_text(content[start:stop]))
    yield Rest(root=root, fault_line=fault_line or 1)


def _root_of(remains: bytes) -> Element | None:
    """Return the root of a document whose end may be missing, or None where more than that is wrong."""
    parser = etree.XMLPullParser(events=("start",), encoding="utf-8", **_parser_options())
    root: Element | None = None
    try:
        parser.feed(remains)
        root = next((element for _, element in parser.read_events()), None)
        parser.close()
    except etree.XMLSyntaxError as fault:
        return root if fault.code == etree.ErrorTypes.ERR_TAG_NOT_FINISHED else None
    return root


def _text(part: bytes) -> str:
    return part.decode("utf-8", "replace")
