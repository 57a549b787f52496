"""What a mining proposes, in the terminal: each rule beside its later days, and beside chance."""

from __future__ import annotations

from statistics import mean, median
from typing import TYPE_CHECKING, Any

from riskengine import messages
from riskengine.cli.output import page, say, text
from riskengine.rules.sentences import statement
from riskengine.rules.tree import leaves

if TYPE_CHECKING:
    from pathlib import Path

    from riskengine.rules.mine import Mining, Proposal
    from riskengine.rules.mining_search import Evidence


def as_line(proposal: Proposal, file: Path | None, language: str) -> dict[str, Any]:
    """Return a proposal for scripts."""
    rule = proposal.rule
    return {
        "id": rule.id,
        "title": rule.title_in(language),
        "conditions": [leaf.text for leaf in leaves(rule.when)],
        "settings": {setting.name: setting.value for setting in rule.settings},
        "severity": rule.severity.value,
        "search": _as_json(proposal.search),
        "later": _as_json(proposal.later),
        "shuffles_as_good": proposal.as_good,
        "nearest": proposal.nearest,
        "nearest_jaccard": proposal.nearest_share,
        "file": file.as_posix() if file else None,
    }


def show_mining(mining: Mining, out: Path | None, language: str, *, is_shown: bool) -> None:
    """Print the proposals to stdout, and what speaks for chance to stderr."""

    def words(key: str, **params: object) -> str:
        return messages.render(f"mining.{key}", params, language)

    if is_shown:
        if mining.proposals:
            _show_proposals(mining, language)
        else:
            page().print(text(words("told.none")))
    say(
        words(
            "told.examined",
            examined=mining.examined,
            containers=mining.containers,
            found=mining.found,
            base=mining.base_rate,
            before=mining.before,
            cut=mining.cut,
            last=mining.last,
        )
    )
    if not mining.is_weighted:
        say(words("told.biased"))
    say(words("told.tried", terms=mining.terms, tried=mining.tried))
    if mining.best:
        say(
            words(
                "told.left_out",
                best=mining.best,
                no_better=mining.no_better,
                alike=mining.alike,
                known=mining.known,
                unconfirmed=mining.unconfirmed,
            )
        )
    if mining.shuffled_best:
        say(
            words(
                "told.chance",
                shuffles=len(mining.shuffled_best),
                proposals=mean(mining.shuffled_proposals),
                typical=_rounded(median(mining.shuffled_best)),
                best=_rounded(max(mining.shuffled_best)),
            )
        )
    if mining.proposals:
        say(words("told.drafts", folder=out.as_posix()) if out else words("told.unwritten"))


def _show_proposals(mining: Mining, language: str) -> None:
    def words(key: str, **params: object) -> str:
        return messages.render(f"mining.shown.{key}", params, language)

    console = page()
    for proposal in mining.proposals:
        rule = proposal.rule
        severity = messages.render(f"answer.severity.{rule.severity.value}", {}, language)
        console.print(text(f"{rule.id} · {severity}", "bold"))
        for leaf in leaves(rule.when):
            console.print(text(f"  - {statement(rule, leaf, language)}"))
        told = (
            words(
                "evidence",
                earlier=_counted(proposal.search, language),
                later=_counted(proposal.later, language),
                lift=_rounded(min(proposal.search.lift_low, proposal.later.lift_low)),
            ),
            words("chance", as_good=proposal.as_good, shuffles=len(mining.shuffled_best)),
            words("nearest", rule=proposal.nearest, share=proposal.nearest_share)
            if proposal.nearest
            else words("alone"),
        )
        for line in told:
            console.print(text(f"  {line}", "dim"))
        console.print()


def _counted(evidence: Evidence, language: str) -> str:
    params = {"found": evidence.found, "examined": evidence.examined, "rate": evidence.rate}
    return messages.render("mining.shown.of", params, language)


def _as_json(evidence: Evidence) -> dict[str, float]:
    return {
        "examined": evidence.examined,
        "found": evidence.found,
        "rate": evidence.rate,
        "base_rate": evidence.base_rate,
        "low": evidence.low,
        "lift_low": evidence.lift_low,
    }


def _rounded(value: float) -> float:
    """Keep two significant digits: no lift is known better."""
    return float(f"{value:.2g}")
