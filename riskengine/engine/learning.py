"""Learning a model: from labelled files, from the unit's own runs and outcomes, or from habits alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from riskengine.engine.founding import has_shipped_trees
from riskengine.engine.lessons import (
    FACTS_BESIDE,
    Lessons,
    brought_features,
    habits_features,
    lessons_of,
    offered,
    offered_features,
    own_lessons,
    together,
)
from riskengine.engine.memory import remember
from riskengine.engine.out_of_fold import out_of_fold
from riskengine.engine.own_outcomes import MATCHES, own_rows
from riskengine.engine.weighting import presumed_nils
from riskengine.errors import TrainingImpossible
from riskengine.features import assemble, attribute_fields, facts
from riskengine.features import history as kept
from riskengine.features.catalog import catalog
from riskengine.ledger.connection import open_ledger
from riskengine.ledger.history import Past, merge, tally
from riskengine.model.bundle import assemble as bundle_of
from riskengine.model.habits import learn_habits
from riskengine.model.settings import TrainingSettings
from riskengine.model.stack import RulePrior, as_it_stands, combined_bundle, relearned
from riskengine.model.train import train
from riskengine.rules.rule import RuleEffect, RuleStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    import numpy.typing as npt

    from riskengine.manifest.schema import Manifest
    from riskengine.model.bundle import Bundle
    from riskengine.rules.rule import Rule
    from riskengine.selectivity import Policy
    from riskengine.workspace import Workspace

__all__ = [
    "Lessons",
    "assemble_history",
    "combine_with",
    "habits_of_rows",
    "learn",
    "own_history",
    "own_lessons",
    "prepare",
    "remember_history",
    "together",
]

_NO_HISTORY: Final = pl.DataFrame(
    schema={"assessed_on": pl.Date(), "is_find": pl.Boolean(), "outcome": pl.String()}
)


def remember_history(workspace: Workspace, manifests: Sequence[Manifest]) -> int:
    """Add a labelled history to what the unit knows, and return how many containers were new to it.

    Every container counts from its own day, every outcome from the day it became known. A file given
    twice counts once.
    """
    new = 0
    with open_ledger(workspace) as connection:
        for manifest in manifests:
            stated, outcomes = _dated(manifest)
            new += remember(connection, stated, manifest.attributes, outcomes)
    return new


def prepare(
    manifests: Sequence[Manifest], *, progress: Callable[[float], None] | None = None
) -> Lessons:
    """Assemble every examined container of a history as it was known on its own day.

    Raises:
        TrainingImpossible: No container has both an outcome and a day.
    """
    assembled, past = assemble_history(manifests, progress=progress)
    brought = {
        field.name: field for manifest in manifests for field in attribute_fields(manifest)
    }
    fields = (*catalog(), *brought.values())
    lessons = lessons_of(
        assembled,
        [offered(field) for field in fields if field.model_kind and field.is_model_feature],
        past,
        remedy="Map the label and `presented_on` in the mapping file.",
    )
    return replace(lessons, out_of_fold=out_of_fold(manifests))


def assemble_history(
    manifests: Sequence[Manifest], *, progress: Callable[[float], None] | None = None
) -> tuple[pl.DataFrame, Past]:
    """Return every container of a history as it was known on its own day, and the past of them all.

    ``is_find`` and ``outcome`` say what its examination found, ``known_on`` since when that is known and
    ``selection_probability`` how likely it was opened; all are null where nobody looked.
    """
    past = merge(_past_of(manifest) for manifest in manifests)
    frames: list[pl.DataFrame] = []
    for number, manifest in enumerate(manifests, start=1):
        examined = manifest.examinations.select(
            "container_id", "is_find", "outcome", "known_on", "selection_probability"
        )
        frames.append(
            assemble(manifest, past, None).join(
                examined, on="container_id", how="left", maintain_order="left"
            )
        )
        if progress is not None:
            progress(number / len(manifests))
    return pl.concat(frames, how="diagonal") if frames else _NO_HISTORY, past


def _dated(manifest: Manifest) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the facts as of their own days, and the outcomes whose day is known."""
    stated = facts.gather(manifest, None)
    outcomes = manifest.examinations.filter(pl.col("known_on").is_not_null())
    return stated, outcomes.select("container_id", "is_find", "known_on")


def _past_of(manifest: Manifest) -> Past:
    stated, outcomes = _dated(manifest)
    return tally(
        kept.sightings(stated, manifest.attributes),
        kept.measures(stated, manifest.attributes),
        outcomes,
    )


def learn(  # noqa: PLR0913  # what is learned from, how, and what is written on the card
    lessons: Lessons,
    settings: TrainingSettings | None = None,
    *,
    presume_nils: bool = False,
    created_at: datetime | None = None,
    note: str = "",
    progress: Callable[[float], None] | None = None,
) -> Bundle:
    """Train a model from prepared lessons.

    Args:
        lessons: What is learned from.
        settings: How to train.
        presume_nils: Whether containers that nobody opened are learned from as nils that count little.
        created_at: When, UTC, for the card.
        note: The analyst's words for the card.
        progress: Told the share that is done.

    Raises:
        TrainingImpossible: The history cannot teach a model.
    """
    taught = lessons
    if presume_nils:
        taught = _with_presumed_nils(lessons, settings or TrainingSettings())
    bundle = train(
        taught.frame,
        taught.is_find,
        taught.frame["assessed_on"],
        taught.features,
        settings,
        weight=taught.weight,
        group=taught.group,
        known_on=taught.known_on,
        out_of_fold=taught.out_of_fold,
        created_at=created_at,
        note=note,
        progress=progress,
    )
    card = replace(
        bundle.card,
        left_out=(*taught.left_out, *bundle.card.left_out),
        remarks=(*taught.remarks, *bundle.card.remarks),
    )
    return bundle_of(
        card, model_text=bundle.model_text, golden=bundle.golden, booster=bundle.booster
    )


def combine_with(  # noqa: PLR0913  # the model, the lessons, and what stands beside them
    bundle: Bundle,
    lessons: Lessons,
    rules: Sequence[Rule],
    policy: Policy,
    *,
    habits: Bundle | None = None,
    was_taught: bool = True,
    progress: Callable[[float], None] | None = None,
) -> Bundle:
    """Return the bundle with the weights of rules and habits that the lessons give.

    A rule is judged by what it matched in recorded runs while it counted, with the content that it has now. Rows
    of a file teach the model and judge no rule: nobody asked the rules about them.

    Args:
        bundle: The model.
        lessons: The lessons.
        rules: The rules in force.
        policy: What a match counts before outcomes have judged it.
        habits: The habits model in force.
        was_taught: Whether these lessons taught the model. Then it is learned again from earlier days, so that no
            margin comes from a model that had seen the outcome.
        progress: Told the share that is done.
    """
    judged = [
        RulePrior(
            rule_id=rule.id,
            version=rule.version,
            sha256=rule.sha256,
            prior=rule.severity.points * policy.rule_credit,
        )
        for rule in sorted(rules, key=lambda rule: (rule.id, rule.version))
        if rule.status in {RuleStatus.TRIAL, RuleStatus.ACTIVE}
        and rule.effect is not RuleEffect.TAG
    ]
    days = lessons.frame["assessed_on"]
    if was_taught:
        later = relearned(
            bundle,
            lessons.frame,
            lessons.is_find,
            days,
            weight=lessons.weight,
            known_on=lessons.known_on,
            progress=progress,
        )
    else:
        later = as_it_stands(bundle, lessons.frame, _unseen(bundle, days))
    if "run_id" in lessons.frame.columns:  # rows of a file were never asked by these rules
        is_own = lessons.frame["run_id"].is_not_null().to_numpy()[later.rows]
        later = replace(later, rows=later.rows[is_own], margins=later.margins[is_own])
    return combined_bundle(
        bundle,
        lessons.frame,
        lessons.is_find,
        later=later,
        rules=judged,
        matches=_matched(lessons, judged),
        habits=habits,
        habits_credit=policy.habits_credit,
        weight=lessons.stands_for,
    )


def _matched(lessons: Lessons, judged: Sequence[RulePrior]) -> npt.NDArray[np.bool_]:
    place_of = {
        (one.rule_id, one.version, one.sha256): place for place, one in enumerate(judged)
    }
    matches = np.zeros((lessons.frame.height, len(judged)), dtype=np.bool_)
    for row, rule_id, version, sha256 in lessons.matches.select(MATCHES.keys()).rows():
        place = place_of.get((rule_id, version, sha256))
        if place is not None:
            matches[row, place] = True
    return matches


def _unseen(bundle: Bundle, days: pl.Series) -> pl.Series:
    """Tell which containers a model cannot have learned from: the baseline that ships has seen none of a unit's."""
    if has_shipped_trees(bundle.card):
        return pl.repeat(value=True, n=days.len(), eager=True)
    return days > bundle.card.window.last_on


def own_history(
    workspace: Workspace, *, progress: Callable[[float], None] | None = None
) -> pl.DataFrame:
    """Return every container of the recorded runs once, opened or not, for who learns what is usual.

    Raises:
        LedgerError: A run's files are not those that were written.
    """
    names = [feature.name for feature in offered_features()]
    return own_rows(workspace, [*FACTS_BESIDE, *names], progress=progress).frame


def habits_of_rows(
    rows: pl.DataFrame,
    *,
    created_at: datetime | None = None,
    note: str = "",
    progress: Callable[[float], None] | None = None,
) -> Bundle:
    """Learn what is usual from containers, opened or not; what examinations found is not looked at.

    Args:
        rows: The containers as they were assessed (``own_history``, ``assemble_history``).
        created_at: When, UTC, for the card.
        note: The analyst's words for the card.
        progress: Told the share that is done.

    Raises:
        TrainingImpossible: There are too few of them.
    """
    if rows.is_empty():
        raise TrainingImpossible(
            "No container has been assessed yet.",
            remedy="Assess manifests with `riskengine score`, or give a file with --history.",
        )
    dated = rows.filter(pl.col("assessed_on").is_not_null())
    lane = dated.select(
        pl.concat_str("port_of_loading", "port_of_discharge", separator=">").alias("lane")
    ).to_series()
    features = habits_features((*offered_features(), *brought_features(dated)), dated.columns)
    return learn_habits(
        dated,
        dated["assessed_on"],
        lane,
        features,
        created_at=created_at,
        note=note,
        progress=progress,
    )


def _with_presumed_nils(lessons: Lessons, settings: TrainingSettings) -> Lessons:
    """Return the lessons with the unopened containers as nils that count little.

    Those of the later days are left aside: what is measured there is measured on what was opened.
    """
    days = lessons.frame["assessed_on"].unique().sort()
    first_later = days[-max(1, round(settings.later_share * days.len()))]
    unopened = lessons.unopened
    if not unopened.is_empty():
        unopened = unopened.filter(pl.col("assessed_on") < first_later)
    many = unopened.height
    if not many:
        return lessons
    opened = lessons.weight
    if opened is None:
        opened = pl.repeat(1.0, lessons.frame.height, eager=True)
    each = presumed_nils(opened, many)
    beside = {
        name: None if kept is None else pl.concat([kept, _unknown(kept.dtype, many)])
        for name, kept in (("group", lessons.group), ("known_on", lessons.known_on))
    }
    remark = (
        f"{many} containers that nobody opened were learned from as nils, each counting {each:.4f} of"
        " an opened one; no figure was measured on them."
    )
    return replace(
        lessons,
        frame=pl.concat([lessons.frame, unopened], how="diagonal_relaxed"),
        is_find=pl.concat([lessons.is_find.alias("is_find"), _nils(many)]),
        weight=pl.concat([opened.alias("weight"), pl.repeat(each, many, eager=True)]),
        group=beside["group"],
        known_on=beside["known_on"],
        out_of_fold=None,  # it tells of opened containers alone
        remarks=(*lessons.remarks, remark),
    )


def _unknown(kind: pl.DataType, many: int) -> pl.Series:
    return pl.Series([None] * many, dtype=kind)


def _nils(many: int) -> pl.Series:
    return pl.Series("is_find", [False] * many, dtype=pl.Boolean)
