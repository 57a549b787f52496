"""A model card in plain Markdown, for the supervisor who must answer for what the model decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.model.card_figures import weak_slices

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from riskengine.model.card import Metrics, ModelCard


def describe(card: ModelCard) -> str:
    """Return the card as Markdown: what it learned from, how it did, what it reads and why not more."""
    sections = (
        _heading(card),
        _history(card),
        _performance(card.metrics) if card.purpose == "finds" else [],
        _parts(card),
        _calibration(card),
        _features(card),
        _left_out(card),
        _making(card),
    )
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _heading(card: ModelCard) -> list[str]:
    lines = [f"# Model {card.id}"]
    if card.purpose == "habits":
        lines += ["", "It tells how unusual a container is, and has learned from no outcome."]
    if card.note:
        lines += ["", _safe(card.note)]
    return lines


def _history(card: ModelCard) -> list[str]:
    window = card.window
    days = f"assessed from {window.first_on} to {window.last_on}"
    lines = ["## What it learned from", ""]
    if card.purpose == "habits":
        lines.append(
            f"{window.containers:,} containers {days}, opened or not. No outcome was used."
        )
    else:
        lines.append(
            f"{window.containers:,} examined containers {days}; {window.finds:,} of them had a find"
            f" ({_percent(card.base_find_rate)})."
        )
    said = [f"{one.containers:,} containers left out: {one.why}" for one in card.left_out]
    said += card.remarks
    lines += ["", *(f"- {_safe(remark)}" for remark in said)] if said else []
    return lines


def _performance(metrics: Metrics) -> list[str]:
    lines = ["## How it did on later containers", ""]
    if metrics.validation == "none" or metrics.base_rate is None:
        return [*lines, "Not measured: the history is too short."]
    lines += [
        (
            f"Measured by {metrics.validation}: {metrics.containers:,} containers, {metrics.finds:,}"
            f" finds. Drawing at random would find something in {_percent(metrics.base_rate)} of them."
        ),
        "",
        (
            f"Average precision {_figure(metrics.average_precision)}, area under the ROC curve"
            f" {_figure(metrics.auc)}, log loss {_figure(metrics.log_loss)}"
            f" ({_figure(metrics.log_loss_uncalibrated)} before calibration)."
        ),
        "",
    ]
    return lines + _table(
        ("riskiest", "containers", "finds", "finds a container", "part of all finds"),
        (
            (
                _percent(top.share),
                f"{top.containers:,}",
                f"{top.finds:,.1f}".removesuffix(".0"),
                _percent(top.precision),
                _percent(top.recall),
            )
            for top in metrics.top
        ),
    )


def _parts(card: ModelCard) -> list[str]:
    """Say where it does badly, and how it does on traders it has not met; the page has every part."""
    lines: list[str] = []
    if card.unseen_traders is not None:
        unseen = card.unseen_traders
        lines.append(
            f"- On traders that it had not learned from: average precision {_figure(unseen.average_precision)},"
            f" over {unseen.containers:,} containers with {unseen.finds:,} finds."
        )
    lines += [
        f"- {one.dimension} {_safe(one.name)}: {one.finds:,} finds where {one.expected_finds:.1f} were expected"
        f" of {one.containers:,} containers."
        for one in weak_slices(card)
    ]
    if not card.slices and not lines:
        return []
    head = ["## Where it does otherwise", ""]
    return [
        *head,
        *(lines or ["In no part do the finds differ from those expected by more than chance."]),
    ]


def _calibration(card: ModelCard) -> list[str]:
    line, both = card.calibration, card.combination
    lines = [
        "## Calibration",
        "",
        f"log-odds = {line.intercept:.4f} + {line.slope:.4f} x margin",
    ]
    if both is not None:
        lines += [
            "",
            (
                f"Judged beside it by {both.containers:,} containers with {both.finds:,} finds: {len(both.weights)} rules"
                + (
                    f", and the habits model `{both.habits_id}` at {both.habits_slope:.4f}."
                    if both.habits_id
                    else "."
                )
            ),
        ]
    if not card.metrics.reliability:
        return lines
    return [
        *lines,
        "",
        *_table(
            ("part of the ranking", "containers", "finds expected", "finds made"),
            (
                (
                    f"{_percent(band.from_share)} to {_percent(band.to_share)}",
                    f"{band.containers:,}",
                    f"{band.expected_finds:.1f}",
                    f"{band.finds:,}",
                )
                for band in card.metrics.reliability
            ),
        ),
    ]


def _features(card: ModelCard) -> list[str]:
    specs = {spec.name: spec for spec in card.features}
    directions = {
        -1: "a higher value lowers the risk",
        0: "",
        1: "a higher value raises the risk",
    }
    lines = [
        "## What it reads",
        "",
        "The mean size of each feature's contribution to a container's log-odds:",
        "",
        *_table(
            ("feature", "kind", "log-odds", "direction held"),
            (
                (
                    f"`{one.name}`",
                    _kind(specs[one.name].kind, specs[one.name].vocabulary),
                    f"{one.mean_log_odds:.4f}",
                    directions[specs[one.name].monotone],
                )
                for one in card.strengths
            ),
        ),
    ]
    if card.leaks:
        lines += [
            "",
            (
                "These may hold what only the examination could know. Make sure that they are known"
                " before it and not written after it:"
            ),
            "",
            *(f"- `{one.name}` {_safe(one.why)}." for one in card.leaks),
        ]
    return lines


def _left_out(card: ModelCard) -> list[str]:
    if not card.dropped:
        return []
    return [
        "## What it was offered and does not read",
        "",
        *(f"- `{one.name}` {_safe(one.why)}." for one in card.dropped),
    ]


def _making(card: ModelCard) -> list[str]:
    settings = card.parameters
    made = "" if card.created_at is None else f" on {card.created_at:%Y-%m-%d %H:%M} UTC"
    versions = ", ".join(f"{one.name} {one.version}" for one in card.libraries)
    return [
        "## How it was made",
        "",
        (
            f"Trained{made} with {versions}: {card.trees} trees of at most {settings.leaves} leaves"
            f" (members: {card.members}),"
            f" at least {settings.containers_in_leaf} containers in a leaf, learning rate"
            f" {settings.learning_rate}, seed {settings.seed}."
        ),
        "",
        f"Model text sha256 `{card.model_sha256}`.",
    ]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(heads) + " |",
        "|" + "---|" * len(heads),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def _kind(kind: str, vocabulary: Sequence[str]) -> str:
    return f"{kind}, {len(vocabulary)} known" if vocabulary else kind


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4f}"


def _safe(text: str) -> str:
    """Keep a person's text from becoming markup."""
    flat = " ".join(text.split())
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#" else sign for sign in flat)
