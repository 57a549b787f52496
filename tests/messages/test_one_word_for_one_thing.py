"""A thing has one word in a language, and Portuguese is that of Brazil: the other words stand in no text."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import riskengine.messages

FOLDER = Path(riskengine.messages.__file__).parent
# The word that stands for the thing, and those that do not.
WORDS = {
    "en": {
        "shipper": "consignor",
        "stow plan": "stowage plan|bayplan",
    },
    "fr": {
        "conteneur": "containers?",
        "chargeur": "expéditeurs?",
        "destinataire": "consignataires?",
        "scellé": "plombs?",
        "plan d'arrimage": "plans? de chargement",
    },
    "es": {
        "contenedor": "containers?|contáiner(?:es)?",
        "embarcador": "expedidor(?:es)?|cargador(?:es)?|remitentes?",
        "consignatario": "destinatari[oa]s?",
        "precinto": "sellos?",
        "plano de estiba": "plan(?:es)? de estiba",
        "archivo": "ficheros?",
    },
    "pt": {
        "contêiner": "contentor(?:es)?|containers?",
        "lacre": "selos?|selagem",
        "fato": "factos?",
        "endereço": "moradas?",
        "recebimento": "receção|recepção",
        "registro": "registos?|registad[oa]s?",
        "embarcador": "expedidor(?:es)?|carregador(?:es)?",
        "consignatário": "destinatári[oa]s?",
        "agente de carga": "transitários?",
        "conhecimento filhote": "conhecimentos? (?:filhos?|house)",
        "arquivo": "ficheiros?",
        "controle": "controlos?",
        "código SH": "códigos? pauta(?:l|is)",
        "retirada": "levantamentos?",
        "portão": "portarias?",
        "balança": "básculas?",
        "leve": "ligeir[oa]s?",
        "caminhão": "camião|camiões",
        "usuário": "utilizador(?:es)?",
    },
}
CASES = [(language, word) for language, words in WORDS.items() for word in words]


def texts_of(language):
    """Return every text of a language without its placeholders, by its file and key."""
    found = {}

    def gathered(table, name):
        for key, value in table.items():
            if isinstance(value, dict):
                gathered(value, f"{name}.{key}")
            else:
                found[f"{name}.{key}"] = re.sub(r"\{[^}]*\}", "", str(value))

    for file in sorted((FOLDER / language).glob("*.toml")):
        gathered(tomllib.loads(file.read_text(encoding="utf-8")), file.name)
    return found


TEXTS = {language: texts_of(language) for language in WORDS}


def test_every_language_is_read():
    assert set(TEXTS) == set(riskengine.messages.LANGUAGES)
    assert all(len(texts) > 1000 for texts in TEXTS.values())


@pytest.mark.parametrize(("language", "word"), CASES)
def test_no_text_says_it_with_another_word(language, word):
    others = re.compile(rf"\b(?:{WORDS[language][word]})\b", re.IGNORECASE)
    astray = {key: text for key, text in TEXTS[language].items() if others.search(text)}
    assert not astray, f"say {word}"


@pytest.mark.parametrize(("language", "word"), CASES)
def test_the_word_itself_is_none_of_the_others(language, word):
    assert not re.search(rf"\b(?:{WORDS[language][word]})\b", word)


@pytest.mark.parametrize("language", sorted(WORDS))
def test_slight_evidence_is_called_the_same_wherever_its_strength_is_told(language):
    texts = TEXTS[language]
    slight = texts["evidence.strength.toml.strength.slight"]
    assert texts["what_if.toml.strength.slight"] == slight
    assert f" {slight} " in texts["sheet.toml.waterfall.grades"]
