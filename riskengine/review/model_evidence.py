"""What speaks for a model and against it, gathered when it is asked for and again when it is approved."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from riskengine import messages
from riskengine.engine.side_by_side import compare
from riskengine.errors import BundleDamaged, ModelError
from riskengine.model import shelf
from riskengine.model.bundle import CARD_FILE, load, read_card

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from riskengine.model.card import ModelCard
    from riskengine.model.figures import Metrics
    from riskengine.model.paired import Paired
    from riskengine.workspace import Workspace

FEWEST_FINDS: Final = 10
_ONE_IN_TWENTY: Final = 1.645
"""So many standard deviations lie between the mean and the highest twentieth."""
_FIGURE: Final = re.compile(r"\d\.\d{3}")
DAMAGED: Final = "damaged"
"""Stands for the model in force where its pointer cannot be read: another must be able to take its place."""

Told = tuple[str, dict[str, object]]
"""A text of the catalogue and what it is filled with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of a model that is to go in force.

    Attributes:
        model_id: The model.
        card_sha256: Of its card, which holds the digests of the rest.
        place: The pointer that it goes to.
        champion_id: The model in force; empty where none is.
        facts: What was measured, as texts (``model.evidence``).
        doubts: What speaks against it and can be outweighed by a reason (``model.doubt``).
        refusals: What must be mended or answered first (``model.refusal``).
    """

    model_id: str
    card_sha256: str
    place: str
    champion_id: str
    facts: list[Told] = field(default_factory=list[Told])
    doubts: list[Told] = field(default_factory=list[Told])
    refusals: list[Told] = field(default_factory=list[Told])

    def refuse(self, key: str, **params: object) -> None:
        """Add what must be mended first."""
        self.refusals.append((key, params))

    def as_kept(self) -> dict[str, object]:
        """Return it as the register keeps it: texts in English, and what they are made of for other readers."""
        return {
            "card_sha256": self.card_sha256,
            "champion": self.champion_id,
            "facts": told("evidence", self.facts),
            "doubts": told("doubt", self.doubts),
            "texts": [
                {"kind": kind, "key": key, "params": params}
                for kind, texts in (("evidence", self.facts), ("doubt", self.doubts))
                for key, params in texts
            ],
        }


def told(kind: str, texts: list[Told], language: str = "en") -> list[str]:
    """Return texts of one kind as people read them."""
    return [messages.render(f"model.{kind}.{key}", params, language) for key, params in texts]


def kept_lines(kept: object, language: str) -> list[str]:
    """Return evidence that the register kept, as people read it; what was kept as English alone stays so."""
    if not isinstance(kept, dict):
        return []
    english = [str(line) for part in ("facts", "doubts") for line in kept.get(part, ())]
    texts = kept.get("texts", ())
    if len(texts) != len(english):
        return english
    keys = [f"model.{one['kind']}.{one['key']}" for one in texts]
    return [
        messages.render(key, _local(one["params"], language), language)
        if messages.has(key)
        else line
        for key, one, line in zip(keys, texts, english, strict=True)
    ]


def gather(workspace: Workspace, model_id: str, answers: Mapping[str, str]) -> Evidence:
    """Gather what is known of a model that is to go in force.

    Args:
        workspace: The unit's folder.
        model_id: The model.
        answers: What was said of the indicators that its card doubts, by name.

    Raises:
        ModelError: There is no such model on the shelf.
        BundleDamaged: It is not what its card promises.
    """
    folder = shelf.folder_of(workspace, model_id)
    if not folder.is_dir():
        raise ModelError(
            f"There is no model {model_id!r} on the shelf.",
            remedy="List them with `riskengine models list`.",
        )
    card = load(folder).card
    found = Evidence(
        model_id=model_id,
        card_sha256=hashlib.sha256((folder / CARD_FILE).read_bytes()).hexdigest(),
        place=place_of(card),
        champion_id=standing_in(workspace, place_of(card)),
    )
    if found.champion_id == model_id:
        found.refuse("in_force")
    champion = _champion(workspace, found.champion_id)
    _measure(found, card, champion)
    if champion is not None and champion.purpose == card.purpose == "finds":
        _shadow(found, workspace, champion)
    _combination(found, workspace, card)
    _leaks(found, card, answers)
    return found


def place_of(card: ModelCard) -> str:
    """Return the pointer that a model of this purpose goes to."""
    return shelf.HABITS_FILE if card.purpose == "habits" else shelf.POINTER_FILE


def standing_in(workspace: Workspace, place: str) -> str:
    """Return the id of the model that a pointer names; empty where it names none, ``damaged`` where nobody can say."""
    try:
        pointer = shelf.read_pointer(workspace, place)
    except BundleDamaged:
        return DAMAGED
    return pointer.id if pointer else ""


def _champion(workspace: Workspace, model_id: str) -> ModelCard | None:
    """Return the card of the model in force; None where there is none, or it is damaged: then another is needed."""
    if model_id in {"", DAMAGED}:
        return None
    try:
        return read_card(shelf.folder_of(workspace, model_id))
    except ModelError:
        return None


def _measure(found: Evidence, card: ModelCard, champion: ModelCard | None) -> None:
    metrics = card.metrics
    if card.purpose == "habits":
        found.doubts.append(("unmeasured", {}))
        return
    if (
        metrics.finds < FEWEST_FINDS
        or metrics.average_precision is None
        or metrics.base_rate is None
    ):
        found.doubts.append(("few", {"finds": metrics.finds, "least": FEWEST_FINDS}))
        return
    shown: dict[str, object] = {
        "containers": metrics.containers,
        "finds": metrics.finds,
        "precision": _figure(metrics.average_precision),
        "base": _figure(metrics.base_rate),
    }
    found.facts.append(("metrics", shown))
    if metrics.average_precision <= metrics.base_rate:
        found.doubts.append(("blind", shown))
    elif metrics.auc is not None and metrics.auc < _auc_by_chance(metrics):
        found.doubts.append(("chance", shown | {"auc": _figure(metrics.auc)}))
    if champion is not None and champion.metrics.average_precision is not None:
        _beside_champion(found, metrics, champion)


def _auc_by_chance(metrics: Metrics) -> float:
    """Return the area that one in twenty models would reach that knows nothing (Mann and Whitney 1947)."""
    finds, nils = metrics.finds, metrics.containers - metrics.finds
    if nils <= 0:
        return 1.0
    return 0.5 + _ONE_IN_TWENTY * math.sqrt((finds + nils + 1) / (12 * finds * nils))


def _beside_champion(found: Evidence, metrics: Metrics, champion: ModelCard) -> None:
    theirs = champion.metrics
    shown: dict[str, object] = {
        "model": champion.id,
        "precision": _figure(theirs.average_precision),
        "base": _figure(theirs.base_rate),
    }
    is_same = (theirs.containers, theirs.finds) == (metrics.containers, metrics.finds)
    found.facts.append(("same" if is_same else "champion", shown))
    if is_same and (theirs.average_precision or 0.0) > (metrics.average_precision or 0.0):
        against = {
            "model": champion.id,
            "champion": _figure(theirs.average_precision),
            "precision": _figure(metrics.average_precision),
        }
        found.doubts.append(("card", dict(against)))


def _shadow(found: Evidence, workspace: Workspace, champion: ModelCard) -> None:
    try:
        beside = compare(workspace, champion.id, found.model_id)
    except (
        ModelError
    ):  # the model in force is damaged: it cannot be compared with, and must be replaced
        return
    measured = [
        one for one in (beside.drawn, beside.opened) if one is not None and one.is_enough
    ]
    for one in measured[:1]:
        shown = _beside(one)
        found.facts.append(("shadow", shown))
        if (
            one.precision is not None
            and one.precision.is_told
            and one.precision.other < one.precision.one
        ):
            found.doubts.append(("shadow", shown))
    if not measured:
        found.facts.append(("no_shadow", {}))


def _beside(one: Paired) -> dict[str, object]:
    precision = one.precision
    return {
        "containers": one.containers,
        "finds": one.finds,
        "precision": _figure(precision.other if precision else None),
        "champion": _figure(precision.one if precision else None),
    }


def _combination(found: Evidence, workspace: Workspace, card: ModelCard) -> None:
    both = card.combination
    found.facts.append(("rules", {"rules": len(both.weights) if both else 0}))
    if both is None or not both.habits_id:
        return
    habits = shelf.read_pointer(workspace, shelf.HABITS_FILE)
    if habits is None or habits.id != both.habits_id:
        found.doubts.append(("habits", {"model": both.habits_id}))


def _leaks(found: Evidence, card: ModelCard, answers: Mapping[str, str]) -> None:
    doubted = {leak.name: leak.why for leak in card.leaks}
    for name, why in doubted.items():
        answer = answers.get(name, "").strip()
        if answer:
            found.facts.append(("answer", {"name": name, "why": answer}))
        else:
            found.refuse("leak", name=name, why=why)
    for name in _needless(answers, doubted):
        found.refuse("no_leak", name=name)


def _needless(answers: Mapping[str, str], doubted: Mapping[str, str]) -> Iterator[str]:
    return (name for name in sorted(answers) if name not in doubted)


def _local(params: Mapping[str, object], language: str) -> dict[str, object]:
    """Write figures as the readers of a language do; the register holds no broken numbers, only their texts."""
    return {
        name: messages.number(float(value), language, 3)
        if isinstance(value, str) and _FIGURE.fullmatch(value)
        else value
        for name, value in params.items()
    }


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
