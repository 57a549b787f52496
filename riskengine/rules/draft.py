"""The file of a new rule: a draft that is a rule already, with a comment at every line that an author fills in."""

from __future__ import annotations

import json
import os
import re
import textwrap
from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.errors import RuleError, RulesRefused
from riskengine.rules.faults import Source
from riskengine.rules.pack import kinds_of
from riskengine.rules.rule_file import RULE_ID, read_rule
from riskengine.rules.schema import SUFFIX
from riskengine.rules.sentences import field_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from riskengine.domain import Typology
    from riskengine.features.field import Field

SCHEMA_FOLDER: Final = "schema"
_WIDTH: Final = 96
_FALLBACK: Final = "is_vague_description"
_LEVELS_UP: Final = 4


def draft(  # noqa: PLR0913 - one keyword for each thing that the file says
    rule_id: str,
    typologies: Sequence[Typology],
    catalogue: Sequence[Field],
    *,
    valid_from: date,
    title: str = "",
    schema: str = "",
    language: str = "en",
) -> str:
    """Return the text of a new rule, which passes the checks as it stands.

    Args:
        rule_id: Its id.
        typologies: The modus operandi it speaks for; the first condition is a sign of the first of them.
        catalogue: The fields that it may read.
        valid_from: Its first day.
        title: Its title in the language of the author; empty leaves a place for it.
        schema: Where an editor finds the schema of rule files; empty for nowhere.
        language: Of the comments.

    Raises:
        RuleError: The id is not written like one.
        RulesRefused: The title is no text that a rule file can hold.
    """
    if re.fullmatch(RULE_ID, rule_id, re.ASCII) is None:
        raise RuleError(
            f"{rule_id!r} is no id of a rule.",
            remedy="Capital letters, digits and dashes, as CRG-VEL-001.",
        )
    author = _Author(rule_id, typologies, _first_sign(typologies, catalogue), title, language)
    head = [f"# yaml-language-server: $schema={schema}"] if schema else []
    text = "\n".join([*head, *author.lines(valid_from), ""])
    source = Source(f"{rule_id.lower()}.yaml", text)
    if read_rule(source, kinds_of(catalogue), None) is None:
        raise RulesRefused(tuple(source.faults))
    return text


def write_draft(folder: Path, rule_id: str, text: str) -> Path:
    """Write the text of a new rule into a folder, which is made where it is not there; return its file.

    Raises:
        RuleError: There is such a file already, or it cannot be written.
    """
    file = folder / f"{rule_id.lower()}.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise RuleError(
            f"{file.as_posix()} is there already.",
            remedy="Choose another id, or raise the version in the file.",
        ) from error
    except OSError as error:
        raise RuleError(f"{file.as_posix()} cannot be written: {error.strerror}.") from error
    return file


def schema_for(folder: Path) -> tuple[str, Path | None]:
    """Return how a rule file in a folder names its schema, and the folder where one has to be written.

    The nearest ``schema`` folder above is taken; where there is none, it belongs beside the rule.
    """
    name = f"rule{SUFFIX}"
    here = folder.resolve()
    for above in [here, *here.parents][:_LEVELS_UP]:
        file = above / SCHEMA_FOLDER / name
        if file.is_file():
            return os.path.relpath(file, here).replace(os.sep, "/"), None
    return f"{SCHEMA_FOLDER}/{name}", folder / SCHEMA_FOLDER


def _first_sign(typologies: Sequence[Typology], catalogue: Sequence[Field]) -> str:
    """Return a yes/no field that may speak for the first of the typologies that has one."""
    signs = [
        field for field in catalogue if field.kind == "boolean" and not field.is_always_known
    ]
    for typology in typologies:
        # The fewer typologies a sign speaks for, the more it says of this one.
        own = sorted(
            (field for field in signs if typology in field.typologies),
            key=lambda field: len(field.typologies),
        )
        if own:
            return own[0].name
    return _FALLBACK


class _Author:
    """Writes the lines of a new rule, with comments in the language of its author."""

    def __init__(
        self,
        rule_id: str,
        typologies: Sequence[Typology],
        sign: str,
        title: str,
        language: str,
    ) -> None:
        self._id = rule_id
        self._typologies = ", ".join(typology.value for typology in typologies)
        self._sign = sign
        self._title = title
        self._language = language
        # English is needed in every rule; an author who writes another language finds both.
        self._languages = tuple(dict.fromkeys(("en", language)))

    def lines(self, valid_from: date) -> Iterator[str]:
        yield from self._comment("head")
        yield f"#   riskengine rules check {self._id.lower()}.yaml"
        yield f"#   riskengine rules test {self._id.lower()}.yaml"
        yield "schema: 1"
        yield f"id: {self._id}"
        yield from self._comment("version")
        yield "version: 1"
        yield from self._comment("status")
        yield "status: draft"
        for key in ("title", "why", "innocent", "blind_spot", "guide"):
            yield from self._wording(key)
        yield from self._comment("source")
        yield "source:"
        yield f"  - ref: {_quoted(self._text('source', self._language))}"
        yield f"typology: [{self._typologies}]"
        yield from self._comment("threat")
        yield "threat: [any]"
        yield from self._comment("owner")
        yield "owner: analysis desk"
        yield "handling: TLP:AMBER"
        yield from self._comment("severity")
        yield "severity: low"
        yield from self._comment("effect")
        yield "effect: score"
        yield f"valid_from: {valid_from.isoformat()}"
        yield from self._comment("settings")
        yield "# settings:"
        yield "#   known_lane: {value: 20, from: 5, to: 200}"
        yield from self._comment("when")
        yield "when:"
        yield "  all:"
        yield f"    - {self._sign}"
        yield "    # - lane_containers_before >= known_lane"
        yield from self._comment("unless")
        yield "# unless:"
        yield "#   - is_personal_effects"
        yield from self._comment("because", field="{field}")
        yield "because:"
        for language in self._languages:
            yield f"  {language}: {_quoted(self._because(language))}"
        yield from self._tests()

    def _wording(self, key: str) -> Iterator[str]:
        yield from self._comment(key)
        yield f"{key}:"
        for language in self._languages:
            text = self._title if key == "title" and self._title else self._text(key, language)
            yield f"  {language}: {_quoted(text)}"

    def _because(self, language: str) -> str:
        params = {"sign": field_label(self._sign, language), "value": f"{{{self._sign}}}"}
        return messages.render("draft.text.because", params, language)

    def _tests(self) -> Iterator[str]:
        yield from self._comment("tests")
        yield "tests:"
        tests = (("match", "true"), ("no_match", "false"), ("unknown", ""))
        for expect, value in tests:
            record = f"{{{self._sign}: {value}}}" if value else "{}"
            yield f"  - name: {expect}"
            yield f"    expect: {expect}"
            yield f"    record: {record}"

    def _comment(self, key: str, **params: object) -> Iterator[str]:
        text = messages.render(f"draft.comment.{key}", params, self._language)
        yield from textwrap.wrap(
            text,
            _WIDTH,
            initial_indent="# ",
            subsequent_indent="# ",
            break_on_hyphens=False,
            break_long_words=False,
        )

    def _text(self, key: str, language: str) -> str:
        return messages.render(f"draft.text.{key}", {}, language)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
