"""The page about a model, as a public register of algorithms asks for it: in four languages, with pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from riskengine import messages
from riskengine.charts.axis import written
from riskengine.charts.markdown import markdown_page
from riskengine.charts.page import Section, html_page
from riskengine.charts.table import Table
from riskengine.model.card_figures import (
    how_it_did,
    label_of,
    what_it_reads,
    where_it_does_well,
)
from riskengine.model.kept_sentences import retold

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from riskengine.model.card import ModelCard

_FEW_FINDS: Final = 100

Place = Literal["in_force", "challenger", "shelved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a model does in its unit.

    Attributes:
        place: Whether it scores, scores in the shadow, or lies on the shelf.
        on: Since when; None on the shelf.
        by: By whose word; empty on the shelf.
        approver: The second person; empty where there was none to ask.
    """

    place: Place = "shelved"
    on: date | None = None
    by: str = ""
    approver: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFiles:
    """The page as files.

    Attributes:
        markdown: The page.
        pictures: Its pictures by the names of their files.
    """

    markdown: str
    pictures: dict[str, str]


def as_markdown(
    card: ModelCard,
    standing: Standing,
    language: str = "en",
    pictures: Sequence[tuple[str, Section]] = (),
) -> CardFiles:
    """Return the page about a model as Markdown, and the pictures that lie beside it."""
    sections = sections_of(card, standing, language, pictures)
    title = messages.render("model.title", {"model": card.id}, language)
    return CardFiles(
        markdown=markdown_page(title, sections),
        pictures={name: section.chart for name, section in sections if name},
    )


def as_html(
    card: ModelCard,
    standing: Standing,
    language: str = "en",
    pictures: Sequence[tuple[str, Section]] = (),
) -> str:
    """Return the page about a model in one file, its pictures within."""
    sections = [section for _, section in sections_of(card, standing, language, pictures)]
    title = messages.render("model.title", {"model": card.id}, language)
    return html_page(title, sections, language)


def sections_of(
    card: ModelCard,
    standing: Standing,
    language: str,
    pictures: Sequence[tuple[str, Section]] = (),
) -> tuple[tuple[str, Section], ...]:
    """Return the parts of the page, each with the name of its picture's file or the empty string.

    Args:
        card: The model's card.
        standing: What it does in its unit.
        language: Of the texts.
        pictures: What the model does with containers (``model.pictures``), where it was opened for that.
    """
    return (
        ("", _purpose(card, standing, language)),
        ("", _learned(card, language)),
        *how_it_did(card, language),
        *where_it_does_well(card, language),
        *what_it_reads(card, language),
        *pictures,
        ("", _unread(card, language)),
        ("", _leaks(card, language)),
        ("", _adds(card, language)),
        ("", _made(card, language)),
        ("", _limits(card, language)),
    )


def _purpose(card: ModelCard, standing: Standing, language: str) -> Section:
    who = {"on": standing.on, "by": standing.by, "approver": standing.approver}
    place = "in_force_two" if standing.approver else standing.place
    told = [
        messages.render(f"model.purpose.{card.purpose}", {}, language),
        messages.render("model.purpose.decides", {}, language),
        messages.render(f"model.purpose.{place}", who, language),
    ]
    if card.note:
        told.append(messages.render("model.purpose.note", {"note": card.note}, language))
    return Section(heading=_heading("purpose", language), paragraphs=tuple(told))


def _learned(card: ModelCard, language: str) -> Section:
    window = card.window
    facts = {
        "containers": window.containers,
        "finds": window.finds,
        "first": window.first_on,
        "last": window.last_on,
        "share": written(card.base_find_rate, language, is_percent=True),
    }
    key = "window" if card.purpose == "finds" else "habits"
    told = [messages.render(f"model.learned.{key}", facts, language)]
    if window.later_from is not None:
        told.append(
            messages.render("model.learned.later", {"day": window.later_from}, language)
        )
    points = [
        messages.render(
            "model.learned.left_out",
            {"containers": one.containers, "why": retold("why", one.why, language)},
            language,
        )
        for one in card.left_out
    ]
    return Section(
        heading=_heading("learned", language), paragraphs=tuple(told), points=tuple(points)
    )


def _unread(card: ModelCard, language: str) -> Section:
    told = [messages.render("model.unread.never", {}, language)]
    brought = sorted(name for name in card.feature_names if name.startswith("attribute."))
    if brought:
        names = ", ".join(name.removeprefix("attribute.") for name in brought)
        told = [messages.render("model.unread.brought", {"names": names}, language)]
    if card.dropped:
        told.append(messages.render("model.unread.dropped", {}, language))
    points = tuple(
        f"{label_of(one.name, language)} ({one.name}): {one.why}" for one in card.dropped
    )
    return Section(heading=_heading("unread", language), paragraphs=tuple(told), points=points)


def _leaks(card: ModelCard, language: str) -> Section:
    heading = _heading("leaks", language)
    if not card.leaks:
        return Section(
            heading=heading, paragraphs=(messages.render("model.leaks.none", {}, language),)
        )
    rows = tuple(
        (
            f"{label_of(one.name, language)} ({one.name})",
            messages.render(f"model.leaks.{one.kind.replace(' ', '_')}", {}, language),
            one.why,
        )
        for one in card.leaks
    )
    columns = (
        messages.render("model.reads.indicator", {}, language),
        messages.render("model.leaks.kind", {}, language),
        messages.render("model.leaks.why", {}, language),
    )
    return Section(
        heading=heading,
        paragraphs=(messages.render("model.leaks.lead", {}, language),),
        table=Table(columns=columns, rows=rows),
    )


def _adds(card: ModelCard, language: str) -> Section:
    line = card.calibration
    told = [
        messages.render(
            "model.adds.line",
            {
                "intercept": messages.number(line.intercept, language, 4),
                "slope": messages.number(line.slope, language, 4),
            },
            language,
        )
    ]
    heading, both = _heading("adds", language), card.combination
    if both is not None and both.habits_id:
        slope = messages.number(both.habits_slope, language, 4)
        told.append(
            messages.render(
                "model.adds.habits", {"slope": slope, "model": both.habits_id}, language
            )
        )
    if both is None or not both.weights:
        told.append(messages.render("model.adds.unjudged", {}, language))
        return Section(heading=heading, paragraphs=tuple(told))
    told.append(
        messages.render(
            "model.adds.judged", {"containers": both.containers, "finds": both.finds}, language
        )
    )
    rows = tuple(
        (
            one.rule_id,
            str(one.version),
            messages.number(one.weight, language, 2),
            messages.number(one.prior, language, 2),
            messages.number(one.examined, language, 0),
            messages.number(one.found, language, 0),
        )
        for one in sorted(both.weights, key=lambda one: (-one.weight, one.rule_id, one.version))
    )
    columns = ("rule", "version", "weight", "prior", "examined")
    heads = [messages.render(f"model.adds.{name}", {}, language) for name in columns]
    heads.append(messages.render("model.done.finds", {}, language))
    return Section(
        heading=heading, paragraphs=tuple(told), table=Table(columns=tuple(heads), rows=rows)
    )


def _made(card: ModelCard, language: str) -> Section:
    settings = card.parameters
    libraries = ", ".join(f"{one.name} {one.version}" for one in card.libraries)
    facts = {
        "trees": card.trees,
        "leaves": settings.leaves,
        "members": card.members,
        "rate": messages.number(settings.learning_rate, language, 4),
        "least": settings.containers_in_leaf,
        "seed": settings.seed,
        "day": card.created_at.date() if card.created_at else None,
        "libraries": libraries,
        "digest": card.model_sha256,
    }
    keys = ("trees", "on" if card.created_at else "with", "digest")
    told = tuple(messages.render(f"model.made.{key}", facts, language) for key in keys)
    points = tuple(
        messages.render(
            "model.limits.remarks", {"remark": retold("remark", remark, language)}, language
        )
        for remark in card.remarks
    )
    return Section(heading=_heading("made", language), paragraphs=told, points=points)


def _limits(card: ModelCard, language: str) -> Section:
    told = [
        messages.render("model.limits.opened", {}, language),
        messages.render("model.limits.past", {"last": card.window.last_on}, language),
    ]
    riskiest = next((top for top in card.metrics.top if top.share >= 0.05), None)  # noqa: PLR2004
    if riskiest is not None:
        shares = {
            "share": written(riskiest.share, language, is_percent=True),
            "nils": written(1 - riskiest.precision, language, is_percent=True),
        }
        told.append(messages.render("model.limits.innocent", shares, language))
    told.append(messages.render("model.limits.elsewhere", {}, language))
    if 0 < card.metrics.finds < _FEW_FINDS:
        told.append(messages.render("model.done.few", {"finds": card.metrics.finds}, language))
    return Section(heading=_heading("limits", language), points=tuple(told))


def _heading(part: str, language: str) -> str:
    return messages.render(f"model.{part}.heading", {}, language)
