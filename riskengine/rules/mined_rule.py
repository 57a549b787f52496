"""A draft rule written from mined conditions: four languages, settings with bounds, tests from real containers."""

from __future__ import annotations

import hashlib
import json
import math
import textwrap
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.domain import Severity, Typology
from riskengine.errors import RulesRefused
from riskengine.rules.faults import Source
from riskengine.rules.mined_tests import tests_of
from riskengine.rules.mining_terms import plain_number, readable
from riskengine.rules.rule_file import read_rule
from riskengine.rules.sentences import field_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    import polars as pl

    from riskengine.rules.mining_search import Evidence
    from riskengine.rules.mining_terms import Term
    from riskengine.rules.rule import Rule
    from riskengine.rules.tree import FieldKind

_WIDTH: Final = 88
_COMMON: Final = Typology.CONCEALED_IN_LOAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a mined rule stands on, for its words.

    Attributes:
        search: What it held where it was searched.
        later: What it held on later days.
        first: The first day of the search.
        before: The last day of the search.
        last: The last of the later days.
        tried: How many combinations the search judged.
        shuffles: How often the search was repeated on shuffled outcomes.
        as_good: How many of those found a combination as strong.
        weight: How many containers one that was drawn at random speaks for; 1 where that is not known.
        source: Where the rows come from, for people.
        valid_from: The first day of the draft.
    """

    search: Evidence
    later: Evidence
    first: date
    before: date
    last: date
    tried: int
    shuffles: int
    as_good: int
    weight: float
    source: str
    valid_from: date


def written_rule(
    terms: Sequence[Term],
    ground: Ground,
    rows: pl.DataFrame,
    kinds: Mapping[str, FieldKind],
) -> tuple[Rule, str]:
    """Return a draft rule of these conditions, and the text of its file.

    Args:
        terms: The conditions; all of them must hold.
        ground: What it stands on.
        rows: Containers with ``is_find`` and the fields read, from which its tests are made.
        kinds: The kind of every field of the catalogue.

    Raises:
        RulesRefused: What was written is no rule; a condition of the catalogue never does this.
    """
    body = "\n".join(_body(terms, ground))
    bare = _read(f"{body}\n", kinds)
    tests = "\n".join(tests_of(bare, terms, rows))
    text = f"{body}\ntests:\n{tests}\n"
    return _read(text, kinds), text


def mined_id(terms: Sequence[Term]) -> str:
    """Return the id of a mined rule: the same conditions always have the same one."""
    said = " and ".join(
        sorted(f"{t.field.name} {t.sign} {plain_number(t.number)} {t.word}" for t in terms)
    )
    return f"MINE-{hashlib.sha256(said.encode()).hexdigest()[:8].upper()}"


def _read(text: str, kinds: Mapping[str, FieldKind]) -> Rule:
    source = Source("mined", text)
    rule = read_rule(source, kinds, {})
    if rule is None:
        raise RulesRefused(tuple(source.faults))
    return rule


def _body(terms: Sequence[Term], ground: Ground) -> Iterator[str]:
    yield "# A draft made by `riskengine rules mine`. Read it, write down which honest trade looks the same,"
    yield "# check the guessed typology and severity, and give it a better title before you promote it."
    yield "schema: 1"
    yield f"id: {mined_id(terms)}"
    yield "version: 1"
    yield "status: draft"
    wordings = {language: _words(terms, ground, language) for language in messages.LANGUAGES}
    for key in ("title", "why", "innocent", "blind_spot"):
        yield f"{key}:"
        for language in messages.LANGUAGES:
            yield from _folded(language, wordings[language][key])
    yield "source:"
    yield f"  - ref: {_quoted(wordings['en']['source'])}"
    yield f"typology: [{_typology(terms).value}]"
    yield "threat: [any]"
    yield "owner: miner"
    yield "handling: TLP:AMBER"
    yield f"severity: {_severity(ground).value}"
    yield "effect: score"
    yield f"valid_from: {ground.valid_from.isoformat()}"
    yield from _settings(terms)
    yield "when:"
    yield "  all:"
    for term in terms:
        yield f"    - {_quoted(term.written()) if term.word else term.written()}"
    yield "because:"
    for language in messages.LANGUAGES:
        yield from _folded(language, wordings[language]["because"])


def _words(terms: Sequence[Term], ground: Ground, language: str) -> dict[str, str]:
    def words(key: str, **params: object) -> str:
        return messages.render(f"mining.rule.{key}", params, language)

    search, later = ground.search, ground.later
    why = [
        words(
            "why",
            examined=search.examined,
            found=search.found,
            rate=search.rate,
            base=search.base_rate,
            first=ground.first,
            before=ground.before,
            last=ground.last,
            later_examined=later.examined,
            later_found=later.found,
            later_rate=later.rate,
            later_base=later.base_rate,
        )
    ]
    if ground.weight > 1:
        why.append(words("weighted", weight=readable(ground.weight)))
    why.append(
        words("tried", tried=ground.tried, as_good=ground.as_good, shuffles=ground.shuffles)
    )
    signs = "; ".join(_sign(term, language) for term in terms)
    spans = {"first": ground.first, "last": ground.last}
    return {
        "title": words("title", signs=signs),
        "why": " ".join(why),
        "innocent": words("innocent"),
        "blind_spot": words("blind_spot"),
        "source": words("source", source=ground.source, **spans),
        "because": "; ".join(
            messages.render(
                "mining.sign.value",
                {
                    "label": field_label(term.field.name, language),
                    "value": f"{{{term.field.name}{_form(term)}}}",
                },
                language,
            )
            for term in terms
        ),
    }


def _sign(term: Term, language: str) -> str:
    """Return a condition in a few words that stay true when a port tunes its bound."""
    label = field_label(term.field.name, language)
    if term.setting:
        key = "high" if term.sign == ">=" else "low"
        return messages.render(f"mining.sign.{key}", {"label": label}, language)
    if term.sign in {"yes", "no"}:
        value = messages.render(
            f"rule.value.{'true' if term.sign == 'yes' else 'false'}", {}, language
        )
    else:
        value = term.word or plain_number(term.number)
    return messages.render("mining.sign.value", {"label": label, "value": value}, language)


def _form(term: Term) -> str:
    if term.field.kind != "number":
        return ""
    return ":integer" if term.is_whole else ":number"


def _settings(terms: Sequence[Term]) -> Iterator[str]:
    bounded = [term for term in terms if term.setting]
    if not bounded:
        return
    yield "settings:"
    for term in bounded:
        half, double = sorted((term.number / 2, term.number * 2))
        low = readable(math.floor(half) if term.is_whole else half, is_whole=term.is_whole)
        high = readable(math.ceil(double) if term.is_whole else double, is_whole=term.is_whole)
        low, high = min(low, term.number), max(high, term.number)
        shown = ", ".join(
            f"{key}: {plain_number(number)}"
            for key, number in (("value", term.number), ("from", low), ("to", high))
        )
        yield f"  {term.setting}: {{{shown}}}"


def _typology(terms: Sequence[Term]) -> Typology:
    """Guess the modus operandi: the one that most of the fields may speak for."""
    named = Counter(typology for term in terms for typology in term.field.typologies)
    order = list(Typology)
    return max(named, key=lambda one: (named[one], -order.index(one)), default=_COMMON)


def _severity(ground: Ground) -> Severity:
    """Return the highest severity whose points the later days are sure of; never critical."""
    sure = math.log(max(1.0, min(ground.search.lift_low, ground.later.lift_low)))
    fitting = [one for one in Severity if one is not Severity.CRITICAL and one.points <= sure]
    return fitting[-1] if fitting else Severity.LOW


def _folded(key: str, text: str) -> Iterator[str]:
    yield f"  {key}: >-"
    yield from textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="    ")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
