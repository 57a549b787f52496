"""Every file of the corpus has one main fault: it is told with its place, its line and a way out.

``corpus/expected.txt`` holds the first fault of each file as its author reads it, so that a change of wording is
read by a person: ``UPDATE_SNAPSHOTS=1 pytest tests/rules/test_corpus.py`` renews it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from riskengine.errors import RulesRefused
from riskengine.rules.pack import load_pack, read_pack

CORPUS = Path(__file__).parent / "corpus"
EXPECTED = CORPUS / "expected.txt"
FILES = [
    *(file for file in sorted((CORPUS / "rules").glob("*.yaml")) if file.name != "pack.yaml"),
    *sorted((CORPUS / "lists").glob("*.yaml")),
    *sorted((CORPUS / "exceptions").glob("*.yaml")),
    *sorted((CORPUS / "packs").iterdir()),
]
# A pack as a whole has no line to show, nor has a file without any text.
WITHOUT_LINE = {"no-rules", "file-ending-yml", "empty-pack-file", "yaml-empty.yaml"}


def name_of(path: Path) -> str:
    return path.relative_to(CORPUS).as_posix()


def expectations() -> dict[str, str]:
    sections = EXPECTED.read_text("utf-8").split("\n== ")[1:] if EXPECTED.exists() else []
    return {name: told for name, _, told in (section.partition("\n") for section in sections)}


def first_fault(path: Path, fields) -> str:
    _, faults = read_pack(path, fields)
    assert faults, "this file is read without a fault"
    return str(faults[0]).replace(f"{CORPUS.as_posix()}/", "")


def test_the_corpus_is_wide():
    assert len(FILES) >= 150


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_faulty_file_is_told_with_its_place_its_line_and_a_way_out(path, fields):
    _, faults = read_pack(path, fields)

    assert faults
    for fault in faults:
        assert fault.sentence
        assert Path(fault.place.file).is_relative_to(path)
        assert fault.line.isprintable()
        assert fault.hint.isprintable()
        assert fault.sentence.isprintable()
    if path.name not in WITHOUT_LINE:
        first = faults[0]
        assert (first.place.line or 0) >= 1
        assert (first.place.column or 0) >= 1
        assert first.line
        assert 0 <= first.caret <= len(first.line)
        assert first.hint


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_the_first_fault_is_worded_as_it_was_reviewed(path, fields):
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        pytest.skip("the wording is being renewed")
    assert first_fault(path, fields) == expectations()[name_of(path)].rstrip("\n")


def test_the_reviewed_wording_is_that_of_these_files(fields):
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        head = "The first fault of each file of this folder, as its author reads it.\n"
        told = [f"\n== {name_of(path)}\n{first_fault(path, fields)}\n" for path in FILES]
        EXPECTED.write_text("".join([head, *told]), "utf-8")
    assert sorted(expectations()) == sorted(map(name_of, FILES))


def test_what_refuses_a_pack_carries_every_fault(fields):
    path = CORPUS / "packs" / "faulty-list-asked"

    with pytest.raises(RulesRefused) as refused:
        load_pack(path, fields)

    assert refused.value.faults == read_pack(path, fields)[1]


WATCHED = """
import json, sys
from pathlib import Path
from riskengine.rules.pack import read_pack

corpus, paths, fields = Path(sys.argv[1]), json.loads(sys.argv[2]), json.loads(sys.argv[3])
for path in paths:
    read_pack(Path(path), fields)  # whatever is imported on first use, is now

REFUSED = ("exec", "compile", "import", "socket", "subprocess", "os.", "pickle", "ctypes", "shutil", "code.")
HARMLESS = {"os.listdir", "os.scandir"}

def watch(event, arguments):
    if event == "open":
        path, mode, _ = arguments
        inside = isinstance(path, (str, bytes)) and Path(str(path)).resolve().is_relative_to(corpus)
        if mode not in {None, "r", "rb"} or not inside:
            raise RuntimeError(f"opened {path!r} as {mode!r}")
    elif event.startswith(REFUSED) and event not in HARMLESS:
        raise RuntimeError(f"{event} {arguments!r}")

sys.addaudithook(watch)
faulty = sum(bool(read_pack(Path(path), fields)[1]) for path in paths)
print(faulty)
"""


def test_reading_opens_nothing_else_and_runs_nothing(fields):
    arguments = [str(CORPUS), json.dumps([str(path) for path in FILES]), json.dumps(fields)]
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *arguments], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert int(done.stdout) == len(FILES)
