"""What was received is kept byte for byte, and nobody gets other bytes for the same digest."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.errors import LedgerError
from riskengine.ledger.received import keep, open_received
from riskengine.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "unit")


def kept(workspace):
    return [path for path in workspace.received_folder.rglob("*") if path.is_file()]


@given(st.binary(max_size=200))
@settings(max_examples=30, deadline=None)
def test_whatever_is_kept_comes_back(tmp_path_factory, content):
    workspace = Workspace(tmp_path_factory.mktemp("unit"))
    sha256 = keep(workspace, content)
    assert sha256 == hashlib.sha256(content).hexdigest()
    with open_received(workspace, sha256) as file:
        assert file.read() == content


def test_a_file_and_its_bytes_are_kept_once(workspace, tmp_path):
    path = tmp_path / "voyage.csv"
    path.write_bytes(b"container_number\n" * 200_000)
    assert keep(workspace, path) == keep(workspace, path.read_bytes()) == keep(workspace, path)
    (only,) = kept(workspace)
    assert only.parent.name == only.name[:2]


def test_changed_bytes_are_not_handed_out(workspace):
    sha256 = keep(workspace, b"as received")
    (path,) = kept(workspace)
    path.chmod(0o600)
    path.write_bytes(b"as Received")
    with pytest.raises(LedgerError, match="not those that were received"):
        open_received(workspace, sha256)
    assert keep(workspace, b"as received") == sha256
    with open_received(workspace, sha256) as file:
        assert file.read() == b"as received"


def test_what_never_came_is_not_there(workspace):
    with pytest.raises(LedgerError, match="Nothing was received"):
        open_received(workspace, "0" * 64)


@pytest.mark.parametrize("sha256", ["", "../register.sqlite", "A" * 64, "0" * 63])
def test_what_is_no_digest_opens_nothing(workspace, sha256):
    with pytest.raises(LedgerError, match="no sha256"):
        open_received(workspace, sha256)


def test_a_missing_file_is_told(workspace, tmp_path):
    with pytest.raises(LedgerError, match="No such file"):
        keep(workspace, tmp_path / "nothing.csv")


@pytest.mark.parametrize(("owner", "name"), [(os, "fsync"), (Path, "replace"), (Path, "chmod")])
def test_a_failing_step_leaves_nothing_behind(workspace, monkeypatch, owner, name):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, fail)
        with pytest.raises(LedgerError, match="No space left"):
            keep(workspace, b"as received")
    assert kept(workspace) == []
    with open_received(workspace, keep(workspace, b"as received")) as file:
        assert file.read() == b"as received"
