"""Which near misses are worth showing: the rare and the close."""

from __future__ import annotations

import pytest

from riskengine.engine.near_miss import Unremarkable, why_unremarkable
from riskengine.errors import Place
from riskengine.rules.spoken import Turn
from riskengine.rules.tree import Compare, Condition, Contains, FieldRef, Number

NUMBER = Compare(">", FieldRef("gross_mass_kg", "number"), Number(3.0))
WORD = Contains(FieldRef("hs_codes", "texts"), "2903")
FLAG = FieldRef("is_full", "boolean")


@pytest.mark.parametrize(
    ("node", "distance", "share", "others", "is_only_line", "why"),
    [
        (NUMBER, 0.1, 0.11, 500, False, Unremarkable.COMMON),
        (NUMBER, 0.1, 0.10, 500, False, None),
        (NUMBER, 0.1, 0.0, 500, True, None),
        (NUMBER, 0.5, 0.0, 500, True, Unremarkable.ONLY_LINE),
        (NUMBER, 0.5, 0.02, 500, False, Unremarkable.FAR),
        (NUMBER, 0.5, 0.01, 500, False, None),
        (WORD, 1.0, 0.02, 500, False, Unremarkable.OTHER_WORD),
        (WORD, 1.0, 0.01, 500, False, None),
        (WORD, 1.0, 0.0, 99, False, Unremarkable.OTHER_WORD),
        (FLAG, 1.0, 0.05, 500, False, None),
        (FLAG, 1.0, None, 0, False, None),
    ],
)
def test_a_near_miss_is_worth_showing_when_it_is_rare_or_close(
    node, distance, share, others, is_only_line, why
):
    line = Condition(text="", tree=node, place=Place(file="x.yaml"))
    turn = Turn(condition=line, wanted=True, holds=False, distance=distance)
    found = why_unremarkable(turn, share=share, others=others, is_only_line=is_only_line)
    assert found is why
