"""The trees of a LightGBM text as arrays: what is asked at each node, and how many rows went each way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

CATEGORICAL: Final = 1
"""The bit of a decision that asks whether a category is in a set."""
DEFAULT_LEFT: Final = 2
"""The bit of a decision that sends what is missing to the left."""
MISSING_SHIFT: Final = 2
"""Where the kind of missing value begins: 0 nothing is missing, 1 zero is, 2 NaN is."""
_MISSING_KINDS: Final = 3


class Unknown(StrEnum):
    """What a model text holds that is not known here: LightGBM itself then works out the contributions."""

    LINEAR = "linear"
    AVERAGED = "averaged"
    CLASSES = "classes"
    MISSING = "missing"
    NO_ROWS = "no_rows"
    MANY_FEATURES = "many_features"
    FORM = "form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """One tree. A child below zero is the leaf ``~child``.

    Attributes:
        feature: Of each inner node, which column it asks.
        threshold: Of each inner node: the value, or for a category the place of its set.
        decision: Of each inner node, its bits (``CATEGORICAL`` and the like).
        left: Of each inner node, where a yes leads.
        right: Of each inner node, where a no leads.
        inner_count: Rows of training that came to each inner node.
        leaf_value: What each leaf adds to the margin.
        leaf_count: Rows of training that came to each leaf.
        set_start: Where each set of categories begins in `set_words`.
        set_words: The sets, 32 categories a word.
    """

    feature: Ints
    threshold: Floats
    decision: Ints
    left: Ints
    right: Ints
    inner_count: Floats
    leaf_value: Floats
    leaf_count: Floats
    set_start: Ints
    set_words: npt.NDArray[np.uint32]

    @property
    def expected(self) -> float:
        """What the tree adds where nothing is known: its leaves, weighed by their rows."""
        return float(self.leaf_value @ (self.leaf_count / self.leaf_count.sum()))


def read_forest(model_text: str) -> tuple[Tree, ...] | Unknown:
    """Return the trees of a model text whose digest was checked; what is not known in it, where something is."""
    header, *parts = model_text.split("\nTree=")
    told = _lines(header)
    if "average_output" in header.splitlines():
        return Unknown.AVERAGED
    if told.get("num_tree_per_iteration", "1") != "1":
        return Unknown.CLASSES
    trees: list[Tree] = []
    for part in parts:
        lines = _lines(part.partition("\n\n")[0])
        if lines.get("is_linear", "0") != "0":
            return Unknown.LINEAR
        try:
            tree = _tree(lines)
        except (KeyError, ValueError):
            return Unknown.FORM
        if unknown := _unknown_in(tree, int(told.get("max_feature_idx", 0))):
            return unknown
        trees.append(tree)
    return tuple(trees) or Unknown.FORM


def _lines(part: str) -> Mapping[str, str]:
    return dict(line.split("=", 1) for line in part.splitlines() if "=" in line)


def _tree(lines: Mapping[str, str]) -> Tree:
    def numbers(name: str) -> Floats:
        return np.array(lines.get(name, "").split(), dtype=np.float64)

    leaf_value = np.array(lines["leaf_value"].split(), dtype=np.float64)
    leaf_count = numbers("leaf_count") if leaf_value.size > 1 else np.ones(1)
    return Tree(
        feature=numbers("split_feature").astype(np.int64),
        threshold=numbers("threshold"),
        decision=numbers("decision_type").astype(np.int64),
        left=numbers("left_child").astype(np.int64),
        right=numbers("right_child").astype(np.int64),
        inner_count=numbers("internal_count"),
        leaf_value=leaf_value,
        leaf_count=leaf_count,
        set_start=numbers("cat_boundaries").astype(np.int64),
        set_words=numbers("cat_threshold").astype(np.uint32),
    )


def _unknown_in(tree: Tree, last_column: int) -> Unknown | None:
    """Return what is wrong with a tree: the kernel follows it without looking where it steps."""
    inner = tree.leaf_value.size - 1
    sizes = {
        tree.feature.size,
        tree.threshold.size,
        tree.decision.size,
        tree.left.size,
        tree.right.size,
        tree.inner_count.size,
    }
    if sizes != {inner} or tree.leaf_count.size != tree.leaf_value.size:
        return Unknown.FORM
    if (tree.decision >> MISSING_SHIFT >= _MISSING_KINDS).any():
        return Unknown.MISSING
    counts = np.concatenate([tree.leaf_count, tree.inner_count])
    if not (np.isfinite(counts).all() and (counts >= 1).all()):
        return Unknown.NO_ROWS
    is_sound = (
        _is_tree(tree)
        and bool(((tree.feature >= 0) & (tree.feature <= last_column)).all())
        and bool(np.isfinite(tree.leaf_value).all())
        and _has_its_sets(tree)
    )
    return None if is_sound else Unknown.FORM


def _is_tree(tree: Tree) -> bool:
    """Tell whether every node but the first hangs at exactly one other, which stands before it."""
    inner = tree.feature.size
    children = np.sort(np.concatenate([tree.left, tree.right]))
    wanted = [*range(-inner - 1, 0), *range(1, inner)] if inner else []
    at = np.arange(inner)
    ahead = all(((side < 0) | (side > at)).all() for side in (tree.left, tree.right))
    return ahead and children.tolist() == wanted


def _has_its_sets(tree: Tree) -> bool:
    asked = tree.threshold[tree.decision & CATEGORICAL == CATEGORICAL]
    if not asked.size:
        return True
    start = tree.set_start
    return (
        start.size > 1
        and int(start[0]) == 0
        and int(start[-1]) == tree.set_words.size
        and bool((np.diff(start) >= 0).all())
        and bool(((asked >= 0) & (asked < start.size - 1) & (asked == np.floor(asked))).all())
    )
