"""The page of facts and indicators, written from the catalogue: ``python -m riskengine.features.reference``."""

from __future__ import annotations

import sys
from itertools import groupby
from typing import TYPE_CHECKING

from riskengine import messages
from riskengine.features.catalog import catalog
from riskengine.features.look_back import NEW_KIND_DAYS
from riskengine.features.rates import RECENT_DAYS, SHRINKAGE
from riskengine.features.usual import FEWEST_FOR_A_HABIT, FEWEST_OF_A_RELATION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from riskengine.features.field import Field

_OPENING = f"""\
# Facts and indicators

Written from the catalogue by `python -m riskengine.features.reference > docs/indicators.md`; do not edit.

Every name below may stand in a rule. A **fact** is what the manifest declares; an **indicator** is drawn from facts, or from what the
unit has seen before. What is not declared is *not known*, never zero and never "no": a rule that needs it answers `unknown`.

- A total is not known as soon as one line does not declare it. Texts are upper case with single blanks.
- Where a container stands on several bills, parties, ports and dates are those of the first bill, by its number, that is not a master bill.
- The past is what was known **before** the assessment day; nothing of the day itself counts, nor of the same manifest.
- A find rate with few examinations is drawn towards a wider one: `(finds + {SHRINKAGE:g} * wider rate) / (examinations + {SHRINKAGE:g})`. Eight digits of
  an HS code lean on six, heading, chapter, all; a party on its country; a pair, a lane, a party with a lane or a heading on both of its
  parts (the mean of their log-odds); a profile on code with origin; any other on all. A *recent* rate counts the last {RECENT_DAYS} days and leans
  on the rate of all years.
- A kind of key that the unit began to count later than the rest (a new version, a new column) is not known for its first {NEW_KIND_DAYS} days:
  until then everybody would be new.
- *Usual* is the middle 80 % of earlier containers of the same heading (lane, shipper, size and type), on a logarithmic scale, from
  {FEWEST_FOR_A_HABIT} containers on; of a party with such goods from {FEWEST_OF_A_RELATION} on, its spread drawn towards that of the heading.
- The source named is where the *idea* is known from in public. Formulas, thresholds and lists are our own, written from general
  knowledge of the trade and not compared entry by entry with that source.
- *Manifest* scope means that other containers of the same manifest are looked at; all others depend on the container alone.
- A mapping file may bring further columns along. They are named `attribute.<name>`, feed models and cannot stand in rules.
"""
_AREAS = {
    "cargo": "Goods",
    "route": "Way",
    "parties": "Parties",
    "equipment": "Container and seals",
    "documents": "Documents",
    "amendments": "Between versions",
    "reconciliation": "Against other papers",
    "box": "The past of the box",
    "history": "The past",
}


def page() -> str:
    """Return the page in Markdown."""
    facts = [field for field in catalog() if field.role == "fact"]
    drawn = [field for field in catalog() if field.role == "indicator"]
    parts = [_OPENING, f"## Facts ({len(facts)})\n", _fact_table(facts)]
    for area, fields in groupby(drawn, key=lambda field: field.area):
        members = list(fields)
        parts += [f"## {_AREAS[area]} ({len(members)})\n", _indicator_table(members)]
    return "\n".join(parts)


def _fact_table(fields: Iterable[Field]) -> str:
    rows = [
        f"| `{field.name}` | {_label(field)} | {_kind(field)} | {'yes' if field.is_model_feature else ''} |"
        for field in fields
    ]
    head = ["| Field | Label | Kind | Read by models |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def _indicator_table(fields: Iterable[Field]) -> str:
    rows = [
        f"| `{field.name}` | {_label(field)} | {_kind(field)} | {_meaning(field)} | {_typologies(field)} |"
        for field in fields
    ]
    head = ["| Field | Label | Kind | Meaning | Speaks for |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def _label(field: Field) -> str:
    return messages.render(f"{field.key}.label", {})


def _kind(field: Field) -> str:
    kind = f"{field.kind}, {field.unit}" if field.unit else field.kind
    return f"{kind}; manifest" if field.scope == "manifest" else kind


def _meaning(field: Field) -> str:
    return " ".join(field.meaning.split())


def _typologies(field: Field) -> str:
    return ", ".join(f"`{typology}`" for typology in field.typologies)


if __name__ == "__main__":
    sys.stdout.write(page())
