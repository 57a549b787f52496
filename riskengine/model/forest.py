"""The trees of a LightGBM text as arrays: what is asked at each node, and how many rows went each way."""

from __future__ import annotations

from dataclasses import dataclass
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
_BOUND_TO_BE_LAST: Final = ("tree_sizes", "end of trees")
_NOT_OURS: Final = ("average_output", "linear_tree")


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


def read_forest(model_text: str) -> tuple[Tree, ...] | None:
    """Return the trees of a model text whose digest was checked.

    Returns:
        None where the text holds something whose meaning is not known here (linear leaves, an averaged
        output, a kind of missing value of another version, a node that no row of training reached).
    """
    header, *parts = model_text.split("\nTree=")
    if any(f"\n{word}" in header for word in _NOT_OURS):
        return None
    trees: list[Tree] = []
    for part in parts:
        tree = _tree(_lines(part.partition("\n\n")[0]))
        if tree is None or not _is_known(tree):
            return None
        trees.append(tree)
    return tuple(trees) or None


def _lines(part: str) -> Mapping[str, str]:
    return dict(line.split("=", 1) for line in part.splitlines() if "=" in line)


def _tree(lines: Mapping[str, str]) -> Tree | None:
    if lines.get("is_linear", "0") != "0" or "leaf_value" not in lines:
        return None

    def numbers(name: str) -> Floats:
        return np.array(lines.get(name, "").split(), dtype=np.float64)

    leaf_value = numbers("leaf_value")
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


def _is_known(tree: Tree) -> bool:
    inner = tree.leaf_value.size - 1
    sizes = {
        tree.feature.size,
        tree.threshold.size,
        tree.decision.size,
        tree.left.size,
        tree.right.size,
        tree.inner_count.size,
    }
    return (
        sizes == {inner}
        and tree.leaf_count.size == tree.leaf_value.size
        and bool((tree.decision >> MISSING_SHIFT < _MISSING_KINDS).all())
        and bool((tree.leaf_count > 0).all())
        and bool((tree.inner_count > 0).all())
    )
