"""The list an officer reads first: rank, lane, basis, the strongest reasons, and what the list is worth."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from riskengine import messages
from riskengine.cli.output import LANE_STYLES, lines, page, say, table, text
from riskengine.domain import Basis, Lane
from riskengine.engine.founding import is_baseline
from riskengine.engine.reasons import Reasons
from riskengine.engine.reconcile import UNMANIFESTED
from riskengine.engine.withdrawn import WITHDRAWN_BILL, WITHDRAWN_CONTAINER
from riskengine.selectivity.likelier import blind_chance, times_as_likely

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from riskengine.engine import Run
    from riskengine.features.field import Field

_REASONS_SHOWN = 3
_MOST_BOXES = 20
_EACH_ITS_OWN_DAY = "presented"
_NAMED_ELSEWHERE = (
    WITHDRAWN_CONTAINER,
    WITHDRAWN_BILL,
    "listed_not_manifested",
    *UNMANIFESTED,
)
"""What other papers name and the manifest does not: no defect of its file, and ``check`` cannot show it."""


def show_run(
    run: Run,
    path: Path,
    fields: Sequence[Field],
    language: str,
    *,
    show_all: bool,
    is_new: bool,
    dry_run: bool,
) -> None:
    """Print a run to stdout and the remarks on it to stderr."""

    def words(key: str, **params: object) -> str:
        return messages.render(f"desk.score.{key}", params, language)

    console = page()
    shown = (
        run.assessments
        if show_all
        else run.assessments.filter(pl.col("lane").is_in(["red", "yellow"]))
    )
    console.print(text(_title(run, language), "bold"))
    console.print()
    columns = [
        words(key) for key in ("rank", "container", "lane", "basis", "lift", "strongest")
    ]
    listing = table(*columns, right=(0, 4))
    reasons = Reasons(run, language, fields)
    for row in shown.iter_rows(named=True):
        strongest = _strongest(reasons, row, words)
        listing.add_row(
            text(row["rank"]),
            text(
                _name(
                    row["container_number"],
                    row["bills_of_lading"],
                    words("loose_cargo"),
                    words("unnumbered"),
                )
            ),
            text(
                messages.render(f"desk.lane.{row['lane']}", {}, language),
                LANE_STYLES[row["lane"]],
            ),
            text(messages.render(f"desk.basis.{row['basis']}", {}, language)),
            text(_lift(row, language)),
            lines(strongest),
        )
    console.print(listing)
    console.print()
    _show_worth(run, language)
    _remark(
        run,
        path,
        language,
        hidden=run.assessments.height - shown.height,
        is_new=is_new,
        dry_run=dry_run,
    )


def _title(run: Run, language: str) -> str:
    params = {"file": run.card.manifest_file, "containers": run.assessments.height}
    if run.card.assessed_on == _EACH_ITS_OWN_DAY:
        return messages.render("desk.score.title_presented", params, language)
    return messages.render("desk.score.title", params | {"day": run.card.assessed_on}, language)


def _lift(row: Mapping[str, Any], language: str) -> str:
    """Say how many times likelier than a random box; of a line that could not be read nobody knows."""
    if row["is_unreadable"]:
        return messages.fill("{lift:number}", {"lift": None}, language)
    lift = _rounded(times_as_likely(row["score"], row["lift_log_odds"]))
    return messages.fill("{lift:number}", {"lift": lift}, language)


def _strongest(
    reasons: Reasons, row: Mapping[str, Any], words: Callable[[str], str]
) -> list[str]:
    """Say what brought a container here; a blind draw and an unread line need no further reason."""
    if row["basis"] == Basis.RANDOM.value:
        return [words("drawn")]
    told = [r.sentence for r in reasons.of(row["container_id"]) if r.log_odds > 0 and r.is_told]
    return ([words("unread")] if row["is_unreadable"] else []) + told[:_REASONS_SHOWN]


def _show_worth(run: Run, language: str) -> None:
    """Say what the list is worth: lanes, expected finds, and what as many blind draws would find."""

    def words(key: str, **params: object) -> None:
        page().print(text(messages.render(f"desk.score.{key}", params, language)))

    counts = dict(run.assessments["lane"].value_counts().rows())
    words("lanes", **{lane.value: counts.get(lane.value, 0) for lane in Lane})
    is_merited = (pl.col("lane") == Lane.RED.value) & (pl.col("basis") != Basis.RANDOM.value)
    red = run.assessments.filter(is_merited)
    if red.is_empty():
        words("no_red")
        return
    rate = blind_chance(red["score"][0], red["lift_log_odds"][0])
    expected = _rounded(float(red["score"].sum()))
    words("finds", count=red.height, expected=expected, random=_rounded(red.height * rate))
    words("guess", rate=rate)


def _remark(
    run: Run, path: Path, language: str, *, hidden: int, is_new: bool, dry_run: bool
) -> None:
    def words(key: str, **params: object) -> None:
        say(messages.render(f"desk.score.{key}", params, language))

    if is_baseline(run.card.model_id):
        words("baseline")
    if hidden:
        words("more", count=hidden)
    if not dry_run:
        words("random", count=int(run.assessments["is_random"].sum()))
    of_file = run.defects.filter(~pl.col("code").is_in(_NAMED_ELSEWHERE)).height
    if of_file:
        words("defects", count=of_file, file=str(path))
    if run.rules.is_empty():
        words("no_rule", day=run.card.assessed_on)
    for rule_id, sentence in (
        run.rules.filter(pl.col("failure").is_not_null()).select("rule_id", "failure").rows()
    ):
        words("failed", rule=rule_id, sentence=sentence)
    unasked = run.verdicts.filter(pl.col("verdict") == "unknown")
    unknown = unasked.select("rule_id", "version").n_unique()
    if unknown:
        words("unknown", rules=unknown, total=run.rules.height)
    if dry_run:
        words("dry")
    else:
        words("recorded" if is_new else "again", run=run.card.run_id)


def show_unmanifested(run: Run, language: str) -> None:
    """Name on stderr each container that an earlier version or another paper names, and no line of the manifest.

    What an earlier version named goes first: somebody took it out.
    """
    boxes = run.defects.filter(pl.col("code").is_in(_NAMED_ELSEWHERE)).sort(
        pl.col("code").is_in([WITHDRAWN_CONTAINER, WITHDRAWN_BILL]),
        descending=True,
        maintain_order=True,
    )
    for code, told in boxes.select("code", "params_json").head(_MOST_BOXES).rows():
        say(messages.render(f"defect.{code}", json.loads(told), language))
    rest = boxes.height - _MOST_BOXES
    if rest > 0:
        params = {"count": rest, "run": run.card.run_id}
        say(messages.render("desk.score.more_unmanifested", params, language))


def _name(number: str | None, bills: Sequence[str] | None, loose: str, unnumbered: str) -> str:
    if number:
        return number
    return f"{'+'.join(bills)} ({loose})" if bills else unnumbered


def _rounded(value: float) -> float:
    """Keep two significant digits: no list is worth more.

    >>> _rounded(123.4), _rounded(0.01234)
    (120.0, 0.012)
    """
    return float(f"{value:.2g}")
