"""The best way to give each field one column: the assignment of the greatest total, found exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def assign(gains: Sequence[Sequence[float]]) -> list[int | None]:
    """Return for each row the column it is given, or None where no column gains it anything.

    Each column goes to one row at most, and the sum of the gains is the greatest there is. Gains of zero or below
    are never taken. This is the Hungarian method with shortest augmenting paths, rows times rows times columns.

    >>> assign([[5.0, 4.0], [5.0, 1.0], [0.0, -1.0]])
    [1, 0, None]
    """
    rows = len(gains)
    if not rows or not gains[0]:
        return [None] * rows
    columns = len(gains[0])
    # As many empty columns as rows: a row that gains nothing takes one of them at no cost.
    costs = [[-max(gain, 0.0) for gain in row] + [0.0] * rows for row in gains]
    width = columns + rows
    of_row, of_column = [0.0] * (rows + 1), [0.0] * (width + 1)
    given = [0] * (width + 1)  # the row of each column, both from 1; 0 for none
    for row in range(1, rows + 1):
        _augment(row, costs, (of_row, of_column, given))
    found: list[int | None] = [None] * rows
    for column in range(1, columns + 1):
        row = given[column]
        if row and gains[row - 1][column - 1] > 0:
            found[row - 1] = column - 1
    return found


def _augment(
    row: int,
    costs: Sequence[Sequence[float]],
    state: tuple[list[float], list[float], list[int]],
) -> None:
    """Give one more row a column, moving others where that costs less."""
    of_row, of_column, given = state
    width = len(of_column) - 1
    given[0] = row
    least, came_from = [float("inf")] * (width + 1), [0] * (width + 1)
    is_used = [False] * (width + 1)
    at = 0
    while given[at] or at == 0:
        is_used[at] = True
        here, step, following = given[at], float("inf"), 0
        for column in range(1, width + 1):
            if is_used[column]:
                continue
            slack = costs[here - 1][column - 1] - of_row[here] - of_column[column]
            if slack < least[column]:
                least[column], came_from[column] = slack, at
            if least[column] < step:
                step, following = least[column], column
        for column in range(width + 1):
            if is_used[column]:
                of_row[given[column]] += step
                of_column[column] -= step
            else:
                least[column] -= step
        at = following
    while at:
        given[at] = given[came_from[at]]
        at = came_from[at]
