"""The catalogue as it can be kept: the source of every language as one text, and the texts that are read from it."""

from __future__ import annotations

import hashlib
import json
import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from riskengine.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Texts:
    """The texts of some day, by language and key; a language is read when it is first asked for.

    >>> Texts({"en": {"sheet.toml": "title = 'Sheet'"}}).of("en")["sheet.title"]
    'Sheet'
    """

    def __init__(self, sources: Mapping[str, Mapping[str, str]]) -> None:
        """Take what the files of each language hold, by their names."""
        self._sources = sources
        self._texts: dict[str, dict[str, str]] = {}

    def of(self, language: str) -> Mapping[str, str]:
        """Return the texts in one language; none where it was not spoken then."""
        if language not in self._texts:
            self._texts[language] = flattened(self._sources.get(language, {}))
        return self._texts[language]


def source_of(language: str) -> dict[str, str]:
    """Return the files of one language: what each holds, by its name, in the order of the names."""
    folder = files("riskengine.messages").joinpath(language)
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".toml"))
    return {name: folder.joinpath(name).read_text("utf-8") for name in names}


@cache
def catalogue_source(languages: tuple[str, ...]) -> bytes:
    """Return the catalogue of these languages as bytes that are the same for the same texts."""
    source = {language: source_of(language) for language in languages}
    return json.dumps(source, ensure_ascii=False, sort_keys=True).encode()


@cache
def catalogue_sha256(languages: tuple[str, ...]) -> str:
    """Return the sha256 of ``catalogue_source``."""
    return hashlib.sha256(catalogue_source(languages)).hexdigest()


def texts_from(source: bytes) -> Texts:
    """Return the texts that ``catalogue_source`` has kept.

    Raises:
        UsageError: The bytes are no catalogue.
    """
    try:
        kept = json.loads(source)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The texts that were kept are no catalogue: {error}.") from error
    if not isinstance(kept, dict) or not all(
        isinstance(its_files, dict)
        and all(isinstance(text, str) for text in its_files.values())
        for its_files in kept.values()
    ):
        raise UsageError("The texts that were kept are no catalogue.")
    texts = Texts(kept)
    try:
        for language in kept:
            texts.of(language)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The texts that were kept are no catalogue: {error}.") from error
    return texts


def flattened(source: Mapping[str, str]) -> dict[str, str]:
    """Return the texts of one language by their keys, from its files by their names."""
    texts: dict[str, str] = {}
    for name, content in sorted(source.items()):
        texts |= _branches(tomllib.loads(content), name.split(".")[0])
    return texts


def _branches(tree: Mapping[str, Any], prefix: str) -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, branch in tree.items():
        if isinstance(branch, str):
            flat[f"{prefix}.{name}"] = branch
        elif isinstance(branch, dict):
            flat |= _branches(branch, f"{prefix}.{name}")  # pyright: ignore[reportUnknownArgumentType]
    return flat
