"""Exact path-dependent TreeSHAP, fast enough to explain every container of a large vessel.

Source: Lundberg and others 2020 for the values; Quadrature-TreeSHAP (arXiv 2605.04497) for the integral by which each
leaf's part is found without walking the tree for every row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from riskengine.model.blocks import MOST_FEATURES, cut
from riskengine.model.forest import Unknown, read_forest

if TYPE_CHECKING:
    import numpy.typing as npt

    from riskengine.model.blocks import Blocks
    from riskengine.model.forest import Tree

    Floats = npt.NDArray[np.float64]

_ROWS_AT_ONCE: Final = 8192
# LightGBM takes what is no farther from zero than this for zero, before it asks anything: its constant is a 32-bit one.
_ZERO: Final = float(np.float32(1e-35))


@dataclass(frozen=True, slots=True, kw_only=True)
class Explainer:
    """A model made ready for TreeSHAP.

    Attributes:
        base: What the model says where nothing is known of a container, in log-odds.
        trees: Its trees that ask something, each with its blocks.
    """

    base: float
    trees: tuple[tuple[Tree, Blocks], ...]

    def contributions(self, matrix: Floats) -> Floats:
        """Return how much each feature contributes to each row's margin; NaN stands for unknown.

        ``base`` and a row's contributions add up to its margin within 1e-9. The same row gives the same
        bits alone, in a batch and in any order.
        """
        values = np.empty(matrix.shape)
        for start in range(0, matrix.shape[0], _ROWS_AT_ONCE):
            part = matrix[start : start + _ROWS_AT_ONCE]
            values[start : start + _ROWS_AT_ONCE] = _contributions(self.trees, part)
        return values

    def answers(self, tree: Tree, matrix: Floats) -> npt.NDArray[np.uint8]:
        """Return for each inner node of a tree and each row whether the row goes left."""
        return _answers(tree, _columns(matrix))


def explainer(model_text: str) -> Explainer | Unknown:
    """Make a model text ready; what this kernel does not know in it, where there is something."""
    forest = read_forest(model_text)
    if isinstance(forest, Unknown):
        return forest
    pairs: list[tuple[Tree, Blocks]] = []
    for tree in forest:
        blocks = cut(tree)
        if blocks is None:
            return Unknown.MANY_FEATURES
        if tree.feature.size:
            pairs.append((tree, blocks))
    return Explainer(base=float(sum(tree.expected for tree in forest)), trees=tuple(pairs))


def _columns(rows: Floats) -> Floats:
    columns = np.array(rows.T, order="C")
    columns[np.abs(columns) <= _ZERO] = 0.0
    return columns


def _answers(tree: Tree, columns: Floats) -> npt.NDArray[np.uint8]:
    # numba is slow to import, and only who explains needs it.
    from riskengine.model.treeshap_kernel import answer  # noqa: PLC0415

    answers = np.empty((tree.feature.size, columns.shape[1]), dtype=np.uint8)
    answer(
        columns,
        tree.feature,
        tree.threshold,
        tree.decision,
        tree.set_start,
        tree.set_words,
        answers,
    )
    return answers


def _contributions(trees: tuple[tuple[Tree, Blocks], ...], rows: Floats) -> Floats:
    from riskengine.model.treeshap_kernel import add_tree  # noqa: PLC0415

    columns = _columns(rows)
    out = np.zeros(columns.shape)
    for tree, blocks in trees:
        add_tree(
            _answers(tree, columns),
            blocks.bits,
            blocks.question_start,
            blocks.question_node,
            blocks.question_yes,
            blocks.question_bit,
            blocks.column_start,
            blocks.column,
            blocks.leaf_start,
            blocks.leaf_value,
            blocks.part_start,
            blocks.part_place,
            blocks.part_share,
            blocks.part_set,
            blocks.part_clear,
            _POINTS,
            _WEIGHTS,
            out,
        )
    return out.T


def _quadrature() -> tuple[Floats, Floats]:
    """Return the points and weights of Gauss-Legendre on 0 to 1, a row for each number of points."""
    most = (MOST_FEATURES + 1) // 2 + 1
    points, weights = np.zeros((most + 1, most)), np.zeros((most + 1, most))
    for count in range(1, most + 1):
        at, weigh = np.polynomial.legendre.leggauss(count)
        points[count, :count] = (at + 1.0) / 2.0
        weights[count, :count] = weigh / 2.0
    return points, weights


_POINTS, _WEIGHTS = _quadrature()
