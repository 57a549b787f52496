"""The random stratum's secret is made once, promised in the audit chain, and kept to."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing

import pytest

from riskengine.errors import AuditChainBroken, RegisterError
from riskengine.register.audit import append, entries, verify
from riskengine.register.connection import create_register, open_register
from riskengine.register.seeds import commitment, make_stratum_seed, stratum_seed
from riskengine.workspace import Workspace

SECRET = bytes(range(32))


def test_the_secret_is_what_was_drawn_and_the_commitment_is_its_digest(workspace):
    promised = make_stratum_seed(workspace, "init", entropy=lambda count: SECRET[:count])
    assert stratum_seed(workspace) == SECRET
    assert promised == commitment(workspace) == hashlib.sha256(SECRET).hexdigest()


def test_the_audit_chain_holds_the_commitment_and_not_the_secret(workspace):
    make_stratum_seed(workspace, "init", entropy=lambda _: SECRET)
    (entry,) = entries(workspace)
    assert commitment(workspace) in entry.payload
    assert SECRET.hex() not in entry.payload
    assert verify(workspace).seq == 1


def test_two_workspaces_have_two_secrets(tmp_path):
    secrets = set()
    for name in ("one", "other"):
        workspace = Workspace(tmp_path / name)
        create_register(workspace)
        make_stratum_seed(workspace, "init")
        secrets.add(stratum_seed(workspace))
    assert len(secrets) == 2


def test_a_secret_is_never_made_anew(workspace):
    make_stratum_seed(workspace, "init", entropy=lambda _: SECRET)
    with pytest.raises(RegisterError, match="already"):
        make_stratum_seed(workspace, "init")
    assert stratum_seed(workspace) == SECRET


def test_a_secret_exchanged_in_the_file_is_noticed(workspace):
    make_stratum_seed(workspace, "init")
    with closing(sqlite3.connect(workspace.register_file)) as connection, connection:
        connection.execute("UPDATE stratum_secret SET secret = ?", (SECRET,))
    with pytest.raises(AuditChainBroken, match="not the one"):
        stratum_seed(workspace)


def test_a_second_commitment_is_noticed(workspace):
    make_stratum_seed(workspace, "init")
    with open_register(workspace) as connection:
        append(connection, "x", "stratum_secret_committed", "random_stratum", {"sha256": "0"})
    with pytest.raises(AuditChainBroken, match=r"Entry 2 .* second stratum secret"):
        stratum_seed(workspace)


def test_too_little_chance_is_refused(workspace):
    with pytest.raises(RegisterError, match="32 random bytes"):
        make_stratum_seed(workspace, "init", entropy=lambda _: b"short")


@pytest.mark.parametrize("ask", [stratum_seed, commitment])
def test_without_a_secret_the_remedy_is_init(workspace, ask):
    with pytest.raises(RegisterError, match="riskengine init"):
        ask(workspace)
