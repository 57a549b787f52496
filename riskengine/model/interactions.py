"""Which features work together: exact path-dependent SHAP interaction values, of a few rows.

Source: Lundberg and others 2020, section 2.5; for a leaf of value v whose way asks the features k, with the shares z_k of
rows that go its way and the row's own answers o_k, the interaction of i and j is
v / 2 (o_i - z_i) (o_j - z_j) times the integral over t from 0 to 1 of the product, over all other features k, of
z_k (1 - t) + o_k t: the integral of our own TreeSHAP, one factor shorter. ``shap`` gives the same on trees without
categories; those with categories it does not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from riskengine.model.forest import Tree
    from riskengine.model.treeshap import Explainer

    Floats = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]


# A table of all pairs for each row: with very many features only a few rows at once, so that it fits the memory.
_MOST_VALUES: Final = 8_000_000


def mean_interactions(made: Explainer, rows: Floats) -> Floats:
    """Return the mean size of the interaction of each two features over rows, both halves together, in log-odds.

    The table is symmetric; its diagonal is zero.

    Args:
        made: A model made ready.
        rows: Encoded rows, NaN for unknown; a hundred tell enough, and cost a second or a few.
    """
    columns = rows.shape[1]
    at_once = max(1, _MOST_VALUES // max(columns * columns, 1))
    sums = np.zeros((columns, columns))
    for start in range(0, rows.shape[0], at_once):
        sums += np.abs(interactions(made, rows[start : start + at_once])).sum(axis=0)
    return np.asarray(2 * sums / max(rows.shape[0], 1), dtype=np.float64)


def interactions(made: Explainer, rows: Floats) -> Floats:
    """Return for each row the interaction of each two features; the diagonal is left at zero.

    Each of the two has half of it, as ``shap`` writes it.
    """
    values = np.zeros((rows.shape[0], rows.shape[1], rows.shape[1]))
    for tree, _ in made.trees:
        answers = made.answers(tree, rows)
        for value, features, shares, goes in _leaves(tree, answers):
            _add(values, value, features, shares, goes)
    return values


def _add(
    values: Floats, leaf: float, features: list[int], shares: Floats, goes: Floats
) -> None:
    """Add what one leaf gives each pair of the features on the way to it."""
    count = len(features)
    if count < 2:  # noqa: PLR2004  # a pair
        return
    points, weights = np.polynomial.legendre.leggauss(count // 2)
    at = (points + 1.0) / 2.0
    # Rows by features by points: no factor is zero between 0 and 1, so the product without two is the whole by both.
    factor = shares[None, :, None] * (1.0 - at) + goes[:, :, None] * at
    whole = factor.prod(axis=1) * (weights / 2.0)
    part = (goes - shares)[:, :, None] / factor
    pairs = 0.5 * leaf * np.einsum("rq,riq,rjq->rij", whole, part, part, optimize=False)
    pairs[:, np.arange(count), np.arange(count)] = 0.0
    where = np.array(features)
    values[:, where[:, None], where[None, :]] += pairs


def _leaves(
    tree: Tree, answers: npt.NDArray[np.uint8]
) -> Iterator[tuple[float, list[int], Floats, Floats]]:
    """Yield each leaf: its value, the features on the way, their shares, and whether each row goes that way by each."""
    nothing: dict[int, tuple[float, Flags]] = {}
    waiting = [(0, nothing)]
    while waiting:
        node, way = waiting.pop()
        if node < 0:
            shares = np.array([share for share, _ in way.values()])
            goes = np.column_stack([flags for _, flags in way.values()]).astype(np.float64)
            yield float(tree.leaf_value[~node]), list(way), shares, goes
            continue
        feature, rows = int(tree.feature[node]), tree.inner_count[node]
        for child, answer in ((int(tree.left[node]), 1), (int(tree.right[node]), 0)):
            came = tree.leaf_count[~child] if child < 0 else tree.inner_count[child]
            agrees: Flags = answers[node] == answer
            share = float(came / rows)
            if feature in way:
                before, flags = way[feature]
                share, agrees = before * share, flags & agrees
            waiting.append((child, {**way, feature: (share, agrees)}))
