"""How `models/baseline` was made: a simulated world, learned through the product's own intake.

    python benchmarks/baseline/make.py FOLDER

Writes the bundle to FOLDER; the same versions of the libraries give the same bytes. The world is enriched: three in a hundred full boxes are
illicit and four in ten are opened, so that two thousand examinations with a find teach something. What it learns is the simulator's idea of
crime, to be replaced by a unit's own outcomes as soon as there are some.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from riskengine.engine.learning import learn, prepare
from riskengine.manifest import read_manifest
from riskengine.manifest.mapping import load_mapping
from riskengine.model.bundle import save
from riskengine.model.card import TrainingSettings
from riskengine.simulate import Settings, simulate, write_world

WORLD = Settings(
    seed=2026,
    months=18,
    containers_per_month=5_000,
    trader_count=6_000,
    prevalence=0.03,
    examined_share=0.3,
    random_share=0.1,
    insider_share=0.68,  # two thirds of seizures, by the WCO's study of 2025
)
NOTE = (
    "The baseline that ships with the engine. It has learned from a simulated port world, not from any real one: it knows "
    "the signs that the simulator plants, and nothing of your port. Its figures say how it does in that world."
)


def main() -> None:
    folder = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as made:
        world = Path(made)
        write_world(simulate(WORLD), world)
        mapping = load_mapping(world / "history" / "mapping.toml")
        reading = read_manifest(world / "history" / "history.parquet", mapping)
        bundle = learn(prepare([reading.manifest]), TrainingSettings(), note=NOTE)
    save(bundle, folder)
    print(
        f"{bundle.card.id}: average precision {bundle.card.metrics.average_precision:.3f} on later months"
    )


if __name__ == "__main__":
    main()
