"""The inner loops of TreeSHAP, compiled by numba and kept compiled beside this file.

No ``fastmath``: it would assume that there is no NaN, and let the order of additions move the last bit.
"""

# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Bits: TypeAlias = npt.NDArray[np.uint8]
    Ints: TypeAlias = npt.NDArray[np.int64]
    Floats: TypeAlias = npt.NDArray[np.float64]

_MISSING_IS_ZERO = 1
_MISSING_IS_NAN = 2
_LARGEST = 2147483647.0  # its categories are 32-bit numbers
# Words of up to so many bits have a place of their own; longer ones are hashed.
_WORDS_DIRECT = 14
_HASHED = 1 << 15  # twice the rows of a chunk and more, so that a free place is near
_Function = TypeVar("_Function", bound="Callable[..., object]")


def _compiled(function: _Function) -> _Function:
    """Compile at the first call and keep it beside this file; where nothing can be written, compile every time."""
    made: Any = njit(nogil=True)(function)
    try:
        made.enable_caching()
    except RuntimeError:
        # An installation that nobody may write to, and no folder for the user: ten seconds slower, and the same bits.
        return made
    return made


@_compiled
def answer(  # noqa: C901, PLR0912, PLR0913, PLR0917  # numba takes arrays, not objects
    columns: Floats,
    feature: Ints,
    threshold: Floats,
    decision: Ints,
    set_start: Ints,
    set_words: npt.NDArray[np.uint32],
    answers: Bits,
) -> None:
    """Write for each inner node and row whether the row goes left."""
    for node in range(feature.size):
        values = columns[feature[node]]
        bits = decision[node]
        out = answers[node]
        if bits & 1:
            start = set_start[int(threshold[node])]
            words = set_start[int(threshold[node]) + 1] - start
            for row in range(values.size):
                value = values[row]
                goes_left = False
                # Not NaN, not negative; LightGBM cuts the decimals off first, so that -0.5 is 0.
                if value > -1.0:
                    category = np.int64(min(value, _LARGEST))
                    word = category // 32
                    if word < words:
                        goes_left = (set_words[start + word] >> (category % 32)) & 1 == 1
                out[row] = goes_left
            continue
        missing = bits >> 2
        default_left = bits & 2 != 0
        limit = threshold[node]
        if missing == _MISSING_IS_NAN:
            for row in range(values.size):
                value = values[row]
                out[row] = default_left if value != value else value <= limit  # noqa: PLR0124
        elif missing == _MISSING_IS_ZERO:
            for row in range(values.size):
                value = values[row]
                if value != value:  # noqa: PLR0124
                    value = 0.0
                # What is next to zero was made zero before.
                out[row] = default_left if value == 0.0 else value <= limit
        else:
            for row in range(values.size):
                value = values[row]
                if value != value:  # noqa: PLR0124
                    value = 0.0
                out[row] = value <= limit


@_compiled
def _spell(
    answers: Bits,
    nodes: Ints,
    yes: Ints,
    bits: Ints,
    words: Ints,
) -> None:
    """Write each row's word: bit by bit, whether it satisfies all questions of that bit."""
    rows = words.size
    stands = np.empty(rows, dtype=np.uint8)
    words[:] = 0
    first = 0
    while first < nodes.size:
        bit = bits[first]
        last = first
        while last < nodes.size and bits[last] == bit:
            asked = answers[nodes[last]]
            flip = np.uint8(1 - yes[last])
            if last == first:
                for row in range(rows):
                    stands[row] = asked[row] ^ flip
            else:
                for row in range(rows):
                    stands[row] &= asked[row] ^ flip
            last += 1
        for row in range(rows):
            words[row] |= np.int64(stands[row]) << bit
        first = last


@_compiled
def _collect(  # noqa: PLR0913, PLR0917  # numba takes arrays, not objects
    words: Ints,
    bits: int,
    seen: Ints,
    place_of: Ints,
    turn: int,
    used: Ints,
    places: npt.NDArray[np.int32],
) -> int:
    """Number the words that occur; write each row's number, and return how many there are."""
    count = 0
    if bits <= _WORDS_DIRECT:
        for row in range(words.size):
            word = words[row]
            if seen[word] != turn:
                seen[word] = turn
                place_of[word] = count
                used[count] = word
                count += 1
            places[row] = place_of[word]
        return count
    for row in range(words.size):
        word = words[row]
        slot = np.int64((np.uint64(word) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(49))
        while seen[slot] == turn and used[place_of[slot]] != word:
            slot = (slot + 1) & (_HASHED - 1)
        if seen[slot] != turn:
            seen[slot] = turn
            place_of[slot] = count
            used[count] = word
            count += 1
        places[row] = place_of[slot]
    return count


@_compiled
def _work_out(  # noqa: PLR0913, PLR0917  # numba takes arrays, not objects
    words: Ints,
    value: float,
    places: Ints,
    shares: Floats,
    must_be_set: Ints,
    must_be_clear: Ints,
    points: Floats,
    weights: Floats,
    table: Floats,
) -> None:
    """Add to the table what one leaf contributes to each feature, for each word.

    contribution = value (o - z) x the integral over t from 0 to 1 of the product, over all other features k, of
    z_k (1 - t) + o_k t. It is a polynomial, so Gauss-Legendre gives it exactly. The product without one
    factor is the whole product divided by it: no factor is zero between 0 and 1.
    """
    parts = places.size
    count = words.size
    goes = np.empty((parts, count), dtype=np.uint8)
    for part in range(parts):
        wanted, unwanted = must_be_set[part], must_be_clear[part]
        either = wanted | unwanted
        row = goes[part]
        for j in range(count):
            row[j] = (words[j] & either) == wanted
    product = np.empty(count)
    for q in range(points.size):
        t = points[q]
        product[:] = value * weights[q]
        for part in range(parts):
            rest = shares[part] * (1.0 - t)
            whole = rest + t
            row = goes[part]
            for j in range(count):
                product[j] *= whole if row[j] else rest
        for part in range(parts):
            rest = shares[part] * (1.0 - t)
            if_yes = (1.0 - shares[part]) / (rest + t)
            if_no = -shares[part] / rest
            row = goes[part]
            out = table[places[part]]
            for j in range(count):
                out[j] += product[j] * (if_yes if row[j] else if_no)


@_compiled
def add_tree(  # noqa: PLR0913, PLR0917  # numba takes arrays, not objects
    answers: Bits,
    bits: Ints,
    question_start: Ints,
    question_node: Ints,
    question_yes: Ints,
    question_bit: Ints,
    column_start: Ints,
    column: Ints,
    leaf_start: Ints,
    leaf_value: Floats,
    part_start: Ints,
    part_place: Ints,
    part_share: Floats,
    part_set: Ints,
    part_clear: Ints,
    points: Floats,
    weights: Floats,
    out: Floats,
) -> None:
    """Add what one tree contributes to each feature (first axis) of each row (second)."""
    rows = out.shape[1]
    words = np.empty(rows, dtype=np.int64)
    places = np.empty(rows, dtype=np.int32)
    used = np.empty(rows, dtype=np.int64)
    seen = np.zeros(_HASHED, dtype=np.int64)
    place_of = np.zeros(_HASHED, dtype=np.int64)
    most = 0
    for block in range(bits.size):
        most = max(most, column_start[block + 1] - column_start[block])
    room = np.empty((most, rows))
    for block in range(bits.size):
        first, last = question_start[block], question_start[block + 1]
        _spell(
            answers,
            question_node[first:last],
            question_yes[first:last],
            question_bit[first:last],
            words,
        )
        count = _collect(words, bits[block], seen, place_of, block + 1, used, places)
        width = column_start[block + 1] - column_start[block]
        table = room[:width, :count]
        table[:] = 0.0
        for leaf in range(leaf_start[block], leaf_start[block + 1]):
            a, b = part_start[leaf], part_start[leaf + 1]
            degree = (b - a + 1) // 2
            _work_out(
                used[:count],
                leaf_value[leaf],
                part_place[a:b],
                part_share[a:b],
                part_set[a:b],
                part_clear[a:b],
                points[degree, :degree],
                weights[degree, :degree],
                table,
            )
        for i in range(width):
            contributed = table[i]
            into = out[column[column_start[block] + i]]
            for row in range(rows):
                into[row] += contributed[places[row]]
