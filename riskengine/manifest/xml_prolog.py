"""What stands before an XML document: its encoding, and the definitions by which it could attack its reader."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskengine.errors import ManifestError
from riskengine.manifest.decoding import decode

if TYPE_CHECKING:
    from riskengine.manifest.table import FileRemark

LARGEST_XML = 256 << 20
"""Bytes; a manifest of eighty thousand bills."""

# Beside these Python knows encodings that are ciphers, or slow on purpose.
_ENCODINGS = re.compile(
    r"(?:utf-?8|us-ascii|ascii|iso-?8859-\d{1,2}|latin-?1|windows-125\d|cp125\d|cp437|cp85\d|cp866"
    r"|koi8-[ru]|gb2312|gbk|gb18030|big5|shift_jis|euc-jp|euc-kr|tis-620)",
    re.IGNORECASE,
)
_WIDE = re.compile(r"utf-?(?:16|32)|ucs-?[24]|iso-10646", re.IGNORECASE)
_DECLARED = re.compile(
    rb"""\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']"""
)
_BEFORE_ROOT = re.compile(rb"\s*+(?:<!--.*?-->|<\?.*?\?>)", re.DOTALL)
_ROOT = re.compile(
    rb"""\s*+<((?:[^\s/><!?:"'&;=]++:)?([^\s/><!?:"'&;=]++))(?:[^>"']++|"[^"]*+"|'[^']*+')*+>"""
)
_LONGEST_BLANK = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlSource:
    """An XML document whose encoding is known, and that defines nothing.

    Attributes:
        file: Its name, for sentences.
        content: The whole document in UTF-8.
        root: The name of its root element as written, with its prefix.
        root_name: The same without the prefix.
        root_end: Where the start tag of the root ends.
        remarks: What is to be said of its encoding.
    """

    file: str
    content: bytes
    root: str
    root_name: str
    root_end: int
    remarks: tuple[FileRemark, ...] = ()

    @property
    def end(self) -> int | None:
        """Where the root element ends, or None where its end tag is missing: the document was cut off."""
        if self.content[self.root_end - 2 : self.root_end] == b"/>":
            return self.root_end
        tag = b"</" + self.root.encode()
        start = self.content.rfind(tag, self.root_end)
        if start < 0:
            return None
        rest = self.content[start + len(tag) : start + len(tag) + _LONGEST_BLANK]
        blank = len(rest) - len(rest.lstrip())
        is_closed = rest[blank : blank + 1] == b">"
        return start + len(tag) + blank + 1 if is_closed else None


def xml_source(data: bytes, *, file: str, declared: str | None) -> XmlSource:
    """Decode an XML document, and look at what stands before its root.

    Any document type definition is refused: a manifest needs none, and whoever sends one can make a parser
    read other files, call other machines, or write one letter out into gigabytes. This is looked for in
    the decoded text, for a definition in UTF-16 is one all the same.

    Raises:
        ManifestError: The document is too large, in an encoding that is not read, has a document type
            definition, or begins with no element.
    """
    if len(data) > LARGEST_XML:
        raise ManifestError(
            f"{file} is an XML document of {len(data) >> 20} MB; at most {LARGEST_XML >> 20} MB are read.",
            remedy="Split it by voyage.",
        )
    content, remarks = _as_utf8(data, file, declared)
    at = 0
    while before := _BEFORE_ROOT.match(content, at):
        at = before.end()
    beginning = content[at : at + 200].lstrip()
    if beginning[:9].upper() in {b"<!DOCTYPE", b"<!ENTITY "} or beginning.startswith(b"<!"):
        raise ManifestError(
            f"{file} brings a document type definition, which no manifest needs.",
            remedy="Mistrust the sender; ask for the manifest without <!DOCTYPE and <!ENTITY.",
        )
    root = _ROOT.match(content, at)
    if root is None:
        raise ManifestError(
            f"{file} begins like XML and holds no element that can be read.",
            remedy="Ask the sender for the file again.",
        )
    return XmlSource(
        file=file,
        content=content,
        root=root[1].decode("utf-8", "replace"),
        root_name=root[2].decode("utf-8", "replace"),
        root_end=root.end(),
        remarks=remarks,
    )


def _as_utf8(
    data: bytes, file: str, declared: str | None
) -> tuple[bytes, tuple[FileRemark, ...]]:
    found = _DECLARED.match(data)
    written = found[1].decode() if found else None
    if declared is None and written is not None and not _WIDE.fullmatch(written):
        if not _ENCODINGS.fullmatch(written):
            raise ManifestError(
                f"{file} says that its encoding is {written!r}, which is not read.",
                remedy="Ask for it in UTF-8.",
            )
        # Writers that declare UTF-8 and write something else are many: that is guessed below, and said.
        if written.lower() not in {"utf-8", "utf8", "us-ascii", "ascii"}:
            declared = written
    if declared is None:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            if b"\0" not in data[:64]:
                return data.removeprefix(b"\xef\xbb\xbf"), ()
    decoded = decode(data, file=file, declared=declared)
    return decoded.text.removeprefix("\ufeff").encode("utf-8"), decoded.remarks
