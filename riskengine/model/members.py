"""Several boosters as one model: who learns from what, how their texts become one, how far they differ."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from riskengine.errors import ModelError
from riskengine.model.booster import THREADS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Rows = npt.NDArray[np.intp]

_DRAWN_PART: Final = 0.7
_BLOCKS: Final = 50
_TREE: Final = "\nTree="
_END: Final = "\nend of trees\n"
# What LightGBM writes of a tree in log-odds; the rest of its lines are counts, bounds and places.
_VALUES: Final = re.compile(r"^(leaf_value|internal_value)=(.*)$", re.MULTILINE)


def draw_members(groups: npt.NDArray[np.int64], members: int, seed: int) -> tuple[Rows, ...]:
    """Return the rows that each member learns from: seven in ten groups, drawn without repeats.

    A group goes in whole or not at all, so that what one trader or one week teaches is missing in
    three of ten members: where they then differ, the model rests on that trader or week. One member
    learns from everything.

    >>> [rows.size for rows in draw_members(np.array([0, 1, 2, 3]), 2, seed=7)]
    [3, 3]
    """
    if members == 1:
        return (np.arange(groups.size),)
    distinct = np.unique(groups)
    taken = max(1, round(_DRAWN_PART * distinct.size))
    draw = np.random.default_rng(seed)
    return tuple(
        np.flatnonzero(np.isin(groups, draw.permutation(distinct)[:taken]))
        for _ in range(members)
    )


def blocks_of_days(days: npt.NDArray[np.datetime64]) -> npt.NDArray[np.int64]:
    """Return the block of neighbouring days that each row lies in: the groups where no trader is known.

    On a single day each row is a group of its own.
    """
    distinct, place = np.unique(days, return_inverse=True)
    if distinct.size == 1:
        return np.arange(days.size, dtype=np.int64)
    blocks = np.array_split(np.arange(distinct.size), min(_BLOCKS, distinct.size))
    block_of = np.concatenate([np.full(part.size, at) for at, part in enumerate(blocks)])
    return block_of[place].astype(np.int64)


def join_members(texts: Sequence[str]) -> str:
    """Return the text of one model whose margin is the mean of those of the members.

    The trees stand one member after the other. Every value of a leaf is divided by the number of
    members, so that LightGBM's sum over all trees is their mean, and TreeSHAP adds up as ever.

    Raises:
        ModelError: A text is not in the form LightGBM writes.
    """
    if len(texts) == 1:
        return texts[0]
    trees = [tree for text in texts for tree in _trees(text)]
    placed = [
        f"Tree={at}\n{_shared(tree.partition(chr(10))[2], len(texts))}"
        for at, tree in enumerate(trees)
    ]
    header = texts[0].partition(_TREE)[0]
    sizes = " ".join(str(len(tree.encode())) for tree in placed)
    header = re.sub(r"^tree_sizes=.*$", f"tree_sizes={sizes}", header, flags=re.MULTILINE)
    return f"{header}\n{''.join(placed)}end of trees\n{texts[0].partition(_END)[2]}"


def member_margins(booster: Any, matrix: Floats, members: int) -> Floats:
    """Return the margin that each member alone gives every row, one member a row of the result."""
    per_member = booster.num_trees() // members
    margins = np.empty((members, matrix.shape[0]), dtype=np.float64)
    if matrix.shape[0]:
        for member in range(members):
            margins[member] = members * np.asarray(
                booster.predict(
                    matrix,
                    raw_score=True,
                    start_iteration=member * per_member,
                    num_iteration=per_member,
                    num_threads=THREADS,
                )
            )
    return margins


def _trees(text: str) -> list[str]:
    body, found, _ = text.partition(_TREE)[2].partition(_END)
    if not found or not body:
        raise ModelError(
            "LightGBM wrote a model text in a form this engine does not know.",
            remedy="Train with the version of LightGBM that the engine asks for.",
        )
    # Each tree ends with two blank lines; the text before the end mark lost its last line break.
    return [f"{tree.rstrip(chr(10))}\n\n\n" for tree in body.split(_TREE)]


def _shared(tree: str, members: int) -> str:
    def divided(line: re.Match[str]) -> str:
        values = " ".join(repr(float(value) / members) for value in line[2].split())
        return f"{line[1]}={values}"

    return _VALUES.sub(divided, tree)
