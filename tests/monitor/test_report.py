"""The report says of a unit what is true of it: two units whose truth is known, and one that nothing is known of."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from monitor_worlds import FIRST, Hand, call, write, write_world

from riskengine import messages
from riskengine.domain import ExaminationResult, Outcome
from riskengine.errors import LedgerError, WorkspaceError
from riskengine.ledger import selections
from riskengine.ledger.run_register import recorded_runs
from riskengine.monitor import lines, report_of
from riskengine.monitor.limits import Limits, read_limits
from riskengine.monitor.missed import Missed
from riskengine.monitor.page import report_page
from riskengine.monitor.period import read_period, span_of
from riskengine.monitor.told import attention
from riskengine.monitor.watches import Probe, Rise, Watches
from riskengine.monitor.wording import Words
from riskengine.register.outcomes import complete_outcome, enter_outcome
from riskengine.selectivity import read_policy
from riskengine.workspace import Workspace

LAST = FIRST + timedelta(days=111)
QUIET = Hand(calls_a_day=0.6, containers=24)
CHANGED = Hand(
    calls_a_day=0.6,
    containers=24,
    scores_off=6.0,
    shift_from=84,
    is_opening_draws=False,
    is_challenged=True,
    seed=4,
)


@pytest.fixture(scope="module")
def quiet(written_world):
    return report_of(written_world(QUIET))


@pytest.fixture(scope="module")
def changed(written_world):
    return report_of(written_world(CHANGED))


def copied(world, tmp_path):
    shutil.copytree(world.root, tmp_path / "unit")
    return Workspace(tmp_path / "unit")


def period_of(unit):
    span = span_of(unit, None, None, Limits())
    return read_period(unit, span, read_policy(unit.settings_file))


def test_nothing_recorded_is_no_report(tmp_path):
    assert report_of(write_world(Hand(days=0), tmp_path / "unit")) is None


def test_a_quiet_unit_crosses_no_limit(quiet):
    assert [limit.name for limit in quiet.crossings if limit.is_crossed] == []


def test_every_door_stands_beside_the_blind_draws_with_an_interval(quiet):
    assert [door.name for door in quiet.doors] == ["random", "score"]
    assert quiet.base.examined > 30
    for door in quiet.doors:
        assert door.rate.low <= (door.rate.share or 0) <= door.rate.high
        assert door.lift.low is not None


def test_a_report_counts_what_was_recorded(written_world, quiet):
    entries = recorded_runs(written_world(QUIET))
    now = [one for one in entries if one.assessed_at.date() >= quiet.span.first]
    assert quiet.containers == sum(one.container_count for one in now)
    assert quiet.runs == len(entries)
    assert (quiet.span.last - quiet.span.first).days == 27


def test_what_nobody_chose_is_bounded_in_containers(quiet):
    missed = quiet.missed
    assert missed.examined == missed.drawn > 30
    assert missed.lower <= (missed.share or 0) <= missed.upper
    assert missed.at_most >= missed.upper * missed.containers
    assert missed.containers > 100


def test_without_a_find_the_bound_is_three_in_the_draws():
    bound = Missed(
        drawn=100, examined=100, found=0, containers=18_200, share=0, upper=0.0295, lower=0
    )
    assert bound.at_most == 537


def test_scores_six_times_too_high_are_told(changed):
    crossed = {limit.name for limit in changed.crossings if limit.is_crossed}
    assert "calibration_chosen" in crossed
    assert changed.calibration.chosen.expected > changed.calibration.chosen.found


def test_heavier_goods_and_a_field_gone_missing_are_told(changed):
    assert [one.name for one in changed.drift.features if one.is_told] == ["gross_mass_kg"]
    assert {gap.field for gap in changed.drift.feeds} == {"goods_description"}
    assert {gap.feed for gap in changed.drift.feeds} == {"", "AGENT 0", "AGENT 1"}
    assert all(gap.missing > 0.8 and gap.missing_before < 0.1 for gap in changed.drift.feeds)


def test_what_grows_with_the_own_past_is_shown_and_not_judged(changed):
    growing = [one for one in changed.drift.features if one.name.endswith("_before")]
    assert growing
    assert not any(one.is_judged or one.is_told for one in growing)


def test_draws_that_nobody_opened_are_told_and_leave_the_bound_open(changed):
    (outcomes,) = [one for one in changed.crossings if one.name == "outcomes_entered"]
    assert outcomes.is_crossed
    assert outcomes.value == 0.0
    assert changed.missed.examined == 0
    assert changed.missed.at_most == changed.missed.containers


def test_the_model_in_the_shadow_opens_as_many_as_the_one_in_force(changed):
    held = changed.challenger
    assert held.champion.containers == held.challenger.containers == held.capacity > 0
    assert held.both.containers == 0  # it ranks the other way round
    assert held.champion.rate.examined > held.challenger.rate.examined == 0


def test_the_weeks_hold_every_examination(quiet, written_world):
    opened = period_of(written_world(QUIET)).containers.filter(pl.col("outcome").is_not_null())
    assert sum(week.rate.examined for week in quiet.weeks) == opened.height


def test_a_container_assessed_twice_counts_once_as_it_was_when_it_was_chosen(
    written_world, tmp_path
):
    unit = copied(written_world(QUIET), tmp_path)
    rng = np.random.default_rng(77)
    day = FIRST + timedelta(days=111)
    frame = call(QUIET, rng, 111, 9001)
    first = write(unit, frame, day, 9001, QUIET)
    moment = datetime(2026, 4, 30, 12, tzinfo=UTC)
    result = ExaminationResult(
        container_number=frame["container_number"][0],
        outcome=Outcome.SEIZURE,
        examined_at=moment,
        officer="Ruiz",
        run_id=first,
    )
    complete_outcome(unit, enter_outcome(unit, result, entered_at=moment))
    write(unit, frame, day, 9002, QUIET)
    period = period_of(unit)
    kept = period.now.filter(pl.col("identity").str.contains("V9001"))
    assert dict(kept["run_id"].value_counts().rows()) == {
        first: 1,
        f"{day.isoformat()}-{9002:012x}": frame.height - 1,
    }


def test_an_examination_that_no_door_led_to_is_the_officers_own(written_world, tmp_path):
    unit = copied(written_world(QUIET), tmp_path)
    held = period_of(unit).now.filter(pl.col("door").is_null())
    number = held["identity"][0].rsplit("|", 1)[1]
    moment = datetime(2026, 4, 30, 12, tzinfo=UTC)
    result = ExaminationResult(
        container_number=number,
        outcome=Outcome.NIL,
        examined_at=moment,
        officer="Ruiz",
        run_id=held["run_id"][0],
    )
    complete_outcome(unit, enter_outcome(unit, result, entered_at=moment))
    report = report_of(unit)
    assert [one.rate.examined for one in report.doors if one.name == "officer"] == [1]


def test_a_plan_tells_the_doors_and_the_chances(written_world, tmp_path):
    """What a day's plan did not choose was not chosen, red or not."""
    unit = copied(written_world(QUIET), tmp_path)
    now = period_of(unit).now
    day = now.filter(pl.col("lane") == "red")["on"][-1]
    of_day = now.filter(pl.col("on") == day).sort("log_odds", descending=True)
    chosen = of_day.head(3).with_columns(
        pl.Series("door", ["demand", "score", "random"]),
        pl.Series("probability", [1.0, 1.0, 0.04]),
        pl.lit(None, pl.String).alias("container_number"),
        pl.lit(None, pl.String).alias("means"),
    )
    at = datetime(2026, 4, 22, tzinfo=UTC)
    selections.add(unit, chosen, day=day, at=at, by="chief", beside=chosen.clear())
    planned = period_of(unit).now.filter(pl.col("on") == day)
    told = planned.filter(pl.col("door").is_not_null() & (pl.col("door") != "officer"))
    assert set(told["door"]) == {"demand", "score", "random"}
    assert planned["is_blind"].sum() == 1
    assert told.filter("is_blind")["probability"].to_list() == [0.04]


def test_a_run_whose_bytes_were_changed_is_refused(written_world, tmp_path):
    unit = copied(written_world(QUIET), tmp_path)
    folder = recorded_runs(unit)[-1].folder_in(unit)
    file = folder / "assessments.parquet"
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(LedgerError, match="not those that were written"):
        report_of(unit)


def test_every_line_has_a_section_and_a_name(changed):
    told = list(lines(changed))
    assert told[0]["section"] == "report"
    assert all({"section", "name"} <= set(line) for line in told)
    limits = [line for line in told if line["section"] == "limit"]
    assert [line["is_crossed"] for line in limits] == sorted(
        (line["is_crossed"] for line in limits), reverse=True
    )
    assert {"value", "threshold", "false_alarm_rate"} <= set(limits[0])


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_the_page_stands_alone_in_every_language(changed, language):
    html = report_page(changed, language)
    assert f'<html lang="{language}">' in html
    assert html.count("<svg") >= 4
    assert "<script" not in html
    assert re.findall(r'(?:src|href)="(?!#)', html) == []


def test_a_page_of_hostile_names_runs_nothing(written_world, tmp_path):
    unit = copied(written_world(QUIET), tmp_path)
    rng = np.random.default_rng(5)
    for number in range(10):
        frame = call(QUIET, rng, 110, 9100 + number).with_columns(
            pl.lit("<script>alert(1)</script>").alias("port_of_loading")
        )
        write(unit, frame, LAST - timedelta(days=number), 9100 + number, QUIET)
    html = report_page(report_of(unit), "en")
    assert "<script" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_limit_has_a_sentence_in_every_language(changed, language):
    """Also those that are seldom crossed."""
    watches = Watches(
        new=tuple(replace(one, is_told=True) for one in changed.watches.new),
        rises=(
            Rise(
                place="cover",
                name="TRMER > BEANR · 0803",
                what="suspicion",
                now=0.4,
                usual=0.1,
                chance=1e-5,
                is_told=True,
                finds_near=3,
                after="ECGYE > BEANR · 0803",
            ),
        ),
        rises_tested=40,
        probes=(
            Probe(
                shipper="<b>A</b>",
                consignee="B",
                since=FIRST,
                loads=15,
                containers=75,
                late=72,
                chance=2e-4,
            ),
        ),
        pairs_tested=12,
    )
    crossed = tuple(replace(one, is_crossed=True) for one in changed.crossings)
    report = replace(changed, watches=watches, crossings=crossed)
    told = attention(report, Words(language))
    assert len(told.points) >= len(crossed)
    # Both calibrations hang on a setting that is a guess in a new unit.
    assert sum("random_find_rate" in point for point in told.points) == 2
    html = report_page(report, language)
    assert "<b>A" not in html
    assert "&lt;b&gt;A" in html
    assert "TRMER &gt; BEANR" in html


def test_limits_are_read_from_the_settings(tmp_path):
    file = tmp_path / "riskengine.toml"
    file.write_text("[monitor]\nfalse_alarm_rate = 0.05\ndays_before = 28\n", "utf-8")
    assert read_limits(file) == Limits(false_alarm_rate=0.05, days_before=28)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[monitor]\nfalse_alarm = 0.05\n", "did you mean 'false_alarm_rate'"),
        ("[monitor]\nfalse_alarm_rate = 0.5\n", "between 0 and 0.2"),
        ("[monitor]\nfalse_alarm_rate = 'no'\n", "must be a number"),
        ("monitor = 1\n", "must be a table"),
        ("[monitor\n", "not a TOML file"),
    ],
)
def test_limits_that_cannot_be_are_refused(tmp_path, text, said):
    file = tmp_path / "riskengine.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(WorkspaceError, match=re.escape(said)):
        read_limits(file)


def test_the_settings_of_a_unit_may_hold_limits(written_world, tmp_path):
    unit = copied(written_world(QUIET), tmp_path)
    settings = unit.settings_file.read_text("utf-8")
    unit.settings_file.write_text(
        f"{settings}\n[monitor]\nlargest_missed_share = 0.0001\n", "utf-8"
    )
    report = report_of(unit)
    assert [one.name for one in report.crossings if one.is_crossed] == ["missed_share"]
