"""The list that the examination desk works through: what to open, by which door it came, why, and what it is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskengine import messages
from riskengine.cli.output import LANE_STYLES, page, say, table, text
from riskengine.engine.reasons import Reasons
from riskengine.engine.recorded import read_run
from riskengine.features import attribute_fields_of
from riskengine.ledger.run_register import find_run
from riskengine.selectivity import Door

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.engine.selection import Plan
    from riskengine.workspace import Workspace

_TOLD_BY_THE_DOOR = (Door.RANDOM.value, Door.NEW.value, Door.UNCERTAIN.value)


def show_plan(workspace: Workspace, plan: Plan, language: str, *, is_dry: bool) -> None:
    """Print a plan to stdout and the remarks on it to stderr."""

    def words(key: str, **params: object) -> str:
        return messages.render(f"plan.{key}", params, language)

    title = words("title", day=plan.day, slots=plan.room, containers=plan.offered)
    page().print(text(title, "bold"))
    page().print()
    means = any(name for name, _ in plan.slots)
    columns = [
        "place",
        "container",
        *(["means"] if means else []),
        "door",
        "rank",
        "lane",
        "why",
    ]
    listing = table(*(words(column) for column in columns), right=(0,))
    reasons = _Reasons(workspace, language)
    for place, row in enumerate(plan.containers.iter_rows(named=True), start=1):
        number = row["container_number"] or "+".join(row["bills_of_lading"] or []) or "-"
        listing.add_row(
            text(place),
            text(number),
            *([text(row["means"] or "-")] if means else []),
            text(words(f"by_{row['door']}")),
            text(row["rank"]),
            text(
                messages.render(f"desk.lane.{row['lane']}", {}, language),
                LANE_STYLES[row["lane"]],
            ),
            text(
                words(f"why_{row['door']}")
                if row["door"] in _TOLD_BY_THE_DOOR
                else reasons.strongest(row) or words("why_score")
            ),
        )
    page().print(listing)
    page().print()
    page().print(
        text(
            words(
                "finds",
                count=plan.containers.height,
                expected=_rounded(plan.expected_finds),
                blind=_rounded(plan.blind_finds),
            )
        )
    )
    share = plan.blind_draws / plan.containers.height if plan.containers.height else 0.0
    page().print(text(words("drawn", count=plan.blind_draws, share=share)))
    _remark(plan, language, is_dry=is_dry)


def _remark(plan: Plan, language: str, *, is_dry: bool) -> None:
    def words(key: str, **params: object) -> None:
        say(messages.render(f"plan.{key}", params, language))

    if plan.demanded > plan.demand_slots:
        words(
            "crowded",
            count=plan.demanded,
            slots=plan.demand_slots,
            rules=", ".join(plan.demanding_rules),
        )
    if plan.containers.height + plan.unnamed < plan.room:
        words("room_left", count=plan.room - plan.containers.height - plan.unnamed)
    if plan.containers.height > plan.room:
        words("too_many", count=plan.containers.height - plan.room)
    if is_dry:
        if plan.unnamed:
            words("unnamed", count=plan.unnamed)
        words("dry")
    else:
        words("recorded", count=int(plan.containers["is_new"].sum()), day=plan.day)


class _Reasons:
    """The strongest reason of a container; each run is read once."""

    def __init__(self, workspace: Workspace, language: str) -> None:
        self._workspace = workspace
        self._language = language
        self._of_run: dict[str, Reasons] = {}

    def strongest(self, row: Mapping[str, Any]) -> str:
        """Return the sentence of what speaks most for examination, or nothing."""
        run_id = row["run_id"]
        if run_id not in self._of_run:
            run = read_run(find_run(self._workspace, run_id).folder_in(self._workspace))
            fields = attribute_fields_of(run.canonical["attributes"])
            self._of_run[run_id] = Reasons(run, self._language, fields)
        told = (
            reason.sentence
            for reason in self._of_run[run_id].of(row["container_id"])
            if reason.log_odds > 0 and reason.is_told
        )
        return next(told, "")


def _rounded(value: float) -> float:
    """Keep two significant digits: no list is worth more."""
    return float(f"{value:.2g}")
