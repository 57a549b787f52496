"""What the simulated world has in common with published figures, and where it differs.

    python benchmarks/simulator/calibration.py [--data FOLDER] [--containers 120000] [--seed 1]

Prints each published figure beside the simulated one, with its source. A figure marked *fitted* is one the simulator
was given; one marked *measured* follows from other settings and may be off. With the folder of the Korean declarations
(its `kcs` folder) the goods mix is compared too. Takes about a minute.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from riskengine.domain import Outcome
from riskengine.simulate import PRESETS, Settings, SimulatedWorld, simulate
from riskengine.simulate.mix import BY_INSIDERS, BY_SOURCE, SOURCE

KEYS = ["voyage_number", "bill_of_lading", "container_number"]
BOX = ["voyage_number", "container_number"]
SOUTH_AMERICA = ["EC", "CO", "PE", "BR", "PY", "AR", "UY"]
FRUIT = ["0803", "0804", "0805", "0806", "0807", "0808", "0810", "0811", "2009"]
VRT_2020 = "VRT, 7 July 2020: cocaine in Antwerp, first half of 2020"
EUROPOL = "Europol, criminal networks in EU ports, 2023"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One figure: what it is, as published, as simulated, how it came about, and its source."""

    figure: str
    published: str
    simulated: str
    how: str
    source: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--containers", type=int, default=120_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    started = time.perf_counter()
    settings = Settings(
        seed=asked.seed,
        months=12,
        containers_per_month=asked.containers // 12,
        trader_count=max(400, asked.containers // 10),
        prevalence=0.02,
    )
    boxes = _boxes(simulate(settings))
    lines = [
        *_origins(boxes),
        *_loads(boxes),
        *_seasons(boxes),
        *_flows(boxes),
        *_examinations(replace(settings, prevalence=3e-5, random_share=0.002, examined_share=0.018)),
        *_arrivals(settings),
        *_insiders(settings),
        *_fall(settings),
    ]  # fmt: skip
    data = asked.data or os.environ.get("RISKENGINE_BENCHMARK_DATA")
    if data is not None:
        lines += _goods(boxes, Path(data) / "kcs" / "df_syn_train_eng.csv")
    _print(lines)
    print(
        f"\n{boxes.height:,} containers, seed {asked.seed}, {time.perf_counter() - started:.0f} s"
    )


def _boxes(world: SimulatedWorld) -> pl.DataFrame:
    """Return one row a full container, with its truth and what an examination said."""
    lines = world.lines.filter("is_full").unique(KEYS, keep="first", maintain_order=True)
    truth = world.truth.unique(KEYS)
    opened = world.outcomes.select(*KEYS, "chosen_by", "is_find")
    return (
        lines.join(truth, on=KEYS, how="left", maintain_order="left")
        .join(opened, on=KEYS, how="left", maintain_order="left")
        .unique(BOX, keep="first", maintain_order=True)
    )


def _share(frame: pl.DataFrame, test: pl.Expr) -> float:
    return float(frame.select(test.fill_null(value=False).mean()).item() or 0.0)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _origins(boxes: pl.DataFrame) -> list[Line]:
    found = boxes.filter(pl.col("typology").is_in([kind.value for kind in BY_SOURCE]))
    listed = {"Ecuador": ("EC", 0.371), "Brazil": ("BR", 0.181), "Paraguay": ("PY", 0.155), "Costa Rica": ("CR", 0.045)}  # fmt: skip
    return [
        Line(
            figure=f"loads of the cocaine methods from {name}",
            published=_percent(share),
            simulated=_percent(_share(found, pl.col("country_of_origin") == code)),
            how="fitted, as far as boxes are on offer",
            source=VRT_2020,
        )
        for name, (code, share) in listed.items()
    ]


def _loads(boxes: pl.DataFrame) -> list[Line]:
    found = boxes.filter(pl.col("typology").is_in([kind.value for kind in BY_SOURCE]))
    fruit = pl.col("hs_code").str.head(4).is_in(FRUIT)
    return [
        Line(
            figure="of these, in fruit and juice",
            published="75-80 % of volume",
            simulated=_percent(_share(found, fruit)),
            how="weighted towards it",
            source="HARC estimate, about 2016 (fruit boxes, by volume)",
        ),
        Line(
            figure="bananas from Ecuador, of all full containers",
            published="-",
            simulated=_percent(
                _share(
                    boxes,
                    (pl.col("hs_code").str.head(4) == "0803")
                    & (pl.col("country_of_origin") == "EC"),
                )
            ),
            how="measured",
            source="none; for comparison",
        ),
    ]


def _seasons(boxes: pl.DataFrame) -> list[Line]:
    grapes = boxes.filter(pl.col("hs_code") == "080610")
    month = pl.col("arrival_expected_on").dt.month()
    far = boxes.filter(pl.col("port_of_loading").str.head(2).is_in(["CN", "VN"]))
    peak = _share(far, month.is_in([9, 10, 11])) / (1 / 4)
    return [
        Line(
            figure="table grapes arriving October to April",
            published="-",
            simulated=_percent(_share(grapes, month.is_in([10, 11, 12, 1, 2, 3, 4]))),
            how="measured",
            source="season of the southern hemisphere; invented strength",
        ),
        Line(
            figure="arrivals from the Far East in September to November, against an even year",
            published="-",
            simulated=f"{peak:.2f}",
            how="measured",
            source="peak season before the holidays; invented strength",
        ),
    ]


def _flows(boxes: pl.DataFrame) -> list[Line]:
    pairs = boxes.group_by("port_of_loading", "port_of_discharge").len()["len"].cast(pl.Float64)
    logs = pairs.log()
    shape = math.sqrt(2 * math.log(14.4 / 5))
    skew = float(logs.skew() or 0.0)
    source = "LINERLIB WorldLarge: 9,622 port pairs, median 5, mean 14.4, most 1,817 FFE a week"
    return [
        Line(
            figure="flows of port pairs: mean against median",
            published=f"{14.4 / 5:.2f}",
            simulated=f"{(pairs.mean() or 0) / (pairs.median() or 1):.2f}",
            how="measured",
            source=source,
        ),
        Line(
            figure="spread of the logarithm of a flow",
            published=f"{shape:.2f} (if log-normal)",
            simulated=f"{logs.std():.2f}, skewness {skew:.2f}, {pairs.len()} pairs",
            how="fitted",
            source=source,
        ),
    ]


def _examinations(settings: Settings) -> list[Line]:
    boxes = _boxes(simulate(settings))
    opened = pl.col("chosen_by").is_not_null()
    south = boxes.filter(pl.col("country_of_origin").is_in(SOUTH_AMERICA))
    finds = boxes.filter(opened)
    return [
        Line(
            figure="full containers opened, preset arrivals",
            published="about 2 %",
            simulated=_percent(_share(boxes, opened)),
            how="fitted",
            source=EUROPOL,
        ),
        Line(
            figure="of those from South America",
            published="about 10 %",
            simulated=_percent(_share(south, opened)),
            how="measured: too low, see the next line",
            source=EUROPOL,
        ),
        Line(
            figure="containers from South America, of all full ones",
            published="a few %",
            simulated=_percent(south.height / boxes.height),
            how="measured: far too many",
            source="330,000 a year at Antwerp, of some millions",
        ),
        Line(
            figure="openings that end as a discrepancy or more, preset arrivals",
            published="-",
            simulated=_percent(_share(finds, pl.col("is_find"))),
            how="measured",
            source="none; invented share of honest slips",
        ),
    ]


def _arrivals(settings: Settings) -> list[Line]:
    made = PRESETS["arrivals"](settings)
    many = simulate(
        replace(made, months=12, containers_per_month=settings.containers_per_month)
    )
    truth = many.truth.unique(BOX)
    illicit = int(truth["is_illicit"].sum())
    found = truth.filter("is_illicit")["outcome_if_opened"] != Outcome.NIL.value
    return [
        Line(
            figure="illicit containers in 100,000, preset arrivals",
            published="a few",
            simulated=f"{100_000 * illicit / truth.height:.1f} ({illicit} in all)",
            how="fitted",
            source="116 t a year at 0.5-1 t a container, a few million imports at Antwerp",
        ),
        Line(
            figure="of these, found if every one were opened",
            published="-",
            simulated=_percent(float(found.mean() or 0.0)),
            how="measured",
            source="none; invented difficulty of each method",
        ),
    ]  # fmt: skip


def _insiders(settings: Settings) -> list[Line]:
    made = PRESETS["everything"](replace(settings, plans=False))
    boxes = _boxes(simulate(replace(made, plans=False, movements=False, versions=False)))
    guilty = boxes.filter("is_illicit")
    inside = guilty.filter("is_insider")
    usual = boxes.filter(~pl.col("is_illicit"))
    free = pl.col("consignee_email").str.contains("gmail|yahoo|hotmail")
    kinds = {kind.value for kind in BY_INSIDERS}
    source = "World Customs Organization 2025: an insider in 68 % of the detections looked at"
    return [
        Line(
            figure="illicit containers put there by insiders, preset everything",
            published="68 %",
            simulated=_percent(_share(guilty, pl.col("is_insider"))),
            how="fitted",
            source=source,
        ),
        Line(
            figure="their consignees with a free e-mail address",
            published=f"{_percent(_share(usual, free))} (the innocent here)",
            simulated=_percent(_share(inside, free)),
            how="measured",
            source=f"methods: {len(kinds)} of 18",
        ),
        Line(
            figure="illicit loads that left a lane after a find there",
            published="-",
            simulated=_percent(_share(guilty, pl.col("is_displaced"))),
            how="measured",
            source="none; half of those warned leave",
        ),
        Line(
            figure="loads of source countries among the displaced",
            published="-",
            simulated=_percent(
                _share(
                    guilty.filter("is_displaced"),
                    pl.col("port_of_loading").str.head(2).is_in(SOURCE),
                )
            ),
            how="fitted",
            source="none",
        ),
    ]


def _fall(settings: Settings) -> list[Line]:
    kept = replace(settings, containers_per_month=settings.containers_per_month // 2)
    boxes = _boxes(simulate(PRESETS["fall_of_2024"](kept)))
    ways = boxes.filter(pl.col("typology").is_in([kind.value for kind in BY_SOURCE]))
    years = dict(ways.group_by(pl.col("arrival_expected_on").dt.year()).len().rows())
    day = date(2024, 1, 1)
    return [
        Line(
            figure=f"cocaine methods in the year from {day}, against the year before",
            published="-62 %",
            simulated=f"{100 * (years.get(2024, 0) / years.get(2023, 1) - 1):.0f} %",
            how="fitted",
            source="Antwerp 116 t in 2023, 44 t in 2024 (VRT, hurriyet 9 January 2025)",
        )
    ]


def _goods(boxes: pl.DataFrame, path: Path) -> list[Line]:
    table = pl.read_csv(path, infer_schema=False).filter(pl.col("Mode of Transport") == "10")
    real = table["HS6 Code"].str.zfill(6).str.head(2).value_counts(normalize=True)
    published = dict(real.rows())
    chapters = sorted(published, key=lambda chapter: -published[chapter])[:8]
    ours = dict(boxes["hs_code"].drop_nulls().str.head(2).value_counts(normalize=True).rows())
    overlap = sum(min(share, ours.get(chapter, 0.0)) for chapter, share in published.items())
    source = "Korean customs declarations by sea (KCS), another port range; the world is not fitted to it"
    return [
        *(
            Line(
                figure=f"chapter {chapter} of all full containers",
                published=_percent(published[chapter]),
                simulated=_percent(ours.get(chapter, 0.0)),
                how="measured",
                source=source,
            )
            for chapter in chapters
        ),
        Line(
            figure="overlap of the two goods mixes",
            published="100 %",
            simulated=_percent(overlap),
            how="measured",
            source=source,
        ),
    ]


def _print(lines: list[Line]) -> None:
    print("| figure | published | simulated | | source |\n|---|---|---|---|---|")
    for line in lines:
        print(
            f"| {line.figure} | {line.published} | {line.simulated} | {line.how} | {line.source} |"
        )


if __name__ == "__main__":
    sys.exit(main())
