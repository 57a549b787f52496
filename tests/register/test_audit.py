"""Whoever changes, takes out, puts in or cuts off an entry of the audit chain is found out."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.errors import AuditChainBroken, RegisterError
from riskengine.register.audit import (
    GENESIS,
    AuditHead,
    append,
    canonical_json,
    entries,
    verify,
)
from riskengine.register.connection import open_register

COLUMNS = (
    "at",
    "actor",
    "action",
    "object",
    "payload",
    "salt",
    "payload_hash",
    "prev_hash",
    "hash",
)

COPY_AS = """
INSERT INTO audit SELECT {seq}, at, actor, action, object, payload, salt, payload_hash, prev_hash, 'x'
FROM audit
"""


@pytest.fixture
def heads(workspace):
    """The heads of a chain of five entries, as they were handed out."""
    return [append_one(workspace, number) for number in range(5)]


def append_one(workspace, number):
    with open_register(workspace) as connection:
        return append(
            connection, "A. Officer", "looked_up", f"box {number}", {"reason": "Ñ", "n": 1}
        )


def tamper(workspace, statement, *values):
    """Do what the owner of the file can do: take the triggers away, and write."""
    with closing(sqlite3.connect(workspace.register_file)) as connection, connection:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        assert connection.execute(statement, values).rowcount > 0


def test_an_untouched_chain_leads_to_its_head(workspace, heads):
    assert verify(workspace) == heads[-1]
    assert heads[-1].seq == 5


def test_an_empty_chain_ends_where_it_begins(workspace):
    assert verify(workspace) == AuditHead(seq=0, hash=GENESIS)


@pytest.mark.parametrize("column", COLUMNS)
def test_an_edited_entry_is_named(workspace, heads, column):
    value = b"x" * 16 if column == "salt" else "f" * 64
    tamper(workspace, f"UPDATE audit SET {column} = ? WHERE seq = 3", value)
    with pytest.raises(AuditChainBroken, match="breaks at entry 3"):
        verify(workspace)


def test_an_edited_payload_with_its_hash_made_to_fit_is_named(workspace, heads):
    tamper(
        workspace,
        "UPDATE audit SET payload = '{}', salt = ?, payload_hash = ? WHERE seq = 3",
        b"",
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",  # sha256 of {}
    )
    with pytest.raises(AuditChainBroken, match="entry 3: it says something else"):
        verify(workspace)


def test_an_entry_edited_and_sealed_anew_breaks_at_the_next_one(workspace, heads):
    (third,) = entries(workspace, about="box 2")
    forged = third.__class__(
        **{name: getattr(third, name) for name in third.__slots__} | {"actor": "Somebody Else"}
    )
    tamper(
        workspace,
        "UPDATE audit SET actor = ?, hash = ? WHERE seq = 3",
        forged.actor,
        forged.expected_hash(),
    )
    with pytest.raises(AuditChainBroken, match="entry 4: it does not follow"):
        verify(workspace)


@pytest.mark.parametrize("seq", [1, 3, 4])
def test_an_entry_taken_out_is_missed(workspace, heads, seq):
    tamper(workspace, "DELETE FROM audit WHERE seq = ?", seq)
    with pytest.raises(AuditChainBroken, match=f"breaks at entry {seq}: it is not there"):
        verify(workspace)


def test_an_entry_taken_out_and_the_rest_renumbered_is_noticed(workspace, heads):
    tamper(workspace, "DELETE FROM audit WHERE seq = 3")
    for seq in (4, 5):
        tamper(workspace, "UPDATE audit SET seq = ? WHERE seq = ?", seq - 1, seq)
    with pytest.raises(AuditChainBroken, match="breaks at entry 3"):
        verify(workspace)


def test_a_cut_tail_is_seen_only_by_who_kept_a_head(workspace, heads):
    tamper(workspace, "DELETE FROM audit WHERE seq > 3")
    assert verify(workspace) == heads[2]
    assert verify(workspace, witnessed=heads[2]) == heads[2]
    with pytest.raises(AuditChainBroken, match=r"ends at entry 3.*entry 5 was handed out"):
        verify(workspace, witnessed=heads[4])


def test_a_cut_tail_that_was_written_anew_is_seen_by_who_kept_a_head(workspace, heads):
    tamper(workspace, "DELETE FROM audit WHERE seq > 3")
    append_one(workspace, 3)
    append_one(workspace, 4)
    with pytest.raises(AuditChainBroken, match=r"Entry 5 .* is not the one"):
        verify(workspace, witnessed=heads[4])


def test_an_emptied_chain_is_seen_by_who_kept_a_head(workspace, heads):
    tamper(workspace, "DELETE FROM audit")
    with pytest.raises(AuditChainBroken, match="ends at entry 0"):
        verify(workspace, witnessed=heads[0])


def test_every_head_that_was_handed_out_stays_good(workspace, heads):
    for head in (AuditHead(seq=0, hash=GENESIS), *heads):
        assert verify(workspace, witnessed=head) == heads[-1]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'x' WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 2",
        "REPLACE INTO audit SELECT * FROM audit WHERE seq = 2",
        f"{COPY_AS.format(seq=9)} WHERE seq = 5",
        f"{COPY_AS.format(seq=6)} WHERE seq = 5",
    ],
)
def test_the_table_refuses_everything_but_the_next_entry(workspace, heads, statement):
    with (
        pytest.raises(RegisterError, match="only appended to"),
        open_register(workspace) as connection,
    ):
        connection.execute(statement)
    assert verify(workspace) == heads[-1]


def test_equal_payloads_do_not_show_that_they_are_equal(workspace, heads):
    """The salt keeps a short payload from being guessed from its hash."""
    hashes = {entry.payload_hash for entry in entries(workspace)}
    assert len(hashes) == 5


def test_entries_are_found_by_what_they_are_about(workspace, heads):
    (found,) = entries(workspace, action="looked_up", about="box 4")
    assert (found.seq, json.loads(found.payload)) == (5, {"reason": "Ñ", "n": 1})
    assert entries(workspace, action="other") == ()


@pytest.mark.parametrize(
    "payload",
    [{"x": 0.5}, {"x": [{"y": 1.0}]}, {1: "x"}, {"x": b"bytes"}, {"x": "\ud800"}],
    ids=["float", "nested float", "key that is no text", "bytes", "lone surrogate"],
)
def test_a_payload_without_one_single_text_is_refused(workspace, payload):
    with pytest.raises(RegisterError), open_register(workspace) as connection:
        append(connection, "a", "b", "c", payload)
    assert verify(workspace).seq == 0


contents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), contents, max_size=4))
@settings(max_examples=50, deadline=None)
def test_one_content_has_one_text_whatever_the_order_of_its_keys(content):
    text = canonical_json(content)
    assert json.loads(text) == content
    assert canonical_json(dict(reversed(content.items()))) == text
