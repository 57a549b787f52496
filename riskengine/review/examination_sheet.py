"""The examination sheet: one container on paper, for those who look, and for those who ask later why they looked."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from riskengine import messages
from riskengine.errors import ExportError
from riskengine.review.print_text import (
    CUT,
    TRANSCRIBED,
    breakable,
    in_plain_letters,
    printable,
)
from riskengine.review.sheet_assessment import SheetAssessment
from riskengine.review.sheet_facts import SheetFacts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from riskengine.engine.biography import Chapter, CloneSign
    from riskengine.engine.explanation import Explanation
    from riskengine.review.sheet_part import Block, SheetPart

STANDARDS: Final = ("a-2a", "ua-1")
"""Kept for years, and read aloud: PDF/A-2 with its structure, and PDF/UA-1."""

_LONGEST_NAME: Final = 40
_OUTCOMES: Final = ("nil", "discrepancy", "seizure")
_FOUND: Final = 10
_NOT_OPENED: Final = 5
_SEARCHED: Final = (
    "seals", "door_end", "load", "walls", "roof", "floor", "under", "machinery",
)  # fmt: skip
_MEANS: Final = (
    "papers", "scale", "scanner", "dog", "endoscope", "swab", "unloading", "stripping",
)  # fmt: skip
_FIELDS: Final = (
    "outcome", "found", "places", "means", "seals", "seals_intact", "weight", "where", "remarks", "officer", "second",
    "signature", "date", "time", "yes", "no", "not_opened",
)  # fmt: skip


def examination_sheet(  # noqa: PLR0913  # what a sheet tells, each part named
    explanation: Explanation,
    *,
    chapters: Sequence[Chapter],
    signs: Sequence[CloneSign],
    made_on: date,
    language: str,
    unit: str = "",
) -> bytes:
    """Return the sheet of one container as a PDF: the same explanation gives the same bytes.

    Facts and assessments stand apart; what is not printed is counted. No clock, no network and no font of this
    machine has a part in it.

    Args:
        explanation: Why the container stands where it stands.
        chapters: What was known of the box before, in time order.
        signs: What of it one box could not have done.
        made_on: The day of the assessment; it is the day of the document too.
        language: Of its texts.
        unit: Whose sheet it is; may be empty.

    Raises:
        ExportError: The type setter is not installed, or could not set it.
        UsageError: There are no texts in that language.
    """
    content = sheet_content(
        explanation,
        chapters=chapters,
        signs=signs,
        made_on=made_on,
        language=language,
        unit=unit,
    )
    return _typeset(content, made_on)


def sheet_name(explanation: Explanation) -> str:
    """Return the name of the file that a container's sheet is kept in."""
    name = "".join(sign for sign in explanation.name if sign.isascii() and sign.isalnum())
    return f"{name[:_LONGEST_NAME] or explanation.container_id}_{explanation.run_id}.pdf"


def sheet_content(  # noqa: PLR0913  # what a sheet tells, each part named
    explanation: Explanation,
    *,
    chapters: Sequence[Chapter],
    signs: Sequence[CloneSign],
    made_on: date,
    language: str,
    unit: str = "",
) -> dict[str, Any]:
    """Return all that the template places: plain texts and pictures, block by block."""
    of_facts = SheetFacts(explanation, language)
    of_assessment = SheetAssessment(explanation, language)
    words = of_facts.words
    name = printable(explanation.name, _LONGEST_NAME)
    facts = [*of_facts.declared(), *of_facts.life(chapters, signs), *of_facts.papers()]
    judged = [*of_assessment.why(), *of_assessment.plan(), *of_assessment.other_ways()]
    parts = [
        _part(words, "facts", facts),
        _part(words, "assessment", judged),
        _part(words, "findings", [_form(words, name, explanation.run_id, language)]),
        _part(words, "replay", [_replay(words, name, explanation)]),
    ]
    content: dict[str, Any] = {
        "language": language,
        "title": words("title", container=name),
        "made_on": [made_on.year, made_on.month, made_on.day],
        "head": _head(of_facts, explanation, made_on, language, unit),
        "footer": f"{name} · {words('digest.run')} {explanation.run_id} · {words('decides')}",
        "words": {"page": words("page", page="{page}", pages="{pages}")},
        "parts": parts,
        "closing": [words("apart"), words("decides")],
    }
    printed = json.dumps([content["head"], parts], ensure_ascii=False)
    if CUT in printed:
        content["closing"].append(words("cut", container=name, run=explanation.run_id))
    if TRANSCRIBED in printed:
        content["closing"].append(words("transcribed"))
    return content


def _typeset(content: dict[str, Any], made_on: date) -> bytes:
    """Return the PDF that the template makes of the content."""
    try:
        import typst  # noqa: PLC0415  # 80 MB that only a sheet needs
    except ImportError as error:
        raise ExportError(
            "The sheet cannot be set: the package typst is not installed.",
            remedy="Install it with: pip install typst",
        ) from error
    template = files("riskengine.review").joinpath("examination_sheet.typ").read_bytes()

    def set_with(placed: dict[str, Any]) -> bytes:
        return typst.compile(
            template,
            format="pdf",
            ignore_system_fonts=True,
            sys_inputs={"sheet": json.dumps(placed, ensure_ascii=False)},
            pdf_standards=list(STANDARDS),
            timestamp=datetime(made_on.year, made_on.month, made_on.day, tzinfo=UTC),
        )

    try:
        return set_with(content)
    except typst.TypstError:
        pass  # a sign that the fonts have after all not: no list of them is ever complete
    try:
        return set_with(in_plain_letters(content))
    except typst.TypstError as error:
        raise ExportError(
            f"The sheet cannot be set: {messages.visible(error.message)}",
            remedy="Say so to whoever maintains the engine, with the run and the container.",
        ) from error


def _head(
    part: SheetPart, explanation: Explanation, made_on: date, language: str, unit: str
) -> Block:
    words, lane = part.words, explanation.lane.value
    basis = messages.render(f"desk.basis.{explanation.basis.value}", {}, language)
    lines = [
        words("place", rank=explanation.rank, containers=explanation.containers),
        words("basis", basis=basis),
        words("day", day=made_on),
    ]
    if unit:
        lines.append(words("unit", unit=printable(unit, _LONGEST_NAME)))
    return {
        "kicker": words("kicker"),
        "number": breakable(printable(explanation.name, _LONGEST_NAME)),
        "lines": lines,
        "lane": lane,
        "lane_word": messages.render(f"desk.lane.{lane}", {}, language),
        "lane_means": messages.render(f"desk.lane_means.{lane}", {}, language),
    }


def _part(words: Any, part: str, blocks: list[Block]) -> Block:
    return {
        "heading": words(f"{part}_part"),
        "note": words(f"{part}_note"),
        "blocks": blocks,
        "is_whole": part in {"findings", "replay"},
    }


def _form(words: Any, name: str, run_id: str, language: str) -> Block:
    def coded(letter: str, count: int) -> list[Block]:
        return [
            {"code": code, "text": words(f"code.{code}")}
            for code in (f"{letter}{number}" for number in range(1, count + 1))
        ]

    return {
        "kind": "form",
        "words": {field: words(f"form.{field}") for field in _FIELDS},
        "outcomes": [
            {"code": "", "text": messages.render(f"box.outcome.{outcome}", {}, language)}
            for outcome in _OUTCOMES
        ],
        "found": coded("F", _FOUND),
        "not_opened": coded("N", _NOT_OPENED),
        "places": [{"code": "", "text": words(f"searched.{place}")} for place in _SEARCHED],
        "means": [{"code": "", "text": words(f"means.{means}")} for means in _MEANS],
        "enter": words("form.enter", container=name, run=run_id),
    }


def _replay(words: Any, name: str, explanation: Explanation) -> Block:
    digests = explanation.digests
    rows = [
        (words(f"digest.{what}"), getattr(digests, what))
        for what in ("manifest", "history", "rules", "model", "policy")
    ]
    return {
        "kind": "replay",
        "rows": [[words("digest.run"), explanation.run_id], *([*row] for row in rows)],
        "lines": [
            words("digest.verify", run=explanation.run_id),
            words("digest.explain", container=name, run=explanation.run_id),
        ],
    }
