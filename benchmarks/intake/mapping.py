"""How often the mapping assistant is right about exports that it has never seen.

    python benchmarks/intake/mapping.py [--wrong]

Prints for each sureness how many columns were called so and how many of them truly were what was said, on the exports
that the limits were set on and, apart, on those that they were not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from exports import MEASURED_ON, SET_ON, Export, measured

from riskengine.manifest.suggest import suggest_mapping

KINDS = ("sure", "likely", "guess", "left_out", "known")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--wrong", action="store_true", help="name every column that was not right"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for title, exports in (("set on", SET_ON), ("measured on", MEASURED_ON)):
            show(title, exports, Path(folder), names_wrong=arguments.wrong)


def show(title: str, exports: tuple[Export, ...], folder: Path, *, names_wrong: bool) -> None:
    begun = time.perf_counter()
    counts = measured(exports, folder)
    took = time.perf_counter() - begun
    print(f"\n{title}: {len(exports)} exports, {took / len(exports):.2f} s each")
    print(f"{'':22}" + "".join(f"{kind:>14}" for kind in KINDS))
    total = dict.fromkeys(KINDS, (0, 0))
    for name, found in counts.items():
        print(f"{name:22}" + "".join(f"{_of(found.get(kind)):>14}" for kind in KINDS))
        for kind in KINDS:
            told, right = found.get(kind, (0, 0))
            total[kind] = (total[kind][0] + told, total[kind][1] + right)
    print(f"{'all':22}" + "".join(f"{_of(total[kind]):>14}" for kind in KINDS))
    shares = {kind: right / told if told else 1.0 for kind, (told, right) in total.items()}
    print(f"{'right':22}" + "".join(f"{shares[kind]:>14.1%}" for kind in KINDS))
    if names_wrong:
        for export in exports:
            suggestion = suggest_mapping(export.write(folder))
            for column, one in zip(export.columns, suggestion.columns, strict=True):
                is_lost = column.field and one.sureness.value not in {"sure", "likely"}
                if one.field != column.field or is_lost:
                    print(
                        f"  {export.name}: {column.header!r} is {column.field}, said {one.sureness.value}"
                        f" {one.field} ({', '.join(one.reasons)})"
                    )


def _of(found: tuple[int, int] | None) -> str:
    return "-" if found is None else f"{found[1]}/{found[0]}"


if __name__ == "__main__":
    main()
