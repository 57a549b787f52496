"""Boxes that a new version no longer names are named, and an older version says that it is not the last."""

import pytest


@pytest.fixture
def versions(tmp_path, voyage_lines, written_lines):
    """The first four lines of the voyage, and a later version of it without the last."""
    lines = voyage_lines()[:4]
    first = written_lines(tmp_path / "first.csv", lines)
    second = written_lines(tmp_path / "second.csv", lines[:3])
    return first, second, lines[3]["container_number"]


def test_a_box_that_a_version_no_longer_names_is_named_everywhere(unit, versions, command):
    first, second, gone = versions
    assert (
        "later version"
        not in command("score", first, "--at", "2026-03-06", "-w", unit.root).err
    )
    said = command("score", second, "--at", "2026-03-07", "-w", unit.root)
    assert f"{gone} stood under bill" in said.err
    assert "Defects in the file" not in said.err
    explained = command("explain", gone, "-w", unit.root).err
    assert "second.csv, Mar 7, 2026; this is version 1 of 2." in explained
    assert f"{gone} is no longer named by a later version" in explained
    again = command("score", first, "--at", "2026-03-08", "-w", unit.root)
    assert "A later version of this manifest was received: second.csv, Mar 7, 2026" in again.err
