"""Trees cut into blocks of a few questions, so that the answers of a row are one small number.

A block is a piece of a tree: the questions on the way to it, its own questions, and its leaves. Each question on the
way is asked of a feature, and a feature may be asked several times: what counts is whether a row satisfies all of
them. So the answers of a row fit in a word of ``bits`` bits, and all rows with the same word get the same
contributions from all leaves of the block: they are worked out once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from riskengine.model.forest import Tree

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

MOST_BITS: Final = 10
"""Larger blocks need fewer additions a row, and more words to work out."""
MOST_FEATURES: Final = 60
"""A leaf below more different features than this has no word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """The blocks of one tree, as flat arrays; ``..._start`` says where each one's part begins.

    Attributes:
        bits: Of each block, the bits of its word.
        question_start: Where the questions of each block begin; a question sets or clears one bit.
        question_node: The inner node that is asked.
        question_yes: Whether its yes (1) or its no (0) lets the bit stand.
        question_bit: Which bit.
        column_start: Where the features of each block begin.
        column: The features that contribute in a block, each once.
        leaf_start: Where the leaves of each block begin.
        leaf_value: What each leaf adds.
        part_start: Where the parts of each leaf begin: one for each different feature on the way to it.
        part_place: The feature's place among those of the block.
        part_share: The share of training rows that goes the leaf's way at all questions to this feature.
        part_set: The bits of the word that must be set for a row to go that way.
        part_clear: The bits that must be clear.
    """

    bits: Ints
    question_start: Ints
    question_node: Ints
    question_yes: Ints
    question_bit: Ints
    column_start: Ints
    column: Ints
    leaf_start: Ints
    leaf_value: Floats
    part_start: Ints
    part_place: Ints
    part_share: Floats
    part_set: Ints
    part_clear: Ints


class _Step(NamedTuple):
    """One question on the way to a node: which, answered how, and the share of rows that answered so."""

    node: int
    yes: bool
    feature: int
    share: float


def cut(tree: Tree) -> Blocks | None:
    """Cut a tree into blocks; None where a leaf lies below too many features.

    The cut follows from the tree alone: the same row gets the same bits alone and among thousands.
    """
    built = _Built()
    inner_below = _inner_below(tree)
    waiting: list[tuple[int, tuple[_Step, ...]]] = [(0 if tree.feature.size else -1, ())]
    while waiting:
        node, way = waiting.pop()
        own = len({step.feature for step in way})
        below = 0 if node < 0 else int(inner_below[node])
        if own > MOST_FEATURES:
            return None
        if node < 0 or own + below <= MOST_BITS:
            if way or below:
                built.add(tree, node, way)
            continue
        waiting.extend(
            (child, (*way, step))
            for child, step in zip(_children(tree, node), _steps(tree, node), strict=True)
        )
    return built.finish()


def _children(tree: Tree, node: int) -> tuple[int, int]:
    return int(tree.left[node]), int(tree.right[node])


def _steps(tree: Tree, node: int) -> tuple[_Step, _Step]:
    feature = int(tree.feature[node])
    rows = tree.inner_count[node]
    shares = [_count(tree, child) / rows for child in _children(tree, node)]
    return (
        _Step(node, yes=True, feature=feature, share=float(shares[0])),
        _Step(node, yes=False, feature=feature, share=float(shares[1])),
    )


def _count(tree: Tree, node: int) -> float:
    return float(tree.leaf_count[~node] if node < 0 else tree.inner_count[node])


def _inner_below(tree: Tree) -> Ints:
    """Return how many inner nodes hang at each, itself included."""
    size = tree.feature.size
    below = np.ones(size, dtype=np.int64)
    order: list[int] = []
    waiting = [0] if size else []
    while waiting:
        node = waiting.pop()
        order.append(node)
        waiting.extend(child for child in _children(tree, node) if child >= 0)
    for node in reversed(order):
        below[node] += sum(below[child] for child in _children(tree, node) if child >= 0)
    return below


class _Built:
    """Blocks under construction."""

    def __init__(self) -> None:
        self._bits: list[int] = []
        self._questions: list[tuple[int, int, int]] = []
        self._question_start = [0]
        self._columns: list[int] = []
        self._column_start = [0]
        self._leaf_values: list[float] = []
        self._leaf_start = [0]
        self._parts: list[tuple[int, float, int, int]] = []
        self._part_start = [0]

    def add(self, tree: Tree, top: int, way: tuple[_Step, ...]) -> None:
        """Add the block that hangs at a node."""
        bit_of: dict[int, int] = {}
        for step in way:
            bit_of.setdefault(step.feature, len(bit_of))
        # Questions of one bit stand together: the kernel spells a word bit by bit.
        self._questions.extend(
            sorted(
                ((step.node, int(step.yes), bit_of[step.feature]) for step in way),
                key=lambda question: question[2],
            )
        )
        columns = list(bit_of)
        node_bit: dict[int, int] = {}
        waiting: list[tuple[int, tuple[_Step, ...]]] = [(top, ())]
        while waiting:
            node, inside = waiting.pop()
            if node < 0:
                self._add_leaf(
                    float(tree.leaf_value[~node]), way, inside, bit_of, node_bit, columns
                )
                continue
            node_bit[node] = len(bit_of) + len(node_bit)
            self._questions.append((node, 1, node_bit[node]))
            waiting.extend(
                (child, (*inside, step))
                for child, step in zip(_children(tree, node), _steps(tree, node), strict=True)
            )
        self._bits.append(len(bit_of) + len(node_bit))
        self._question_start.append(len(self._questions))
        self._columns.extend(columns)
        self._column_start.append(len(self._columns))
        self._leaf_start.append(len(self._leaf_values))

    def _add_leaf(  # noqa: PLR0913, PLR0917  # a leaf is what lies on the way to it
        self,
        value: float,
        way: Sequence[_Step],
        inside: Sequence[_Step],
        bit_of: dict[int, int],
        node_bit: dict[int, int],
        columns: list[int],
    ) -> None:
        shares: dict[int, float] = {}
        must_be_set: dict[int, int] = {}
        must_be_clear: dict[int, int] = {}
        for step in (*way, *inside):
            shares[step.feature] = shares.get(step.feature, 1.0) * step.share
        for feature in shares:
            must_be_set[feature] = 1 << bit_of[feature] if feature in bit_of else 0
            must_be_clear[feature] = 0
            if feature not in columns:
                columns.append(feature)
        for step in inside:
            masks = must_be_set if step.yes else must_be_clear
            masks[step.feature] |= 1 << node_bit[step.node]
        self._leaf_values.append(value)
        self._parts.extend(
            (columns.index(feature), share, must_be_set[feature], must_be_clear[feature])
            for feature, share in shares.items()
        )
        self._part_start.append(len(self._parts))

    def finish(self) -> Blocks:
        """Return the arrays."""
        questions = np.array(self._questions, dtype=np.int64).reshape(-1, 3)
        places, shares, sets, clears = (
            zip(*self._parts, strict=True) if self._parts else ([],) * 4
        )
        return Blocks(
            bits=np.array(self._bits, dtype=np.int64),
            question_start=np.array(self._question_start, dtype=np.int64),
            question_node=np.ascontiguousarray(questions[:, 0]),
            question_yes=np.ascontiguousarray(questions[:, 1]),
            question_bit=np.ascontiguousarray(questions[:, 2]),
            column_start=np.array(self._column_start, dtype=np.int64),
            column=np.array(self._columns, dtype=np.int64),
            leaf_start=np.array(self._leaf_start, dtype=np.int64),
            leaf_value=np.array(self._leaf_values, dtype=np.float64),
            part_start=np.array(self._part_start, dtype=np.int64),
            part_place=np.array(places, dtype=np.int64),
            part_share=np.array(shares, dtype=np.float64),
            part_set=np.array(sets, dtype=np.int64),
            part_clear=np.array(clears, dtype=np.int64),
        )
