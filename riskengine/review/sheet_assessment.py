"""What stands on the printed sheet as assessment: why, how it may have been done, where to look, what would clear it."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.charts import waterfall as falls
from riskengine.charts.bars import Bar
from riskengine.domain import Lane
from riskengine.engine.strength import strength_of, strength_word
from riskengine.review.print_text import printable, squeezed
from riskengine.review.sheet_part import Block, SheetPart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.domain import Reason
    from riskengine.engine.search_plan import LeadingTypology, SearchStage, SearchStep

_LONGEST_STEP: Final = 800
_LONGEST_NOTE: Final = 420
_LONGEST_SUPPORT: Final = 160
_SHORT_SUPPORT: Final = 100
_LONGEST_TITLE: Final = 120
_FOR, _AGAINST = 7, 3
_FEWER: Final = 4
_UNCHECKED: Final = 2
_SETS: Final = 3
_CLEARS: Final = 5
_LONGEST_CLEAR: Final = 400
"""As long as a rule tells of honest trade; what is longer a manifest fills."""
_TYPOLOGIES: Final = 3
_STEPS: Final = 28
_SHORT_STEP: Final = 150
_PRECEDENTS: Final = 2
_SUPPORTS: Final = 2
_FALL_WIDTH: Final = 600.0


class SheetAssessment(SheetPart):
    """The blocks of the assessment, in the order of reading."""

    def why(self) -> list[Block]:
        """Return the waterfall beside the place, and the reasons for and against."""
        told = self._told
        bars = self._bars()
        title = self.words("waterfall.title")
        ends_of_it = {"start": told.base, "total": told.total, "typical": told.typical}
        description = self.words("waterfall.description", **ends_of_it)
        ends = self.words("waterfall.start"), self.words("waterfall.total")

        def others(count: int) -> str:
            return self.words("waterfall.others", count=count)

        picture = falls.waterfall(
            title,
            start=told.base,
            bars=bars,
            description=description,
            start_label=ends[0],
            total_label=ends[1],
            others=others,
            up_label=self.words("waterfall.up"),
            down_label=self.words("waterfall.down"),
            x_label=self.words("waterfall.axis"),
            reference=told.typical,
            reference_label=self.words("waterfall.typical", typical=told.typical),
            width=_FALL_WIDTH,
            language=self._language,
        )
        numbers = falls.table_of(
            told.base,
            bars,
            columns=("", ""),
            start_label=ends[0],
            total_label=ends[1],
            others=others,
            language=self._language,
        )
        listed = "; ".join(f"{label} {value}" for label, value in numbers.rows)
        return [
            {
                "kind": "picture",
                "heading": self.words("section.why"),
                "points": self._place(),
                "notes": self._grades(),
                "ways": self._ways(),
                "ways_heading": messages.render("desk.explain.typologies", {}, self._language),
                "picture": picture,
                "heard": f"{description} {listed}",
            },
            *self._reasons("for", 1, _FOR),
            *self._reasons("against", -1, _AGAINST),
        ]

    def plan(self) -> list[Block]:
        """Return where to look, part by part of the search; without a plan, where the rules that match send to.

        The steps of all modus operandi are one search, in one order. A container that is not held is not opened:
        of its plan stands what its papers, its outside and an image can tell.
        """
        told = self._told
        every = sorted(
            [step for leading in told.leading for step in leading.steps] or told.general_plan,
            key=lambda step: step.order,
        )
        steps = [step for step in every if told.lane is not Lane.GREEN or _needs_no_hold(step)]
        stages = [
            self._stage(stage, [*together])
            for stage, together in groupby(steps[:_STEPS], key=lambda step: step.stage)
        ]
        guides = [*dict.fromkeys(note.guide for note in told.matched if note.guide)]
        if not every and guides:
            shown = [self._said(guide, _LONGEST_STEP) for guide in guides[:_STEPS]]
            stages = [{"title": "", "end": "", "steps": shown}]
        if not stages:
            return []
        texts = [step.text for step in steps] or guides
        return [
            {
                "kind": "plan",
                "heading": self.words("section.plan"),
                "stages": stages,
                "is_short": max(len(text) for text in texts) <= _SHORT_STEP,
                "left_out": self._left_out(
                    max(len(every), len(texts)) - min(len(texts), _STEPS)
                ),
            }
        ]

    def _stage(self, stage: SearchStage | None, steps: Sequence[SearchStep]) -> Block:
        """Return one part of the search: its name with its minutes, its steps, and whether it may end there."""
        minutes = sum(step.minutes or 0 for step in steps)
        title = "" if stage is None else stage.title
        return {
            "title": self.words("plan.stage", title=title, minutes=minutes)
            if title and minutes
            else title,
            "end": self.words("plan.may_end") if stage is not None and stage.may_end else "",
            "steps": [
                self._said(
                    step.text
                    if step.minutes is None
                    else self.words("plan.step", text=step.text, minutes=step.minutes),
                    _LONGEST_STEP,
                )
                for step in steps
            ],
        }

    def other_ways(self) -> list[Block]:
        """Return what would clear or flag it, what to ask, and what could not be checked."""
        told = self._told
        clears: list[str] = []
        flags: list[str] = []
        questions: list[str] = []
        if told.what_if is not None:
            joined = f" {self.words('clear.and')} "
            clears = [
                joined.join(self._change(change.sentence, change.how) for change in together)
                for together in told.what_if.clears[:_SETS]
            ]
            flags = [self._change(c.sentence, c.how) for c in told.what_if.flags]
            questions = [question.sentence for question in told.what_if.questions]
            if told.what_if.note:
                clears.append(self._sentence(told.what_if.note))
        return [
            *self._points(
                "clear",
                [*clears, *(self._sentence(line, _LONGEST_CLEAR) for line in told.would_clear)],
                at_most=_CLEARS,
                longest=_LONGEST_STEP,
            ),
            *self._points("flag", flags),
            *self._points("questions", questions, at_most=_FEWER, is_ticked=True),
            *self._points("unchecked", self._unchecked(), at_most=_UNCHECKED),
        ]

    def _place(self) -> list[str]:
        told = self._told
        params = {
            "value": float(f"{told.lift:.2g}"),
            "expected": float(f"{told.expected_finds_per_1000:.2g}"),
        }
        lines = [messages.render("desk.explain.lift", params, self._language)]
        if told.lift_by_members is not None:
            low, high = (float(f"{value:.2g}") for value in told.lift_by_members)
            if low < high:
                ends = {"low": low, "high": high}
                lines.append(messages.render("desk.explain.members", ends, self._language))
        return lines

    def _grades(self) -> list[str]:
        """Return the sum, and what the words for the strength of a reason mean."""
        told = self._told
        params = {"base": told.base, "model": told.model, "rules": told.rules}
        return [
            messages.render(
                "desk.explain.sum", {**params, "total": told.total}, self._language
            ),
            self.words("waterfall.grades"),
        ]

    def _bars(self) -> list[Bar]:
        told = self._told
        # A rule by its name: a title would be cut, and stands whole in the list.
        rules = {note.rule_id for note in told.matched}
        named = [(g.id if g.id in rules else g.label, g.log_odds) for g in told.groups] or [
            (r.source if r.source in rules else r.sentence, r.log_odds) for r in told.reasons
        ]
        return [Bar(label=printable(label, 120), value=value) for label, value in named]

    def _reasons(self, way: str, sign: int, at_most: int) -> list[Block]:
        """Return the groups that speak one way, each with its strongest sentence; without groups, the reasons."""
        told = self._told
        titles = {note.rule_id: f"{note.rule_id} {note.title}" for note in told.matched}
        of = [
            (
                titles.get(group.id, group.label),
                group.log_odds,
                max(group.parts, key=_weight, default=None),
                group.sentence,
            )
            for group in told.groups
        ] or [("", reason.log_odds, reason, reason.sentence) for reason in told.reasons]  # fmt: skip
        own = [one for one in of if one[1] * sign > 0]
        if not own:
            return []
        # One that would stand alone among the weaker ones is printed too, as in the picture.
        shown = at_most + 1 if len(own) == at_most + 1 else at_most
        rows: list[Block] = []
        for label, log_odds, reason, sentence in own[:shown]:
            beside: list[str] = []
            if reason is not None:
                if reason.usual:
                    beside.append(reason.usual)
                beside += [
                    self.words("reason.before", sentence=precedent)
                    for precedent in reason.precedents[:_PRECEDENTS]
                ]
            rows.append(
                {
                    "label": printable(label, _LONGEST_TITLE),
                    "strength": strength_word(strength_of(log_odds), self._language),
                    "number": falls.signed(log_odds, self._language),
                    "sentence": self._said(self._sentence(sentence)),
                    "beside": [self._said(self._sentence(line)) for line in beside],
                }
            )
        weaker = own[shown:]
        more = (
            messages.render(
                "desk.explain.and_more",
                {"count": len(weaker), "log_odds": math.fsum(one[1] for one in weaker)},
                self._language,
            )
            if weaker
            else ""
        )
        heading = self.words(f"section.{way}")
        return [
            {"kind": "reasons", "heading": heading, "rows": rows, "more": more, "is_for": sign > 0}
        ]  # fmt: skip

    def _ways(self) -> list[Block]:
        """Return how it may have been done, the likeliest first; nothing where the reasons speak for none."""
        told = self._told
        return [
            self._typology(leading, is_first=place == 0)
            for place, leading in enumerate(told.leading[:_TYPOLOGIES])
        ]

    def _typology(self, leading: LeadingTypology, *, is_first: bool) -> Block:
        told = (("supports", leading.supports), ("against", leading.against))
        # Of the first two that speak for it, and what speaks against; of the others the strongest that speaks for it.
        notes = [
            self.words(
                f"plan.{key}",
                sentences=" · ".join(
                    _short(one) for one in sentences[: _SUPPORTS if is_first else 1]
                ),
            )
            for key, sentences in told
            if sentences and (is_first or key == "supports")
        ]
        title = self._said(leading.title, _LONGEST_TITLE)
        return {"title": title, "notes": [self._said(note, _LONGEST_NOTE) for note in notes]}

    def _change(self, sentence: str, how: str) -> str:
        said = self._sentence(sentence)
        return f"{said} {self.words('clear.how', how=how)}" if how else said

    def _unchecked(self) -> list[str]:
        told = self._told
        lines = [
            messages.render(
                "desk.explain.unknown_rule", {"title": title, "fields": fields}, self._language
            )
            for title, fields in told.unknown
        ]
        return lines + [
            messages.render(f"intake.without.{key}", {"rules": count}, self._language)
            for key in ("stow_plan", "versions", "reports", "past")
            if (count := len(getattr(told, f"without_{key}")))
        ]


def _needs_no_hold(step: SearchStep) -> bool:
    """Tell whether a step can be taken while the container goes its way."""
    return step.stage is None or not step.stage.disturbs


def _short(sentence: str) -> str:
    """Return a sentence as it stands in a narrow column: where a manifest's text fills it, that is cut."""
    return sentence if len(sentence) <= _LONGEST_SUPPORT else squeezed(sentence, _SHORT_SUPPORT)


def _weight(reason: Reason) -> float:
    return abs(reason.log_odds)
