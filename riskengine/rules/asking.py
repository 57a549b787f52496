"""Rules asked of containers: every line once in one locked-down, in-memory DuckDB, joined by three-valued logic.

Many rules share lines, and a manifest names few ports many times. So each different line is asked once for all rules
that hold it; what it asks of one text alone is asked once of every different text; and ``and``, ``or`` and ``not``
join the answers as columns of bits. Whatever computes or compares is DuckDB's; only what is no clear no comes back.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Final

import duckdb
import numpy as np
import polars as pl

from riskengine.errors import RuleError
from riskengine.rules.compile import EXCUSED, MATCH, TABLE, UNKNOWN, quoted, tree_sql
from riskengine.rules.measuring import CONFIG, LOCKS
from riskengine.rules.tree import (
    Affix,
    Both,
    Compare,
    Condition,
    Contains,
    ContainsAny,
    Either,
    FieldRef,
    Group,
    InList,
    IsMissing,
    Mode,
    Node,
    Not,
    OneOf,
    Text,
    fields_needed,
    fields_read,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from riskengine.rules.rule import Rule

    Tree = Node | Group | Condition
    Truths = npt.NDArray[np.int8]

BATCH = 100
# So many containers are asked at a time, so that what is held beside the answers has a bound.
MOST_ROWS = 1_000_000
# From so many rows on, and where each text stands in four of them on average, texts are asked by themselves.
LEAST_ROWS = 2_000
LEAST_REPEATS = 4
_YES: Final = np.int8(2)
_UNTOLD: Final = np.int8(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one rule says of the containers that it does not clearly pass over.

    Attributes:
        rows: Their places among the containers, ascending.
        verdicts: UNKNOWN, EXCUSED or MATCH of each.
        absent: Of each unknown the fields that are missing, as bits in the order of ``fields_needed``.
    """

    rows: npt.NDArray[np.uint32]
    verdicts: npt.NDArray[np.int8]
    absent: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Question:
    """One line, as SQL; it may be asked of a text alone."""

    sql: str
    fields: tuple[str, ...]
    is_of_text: bool


def ask(
    rules: Sequence[Rule], columns: pl.DataFrame
) -> tuple[dict[int, Answer], dict[int, str]]:
    """Return the answer of each rule by its index, and why others could not run.

    Args:
        rules: The rules, with their lists.
        columns: One row a container: ``container_id`` first, then the fields that the rules read, each of
            its field's type.

    Raises:
        RuleError: DuckDB did not keep the order of the containers.
    """
    broken: dict[int, str] = {}
    questions: dict[int, dict[Node, _Question]] = {}
    for index, rule in enumerate(rules):
        try:
            questions[index] = _questions(rule)
        except RuleError as error:
            broken[index] = error.sentence
    parts: dict[int, list[Answer]] = {index: [] for index in questions}
    with duckdb.connect(":memory:", config=CONFIG) as connection:
        for lock in LOCKS:
            connection.execute(lock)
        for start in range(0, columns.height, MOST_ROWS):
            asked = {q.sql: q for index in parts for q in questions[index].values()}
            some = columns[start : start + MOST_ROWS]
            known, refused = _asked(connection, [asked[sql] for sql in sorted(asked)], some)
            absences, logic = _Absences(some), _Logic(some)
            for index in list(parts):
                faulty = [q.sql for q in questions[index].values() if q.sql in refused]
                if faulty:
                    broken[index] = f"DuckDB refused: {refused[faulty[0]]}"
                    del parts[index]
                    continue
                lines = {node: known[q.sql] for node, q in questions[index].items()}
                parts[index].append(_answer(rules[index], logic, lines, absences, start))
    return {index: _joined(answers) for index, answers in parts.items()}, broken


def _questions(rule: Rule) -> dict[Node, _Question]:
    """Return what a rule asks of DuckDB, by the line or the part of a line that asks it."""
    lists = {entry.name: entry.values for entry in rule.lists}
    return {
        node: _Question(
            tree_sql(node, lists),
            tuple(ref.name for ref in fields_read(node)),
            _asks_text_alone(node),
        )
        for tree in (rule.when, *rule.excuses)
        for node in _asking(tree)
    }


def _asking(tree: Tree) -> Iterator[Node]:
    """Yield the parts of a tree that logic joins, less those that a column answers as it stands."""
    if isinstance(tree, Group):
        for member in tree.members:
            yield from _asking(member)
    elif isinstance(tree, Condition):
        yield from _asking(tree.tree)
    elif isinstance(tree, (Both, Either)):
        yield from _asking(tree.left)
        yield from _asking(tree.right)
    elif isinstance(tree, Not):
        yield from _asking(tree.operand)
    elif not isinstance(tree, FieldRef) and not _is_plainly_missing(tree):
        yield tree


def _is_plainly_missing(node: Node) -> bool:
    return isinstance(node, IsMissing) and isinstance(node.operand, FieldRef)


def _asks_text_alone(node: Node) -> bool:
    if isinstance(node, (OneOf, InList, Contains, ContainsAny, Affix)):
        ref = node.operand
    elif isinstance(node, Compare) and isinstance(node.right, Text):
        ref = node.left
    else:
        return False
    return isinstance(ref, FieldRef) and ref.kind == "text"


class _Logic:
    """Joins the answers to the lines of a rule by Kleene's logic: no below unknown below yes.

    So ``and`` is the lesser, ``or`` the greater, and ``not`` turns the scale round.
    """

    def __init__(self, columns: pl.DataFrame) -> None:
        self._columns = columns
        self._plain: dict[tuple[str, str], Truths] = {}

    def truth(  # noqa: PLR0911 - one for each kind of part
        self, tree: Tree, lines: Mapping[Node, Truths]
    ) -> Truths:
        if isinstance(tree, Condition):
            return self.truth(tree.tree, lines)
        if isinstance(tree, Group):
            sides = [self.truth(member, lines) for member in tree.members]
            joined = reduce(np.minimum if tree.mode is Mode.ALL else np.maximum, sides)
            return _YES - joined if tree.mode is Mode.NONE else joined
        if isinstance(tree, (Both, Either)):
            join = np.minimum if isinstance(tree, Both) else np.maximum
            return join(self.truth(tree.left, lines), self.truth(tree.right, lines))
        if isinstance(tree, Not):
            return _YES - self.truth(tree.operand, lines)
        if isinstance(tree, FieldRef):
            return self._column("said", tree.name)
        if isinstance(tree, IsMissing) and isinstance(tree.operand, FieldRef):
            return self._column("missing", tree.operand.name)
        return lines[tree]

    def _column(self, what: str, name: str) -> Truths:
        """Return what a column says as it stands, or whether it says nothing; looked up once."""
        if (what, name) not in self._plain:
            column = self._columns[name]
            said = column if what == "said" else column.is_null()
            self._plain[what, name] = _truths(said.to_frame())[name]
        return self._plain[what, name]


def _truths(answers: pl.DataFrame) -> dict[str, Truths]:
    """Return each column of yes, no and null on the scale of Kleene's logic: 2, 0 and 1."""
    said = answers.select((pl.all().cast(pl.Boolean).cast(pl.Int8) * 2).fill_null(1))
    return {column.name: column.to_numpy() for column in said}


class _Absences:
    """Which containers lack a field; looked up once a field, and only where it is asked."""

    def __init__(self, columns: pl.DataFrame) -> None:
        self._columns = columns
        self._found: dict[str, npt.NDArray[np.int64]] = {}

    def bits(self, rule: Rule, rows: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
        total = np.zeros(len(rows), dtype=np.int64)
        for bit, ref in enumerate(fields_needed(rule.when)):
            if ref.name not in self._found:
                self._found[ref.name] = (
                    self._columns[ref.name].is_null().cast(pl.Int64).to_numpy()
                )
            total |= self._found[ref.name][rows] << bit
        return total


def _asked(
    connection: duckdb.DuckDBPyConnection, questions: Sequence[_Question], columns: pl.DataFrame
) -> tuple[dict[str, Truths], dict[str, str]]:
    """Return the answer of every row to each question by its SQL, and why others were refused."""
    of_texts: dict[str, list[_Question]] = defaultdict(list)
    of_rows: list[_Question] = []
    for question in questions:
        if question.is_of_text and columns.height >= LEAST_ROWS:
            of_texts[question.fields[0]].append(question)
        else:
            of_rows.append(question)
    known: dict[str, Truths] = {}
    refused: dict[str, str] = {}
    for name, some in of_texts.items():
        texts = columns[name].drop_nulls().unique(maintain_order=True)
        if texts.len() > columns.height // LEAST_REPEATS:
            of_rows += some
            continue
        # A text that is missing stands behind the last one, where every answer is unknown.
        places = columns[name].cast(pl.Enum(texts)).to_physical().fill_null(texts.len())
        answers = _run(connection, some, texts.to_frame(), refused)
        known |= {
            sql: np.append(said, _UNTOLD)[places.to_numpy()] for sql, said in answers.items()
        }
    for start in range(0, len(of_rows), BATCH):
        some = of_rows[start : start + BATCH]
        known |= _run(connection, some, columns, refused)
    return known, refused


def _run(
    connection: duckdb.DuckDBPyConnection,
    questions: Sequence[_Question],
    columns: pl.DataFrame,
    refused: dict[str, str],
) -> dict[str, Truths]:
    """Return the answers to some questions; where DuckDB refuses, only the culprit is lost."""
    key = columns.columns[0]
    read = dict.fromkeys([key, *(name for question in questions for name in question.fields)])
    connection.register(TABLE, columns.select(list(read)))
    told = ", ".join(f"{question.sql} AS q{n}" for n, question in enumerate(questions))
    try:
        answers = connection.sql(f"SELECT {quoted(key)} AS place, {told} FROM {TABLE}").pl()
    except duckdb.Error as error:
        if len(questions) == 1:
            refused[questions[0].sql] = str(error).splitlines()[0]
            return {}
        found: dict[str, Truths] = {}
        for question in questions:
            found |= _run(connection, [question], columns, refused)
        return found
    if not answers["place"].equals(columns[key]):
        raise RuleError(
            "DuckDB gave the containers back in another order than it received them."
        )
    said = _truths(answers.drop("place"))
    return {q.sql: said[f"q{n}"] for n, q in enumerate(questions)}


def _answer(
    rule: Rule, logic: _Logic, lines: Mapping[Node, Truths], absences: _Absences, start: int
) -> Answer:
    when = logic.truth(rule.when, lines)
    rows = np.flatnonzero(when).astype(np.uint32)
    holds = when[rows] == _YES
    verdicts = np.where(holds, np.int8(MATCH), np.int8(UNKNOWN))
    if rule.excuses:
        excuse = reduce(np.maximum, [logic.truth(tree, lines) for tree in rule.excuses])
        verdicts[holds & (excuse[rows] == _YES)] = EXCUSED
    absent = np.zeros(len(rows), dtype=np.int64)
    unknown = verdicts == UNKNOWN
    if unknown.any():
        absent[unknown] = absences.bits(rule, rows[unknown])
    return Answer(rows=rows + np.uint32(start), verdicts=verdicts, absent=absent)


def _joined(answers: Sequence[Answer]) -> Answer:
    return Answer(
        rows=np.concatenate([np.empty(0, np.uint32), *(part.rows for part in answers)]),
        verdicts=np.concatenate([np.empty(0, np.int8), *(part.verdicts for part in answers)]),
        absent=np.concatenate([np.empty(0, np.int64), *(part.absent for part in answers)]),
    )
