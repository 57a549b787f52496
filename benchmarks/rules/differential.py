"""Random rules of the whole language, asked of random containers by DuckDB and by plain Python: no answer may differ.

python benchmarks/rules/differential.py [RULES] [ROWS] [SEED]
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from riskengine.errors import Place
from riskengine.rules import asking
from riskengine.rules.evaluate import evaluate
from riskengine.rules.faults import Source
from riskengine.rules.reference import verdict_of
from riskengine.rules.rule import RuleException
from riskengine.rules.rule_file import read_list, read_rule
from riskengine.rules.tree import Compare, Condition, FieldRef, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskengine.rules.rule import Rule, RuleList
    from riskengine.rules.tree import FieldKind

KINDS: Mapping[str, FieldKind] = {
    "mass_kg": "number",
    "value_usd": "number",
    "boxes_7d": "number",
    "shipper_name": "text",
    "port": "text",
    "hs_codes": "texts",
    "ports_called": "texts",
    "is_reefer": "boolean",
    "is_full": "boolean",
    "issued_on": "date",
    "departed_on": "date",
}
TYPES = {
    "number": pl.Float64,
    "text": pl.String,
    "texts": pl.List(pl.String),
    "boolean": pl.Boolean,
    "date": pl.Date,
}
TEXTS = (
    "A",
    "B",
    "AB",
    "ECGYE",
    "O'NEIL",
    "É",
    "SCRAP A",
    "100% NEW",
    "",
    "X\\Y",
    "\U0001f600",
)
WRITTEN = ("'A'", "'b'", "'O''NEIL'", "'é'", "'SCRAP'", "'100% NEW'", '"X\\Y"', "'\U0001f600'")
NUMBERS = (
    0.0,
    -0.0,
    0.1,
    0.2,
    0.3,
    0.36,
    0.9,
    1.0,
    2.0,
    2.5,
    -2.5,
    3.0,
    1e-7,
    1e16,
    1e200,
    float("nan"),
    float("inf"),
)
DIGITS = (
    "0",
    "0.1",
    "0.2",
    "0.3",
    "0.36",
    "0.9",
    "1",
    "2",
    "2.5",
    "3",
    "97%",
    "100000",
    "0.0000001",
    "12345678901234567890",
)
LISTS = {"source_ports": ("ECGYE", "A", "B"), "words": ("SCRAP", "O'NEIL", "É", "100%")}
SIGNS = ("=", "!=", "<", "<=", ">", ">=")
FIRST = date(2026, 1, 1)
HEAD = (
    "schema: 1\nid: TST-{number}\nversion: 1\nstatus: active\ntitle: t\nwhy: t\ninnocent: t\nblind_spot: t\n"
    "source: [t]\ntypology: [cloned_container]\nowner: t\nhandling: TLP:CLEAR\nseverity: medium\neffect: score\n"
    "valid_from: 2026-01-01\nsettings:\n  least: {{value: {least}, from: 0, to: 3}}\n"
    "tests:\n  - {{name: a, expect: match, record: {{}}}}\n  - {{name: b, expect: no_match, record: {{}}}}\n"
)


class RandomRules:
    """Writes rules and containers, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)  # noqa: S311 - nothing secret is drawn
        self.lists = {name: _a_list(name, values) for name, values in LISTS.items()}
        self.count = 0

    def rule(self) -> Rule:
        self.count += 1
        text = HEAD.format(number=self.count, least=self.draw.choice(("0", "0.3", "1", "2.5")))
        text += f"when:\n{self.group(1)}"
        if self.draw.random() < 0.4:
            text += f"unless:\n  - {self.quoted()}\n"
        source = Source("random.yaml", text)
        rule = read_rule(source, KINDS, self.lists)
        if rule is None:
            sentence = "\n".join(map(str, source.faults))
            raise SystemExit(f"A rule that should be right is refused:\n{sentence}")
        if self.draw.random() < 0.2:
            rule = replace(rule, exceptions=(self.exception(rule.id),))
        return rule

    def exception(self, rule_id: str) -> RuleException:
        tree = Compare(
            "=", FieldRef("shipper_name", "text"), Text(self.draw.choice(TEXTS) or "A")
        )
        place = Place(file="random.yaml")
        return RuleException(
            id="EXC-1", rules=(rule_id,), typologies=(), reason="t", approved_by="t", starts=FIRST,
            expires=FIRST, condition=Condition(text="t", tree=tree, place=place), sha256="",
            source_yaml="", place=place,
        )  # fmt: skip

    def row(self) -> dict[str, object]:
        draw = self.draw
        values = {
            "number": lambda: (
                draw.choice(NUMBERS) if draw.random() < 0.8 else draw.uniform(-5, 5)
            ),
            "text": lambda: draw.choice(TEXTS),
            "texts": lambda: [draw.choice((*TEXTS, None)) for _ in range(draw.randrange(4))],
            "boolean": lambda: draw.random() < 0.5,
            "date": lambda: FIRST + timedelta(draw.randrange(9)),
        }
        return {
            name: None if draw.random() < 0.25 else values[kind]()
            for name, kind in KINDS.items()
        }

    def group(self, depth: int) -> str:
        pad = "  " * depth
        text = f"{pad}{self.draw.choice(('all', 'any', 'none'))}:\n"
        for _ in range(self.draw.randint(1, 3)):
            if depth < 3 and self.draw.random() < 0.2:
                inner = self.group(depth + 2)
                text += f"{pad}  -\n{inner}"
            else:
                text += f"{pad}  - {self.quoted()}\n"
        return text

    def quoted(self) -> str:
        while True:
            line = self.condition(2)
            if any(name in line for name in KINDS) and len(line) < 500:
                return "'" + line.replace("'", "''") + "'"

    def condition(self, depth: int) -> str:
        kind = self.draw.random()
        if depth and kind < 0.25:
            word = self.draw.choice(("and", "or"))
            return f"({self.condition(depth - 1)} {word} {self.condition(depth - 1)})"
        if depth and kind < 0.35:
            return f"not ({self.condition(depth - 1)})"
        return self.comparison()

    def comparison(self) -> str:  # noqa: C901, PLR0911 - one for each kind of comparison
        draw, no = self.draw, self.draw.choice(("", "", "not "))
        kind = draw.randrange(13)
        if kind <= 2:
            return f"{self.number(2)} {draw.choice(SIGNS)} {self.number(2)}"
        if kind == 3:
            low = draw.choice(DIGITS)
            return f"{self.number(2)} {no}between {low} and {low} + {self.number(1)}"
        if kind == 4:
            values = ", ".join(
                draw.choice(("", "-")) + draw.choice(DIGITS) for _ in range(draw.randint(1, 4))
            )
            return f"{self.number(1)} {no}in [{values}]"
        text = draw.choice(("port", "shipper_name"))
        if kind == 5:
            return f"{text} {draw.choice(('=', '!='))} {draw.choice((*WRITTEN, 'port'))}"
        if kind == 6:
            search = draw.choice(("contains", "starts with", "ends with"))
            return f"{text} {no}{search} {draw.choice(WRITTEN)}"
        name = draw.choice(tuple(LISTS))
        if kind == 7:
            values = ", ".join(draw.choice(WRITTEN) for _ in range(draw.randint(1, 3)))
            return draw.choice((f"{text} {no}in list {name}", f"{text} {no}in [{values}]"))
        several = draw.choice(("hs_codes", "ports_called"))
        if kind == 8:
            return f"{draw.choice((text, several))} {no}contains any of list {name}"
        if kind == 9:
            return f"{several} {no}contains {draw.choice(WRITTEN)}"
        if kind == 10:
            asked = draw.choice((*KINDS, f"({self.number(2)})", "(port = 'A')"))
            return f"{asked} is {no}missing"
        if kind == 11:
            days = ("issued_on", "departed_on", "2026-01-05")
            one, other = draw.choice(days), draw.choice(days)
            among = f"{one} {no}in [2026-01-02, 2026-01-05]"
            between = f"{one} {no}between 2026-01-02 and {other}"
            return draw.choice((f"{one} {draw.choice(SIGNS)} {other}", among, between))
        truths = (
            "is_full",
            "is_reefer",
            "not is_full",
            "is_full = is_reefer",
            "is_full != (mass_kg > 1)",
            "is_full = true",
        )
        return draw.choice(truths)

    def number(self, depth: int) -> str:
        draw = self.draw
        if not depth or draw.random() < 0.5:
            fields = ("mass_kg", "value_usd", "boxes_7d", "least", "length(port)", "length(hs_codes)",
                      "days_between(issued_on, departed_on)")  # fmt: skip
            return draw.choice(fields) if draw.random() < 0.6 else draw.choice(DIGITS)
        kind = draw.randrange(8)
        one, other = self.number(depth - 1), self.number(depth - 1)
        if kind <= 4:
            return f"({one} {draw.choice('+-*/')} {other})"
        if kind == 5:
            return f"{draw.choice(('smaller_of', 'larger_of'))}({one}, {other})"
        return f"{draw.choice(('abs', 'round'))}({one})" if kind == 6 else f"-({one})"


def _a_list(name: str, values: tuple[str, ...]) -> RuleList:
    told = ", ".join(f'"{value}"' for value in values)
    found = read_list(
        Source(
            f"lists/{name}.yaml",
            f"schema: 1\nname: {name}\nsource: [t]\nvalid_until: 2030-01-01\nvalues: [{told}]\n",
        )
    )
    if found is None:
        raise SystemExit(f"The list {name} is refused.")
    return found


def frame_of(rows: list[dict[str, object]]) -> pl.DataFrame:
    columns = {
        name: pl.Series([row[name] for row in rows], dtype=TYPES[kind])
        for name, kind in KINDS.items()
    }
    return pl.DataFrame(
        {"container_id": pl.Series(range(len(rows)), dtype=pl.Int32), **columns}
    )


def differences(
    rules: list[Rule], rows: list[dict[str, object]], tally: Counter[str] | None = None
) -> list[str]:
    """Return every answer that differs, told with the rule and the container."""
    verdicts = evaluate(rules, frame_of(rows))
    found = [f"{failure.rule_id} failed: {failure.sentence}" for failure in verdicts.failed]
    told = {
        (rule_id, container): (verdict, tuple(missing))
        for container, rule_id, _, verdict, missing in verdicts.frame.iter_rows()
    }
    for rule in rules:
        for container, row in enumerate(rows):
            verdict, missing = verdict_of(rule, row)
            if tally is not None:
                tally[verdict.value] += 1
            said = told.get((rule.id, container), ("no_match", ()))
            if said != (verdict.value, missing):
                lines = rule.source_yaml[rule.source_yaml.index("when:") :]
                found.append(
                    f"DuckDB says {said}, plain Python ({verdict.value!r}, {missing})\n{lines}\n{row}"
                )
    return found


def main(rules: int = 20_000, rows: int = 30, seed: int = 1) -> None:
    made = RandomRules(seed)
    begun, asked, answers = time.perf_counter(), 0, 0
    wrong: list[str] = []
    tally: Counter[str] = Counter()
    while asked < rules:
        # Every other batch takes the ways that are else kept for many containers.
        asking.LEAST_ROWS, asking.LEAST_REPEATS = (0, 1) if asked % 1000 else (2_000, 4)
        asking.MOST_ROWS = 17 if asked % 1000 else 1_000_000
        some = [made.rule() for _ in range(min(500, rules - asked))]
        wrong += differences(some, [made.row() for _ in range(rows)], tally)
        asked += len(some)
        answers += len(some) * rows
    seconds = time.perf_counter() - begun
    said = ", ".join(f"{name} {count}" for name, count in sorted(tally.items()))
    print(
        f"{asked} random rules, {answers} answers ({said}): {len(wrong)} differ; {seconds:.0f} s"
    )
    for sentence in wrong[:5]:
        print(sentence)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
