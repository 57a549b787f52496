"""Persons are told apart by what can be seen of their names, and a name that names nobody is refused."""

from __future__ import annotations

import pytest

from riskengine.errors import RegisterError
from riskengine.register.persons import is_same_person, must_be_a_person


@pytest.mark.parametrize(
    "name",
    [
        "ana ruiz",
        "ANA-RUIZ",
        "An\u00e1 Ru\u00edz",
        "Ana Rui\u0301z",
        "Ana\u00a0Ruiz.",
        "\uff21na Ruiz",
        "Ana\u200dRuiz",
        "A n a R u i z",
    ],
)
def test_whatever_looks_the_same_is_the_same_person(name):
    assert is_same_person("Ana Ruiz", name)
    must_be_a_person(name)


@pytest.mark.parametrize(
    "name",
    ["", " ", "\u200b", "\u200d", "\u3164", "\u115f", "\uffa0", "\u2800", "-.", "\u0301"],
)
def test_a_name_that_names_nobody_is_refused_and_is_no_other_person(name):
    with pytest.raises(RegisterError):
        must_be_a_person(name)
    assert is_same_person("Ana", name)


@pytest.mark.parametrize(
    "hidden", ["\x00", "\n", "\u202e", "\u2066", "\u2028", "\ue000", "\ud800"]
)
def test_what_nobody_can_see_in_a_name_is_refused_with_its_number(hidden):
    with pytest.raises(RegisterError, match=f"U\\+{ord(hidden):04X}"):
        must_be_a_person(f"Ana{hidden}Ruiz")


def test_names_of_all_scripts_name_persons_and_are_bounded():
    names = (
        "\u674e\u660e",
        "\u041e\u043b\u044c\u0433\u0430",
        "\u0645\u06cc\u200c\u0646\u0627",
        "Nguy\u1ec5n 2",
    )
    for name in names:
        must_be_a_person(name)
    assert not is_same_person(names[0], names[1])
    with pytest.raises(RegisterError, match="200 are the most"):
        must_be_a_person("a" * 201)
