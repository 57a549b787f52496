"""SVG as text: every name and number escaped, no script, no link, no font of its own."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

from riskengine.messages import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

INK: Final = "#1a1a1a"
PALE: Final = "#d9d9d9"
QUIET: Final = "#595959"
PAPER: Final = "#ffffff"
TEXT_SIZE: Final = 12
TITLE_SIZE: Final = 15
_WIDE: Final = frozenset("WF")
_DIGITS_OF_AN_ID: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How one line or mark is told from the others, in colour and without.

    Attributes:
        colour: Of Okabe and Ito's set, dark enough on white and told apart by the colour-blind.
        dash: The pattern of the line, as SVG writes it; empty for a whole line.
        marker: The shape of its points.
    """

    colour: str
    dash: str
    marker: str


LOOKS: Final = (
    Look(colour="#0072b2", dash="", marker="circle"),
    Look(colour="#d55e00", dash="7 3", marker="square"),
    Look(colour="#007a5a", dash="2 3", marker="triangle"),
    Look(colour="#a3467e", dash="9 3 2 3", marker="diamond"),
    Look(colour="#1a1a1a", dash="4 2", marker="cross"),
    Look(colour="#8a6d00", dash="12 4", marker="ring"),
)
"""Repeated where there are more lines than that; the label at the end still tells."""


def element(name: str, content: str = "", /, **attributes: str | float) -> str:
    """Return one element; its attributes are escaped, its content is SVG already.

    An underscore in the name of an attribute stands for a hyphen.

    >>> element("line", x1=0.0, y1=1.25, stroke_width=2)
    '<line x1="0" y1="1.25" stroke-width="2"/>'
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_written(value)}"'
        for key, value in attributes.items()
        if value != ""
    )
    return f"<{name}{said}>{content}</{name}>" if content else f"<{name}{said}/>"


def text(content: str, x: float, y: float, /, **attributes: str | float) -> str:
    """Return a text at a place; what could move a cursor in it is made visible."""
    size = attributes.pop("font_size", TEXT_SIZE)
    fill = attributes.pop("fill", INK)
    return element("text", shown(content), x=x, y=y, font_size=size, fill=fill, **attributes)


def shown(content: str, longest: int = 120) -> str:
    """Return a text escaped for XML and HTML, with what cannot be seen made visible."""
    return escape(visible(content, longest), quote=True)


def cut(content: str, longest: int) -> str:
    """Return a text in at most so many signs, with an ellipsis where something was cut.

    >>> cut("Guayaquil to Antwerp", 12)
    'Guayaquil t…'
    """
    return content if len(content) <= longest else f"{content[: longest - 1]}…"


def text_width(content: str, size: float = TEXT_SIZE) -> float:
    """Return about how wide a text is, in the unit of the picture; no font is asked."""
    signs = sum(1.8 if unicodedata.east_asian_width(sign) in _WIDE else 1.0 for sign in content)
    return signs * size * 0.56


def picture(title: str, description: str, width: float, height: float, body: str) -> str:
    """Return a whole picture: named and described for those who hear it, light behind, titled on top."""
    mark = hashlib.sha256(f"{title}\n{description}".encode()).hexdigest()[:_DIGITS_OF_AN_ID]
    named = f"title-{mark} description-{mark}" if description else f"title-{mark}"
    told = element("title", shown(title, 300), id=f"title-{mark}")
    if description:
        told += element("desc", shown(description, 2000), id=f"description-{mark}")
    paper = element("rect", x=0, y=0, width=width, height=height, fill=PAPER)
    head = text(title, 12, 24, font_size=TITLE_SIZE, font_weight="bold")
    return element(
        "svg",
        f"\n{told}\n{paper}\n{head}\n{body}\n",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_written(width)} {_written(height)}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=named,
        font_family="system-ui, sans-serif",
    )


def marker(look: Look, x: float, y: float, size: float = 3.5) -> str:
    """Return the mark of a point in the shape and colour of its line."""
    if look.marker == "circle":
        return element("circle", cx=x, cy=y, r=size, fill=look.colour)
    if look.marker == "ring":
        return element(
            "circle", cx=x, cy=y, r=size, fill=PAPER, stroke=look.colour, stroke_width=1.5
        )
    if look.marker == "square":
        return element(
            "rect", x=x - size, y=y - size, width=2 * size, height=2 * size, fill=look.colour
        )
    if look.marker == "cross":
        way = f"M{_at(x - size, y - size)}L{_at(x + size, y + size)}M{_at(x - size, y + size)}L{_at(x + size, y - size)}"
        return element("path", d=way, stroke=look.colour, stroke_width=2, fill="none")
    corners: Sequence[tuple[float, float]] = (
        [(x, y - 1.2 * size), (x + 1.1 * size, y + size), (x - 1.1 * size, y + size)]
        if look.marker == "triangle"
        else [
            (x, y - 1.3 * size),
            (x + 1.3 * size, y),
            (x, y + 1.3 * size),
            (x - 1.3 * size, y),
        ]
    )
    return element("path", d=f"M{'L'.join(_at(*one) for one in corners)}Z", fill=look.colour)


def polyline(places: Sequence[tuple[float, float]], **attributes: str | float) -> str:
    """Return a line through places."""
    points = " ".join(_at(*place) for place in places)
    return element("polyline", points=points, fill="none", **attributes)


def _at(x: float, y: float) -> str:
    return f"{_written(x)},{_written(y)}"


def _written(value: str | float) -> str:
    """Return an attribute's text: numbers in hundredths, the same on every machine."""
    if isinstance(value, str):
        return escape(value, quote=True)
    shortened = f"{value:z.2f}"
    return shortened.rstrip("0").rstrip(".")
