"""What single EDIFACT segments say, in the words and forms of our fields; what makes no sense stays as received."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.manifest.segments import Segment

FUNCTIONS = {
    "1": "cancellation",
    "2": "addition",
    "3": "cancellation",  # of some of its items
    "4": "amendment",
    "5": "replacement",
    "9": "original",
    "36": "amendment",
}
"""What a message does to one sent before (1225)."""

SEALING_PARTIES = {
    "AA": "consolidator",
    "AB": "unknown",
    "AC": "quarantine",
    "CA": "carrier",
    "CU": "customs",
    "SH": "shipper",
    "TO": "terminal",
    "QA": "quarantine",
}
"""Who put a seal on (9303)."""

FULL_OR_EMPTY = {"4": "false", "5": "true", "7": "true", "8": "true"}
"""Whether a box is full (8169); 7 and 8 say of how many consignments."""

SUPPLIED_BY = {"1": "true", "2": "false"}
"""Whether a box is the shipper's own (8077)."""

_DAY_LENGTHS = {"102": 8, "203": 8, "204": 8, "205": 8, "303": 8, "304": 8}
_SHORT_DAYS = {"101", "201", "202", "301"}
_TIMES = {"203", "204", "205", "303", "304"}
_SHORT_TIMES = {"201", "202", "301"}
_MASSES = {"KGM", "KG", "KGS", "K"}
_VOLUMES = {"MTQ", "M3", "CBM"}
_CUBIC_METRES_PER_CUBIC_FOOT = 0.028316846592


def day(text: str, form: str) -> str:
    """Return a date of DTM as a day.

    >>> day("202603080430", "203"), day("260308", "101"), day("soon", "102")
    ('2026-03-08', '2026-03-08', 'soon')
    """
    digits = text
    if form in _SHORT_DAYS or (not form and len(text) == len("260308")):
        digits = f"20{text}"
    elif form and form not in _DAY_LENGTHS:
        return text
    date = digits[:8]
    if len(date) != len("20260308") or not (date.isascii() and date.isdigit()):
        return text
    return f"{date[:4]}-{date[4:6]}-{date[6:]}"


def instant(text: str, form: str) -> str:
    """Return a date and time of DTM as an instant; the empty string where it tells no time.

    >>> instant("202603080430", "203"), instant("20260308", "102")
    ('2026-03-08T04:30:00', '')
    """
    digits = f"20{text}" if form in _SHORT_TIMES else text
    if form not in _TIMES and form not in _SHORT_TIMES:
        return ""
    if len(digits) < len("202603080430") or not (
        digits[:12].isascii() and digits[:12].isdigit()
    ):
        return ""
    seconds = digits[12:14]
    if form not in {"202", "204", "304"} or not (seconds.isascii() and seconds.isdigit()):
        seconds = "00"
    return f"{day(digits, '102')}T{digits[8:10]}:{digits[10:12]}:{seconds or '00'}"


def number(text: str) -> str:
    """Return a number with a decimal point; in EDIFACT a comma is nothing else.

    >>> number("21460,5"), number("1.080")
    ('21460.5', '1.080')
    """
    if "," not in text:
        return text
    return text.replace(",", ".") if text.count(",") == 1 and "." not in text else text


def mass(text: str, unit: str) -> str:
    """Return a mass that its reader understands: in kg, or with the unit behind it.

    >>> mass("21460,5", "KGM"), mass("21.5", "TNE"), mass("21.5", "XXX")
    ('21460.5', '21.5 TNE', '21.5 XXX')
    """
    bare = number(text)
    return bare if not bare or not unit or unit.upper() in _MASSES else f"{bare} {unit}"


def volume(text: str, unit: str) -> str:
    """Return a volume in cubic metres, or with a unit that is not known here.

    >>> volume("49,9", "MTQ"), volume("100", "FTQ")
    ('49.9', '2.8316846592')
    """
    bare = number(text)
    if not bare or not unit or unit.upper() in _VOLUMES:
        return bare
    if unit.upper() == "FTQ":
        return _scaled(bare, _CUBIC_METRES_PER_CUBIC_FOOT) or f"{bare} {unit}"
    return f"{bare} {unit}"


def temperature(text: str, unit: str) -> str:
    """Return a temperature in degrees Celsius.

    >>> temperature("-18", "CEL"), temperature("0", "FAH")
    ('-18', '-17.77777777777778')
    """
    bare = number(text)
    if unit.upper() in {"FAH", "F"}:
        try:
            return repr((float(bare) - 32) * 5 / 9)
        except ValueError:
            return f"{bare} {unit}"
    return bare


def _scaled(text: str, factor: float) -> str:
    try:
        return repr(float(text) * factor)
    except ValueError:
        return ""


def place(segment: Segment) -> str:
    """Return the place of a LOC: its code, or where it has none, its name."""
    return segment.at(1) or segment.at(1, 3)


def lines(parts: Sequence[str]) -> list[str]:
    """Return the parts of a composite that hold something, without blanks around them."""
    return [bare for part in parts if (bare := part.strip())]


def party_facts(nad: Segment) -> dict[str, str]:
    """Return name, address, country and identification of a NAD, structured or not.

    Without a name the first line of the unstructured block is taken for it, and the rest for the address.
    """
    names, address = nad.lines(3), nad.lines(2)
    if not names and address:
        names, address = address[:1], address[1:]
    # Town, region and postcode have elements of their own; D.03A knows a region by code and name.
    address += nad.lines(4)
    if any(nad.parts[5:8]):
        address += [*nad.lines(5), *nad.lines(6)[-1:], *nad.lines(7)]
    facts: dict[str, str] = {}
    if names:
        facts["name"] = " ".join(names)
    if address:
        facts["address"] = ", ".join(address)
    if country := nad.at(8):
        facts["country"] = country
    if identity := nad.at(1):
        facts["tax_id"] = identity
    return facts


def box_key(text: str) -> str:
    """Return a container number as two writings of it can be compared.

    >>> box_key("csqu 305438-3")
    'CSQU3054383'
    """
    if text.isalnum():
        return text.upper()
    return "".join(char for char in text if char.isalnum()).upper()
