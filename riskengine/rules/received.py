"""The bytes of a rule file as text; what keeps them from being read is the file's first fault."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from riskengine.errors import Place, RuleFault
from riskengine.rules.faults import Source
from riskengine.rules.yaml_shape import LARGEST_FILE

if TYPE_CHECKING:
    from pathlib import Path

_PLAIN = "Save the file as plain text in UTF-8."
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# How the files of word processors, spreadsheets and archives begin.
_NO_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b", b"{\\rtf")


def read_source(file: Path) -> Source:
    """Return the text of a file; never more of it than a rule file may hold."""
    shown = file.as_posix()
    try:
        with file.open("rb") as stream:
            return decoded(shown, stream.read(LARGEST_FILE + 1))
    except OSError as error:
        fault = RuleFault(
            place=Place(file=shown),
            sentence=f"the file cannot be read: {error.strerror}",
            hint="Is it there, and may you read it?",
        )
        return Source(shown, "", [fault])


def decoded(shown: str, received: bytes) -> Source:
    """Return what was received as text, if it is text in UTF-8."""
    if len(received) > LARGEST_FILE:
        # The rest is not looked at; the size itself is the fault, found when the shape is read.
        return Source(shown, received.decode("utf-8-sig", "replace"))
    if received.startswith(_NO_TEXT):
        source = Source(shown, received[:80].decode("latin-1"))
        source.fault(1, 1, "this is no text, but a document or an archive", _PLAIN)
        return source
    if received.startswith(_WIDE) or received[1:2] == b"\0":
        wide = "utf-16" if received.startswith(_WIDE) else "utf-16-le"
        source = Source(shown, received.decode(wide, "replace"))
        source.fault(1, 1, "the file is not UTF-8, but probably UTF-16", _PLAIN)
        return source
    try:
        return Source(shown, received.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        before = received[: error.start].decode("utf-8-sig")
        source = Source(shown, received.decode("utf-8-sig", "replace"))
        sentence = (
            f"the file is not UTF-8: the byte {received[error.start]:02X} fits no character"
        )
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        source.fault(line, column, sentence, _PLAIN)
        return source
