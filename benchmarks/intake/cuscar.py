"""How long reading a large CUSCAR takes, beside pydifact's parse of the same bytes.

python benchmarks/intake/cuscar.py [SEGMENTS] [ROUNDS]

pydifact splits the message into segments and checks nothing else. We are timed twice: `segments` is framing,
counting, checking and flattening into rows of canonical fields; `manifest` is the whole of read_manifest, down to typed
frames and defects; modules and reference tables are loaded before, as pydifact is. Each round runs the three one after the other in processes of their own, so that a noisy machine
troubles all of them alike; the ratios are those of the medians. pydifact is looked for beside this interpreter, and then in
.venv-bench.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from riskengine.codes.containers import check_digit
from riskengine.manifest import read_manifest
from riskengine.manifest.edifact_format import read_edifact
from riskengine.manifest.plan import FileSettings

SEGMENTS = 120_000
ROUNDS = 5
SEED = 20260308

PYDIFACT = """
import sys, time, warnings
warnings.simplefilter("ignore")
from pydifact.segmentcollection import Interchange
text = open(sys.argv[1], encoding="latin-1").read()
start = time.perf_counter()
interchange = Interchange.from_str(text)
count = sum(1 for message in interchange.get_messages() for _ in message.segments)
print(time.perf_counter() - start, count)
"""

TRADERS = [f"Trading House {number} S.A." for number in range(400)]
STREETS = ["Kaai 188:Antwerpen", "Km 12 Via a Daule:Guayaquil", "Rue de l?'Eglise 7:Le Havre"]
GOODS = [
    "FRESH CAVENDISH BANANAS, 1080 BOXES:REEFER ?+13.3C",
    "COCOA BEANS IN JUTE BAGS, CROP 2025",
    "FROZEN VANNAMEI SHRIMP HEAD-ON SHELL-ON 10X2KG",
]
PORTS = ["ECGYE", "ECPSJ", "COCTG", "BRSSZ"]


def containers(draw: random.Random, count: int) -> list[str]:
    bodies = draw.sample(range(10**6), count)
    return [f"XOCU{body:06d}{check_digit(f'XOCU{body:06d}')}" for body in bodies]


def message(segments: int) -> bytes:
    """Make one voyage of about so many segments: bills of one to three boxes, all of them different."""
    draw = random.Random(SEED)  # noqa: S311 - made-up cargo
    boxes = containers(draw, segments // 14)
    equipment, bills = [], []
    at = bill = 0
    while at < len(boxes) and len(equipment) + len(bills) < segments - 60:
        bill += 1
        held = boxes[at : at + draw.choice([1, 1, 1, 2, 3])]
        at += len(held)
        for box in held:
            equipment += [
                f"EQD+CN+{box}+45R1:102:5+2++5",
                f"MEA+AAE+T+KGM:{draw.randrange(2200, 4900, 10)}",
                f"MEA+AAE+VGM+KGM:{draw.randrange(8000, 30000)}",
                f"SEL+XO{draw.randrange(10**6)}+CA",
                "TMP+2+13.3:CEL",
            ]
        bills += [
            f"CNI+{bill}+XOCN{bill:08d}",
            f"RFF+BM:XOCN{bill:08d}",
            f"DTM+182:202602{draw.randrange(1, 29):02d}:102",
            f"LOC+9+{draw.choice(PORTS)}:139:6",
            "LOC+11+BEANR:139:6",
            "LOC+7+BEANR:139:6",
            "GIS+23",
            "CPI+4++P",
            f"MOA+64:{draw.randrange(1000, 6000)}:USD",
        ]
        bills += [
            f"NAD+{role}+++{draw.choice(TRADERS)}+{draw.choice(STREETS)}++++{draw.choice(['BE', 'NL', 'EC'])}"
            for role in ("CZ", "CN", "NI")
        ]
        for place, box in enumerate(held, start=1):
            mass = draw.randrange(40000, 90000) / 4
            bills += [
                f"GID+{place}+1080:CT",
                f"FTX+AAA+++{draw.choice(GOODS)}",
                f"MEA+AAE+G+KGM:{mass}",
                f"MEA+AAE+N+KGM:{mass * 0.9:.1f}",
                f"SGP+{box}+1080",
                f"CST+{place}+080390:122",
            ]
    header = [
        "UNH+1+CUSCAR:D:95B:UN",
        "BGM+785+2026-00417+9",
        "DTM+137:20260303:102",
        "TDT+20+609E+1++XOCN:172:20:Example Ocean Lines+++1234567:146::EXAMPLE ANDES",
        "DTM+132:202603080430:203",
    ]
    body = [*header, *equipment, *bills]
    lines = [
        "UNB+UNOC:3+XOCN+CUSTOMS+260303:1015+77",
        *body,
        f"UNT+{len(body) + 1}+1",
        "UNZ+1+77",
    ]
    return "".join(f"{line}'\n" for line in lines).encode("latin-1")


def turn(kind: str, path: Path) -> None:
    data = path.read_bytes()
    small = path.with_name("small.edi")
    small.write_bytes(message(200))
    read_manifest(small)  # the first reading loads modules and reference tables
    start = time.perf_counter()
    if kind == "segments":
        height = read_edifact(data, file=path.name, settings=FileSettings()).frame.height
    else:
        reading = read_manifest(path)
        height = reading.manifest.goods_items.height
        if reading.defects:
            raise SystemExit(f"The message should be sound: {reading.defects[0]}")
    print(json.dumps({"seconds": time.perf_counter() - start, "rows": height}))


def ours(kind: str, path: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--turn", kind, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def theirs(path: Path) -> float:
    beside = Path(__file__).parents[2] / ".venv-bench" / "bin" / "python"
    python = str(beside) if beside.exists() else sys.executable
    done = subprocess.run(
        [python, "-c", PYDIFACT, str(path)], capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[0])


def main() -> None:
    if sys.argv[1:2] == ["--turn"]:
        turn(sys.argv[2], Path(sys.argv[3]))
        return
    segments = int(sys.argv[1]) if len(sys.argv) > 1 else SEGMENTS
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "voyage.edi"
        path.write_bytes(message(segments))
        count = path.read_bytes().count(b"'\n")
        seconds: dict[str, list[float]] = {"pydifact": [], "segments": [], "manifest": []}
        for _ in range(rounds):
            seconds["pydifact"].append(theirs(path))
            for kind in ("segments", "manifest"):
                told = ours(kind, path)
                seconds[kind].append(told["seconds"])
        medians = {name: statistics.median(values) for name, values in seconds.items()}
        print(f"{count} segments, {told['rows']} rows, {path.stat().st_size} bytes")
        for name, value in medians.items():
            print(
                f"{name:9} {value:6.3f} s   {medians['pydifact'] / value:5.1f} times as fast as pydifact"
            )


if __name__ == "__main__":
    main()
