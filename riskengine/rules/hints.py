"""What authors who come from spreadsheets, SQL and other engines probably meant.

A hint is one sentence that says what to write instead; nothing here decides whether something is a fault.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from riskengine.rules.tokens import Token

_LONGEST_NAME = 60
STRAIGHT_QUOTES = "Put texts between straight quotes: 'like this'."
_NUMBERS = "Numbers are written without separators, and with a point: 26000, 26.5."
_NO_UNITS = "Write the number alone; the unit is that of the field."
_NO_QUERIES = "There are no queries; a condition asks the fields of one container."
_NO_TODAY = "There is no today; 'assessed_on' is the day of the assessment."
_NO_CASES = "There are no cases; write 'and' and 'or', or one rule for each."
_REMARK = "A remark stands on a line of its own, after '#'."
_NO_PATTERNS = "There are no patterns; write \"contains 'X'\" or use a list."
_MISSING = "Write 'is missing'."
_SEARCHES = "Write \"contains 'X'\", \"starts with 'X'\" or \"ends with 'X'\"."
_TRUTH = "Write true or false; or the field alone, or 'not' and the field."
_ENGLISH = "The words of the language are English: and, or, not, in, between, contains."
_ACROSS = "What is counted or summed over several containers stands under 'across:'."
_CAPITALS = "Texts are compared in capitals already; leave it out."

# Signs of other languages, each with what is written here instead.
FOREIGN_SIGNS = {
    "===": "Equality is one '='.",
    "==": "Equality is one '='.",
    ":=": "Equality is one '='.",
    "!==": "Write '!='.",
    "<>": "Write '!='.",
    "~=": "Write '!='.",
    "^=": "Write '!='.",
    "=>": "Write '>='.",
    "=<": "Write '<='.",
    "&&": "Write 'and'.",
    "||": "Write 'or'.",
    "**": "There are no powers; write x * x.",
    "::": "Kinds come from the fields; nothing is converted.",
    "/*": _REMARK,
    "//": _REMARK,
    "--": _REMARK,
    "=~": _NO_PATTERNS,
    "!~": _NO_PATTERNS,
}
_CHARACTERS = {
    **dict.fromkeys(
        "“”„‟«»\u2039\u203a\u2018\u2019\u201a\u201b\u2032\u2033\u00b4`", STRAIGHT_QUOTES
    ),
    **dict.fromkeys("\u2212\u2013\u2014\u2010\u2011\ufe63", "Write '-'."),
    **dict.fromkeys("€£¥", _NO_UNITS),
    "$": "Write numbers and fields alone, without '$'.",
    **dict.fromkeys("{}", "A field stands without braces."),
    "&": "Write 'and'.",
    "|": "Write 'or'.",
    "!": "Write 'not', or '!=' for 'is not equal to'.",
    "≥": "Write '>='.",
    "≤": "Write '<='.",
    "≠": "Write '!='.",
    "≈": "There is no 'about'; write 'between LOW and HIGH'.",
    "∈": "Write 'in'.",
    "∧": "Write 'and'.",
    "\u2228": "Write 'or'.",
    "¬": "Write 'not'.",
    "\u00d7": "Write '*'.",
    "·": "Write '*'.",
    "÷": "Write '/'.",
    "^": "There are no powers; write x * x.",
    "~": _NO_PATTERNS,
    "%": "'%' follows a number, as in 97%; nothing else.",
    ";": "One condition a line; there is nothing to end it with.",
    ":": "Nothing stands after a colon here; compare with '='.",
    "\\": "Nothing is escaped; a quote inside a text is written twice: 'O''NEIL'.",
    "?": "Nothing is asked for while a rule runs; write the value.",
    "@": "A field is named alone.",
    "#": _REMARK,
    "\u00a0": "It is a no-break space; delete it and type a blank.",
    "\u202f": "It is a narrow no-break space; delete it and type a blank.",
}
_UNITS = frozenset(
    {
        "kg", "g", "mg", "t", "to", "ton", "tons", "tonne", "tonnes", "lb", "lbs",
        "teu", "feu", "m", "m2", "m3", "cbm", "km", "nm", "mi", "l", "h", "hr", "hrs",
        "hour", "hours", "d", "day", "days", "week", "weeks", "month", "months", "year",
        "years", "usd", "eur", "gbp", "xaf", "xof", "brl", "dollar", "dollars", "euro",
        "euros", "percent", "pct", "jour", "jours", "dia", "dias", "día", "días",
        "heures", "horas", "container", "containers", "boxes",
    }
)  # fmt: skip
_WORDS = {
    **dict.fromkeys(("like", "ilike", "rlike"), _SEARCHES),
    **dict.fromkeys(("matches", "regexp", "regex", "similar"), _NO_PATTERNS),
    **dict.fromkeys(
        ("null", "none", "nil", "na", "isnull", "isempty", "isblank", "empty", "blank"),
        _MISSING,
    ),
    **dict.fromkeys(("notnull", "exists", "present", "known"), "Write 'is not missing'."),
    **dict.fromkeys(
        ("select", "from", "where", "union", "join", "having", "drop", "delete", "insert"),
        _NO_QUERIES,
    ),
    **dict.fromkeys(("case", "when", "then", "else", "end", "if", "iif", "switch"), _NO_CASES),
    **dict.fromkeys(
        ("now", "today", "sysdate", "current_date", "current_timestamp", "getdate"), _NO_TODAY
    ),
    **dict.fromkeys(("yes", "no", "y", "n", "oui", "non", "si", "sim", "nao"), _TRUTH),
    **dict.fromkeys(("vrai", "faux", "verdadero", "falso", "verdadeiro"), _TRUTH),
    **dict.fromkeys(("et", "ou", "e", "o", "pas", "y_no", "entre", "contient"), _ENGLISH),
    **dict.fromkeys(
        ("inf", "infinity", "nan"), "Numbers are finite; 'is missing' asks for those not there."
    ),
    **dict.fromkeys(
        ("startswith", "begins", "beginning", "start"), "Write \"starts with 'X'\"."
    ),
    **dict.fromkeys(("endswith", "finishes", "ending"), "Write \"ends with 'X'\"."),
    **dict.fromkeys(("contain", "containing", "includes", "has"), "Write \"contains 'X'\"."),
    **dict.fromkeys(("equals", "equal", "eq"), "Write '='."),
    **dict.fromkeys(("differs", "unequal", "ne", "neq"), "Write '!='."),
    **dict.fromkeys(("greater", "more", "above", "over", "gt", "exceeds"), "Write '>'."),
    **dict.fromkeys(("less", "fewer", "below", "under", "lt"), "Write '<'."),
    **dict.fromkeys(("ge", "gte"), "Write '>='."),
    **dict.fromkeys(("le", "lte"), "Write '<='."),
    "xor": "Write 'a != b' of two yes/no fields.",
    "any_of": "Write 'contains any of list NAME'.",
    "within": "Write 'between LOW and HIGH', or 'in list NAME'.",
    "mod": "There is no remainder of a division.",
    "div": "Write '/'.",
}
_FUNCTIONS = {
    **dict.fromkeys(("max", "greatest"), "Write larger_of(x, y)."),
    **dict.fromkeys(("min", "least"), "Write smaller_of(x, y)."),
    **dict.fromkeys(("len", "nchar", "count_of", "size", "strlen"), "Write length(x)."),
    **dict.fromkeys(
        ("datediff", "date_diff", "days", "datedif", "hours_between", "dateadd"),
        "Write days_between(earlier, later).",
    ),
    **dict.fromkeys(("coalesce", "ifnull", "nvl", "isnull", "iferror", "isna"), _MISSING),
    **dict.fromkeys(("upper", "lower", "ucase", "lcase", "trim", "proper", "clean"), _CAPITALS),
    **dict.fromkeys(("left", "right", "mid", "substr", "substring", "search", "find"), _SEARCHES),
    **dict.fromkeys(
        ("count", "sum", "avg", "average", "countif", "countifs", "sumif", "vlookup", "lookup"),
        _ACROSS,
    ),
    **dict.fromkeys(("and", "or", "not", "xor"), "Write it between: 'a and b', 'a or b', 'not a'."),
    **dict.fromkeys(("in", "is_in", "isin"), "Write \"x in ['A', 'B']\" or 'x in list NAME'."),
    **dict.fromkeys(("date", "datevalue", "to_date"), "Write a day as 2026-12-31, without quotes."),
    **dict.fromkeys(("int", "float", "number", "value", "cast", "convert", "trunc", "floor"), "Write round(x)."),
    **dict.fromkeys(("contains", "like", "startswith", "endswith"), _SEARCHES),
}  # fmt: skip
# What is hinted where one certain word or sign was expected.
EXPECTED = {
    "and": "Write 'between LOW and HIGH'.",
    "with": "Write \"starts with 'X'\" or \"ends with 'X'\".",
    "of": "Write 'contains any of list NAME'.",
    "list": "Write 'contains any of list NAME'; its texts stand in a file of the folder lists.",
    "name": "Write the name of a file of the folder lists, without quotes: in list source_ports.",
    "file": "A list is a file of the folder lists that bears its name: lists/source_ports.yaml.",
    ",": "Write 'between LOW and HIGH', or values between '[' and ']' after 'in'.",
    "(": "What a function takes stands in brackets: length(x).",
    ")": "A bracket is opened and not closed.",
    "]": "The values stand between '[' and ']', with ',' between them.",
}
# What SQL and the shells write around or behind a word for any text at all.
WILDCARD = re.compile(r"%[^\W_].*|.*[^\W\d_]%|\*[^\W_].*|.*[^\W\d_]\*", re.DOTALL)
_WRITTEN_DAY = re.compile(
    r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})|(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})"
)


def word_hint(word: str, keywords: Collection[str]) -> str:
    """Return what an author of *word* probably meant; empty where nothing is known.

    >>> word_hint("AND", ["and", "or"])
    "Write 'and' in small letters."
    """
    lower = word.lower()
    if lower in keywords and word != lower:
        return f"Write {lower!r} in small letters."
    return _WORDS.get(lower, "")


def function_hint(name: str) -> str:
    """Return what is written here instead of a function of another language."""
    return _FUNCTIONS.get(name.lower(), "") or _WORDS.get(name.lower(), "")


def character_hint(char: str) -> str:
    """Return what is written instead of a character that is no part of a condition.

    >>> character_hint("≥")
    "Write '>='."
    """
    if char in _CHARACTERS:
        return _CHARACTERS[char]
    plain = unicodedata.normalize("NFKC", char)
    if len(plain) == 1 and plain.isascii() and plain.isprintable():
        return f"It only looks like {plain!r}; type {plain!r}."
    if char.isdigit():
        return "Write the digits 0 to 9."
    if char.isalpha():
        return f"Names have the letters a to z; this is {unicodedata.name(char, 'another')}."
    return "Delete it."


def day_hint(written: str) -> str:
    """Return how a day is written here, of one that is written otherwise; empty where it is none.

    >>> day_hint("31/12/2026"), day_hint("26,5")
    ('A day is written 2026-12-31: year, month, day, without quotes.', '')
    """
    match = _WRITTEN_DAY.match(written)
    if match is None:
        return ""
    first, second, last, year, month, day = match.groups()
    if last is not None:
        year, month, day = last, second, first
        if int(month) > 12:  # noqa: PLR2004 - an American day
            month, day = day, month
        elif int(day) <= 12 and day != month:  # noqa: PLR2004 - either may be the month
            return "A day is written year-month-day, as 2026-12-31, without quotes."
    shown = f"{year}-{int(month):02}-{int(day):02}"
    return f"A day is written {shown}: year, month, day, without quotes."


def number_hint(written: str) -> str:
    """Return how a number is written here, of one that is written otherwise.

    >>> number_hint("26,5"), number_hint("20t")
    ('Numbers are written without separators, and with a point: 26000, 26.5.', \
'Write the number alone; the unit is that of the field.')
    """
    if re.fullmatch(r"[+-]?[0-9][0-9.,_'\u2019 \u00a0\u202f]*%?", written):
        return _NUMBERS
    if re.fullmatch(r"[+-]?[0-9.]+[eE][+-]?[0-9]+", written):
        return "Write the number out, without an exponent."
    if re.fullmatch(r"0[xob][0-9a-fA-F]+", written):
        return "Write the number in decimal digits."
    if re.fullmatch(r"[$€£¥] ?[0-9.,]+|[+-]?[0-9.,]+ ?[^\W\d].*", written):
        return _NO_UNITS
    if written.lower().strip("+-.") in {"inf", "infinity", "nan"}:
        return "Numbers are finite; leave out what is not known."
    return "Write it in digits: 26000, 26.5 or 97%."


def truth_hint(written: str) -> str:
    """Return how a truth is written, of one that is written otherwise."""
    lower = written.lower()
    if lower in {"yes", "y", "1", "true", "t", "on", "oui", "vrai", "si", "sí", "sim", "x"}:
        return "Write true."
    if lower in {"no", "n", "0", "false", "f", "off", "non", "faux", "não", "nao"}:
        return "Write false."
    return "Write true or false."


def unexpected_hint(words: Sequence[Token], at: int, keywords: Collection[str]) -> str:  # noqa: PLR0911
    """Return what was probably meant where the token at the place *at* fits nothing before it."""
    here, before = words[at], words[at - 1] if at else None
    follows_number = before is not None and before.kind == "number"
    following = words[at + 1] if at + 1 < len(words) else None
    splits = here.text == "," and following is not None and following.kind == "number"
    if follows_number and (here.kind == "number" or splits):
        return _NUMBERS
    if follows_number and here.kind == "word" and here.text.lower() in _UNITS:
        return _NO_UNITS
    if here.text == "," and here.kind == "sign":
        return "One condition a line; join two with 'and' or 'or'."
    if here.text == "[" and here.kind == "sign":
        return "Fields of several values are asked whole: \"contains 'X'\"."
    if here.text in {")", "]"} and here.kind == "sign":
        return f"There is no bracket that this {here.text!r} closes."
    if here.text == "not" and here.kind == "word":
        return "Write 'not' before the whole: not (x > 3)."
    if here.kind == "word" and before is not None and before.kind == "word":
        known = word_hint(here.text, keywords)
        return known or "A name has no blanks; join conditions with 'and' or 'or'."
    if here.kind == "text" and before is not None and before.kind == "text":
        return "A quote inside a text is written twice: 'O''NEIL'."
    return word_hint(here.text, keywords) or "Join conditions with 'and' or 'or'."


def unit_hint(token: Token) -> str:
    """Return what was probably meant where a field or a value should stand."""
    if token.kind == "sign" and token.text == "=":
        at_start = "A condition is no formula: it does not begin with '='."
        return "Equality is one '='." if token.at else at_start
    if token.kind == "end":
        return "Something is missing at the end: a field, a number, a text in quotes or a day."
    if token.kind == "sign" and token.text in {"[", "]"}:
        return "Values in '[' and ']' stand after 'in' only."
    return "Write a field, a number, a text in quotes or a day before it."


def text_hint(token: Token) -> str:
    """Return what was probably meant where one text in quotes should stand."""
    if token.kind in {"number", "date"}:
        return f"Write it in quotes: '{token.text}'."
    return "Write one text in quotes: 'LIKE THIS'; several stand in a list: any of list NAME."


def in_hint(token: Token, lists: Collection[str] | None) -> str:
    """Return what was probably meant after 'in'."""
    if token.kind == "word" and lists is not None and token.text in lists:
        return f"Write 'in list {token.text}'."
    return "Write \"in list source_ports\" or \"in ['ECGYE', 'COTRB']\"."


def name_for(written: str) -> str:
    """Return the name that was probably meant with words that are none; empty where there is no telling.

    >>> name_for("asleep days"), name_for("Least-Mass"), name_for("7 days")
    ('asleep_days', 'least_mass', '')
    """
    name = re.sub(r"[^a-z0-9_]+", "_", written.strip().lower()).strip("_")
    return name if name[:1].isalpha() and len(name) <= _LONGEST_NAME else ""


def name_hint(name: str, before: Token | None) -> str:
    """Return what was probably meant with a name that is near to no field."""
    if before is not None and before.text in {"=", "!="} and name.isupper():
        return f"If it is a text, put it in quotes: '{name}'."
    return "The page docs/indicators.md names every field."
