"""What ``check`` says of the data quality of a file: the score, its parts, its filers, its letters."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from riskengine import messages
from riskengine.cli.output import page, say, table, text

if TYPE_CHECKING:
    from datetime import date

    from riskengine.manifest.quality import Component, Quality

_FILERS_SHOWN = 10
_RULE = "-" * 72


def show_quality(name: str, quality: Quality, language: str, *, is_listed: bool) -> None:
    """Say the score on stderr, and print its components and the worst filers."""
    if quality.score is None:
        say(messages.render("quality.page.no_score", {"file": name}, language))
        return
    params = {
        "file": name,
        "score": round(quality.score, 1),
        "bills": quality.bill_count,
        "containers": quality.container_count,
        "faults": quality.fault_count,
    }
    is_of_boxes = quality.kind != "manifest"
    key = "score_boxes" if is_of_boxes else "score"
    say(messages.render(f"quality.page.{key}", params, language))
    if not is_listed:
        return
    listing = table(
        *_words(language, "component", "points", "of", "sound", "asked"), right=(1, 2, 3, 4)
    )
    for part in quality.components:
        listing.add_row(
            text(_label(part, language, is_of_boxes=is_of_boxes)),
            *(text(shown) for shown in _part(part, language)),
        )
    page().print(listing)
    if len(quality.filers) > 1 or any(filer.filer for filer in quality.filers):
        _show_filers(quality, language)


def print_quality(quality: Quality) -> None:
    """Print the quality of a file as one JSON object a line."""
    known: dict[str, Any] = {
        "file": quality.file,
        "sha256": quality.sha256,
        "kind": quality.kind,
        "score": quality.score,
        "components": [_as_object(part) for part in quality.components],
        "bills": quality.bill_count,
        "containers": quality.container_count,
        "faults": quality.fault_count,
        "unread": quality.unread_count,
        "filers": [
            {
                "filer": filer.filer,
                "source": filer.source,
                "score": filer.score,
                "components": [_as_object(part) for part in filer.components],
                "bills": filer.bill_count,
                "containers": filer.container_count,
                "lines": filer.line_count,
                "faults": filer.fault_count,
                "listed": filer.faults.drop("filer_name").to_dicts(),
            }
            for filer in quality.filers
        ],
    }
    sys.stdout.write(f"{json.dumps({'quality': known}, ensure_ascii=False)}\n")


def show_letters(
    name: str, quality: Quality, language: str, answer_by: date | None, *, as_json: bool
) -> None:
    """Print the letters to the filers of a file as plain text, or as one JSON object each."""
    from riskengine.manifest.request_text import letters_of

    letters = letters_of(quality, language=language, answer_by=answer_by)
    if not letters:
        say(messages.render("quality.page.nothing_to_ask", {"file": name}, language))
    for letter in letters:
        if as_json:
            known = {"file": quality.file, "filer": letter.filer, "text": letter.text}
            sys.stdout.write(f"{json.dumps({'request': known}, ensure_ascii=False)}\n")
        else:
            sys.stdout.write(f"{letter.text}{_RULE}\n")


def is_good_enough(name: str, quality: Quality, least: float, language: str) -> bool:
    """Tell whether a file passes the gate, and say why where it does not."""
    if quality.unread_count:
        params = {"file": name, "count": quality.unread_count}
        say(messages.render("quality.page.unread", params, language))
    if quality.score is None:
        say(messages.render("quality.page.unjudged", {"file": name}, language))
        return False
    if quality.score < least:
        params = {"file": name, "score": round(quality.score, 1), "least": least}
        say(messages.render("quality.page.below", params, language))
        return False
    return not quality.unread_count


def _label(part: Component, language: str, *, is_of_boxes: bool) -> str:
    """Return what a component is called; a stow plan and movements have boxes and no bills."""
    name = "whole_boxes" if part.name == "whole" and is_of_boxes else part.name
    return messages.render(f"quality.component.{name}", {}, language)


def _show_filers(quality: Quality, language: str) -> None:
    is_of_boxes = quality.kind != "manifest"
    listing = table(
        *_words(language, "filer", "quality", "bills", "containers", "faults", "worst"),
        right=(1, 2, 3, 4),
    )
    for filer in quality.filers[:_FILERS_SHOWN]:
        worst = max(filer.components, key=lambda part: part.lost)
        listing.add_row(
            text(filer.filer or messages.render("quality.page.unnamed", {}, language)),
            text(_number(filer.score, language)),
            text(_count(filer.bill_count, language)),
            text(_count(filer.container_count, language)),
            text(_count(filer.fault_count, language)),
            text(_label(worst, language, is_of_boxes=is_of_boxes) if worst.lost > 0 else "-"),
        )
    page().print(listing)
    if len(quality.filers) > _FILERS_SHOWN:
        params = {"count": len(quality.filers) - _FILERS_SHOWN}
        say(messages.render("quality.page.more_filers", params, language))


def _part(part: Component, language: str) -> tuple[str, str, str, str]:
    points = part.weight - part.lost if part.asked else None
    return (
        _number(points, language),
        _count(part.weight, language),
        _number(part.sound if part.asked else None, language),
        _count(part.asked, language),
    )


def _as_object(part: Component) -> dict[str, Any]:
    return {
        "name": part.name,
        "weight": part.weight,
        "asked": part.asked,
        "sound": part.sound,
        "share": part.share,
        "lost": part.lost,
    }


def _words(language: str, *keys: str) -> tuple[str, ...]:
    return tuple(messages.render(f"quality.page.{key}", {}, language) for key in keys)


def _number(number: float | None, language: str) -> str:
    shown = None if number is None else round(number, 1)
    return messages.fill("{number:number}", {"number": shown}, language)


def _count(count: int, language: str) -> str:
    return messages.fill("{count:integer}", {"count": count}, language)
