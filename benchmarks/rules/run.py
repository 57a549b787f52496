"""How fast 200 rules are asked of many containers, beside rule libraries asked row by row.

python benchmarks/rules/run.py [ROWS] [SAMPLE]

The libraries come with ``requirements-bench.txt``; one that is not installed is passed over. They are asked of the
first SAMPLE rows, and their time is multiplied by ROWS / SAMPLE: each row costs them the same. The same rules are
written in each language, and the matches found in the sample must be the same everywhere.
"""

from __future__ import annotations

import importlib.util
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from riskengine.rules.evaluate import evaluate
from riskengine.rules.faults import Source
from riskengine.rules.rule_file import read_list, read_rule
from riskengine.rules.tree import (
    Affix,
    Arithmetic,
    Between,
    Both,
    Compare,
    Condition,
    Contains,
    Day,
    Either,
    FieldRef,
    InList,
    Not,
    Number,
    OneOf,
    Text,
    leaves,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from riskengine.rules.rule import Rule, RuleList
    from riskengine.rules.tree import FieldKind, Node

CORE = Path(__file__).parents[2] / "rules" / "core"
RULES = 200
BUSY_DAY = 20_000
FILES = 1_000
PORTS = (
    "ECGYE",
    "COTRB",
    "BRSSZ",
    "PECLL",
    "MAPTM",
    "NLRTM",
    "BEANR",
    "DEHAM",
    "CNSHA",
    "CNNGB",
    "SGSIN",
    "TRMER",
)
WORDS = (
    "SCRAP",
    "BANANAS",
    "CHARCOAL",
    "MACHINERY",
    "GARMENTS",
    "FROZEN FISH",
    "TIMBER",
    "FURNITURE",
    "COFFEE",
)
NUMBERS = {
    "gross_mass_kg": (2_000, 30_000),
    "declared_value_usd": (500, 400_000),
    "shipper_containers_7d": (0, 40),
    "shipper_weekly_usual": (0, 20),
    "consignee_containers_before": (0, 60),
    "transhipment_count": (0, 5),
    "dwell_days": (0, 40),
    "voyage_days": (3, 50),
    "booking_lead_days": (0, 60),
    "seal_count": (0, 4),
    "amendment_count": (0, 6),
    "payload_utilisation": (0, 1),
}
BOOLEANS = (
    "is_reefer",
    "is_full",
    "is_forwarder_shipper",
    "is_source_country_loading",
    "is_order_bill",
    "is_seal_missing",
)
KINDS: Mapping[str, FieldKind] = {
    **dict.fromkeys(NUMBERS, "number"),
    **dict.fromkeys(BOOLEANS, "boolean"),
    "port_of_loading": "text",
    "port_of_discharge": "text",
    "goods_description": "text",
    "shipper_name": "text",
    "size_type": "text",
    "issued_on": "date",
    "departed_on": "date",
}
MISSING = 0.05


def containers(rows: int) -> pl.DataFrame:
    """Containers with every kind of field, one value in twenty missing; the same for the same number."""
    draw = np.random.default_rng(7)

    def holes(column: np.ndarray | pl.Series) -> pl.Series:
        series = pl.Series(column)
        return series.to_frame("x").select(
            pl.when(pl.Series(draw.random(rows) >= MISSING)).then(pl.col("x"))
        )["x"]

    def among(values: Sequence[str]) -> pl.Series:
        return pl.Series(values)[draw.integers(0, len(values), rows)]

    columns: dict[str, pl.Series] = {}
    for name, (low, high) in NUMBERS.items():
        step = 0.001 if high == 1 else 1.0
        columns[name] = holes(np.round(draw.uniform(low, high, rows) / step) * step)
    for name in BOOLEANS:
        columns[name] = holes(draw.random(rows) < 0.3)
    for name in ("port_of_loading", "port_of_discharge"):
        columns[name] = holes(among(PORTS))
    goods = [f"{a} AND {b} {n}" for a in WORDS for b in WORDS for n in range(60)]
    columns["goods_description"] = holes(among(goods))
    columns["shipper_name"] = holes(
        among([f"TRADER {n} {w} LTD" for n in range(4000) for w in WORDS])
    )
    columns["size_type"] = holes(among(("22G1", "42G1", "45G1", "45R1", "22R1", "22T1")))
    days = pl.Series(draw.integers(0, 300, rows)).cast(pl.Int32)
    columns["issued_on"] = holes((days + 20_500).cast(pl.Date))
    columns["departed_on"] = holes(
        (days + 20_500 + pl.Series(draw.integers(-5, 20, rows)).cast(pl.Int32)).cast(pl.Date)
    )
    return pl.DataFrame({"container_id": pl.Series(range(rows), dtype=pl.Int32), **columns})


def written_rules(count: int) -> tuple[list[str], RuleList]:
    """The files of *count* different rules of three lines each, some with an excuse, and the list they ask."""
    draw = random.Random(5)  # noqa: S311 - nothing secret is drawn
    sources = [_file(number, draw) for number in range(count)]
    listed = read_list(
        Source(
            "lists/source_ports.yaml",
            "schema: 1\nname: source_ports\nsource: [none]\nvalid_until: 2030-01-01\n"
            "values: ['ECGYE', 'COTRB', 'BRSSZ', 'PECLL']\n",
        )
    )
    assert listed is not None
    return sources, listed


def _file(number: int, draw: random.Random) -> str:
    makers = (_share, _share, _two_fields, _port, _port, _goods, _day, _yes, _either)
    lines = [draw.choice(makers)(draw) for _ in range(3)]
    excuse = f"unless:\n  - {draw.choice(BOOLEANS)}\n" if number % 4 == 0 else ""
    when = "".join(f'    - "{line}"\n' for line in lines)
    return (
        f"schema: 1\nid: SPD-BEN-{number:04}\nversion: 1\nstatus: active\ntitle: Rule {number}\nwhy: To measure.\n"
        "innocent: Everybody.\nblind_spot: All else.\nsource: [none]\ntypology: [cloned_container]\nowner: bench\n"
        "handling: TLP:CLEAR\nseverity: medium\neffect: score\nvalid_from: 2026-01-01\n"
        f"when:\n  all:\n{when}{excuse}"
        "tests:\n"
        + "".join(
            f"  - name: container {n}\n    expect: match\n    record:\n      gross_mass_kg: {n}\n      is_full: true\n"
            "      port_of_loading: ECGYE\n      goods_description: SCRAP\n"
            for n in range(3)
        )
        + "  - {name: another, expect: no_match, record: {gross_mass_kg: 1}}\n"
    )


def _share(draw: random.Random) -> str:
    name = draw.choice(list(NUMBERS))
    low, high = NUMBERS[name]
    share = draw.uniform(0.05, 0.4)
    sign, at = draw.choice(((">", 1 - share), (">=", 1 - share), ("<", share), ("<=", share)))
    return f"{name} {sign} {round(low + at * (high - low), 2)}"


def _two_fields(draw: random.Random) -> str:
    return draw.choice((
        f"shipper_containers_7d > {draw.randint(2, 9)} * shipper_weekly_usual",
        f"declared_value_usd < {draw.randint(2, 60) / 10} * gross_mass_kg",
        f"voyage_days + dwell_days between {draw.randint(5, 20)} and {draw.randint(30, 80)}",
    ))  # fmt: skip


def _port(draw: random.Random) -> str:
    field = draw.choice(("port_of_loading", "port_of_discharge"))
    some = ", ".join(f"'{port}'" for port in draw.sample(PORTS, 4))
    return draw.choice(
        (
            f"{field} = '{draw.choice(PORTS)}'",
            f"{field} in [{some}]",
            f"{field} in list source_ports",
        )
    )


def _goods(draw: random.Random) -> str:
    return draw.choice((
        f"goods_description contains '{draw.choice(WORDS)}'",
        f"shipper_name contains '{draw.choice(WORDS)}'",
        f"size_type starts with '{draw.choice(('22', '45', '45R'))}'",
    ))  # fmt: skip


def _day(draw: random.Random) -> str:
    return draw.choice(
        ("issued_on > departed_on", f"issued_on >= 2026-{draw.randint(3, 9):02}-01")
    )


def _yes(draw: random.Random) -> str:
    return draw.choice(("", "not ")) + draw.choice(BOOLEANS)


def _either(draw: random.Random) -> str:
    return f"({_share(draw)} or {_yes(draw)} and {_port(draw)})"


def parsed(sources: Sequence[str], listed: RuleList) -> list[Rule]:
    rules: list[Rule] = []
    for text in sources:
        source = Source("bench.yaml", text)
        rule = read_rule(source, KINDS, {listed.name: listed})
        assert rule is not None, "\n".join(map(str, source.faults))
        rules.append(rule)
    return rules


# The same rules in the languages of the libraries. A missing value makes no line hold there, so that what
# matches is the same; which rules could not be answered, they do not tell.


class Dialect:
    """How one library writes what a line of a rule means."""

    equal, both, either, null = "==", "and", "or", "null"

    def rule(self, rule: Rule) -> str:
        lists = {entry.name: entry.values for entry in rule.lists}
        when = [self.node(line.tree, lists) for line in leaves(rule.when)]
        excuses = [
            f"({self.node(tree.tree, lists)}) != true"
            for tree in rule.unless
            if isinstance(tree, Condition)
        ]
        return f" {self.both} ".join(f"({part})" for part in (*when, *excuses))

    def node(self, node: Node, lists: Mapping[str, Sequence[str]]) -> str:
        if isinstance(node, Both | Either):
            word = self.both if isinstance(node, Both) else self.either
            return f"(({self.node(node.left, lists)}) {word} ({self.node(node.right, lists)}))"
        if isinstance(node, FieldRef):
            return f"{node.name} == true"
        if isinstance(node, Not) and isinstance(node.operand, FieldRef):
            return f"{node.operand.name} == false"
        there = [f"{ref} != {self.null}" for ref in dict.fromkeys(_names(node))]
        return f" {self.both} ".join((*there, self.line(node, lists)))

    def line(self, node: Node, lists: Mapping[str, Sequence[str]]) -> str:
        if isinstance(node, Compare):
            operator = self.equal if node.operator == "=" else node.operator
            return f"{self.value(node.left)} {operator} {self.value(node.right)}"
        if isinstance(node, Between):
            middle = self.value(node.operand)
            return f"{middle} >= {self.value(node.low)} {self.both} {middle} <= {self.value(node.high)}"
        if isinstance(node, OneOf):
            return f"{self.value(node.operand)} in [{', '.join(self.value(value) for value in node.values)}]"
        if isinstance(node, InList):
            return f"{self.value(node.operand)} in [{', '.join(self.text(v) for v in lists[node.list_name])}]"
        if isinstance(node, Contains):
            return self.contains(self.value(node.operand), self.text(node.text))
        assert isinstance(node, Affix), node
        return self.starts(self.value(node.operand), self.text(node.text))

    def value(self, node: Node) -> str:
        if isinstance(node, FieldRef):
            return node.name
        if isinstance(node, Text):
            return self.text(node.value)
        if isinstance(node, Day):
            return self.day(node.value)
        if isinstance(node, Arithmetic):
            return f"({self.value(node.left)} {node.operator} {self.value(node.right)})"
        assert isinstance(node, Number), node
        return repr(node.value)

    def text(self, text: str) -> str:
        return f"'{text}'"

    def day(self, day: date) -> str:
        return str(day.toordinal())

    def contains(self, left: str, right: str) -> str:
        return f"contains({left}, {right})"

    def starts(self, left: str, right: str) -> str:
        return f"startsWith({left}, {right})"


class RuleEngineDialect(Dialect):
    """rule-engine, by its name in the package index."""

    def contains(self, left: str, right: str) -> str:
        return f"{right} in {left}"

    def starts(self, left: str, right: str) -> str:
        return f"{left}.starts_with({right})"


class ZenDialect(Dialect):
    """zen-engine, by its name in the package index."""


def _names(node: Node) -> list[str]:
    if isinstance(node, FieldRef):
        return [node.name]
    parts = (getattr(node, name, None) for name in ("operand", "left", "right", "low", "high"))
    return [name for part in parts if part is not None for name in _names(part)]


def _rule_engine(rules: Sequence[Rule]) -> Callable[[dict[str, object]], list[bool]]:
    import rule_engine  # noqa: PLC0415 - not every machine has it

    kinds = {
        "number": rule_engine.DataType.FLOAT,
        "text": rule_engine.DataType.STRING,
        "boolean": rule_engine.DataType.BOOLEAN,
        "date": rule_engine.DataType.FLOAT,
    }
    types = rule_engine.type_resolver_from_dict(
        {name: kinds[kind] for name, kind in KINDS.items()}
    )
    context = rule_engine.Context(type_resolver=types)
    dialect = RuleEngineDialect()
    made = [rule_engine.Rule(dialect.rule(rule), context=context) for rule in rules]
    return lambda row: [rule.matches(row) for rule in made]


def _zen(rules: Sequence[Rule]) -> Callable[[dict[str, object]], list[bool]]:
    import zen  # noqa: PLC0415 - not every machine has it

    dialect = ZenDialect()
    # One expression that answers for all rules: a row crosses into the library once, not 200 times.
    whole = zen.compile_expression(f"[{', '.join(dialect.rule(rule) for rule in rules)}]")
    return whole.evaluate


def _zen_one_by_one(rules: Sequence[Rule]) -> Callable[[dict[str, object]], list[bool]]:
    import zen  # noqa: PLC0415 - not every machine has it

    made = [zen.compile_expression(ZenDialect().rule(rule)) for rule in rules]
    return lambda row: [expression.evaluate(row) for expression in made]


LIBRARIES = {
    "rule-engine, a rule at a time": ("rule_engine", _rule_engine),
    "zen-engine, a rule at a time": ("zen", _zen_one_by_one),
    "zen-engine, 200 rules in one expression": ("zen", _zen),
}


def beside_libraries(rules: Sequence[Rule], frame: pl.DataFrame, sample: int) -> None:
    """Print what the libraries take for the first rows, and that they find the same there.

    Ours is measured before and after each of them, so that both have the machine as it then is.
    """
    some = frame.head(sample)
    found = evaluate(rules, some).frame.filter(pl.col("verdict") == "match")
    ours = set(found.select("container_id", "rule_id").rows())
    plain = some.with_columns(
        (pl.col(name).cast(pl.Int32) + date(1970, 1, 1).toordinal()).cast(pl.Float64)
        for name, kind in KINDS.items()
        if kind == "date"
    )
    rows = plain.to_dicts()
    before = _seconds(rules, frame)
    for name, (module, prepare) in LIBRARIES.items():
        if importlib.util.find_spec(module) is None:
            print(f"{name:46} not installed: pip install -r requirements-bench.txt")
            continue
        ask = prepare(rules)
        begun = time.perf_counter()
        answers = [ask(row) for row in rows]
        seconds = time.perf_counter() - begun
        after = _seconds(rules, frame)
        theirs = {
            (row, rule.id)
            for row, answer in enumerate(answers)
            for rule, matches in zip(rules, answer, strict=True)
            if matches
        }
        whole = seconds / sample * frame.height
        agreed = "the same" if theirs == ours else f"{len(theirs ^ ours)} OTHER"
        middle = (before + after) / 2
        print(
            f"{name:46} {whole:9.1f} s {sample / seconds:10.0f} rows/s  {whole / middle:6.0f} times ours ({middle:.1f} s "
            f"around it); {sample} rows asked, {len(theirs)} matches, {agreed}"
        )
        before = after


def _seconds(rules: Sequence[Rule], frame: pl.DataFrame) -> float:
    begun = time.perf_counter()
    evaluate(rules, frame)
    return time.perf_counter() - begun


def asked(rows: int, times: int = 3) -> None:
    """Print what our evaluator takes, and the most memory it held; in a process of its own."""
    rules = parsed(*written_rules(RULES))
    frame = containers(rows)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    seconds: list[float] = []
    for _ in range(times):
        begun = time.perf_counter()
        counts = evaluate(rules, frame).counts
        seconds.append(time.perf_counter() - begun)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    told = counts.sum().select("match", "unknown", "excused").row(0)
    middle = sorted(seconds)[len(seconds) // 2]
    print(
        f"{f'riskengine, {RULES} rules x {rows} rows':46} {middle:9.2f} s {rows / middle:10.0f} rows/s  "
        f"match {told[0]}, unknown {told[1]}, excused {told[2]}; memory {before} MB before, {most} MB at most"
    )


def checked(files: int) -> None:
    """Print how long a cold process takes to read and check many rule files."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        originals = sorted(path for path in CORE.rglob("*.yaml") if path.parent != CORE)
        rules = [path for path in originals if path.parent.name != "lists"]
        (folder / "lists").mkdir()
        for path in originals:
            if path.parent.name == "lists":
                (folder / "lists" / path.name).write_text(path.read_text("utf-8"), "utf-8")
        for number in range(files):
            path = rules[number % len(rules)]
            old, new = path.stem.upper(), f"{path.stem.upper()}-{number:04}"
            text = path.read_text("utf-8").replace(f"id: {old}\n", f"id: {new}\n", 1)
            (folder / f"{new.lower()}.yaml").write_text(text, "utf-8")
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "riskengine", "rules", "check", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - begun
        size = sum(path.stat().st_size for path in folder.rglob("*.yaml"))
    if done.returncode != 0:
        raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
    print(
        f"{f'rules check, {files} files, a cold process':46} {seconds:9.2f} s {files / seconds:10.0f} files/s "
        f" {size // 1024} kB"
    )


def main(rows: int = 1_000_000, sample: int = 2_000) -> None:
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for count in (BUSY_DAY, rows):
        subprocess.run([sys.executable, __file__, "asked", str(count)], check=True)
    beside_libraries(parsed(*written_rules(RULES)), containers(rows), sample)
    checked(FILES)


if __name__ == "__main__":
    if sys.argv[1:2] == ["asked"]:
        asked(int(sys.argv[2]))
    else:
        main(*(int(argument) for argument in sys.argv[1:]))
