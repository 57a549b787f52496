"""A model bundle on disk: a card, a model text, golden rows; written whole or not at all, read with distrust."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from riskengine.errors import BundleDamaged, ModelError
from riskengine.model.booster import open_booster
from riskengine.model.card_json import from_json, identity, to_json
from riskengine.model.golden import Golden, check_golden, golden_from_json, golden_to_json

if TYPE_CHECKING:
    from riskengine.model.card import ModelCard

CARD_FILE: Final = "card.json"
MODEL_FILE: Final = "model.txt"
GOLDEN_FILE: Final = "golden.json"

# A thousand trees of 63 leaves are 6 MB; whatever is far above was not made by this engine.
_MOST_BYTES: Final = {CARD_FILE: 8 << 20, MODEL_FILE: 64 << 20, GOLDEN_FILE: 8 << 20}
_MOST_LOG_ODDS: Final = 100.0
_REMEDY: Final = "Take the bundle again from where it came, or train anew."


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A model that may be used: its digests were checked and its golden rows came out.

    Attributes:
        card: What it is.
        model_text: LightGBM's own text.
        golden: Inputs and the margins they must give.
        booster: The model itself, ready to be asked.
    """

    card: ModelCard
    model_text: str
    golden: Golden
    booster: Any = field(compare=False, repr=False)


def assemble(card: ModelCard, *, model_text: str, golden: Golden, booster: Any) -> Bundle:
    """Return the bundle of a model just trained; its card gets the digests and the id."""
    with_digests = replace(
        card,
        model_sha256=_sha256(model_text),
        golden_sha256=_sha256(golden_to_json(golden)),
    )
    finished = replace(with_digests, id=identity(with_digests))
    return Bundle(card=finished, model_text=model_text, golden=golden, booster=booster)


def save(bundle: Bundle, folder: Path) -> Path:
    """Write a bundle as `folder`, whole or not at all, and return `folder`.

    Raises:
        ModelError: The folder exists already, or cannot be written.
    """
    if folder.exists():
        raise ModelError(
            f"There is already something at {folder}.",
            remedy="A bundle is never overwritten; save it under another name.",
        )
    contents = {
        CARD_FILE: to_json(bundle.card),
        MODEL_FILE: bundle.model_text,
        GOLDEN_FILE: golden_to_json(bundle.golden),
    }
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        half_done = Path(tempfile.mkdtemp(prefix=".half-done-", dir=folder.parent))
        try:
            half_done.chmod(0o755)
            for name, text in contents.items():
                write_synced(half_done / name, text)
            sync_folder(half_done)
            half_done.rename(
                folder
            )  # fails when another process was first: no folder is emptied
        finally:
            shutil.rmtree(half_done, ignore_errors=True)
        sync_folder(folder.parent)
    except OSError as fault:
        raise ModelError(
            f"The model bundle cannot be written to {folder}: {fault.strerror or fault}.",
            remedy="Check the space on the disk and the rights on the folder.",
        ) from fault
    return folder


def load(folder: Path) -> Bundle:
    """Read a bundle and make sure that it is what its card promises.

    In this order: size, digests (before LightGBM sees a byte, for its reader crashes on damaged
    text), header, golden rows bit for bit.

    Raises:
        ModelError: There is no bundle in this folder, or it has a layout of another version.
        BundleDamaged: A file is missing, too large, or not what the card promises.
    """
    card = read_card(folder)
    model_text = _read_checked(folder / MODEL_FILE, card.model_sha256)
    golden = golden_from_json(_read_checked(folder / GOLDEN_FILE, card.golden_sha256))
    _check_header(model_text, card)
    if golden.features != card.feature_names:
        raise BundleDamaged(
            f"The golden rows of {folder} have other features than its card.", remedy=_REMEDY
        )
    booster = open_booster(model_text)
    check_golden(booster, golden)
    return Bundle(card=card, model_text=model_text, golden=golden, booster=booster)


def read_card(folder: Path) -> ModelCard:
    """Return the card of a bundle alone, without opening its model.

    Raises:
        ModelError: There is no bundle in this folder, or it has a layout of another version.
        BundleDamaged: The card is not the one that was written.
    """
    if not (folder / CARD_FILE).is_file():
        raise ModelError(
            f"There is no model bundle in {folder}.",
            remedy="List those there are with `riskengine models list`.",
        )
    card = from_json(_read_capped(folder / CARD_FILE).decode(errors="replace"))
    if card.id != identity(card):
        raise BundleDamaged(
            f"The card of the model in {folder} is not the one that was written:"
            f" its content does not give the id {card.id}.",
            remedy=_REMEDY,
        )
    _check_card(card)
    return card


def write_synced(path: Path, text: str) -> None:
    """Write a file and wait until the disk has it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the disk has a folder's list of names."""
    if os.name == "nt":
        return  # Windows opens no folders; its renames are durable by themselves
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _read_capped(path: Path) -> bytes:
    most = _MOST_BYTES[path.name]
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as fault:
        raise BundleDamaged(
            f"{path} cannot be read: {fault.strerror or fault}.", remedy=_REMEDY
        ) from fault
    if len(content) > most:
        raise BundleDamaged(f"{path} is larger than the {most} bytes allowed.", remedy=_REMEDY)
    return content


def _read_checked(path: Path, sha256: str) -> str:
    content = _read_capped(path)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BundleDamaged(
            f"{path} is damaged: its bytes are not those its card promises.", remedy=_REMEDY
        )
    return content.decode()


def _check_card(card: ModelCard) -> None:
    """Refuse a card that no training writes: it would turn the ranking round, or stop an assessment midway."""
    rate, line = card.base_find_rate, card.combination
    told = {one.name for one in (*card.strengths, *card.directions, *card.reference)}
    sound = {
        "it speaks of its own features alone": told <= set(card.feature_names),
        "the share of finds lies between 0 and 1": 0 < rate < 1 or card.purpose == "habits",
        "no calibration turns a ranking round": 0 <= card.calibration.slope <= _MOST_LOG_ODDS,
        "log-odds have a usual size": abs(card.calibration.intercept) <= _MOST_LOG_ODDS,
        "what habits add is not below zero": line is None
        or 0 <= line.habits_slope <= _MOST_LOG_ODDS,
        "what a rule adds is not below zero": line is None
        or all(0 <= one.weight <= _MOST_LOG_ODDS for one in line.weights),
    }
    broken = [said for said, holds in sound.items() if not holds]
    if broken:
        raise BundleDamaged(
            f"The model card {card.id} breaks what every card keeps: {'; '.join(broken)}.",
            remedy=_REMEDY,
        )


def _check_header(model_text: str, card: ModelCard) -> None:
    """Refuse a model of another form, even one whose digest is right."""
    header = model_text.partition("\nTree=")[0]
    held = dict(line.split("=", 1) for line in header.splitlines() if "=" in line)
    wanted = {
        "objective": "binary sigmoid:1",
        "num_class": "1",
        "num_tree_per_iteration": "1",
        "max_feature_idx": str(len(card.features) - 1),
        "feature_names": " ".join(card.feature_names),
    }
    for key, value in wanted.items():
        if held.get(key) != value:
            raise BundleDamaged(
                f"The model text does not fit its card: {key} is {held.get(key)!r},"
                f" not {value!r}.",
                remedy=_REMEDY,
            )
    trees = model_text.count("\nTree=")
    if trees != card.trees or "\nend of trees\n" not in model_text:
        raise BundleDamaged(
            f"The model text holds {trees} trees; its card promises {card.trees}.",
            remedy=_REMEDY,
        )
    if card.members < 1 or trees % card.members:
        raise BundleDamaged(
            f"The card promises {card.members} members of equally many trees; there are {trees} trees.",
            remedy=_REMEDY,
        )
