"""Mutated rule lines and rule files: only refusals may come out, and none may take long.

python benchmarks/rules/fuzz.py [LINES] [FILES] [SEED]

What is read without a fault is also written as SQL, as a sentence, and asked of a container. Prints what was read,
refused and escaped, and the slowest of each kind by the time of the processor.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from riskengine.errors import RiskEngineError
from riskengine.features.catalog import catalog
from riskengine.rules.compile import tree_sql
from riskengine.rules.exception_file import read_exceptions
from riskengine.rules.language import Vocabulary, read_condition
from riskengine.rules.pack import kinds_of, load_pack
from riskengine.rules.received import decoded
from riskengine.rules.reference import verdict_of
from riskengine.rules.rule_file import read_list, read_rule
from riskengine.rules.sentences import sentence
from riskengine.rules.tree import canonical, leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from riskengine.rules.rule import Pack, Rule
    from riskengine.rules.tree import FieldKind

CORE = Path(__file__).parents[2] / "rules" / "core"
SLOW_SECONDS = 0.05
PIECES = [
    "and",
    "or",
    "not",
    "in",
    "list",
    "between",
    "contains",
    "any",
    "of",
    "starts",
    "with",
    "ends",
    "is",
    "missing",
    "true",
    "false",
    "(",
    ")",
    "[",
    "]",
    ",",
    "+",
    "-",
    "*",
    "/",
    "%",
    "<",
    "<=",
    ">",
    ">=",
    "=",
    "!=",
    "==",
    "<>",
    "&&",
    "||",
    "--",
    "/*",
    "*/",
    ";",
    ":",
    "::",
    ".",
    "..",
    "'",
    '"',
    "''",
    '""',
    "`",
    "“",
    "”",
    "‘",
    "’",
    "«",
    "»",
    "≥",
    "≤",
    "≠",
    "×",
    "÷",
    "−",
    "0",
    "1",
    "-1",
    "12.5",
    "97%",
    "1e999",
    "0x10",
    "010121",
    "1,000",
    "26.000,5",
    ".5",
    "5.",
    "inf",
    "nan",
    "null",
    "NULL",
    "None",
    "2026-01-31",
    "2026-02-30",
    "31/12/2026",
    "AND",
    "OR",
    "NOT",
    "LIKE",
    "IS",
    "IN",
    "SELECT",
    "UNION",
    "DROP",
    "now()",
    "today()",
    "abs(",
    "round(",
    "length(",
    "days_between(",
    "smaller_of(",
    "larger_of(",
    "__class__",
    "{x.__class__}",
    "{mass:>99999}",
    "{}",
    "{{",
    "}}",
    "${x}",
    "%s",
    "\\",
    "\\n",
    "\\x00",
    "\\u202e",
    "&",
    "*",
    "!",
    "|",
    ">",
    "?",
    "@",
    "#",
    "-",
    "~",
    "^",
    "$",
    "€",
    "é",
    "É",
    "ß",
    "ı",
    "İ",
    "ſ",
    "\xa0",
    "\u2028",
    "\u202e",
    "\u200b",
    "\ufeff",
    "\x00",
    "\x07",
    "\x1b[2J",
    "�",
    "😀",
    "а",
    "３",
    "read_csv('/etc/passwd')",
    "(SELECT",
    "1)",
    "or",
    "1=1",
    "--",
    "<<:",
    "*x",
    "&x",
    "!!python/object:os.system",
    "---",
    "...",
    "%YAML",
    "1.1",
]
SHAPES = (
    "\n", "\r\n", "\t", "  ", "    ", "- ", ": ", "{", "}", "[", "]", "#", "|", ">", ">-", "&a ", "*a", "!!str ",
    "'", '"', "---\n", "...\n", "? ", "<<: ", "\x00", "\ufeff", "\u2028", "when:\n", "all:\n", "tests:\n",
)  # fmt: skip
EXCEPTION = (
    "schema: 1\nid: EXC-2026-014\nrules: [CRG-VEL-001]\nfield: consignee_name\nvalues: ['ACME LTD', 'B''S']\n"
    "reason: Checked by the unit.\napproved_by: ANA\nfrom: 2026-01-01\nexpires: 2026-12-31\n"
)


@dataclass
class Tally:
    """What came of the attempts of one kind."""

    outcomes: Counter[str] = field(default_factory=Counter)
    escaped: list[tuple[str, str]] = field(default_factory=list)
    slow: list[tuple[float, str]] = field(default_factory=list)
    worst: float = 0.0

    def attempt(self, text: str, read: Callable[[str], bool]) -> None:
        begun = time.process_time()
        try:
            self.outcomes["read" if read(text) else "refused"] += 1
        except RiskEngineError:
            self.outcomes["refused"] += 1
        except Exception as error:  # noqa: BLE001 - whatever escapes is what is looked for
            self.escaped.append((f"{type(error).__name__}: {error}", text))
            self.outcomes["escaped"] += 1
        took = time.process_time() - begun
        self.worst = max(self.worst, took)
        if took > SLOW_SECONDS:
            self.slow.append((took, text))


class Mutator:
    """Damages texts, the same way for the same seed."""

    def __init__(self, seed: int, seeds: list[str], pieces: tuple[str, ...]) -> None:
        self.random = random.Random(seed)  # noqa: S311 - nothing secret is drawn
        self.seeds = seeds
        self.pieces = pieces

    def next(self) -> str:
        text = self.random.choice(self.seeds)
        for _ in range(self.random.choice((1, 1, 1, 2, 3, 8))):
            text = self.damaged(text)
        return text[:200_000]

    def damaged(self, text: str) -> str:  # noqa: PLR0911 - one for each kind of damage
        draw = self.random
        at = draw.randrange(len(text) + 1)
        until = min(len(text), at + draw.choice((1, 1, 2, 5, 20)))
        kind = draw.randrange(14)
        if kind >= 10:
            words, others = text.split(" "), draw.choice(self.seeds).split(" ")
            words[draw.randrange(len(words))] = draw.choice(others)
            return " ".join(words)
        if kind <= 2:
            return text[:at] + draw.choice(self.pieces) + text[at:]
        if kind == 3:
            return text[:at] + text[until:]
        if kind == 4:
            return text[:at] + draw.choice(self.pieces) + text[until:]
        if kind == 5:
            return text[:until] + text[at:until] * draw.choice((1, 2, 10, 200)) + text[until:]
        if kind == 6:
            other = draw.choice(self.seeds)
            return text[:at] + other[draw.randrange(len(other) + 1) :]
        if kind == 7:
            return (
                text[:at]
                + chr(draw.choice((draw.randrange(128), draw.randrange(0x3000))))
                + text[until:]
            )
        if kind == 8:
            return text[:at] + text[at:until].swapcase() + text[until:]
        words = text.split(" ")
        draw.shuffle(words) if draw.random() < 0.3 else words.insert(
            draw.randrange(len(words)), draw.choice(self.pieces)
        )
        return " ".join(words)


class Attempts:
    """Reads lines and files as the engine does, and uses whatever it could read."""

    def __init__(self) -> None:
        self.kinds: Mapping[str, FieldKind] = kinds_of(catalog())
        self.pack: Pack = load_pack(CORE, catalog())
        self.lists = {entry.name: entry for entry in self.pack.lists}
        self.values = {name: entry.values for name, entry in self.lists.items()}
        self.rule: Rule = self.pack.rules[0]
        settings = {s.name: s.value for rule in self.pack.rules for s in rule.settings}
        measures = {m.name: m.kind for rule in self.pack.rules for m in rule.measures}
        self.vocabulary = Vocabulary(
            fields={**self.kinds, **measures}, settings=settings, lists=self.lists
        )
        self.rows = [{}, _row(self.kinds, 1.0, "A"), _row(self.kinds, -2.5, "080390")]

    def lines(self) -> list[str]:
        found = [
            line.text
            for rule in self.pack.rules
            for tree in (rule.when, *rule.unless)
            for line in leaves(tree)
        ]
        return sorted(set(found))

    def files(self) -> list[str]:
        return [
            *(rule.source_yaml for rule in self.pack.rules),
            *(entry.source_yaml for entry in self.pack.lists),
            *([EXCEPTION] * 10),
        ]

    def line(self, text: str) -> bool:
        tree, faults = read_condition(text, self.vocabulary)
        for fault in faults:
            assert fault.sentence
            assert 0 <= fault.at <= len(text)
        if tree is None or faults:
            assert faults
            return False
        canonical(tree)
        tree_sql(tree, self.values)
        return True

    def file(self, text: str) -> bool:
        source = decoded("fuzz.yaml", text.encode("utf-8", "surrogatepass"))
        found: object = None
        if not source.faults:
            if "\nexpires" in text:
                found = read_exceptions(source, self.kinds) or None
            elif "\nvalues:" in text and "\nwhen:" not in text:
                found = read_list(source)
            else:
                found = rule = read_rule(source, self.kinds, self.lists)
                if rule is not None:
                    self.use(rule)
        for fault in source.faults:
            assert fault.place.line
            assert fault.place.column
            assert 0 <= fault.caret <= len(fault.line)
            assert str(fault).replace("\n", "").isprintable()
        assert (found is None) == bool(source.faults)
        return found is not None

    def use(self, rule: Rule) -> None:
        for row in self.rows:
            verdict_of(rule, row)
        tree_sql(rule.when, {entry.name: entry.values for entry in rule.lists})
        sentence(rule, dict.fromkeys(rule_names(rule, self.kinds)) | self.rows[1], "fr")


def rule_names(rule: Rule, kinds: Mapping[str, FieldKind]) -> set[str]:
    return (
        set(kinds)
        | {measure.name for measure in rule.measures}
        | {m.column for m in rule.measures}
    )


def _row(kinds: Mapping[str, FieldKind], number: float, text: str) -> dict[str, object]:
    values = {
        "number": number,
        "text": text,
        "texts": (text,),
        "boolean": number > 0,
        "date": date(2026, 1, 1),
    }
    return {name: values[kind] for name, kind in kinds.items()}


def main(lines: int = 300_000, files: int = 30_000, seed: int = 1) -> None:
    attempts = Attempts()
    attempts.line(
        "no_such_field = 1"
    )  # what is loaded for the first hint is no mutation's doing
    for what, count, seeds, pieces, read in (
        ("lines", lines, attempts.lines(), PIECES, attempts.line),
        ("files", files, attempts.files(), (*PIECES, *SHAPES, *SHAPES), attempts.file),
    ):
        tally, mutator = Tally(), Mutator(seed, seeds, pieces)
        begun = time.perf_counter()
        for _ in range(count):
            tally.attempt(mutator.next(), read)
        seconds = time.perf_counter() - begun
        said = ", ".join(f"{name} {number}" for name, number in sorted(tally.outcomes.items()))
        print(f"{count} mutated {what} of {len(seeds)}: {said}; escapes {len(tally.escaped)}")
        print(
            f"  {seconds:.1f} s, {count / seconds:.0f} a second; slowest {tally.worst * 1000:.1f} ms, "
            f"over {SLOW_SECONDS * 1000:.0f} ms: {len(tally.slow)}"
        )
        for error, text in tally.escaped[:5]:
            print(f"  escaped: {error}\n    {text[:400]!r}")
        for took, text in sorted(tally.slow, reverse=True)[:3]:
            print(f"  slow: {took * 1000:.0f} ms, {len(text)} characters\n    {text[:300]!r}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
