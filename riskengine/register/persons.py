"""Who is who: names as persons are told apart by them, since nobody logs in here.

Whatever can be typed differently without being seen, or read as the same name, makes nobody another person.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from riskengine.errors import RegisterError

_LONGEST: Final = 200
_JOINERS: Final = frozenset("\u200c\u200d")
"""Without them names in Persian or Hindi cannot be spelled; they are seen only in the letters beside them."""
_FILLERS: Final = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters by their class, and blank on every screen."""


def same_person_key(name: str) -> str:
    """Return a name in the form in which persons are compared: its letters and digits; empty where it has none.

    >>> same_person_key(" José  O'Neil. ")
    'joseoneil'
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return "".join(
        letter
        for letter in folded
        if unicodedata.category(letter)[0] in "LN" and letter not in _FILLERS
    )


def is_same_person(one: str, other: str) -> bool:
    """Tell whether two names mean one person; a name that names nobody is not another person.

    >>> is_same_person("Ana  Ruíz", " ana-ruiz")
    True
    >>> is_same_person("Ana", "\u3164")
    True
    """
    keys = same_person_key(one), same_person_key(other)
    return not all(keys) or keys[0] == keys[1]


def must_be_a_person(name: str) -> None:
    """Let only a name through that can be read and told apart.

    Raises:
        RegisterError: It is empty, has no letter or digit, is unreasonably long, or holds what cannot be seen.
    """
    hidden = sorted({f"U+{ord(letter):04X}" for letter in name if _is_hidden(letter)})
    if hidden:
        raise RegisterError(
            f"The name of a person holds what nobody can see: {', '.join(hidden[:5])}.",
            remedy="Type the name again, letter by letter.",
        )
    if not same_person_key(name):
        raise RegisterError(
            f"{name!r} is the name of nobody.",
            remedy="Say who answers for it, with a name that others can read.",
        )
    if len(name) > _LONGEST:
        raise RegisterError(
            f"The name of a person has {len(name)} letters; {_LONGEST} are the most."
        )


def _is_hidden(letter: str) -> bool:
    kind = unicodedata.category(letter)
    return letter in _FILLERS or (
        letter not in _JOINERS and (kind[0] == "C" or kind in {"Zl", "Zp"})
    )
