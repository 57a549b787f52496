"""``rules backtest, compare, overlap, score``: what a rule would have done, and what it has done."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from riskengine.cli.options import (
    JsonOption,
    Language,
    LanguageOption,
    MappingOption,
    OfficerOption,
    WorkspaceOption,
)
from riskengine.cli.output import progress, say
from riskengine.workspace import locate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from riskengine.engine.evidence import HistoryAsked
    from riskengine.engine.replay import Replay
    from riskengine.rules.backtest import Backtest, Terms
    from riskengine.rules.rule import Rule
    from riskengine.workspace import Workspace

FromOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--from", metavar="DAY", help="The first day of the history.", show_default="the first"
    ),
]
ToOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--to", metavar="DAY", help="The last day of the history.", show_default="the last"
    ),
]
HistoryOption: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--history",
        help="A labelled history instead of the recorded runs: CSV, XLSX or Parquet. May be given again.",
        show_default=False,
    ),
]
SlotsOption: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--slots",
        help="Examinations a day there is room for.",
        min=0.01,
        show_default="as many as were examined a day",
    ),
]
_NAMED = "An id (RIP-SEA-001), a version (RIP-SEA-001@2), a rule file or a folder of them."


def add_to(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("backtest")(backtest_rules)
    app.command("compare")(compare_rules)
    app.command("overlap")(overlapping_rules)
    app.command("score")(score_rules)


def backtest_rules(
    rules: Annotated[list[str], typer.Argument(help=_NAMED, metavar="RULE…")],
    *,
    first: FromOption = "",
    last: ToOption = "",
    history: HistoryOption = None,
    mapping: MappingOption = None,
    slots: SlotsOption = None,
    attach: Annotated[
        bool,
        typer.Option(
            "--attach", help="Keep it as evidence for exactly this content of the rule."
        ),
    ] = False,
    officer: OfficerOption = "",
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """Say what rules would have done to a history: hits, their cost, finds with intervals, overlaps, examples."""
    from riskengine.cli.evidence_page import show_backtest
    from riskengine.cli.output import page
    from riskengine.engine.evidence import attach_backtest, evidence, named_rules
    from riskengine.rules.backtest_json import as_mapping

    unit = locate(workspace)
    if attach:
        unit.must_exist()
    asked = _asked(first, last, history, mapping)
    meant = [rule for _, rule in named_rules(unit, rules, _today())]
    others = _in_force(unit)
    replay = _replay(unit, [*meant, *others], asked, language)
    terms = _terms(unit, meant, replay, slots, language)
    made = evidence(meant, replay, others=others, terms=terms)
    for number, (rule, test) in enumerate(zip(meant, made, strict=True)):
        if as_json:
            _print_json(as_mapping(test))
        else:
            if number:
                page().rule()
            show_backtest(rule, test, replay, language.value, are_slots_seen=slots is None)
        if attach:
            attach_backtest(unit, test, at=datetime.now(UTC), by=officer or getuser())
            _say_attached(unit, test, language)


def compare_rules(
    first_rule: Annotated[str, typer.Argument(metavar="A", help=_NAMED)],
    second_rule: Annotated[str, typer.Argument(metavar="B", help=_NAMED)],
    *,
    first: FromOption = "",
    last: ToOption = "",
    history: HistoryOption = None,
    mapping: MappingOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """Say what only the one of two rules, or of two versions, matches, and what was found there."""
    from riskengine.cli.judgement_page import show_comparison
    from riskengine.engine.evidence import named_rules
    from riskengine.rules.comparison import as_mapping, compare

    unit = locate(workspace)
    sides = [named_rules(unit, [name], _today()) for name in (first_rule, second_rule)]
    for name, side in zip((first_rule, second_rule), sides, strict=True):
        if len(side) != 1:
            raise typer.BadParameter(f"{name} names {len(side)} rules; name one.")
    (_, one), (_, two) = sides[0][0], sides[1][0]
    replay = _replay(unit, [one, two], _asked(first, last, history, mapping), language)
    made = compare(
        one, two, replay.frame, surroundings=replay.surroundings, language=language.value
    )
    if as_json:
        _print_json({**as_mapping(made), "source": replay.source})
        return
    show_comparison(made, _two_names(one, two, (first_rule, second_rule)), language.value)


def overlapping_rules(
    packs: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Packs or rule files, asked together.", show_default="the rules in force"
        ),
    ] = None,
    *,
    first: FromOption = "",
    last: ToOption = "",
    history: HistoryOption = None,
    mapping: MappingOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """Name rules that say the same, never or always match, could never judge, and lists that nobody asks."""
    from riskengine.cli.judgement_page import show_overlaps
    from riskengine.features.catalog import catalog
    from riskengine.rules.overlap import overlaps
    from riskengine.rules.pack import load_pack

    unit = locate(workspace)
    loaded = [load_pack(path, catalog()) for path in packs or ()]
    rules = [rule for pack in loaded for rule in pack.rules] if packs else _in_force(unit)
    # The lists of one rule file are those of its whole pack: the other rules may ask them.
    whole = [pack for path, pack in zip(packs or (), loaded, strict=True) if path.is_dir()]
    replay = _replay(unit, rules, _asked(first, last, history, mapping), language)
    found = overlaps(
        rules,
        replay.frame,
        surroundings=replay.surroundings,
        lists=[entry for pack in whole for entry in pack.lists],
    )
    if not as_json:
        show_overlaps(found, len(rules), language.value)
        return
    for finding in found.findings:
        _print_json(
            {
                "kind": finding.kind,
                "rules": list(finding.rules),
                "sentence": finding.sentence(language.value),
                **finding.params,
            }
        )


def score_rules(
    *,
    first: FromOption = "",
    last: ToOption = "",
    history: HistoryOption = None,
    mapping: MappingOption = None,
    slots: SlotsOption = None,
    show_all: Annotated[
        bool,
        typer.Option("--all", help="Show rules too that are kept and not judged yet."),
    ] = False,
    as_json: JsonOption = False,
    language: LanguageOption = Language.EN,
    workspace: WorkspaceOption = None,
) -> None:
    """Advise for each rule in force: keep, tune or retire, and why. Nothing is changed."""
    from riskengine.cli.judgement_page import show_scores
    from riskengine.rules.backtest import runnable_backtests
    from riskengine.rules.scorecard import as_mapping, scorecard

    unit = locate(workspace).must_exist()
    rules = _in_force(unit)
    replay = _replay(unit, rules, _asked(first, last, history, mapping), language)
    terms = _terms(unit, rules, replay, slots, language)
    tests, failed = runnable_backtests(rules, replay.frame, others=rules, terms=terms)
    for sentence in failed:
        say(sentence)
    scores = scorecard(rules, tests, on=_today())
    if not as_json:
        show_scores(scores, language.value, show_all=show_all)
        return
    for score in scores:
        _print_json(as_mapping(score, language.value))


def _asked(
    first: str, last: str, files: list[Path] | None, mapping: Path | None
) -> HistoryAsked:
    from riskengine.engine.evidence import HistoryAsked
    from riskengine.manifest.mapping import load_mapping

    if mapping and not files:
        raise typer.BadParameter("a mapping reads a --history.", param_hint="--mapping")
    begin, end = _day(first, "--from"), _day(last, "--to")
    if begin and end and end < begin:
        raise typer.BadParameter(f"{last} lies before {first}.", param_hint="--to")
    return HistoryAsked(
        first=begin,
        last=end,
        files=tuple(files or ()),
        mapping=load_mapping(mapping) if mapping else None,
    )


def _day(given: str, option: str) -> date | None:
    if not given:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise typer.BadParameter(
            f"{given!r} is no day such as 2026-11-21.", param_hint=option
        ) from None


def _today() -> date:
    return datetime.now(UTC).date()


def _in_force(unit: Workspace) -> list[Rule]:
    """Return the rules in force; none where there is no workspace, and a labelled file is asked instead."""
    from riskengine.rules.store import in_force

    return list(in_force(unit, _today()).rules) if unit.ledger_file.is_file() else []


def _replay(
    unit: Workspace, rules: Sequence[Rule], asked: HistoryAsked, language: Language
) -> Replay:
    from riskengine.cli.evidence_page import remarks
    from riskengine.engine.evidence import history

    with progress("history") as told:
        replay = history(unit, rules, asked, progress=told)
    for line in remarks(replay, language.value):
        say(line)
    return replay


def _terms(
    unit: Workspace,
    rules: Sequence[Rule],
    replay: Replay,
    slots: float | None,
    language: Language,
) -> Terms:
    from riskengine.engine.evidence import came_into_force
    from riskengine.rules.backtest import Terms

    return Terms(
        slots_per_day=replay.examined_per_day if slots is None else slots,
        surroundings=replay.surroundings,
        language=language.value,
        since=came_into_force(unit, rules) if unit.ledger_file.is_file() else None,
    )


def _two_names(one: Rule, two: Rule, given: tuple[str, str]) -> tuple[str, str]:
    """Return names that tell the two apart: ids, else versions, else as they were given."""
    if one.id != two.id:
        return one.id, two.id
    if one.version != two.version:
        return f"{one.id} v{one.version}", f"{two.id} v{two.version}"
    return given


def _say_attached(unit: Workspace, made: Backtest, language: Language) -> None:
    from riskengine import messages
    from riskengine.engine.evidence import runs_otherwise

    params = {"rule": made.rule_id, "version": made.version, "sha256": made.sha256[:12]}
    say(messages.render("evidence.backtest.attached", params, language.value))
    if runs_otherwise(unit, made, _today()):
        other = {"rule": f"{made.rule_id}@{made.version}"}
        say(messages.render("evidence.backtest.runs_otherwise", other, language.value))


def _print_json(line: Mapping[str, object]) -> None:
    sys.stdout.write(f"{json.dumps(line, ensure_ascii=False, allow_nan=False)}\n")
