"""The secret from which the random stratum is drawn, and the promise that it was not changed.

What it protects against: somebody who knows the engine, the rules and the manifest, but not the
secret, cannot tell which containers the random draw will take; and nobody can say afterwards that
another secret was used, because its sha256 was written into the audit chain when it was made.

What it does not protect against: whoever can read the register's file can read the secret and
foretell every draw. Keep the file on an encrypted disk, under an account that officers do not
share. Nor does the commitment prove that the secret was drawn by chance: whoever made it could
have tried many. For that, several people would have to contribute to it.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Final

from riskengine.errors import AuditChainBroken, RegisterError
from riskengine.register.audit import append, entries
from riskengine.register.connection import open_register

if TYPE_CHECKING:
    from collections.abc import Callable

    from riskengine.workspace import Workspace

SECRET_BYTES: Final = 32
_ACTION: Final = "stratum_secret_committed"
_OBJECT: Final = "random_stratum"


def make_stratum_seed(
    workspace: Workspace,
    actor: str,
    *,
    entropy: Callable[[int], bytes] = os.urandom,
) -> str:
    """Draw the secret, write its commitment into the audit chain, and return the commitment.

    Args:
        workspace: The unit's folder.
        actor: Who answers for it.
        entropy: Gives so many random bytes; the operating system's by default.

    Raises:
        RegisterError: There is a secret already, or ``entropy`` gave too little.
    """
    secret = entropy(SECRET_BYTES)
    if len(secret) != SECRET_BYTES:
        raise RegisterError(f"The random stratum's secret needs {SECRET_BYTES} random bytes.")
    promise = _commitment_of(secret)
    with open_register(workspace) as connection:
        if connection.execute("SELECT 1 FROM stratum_secret").fetchone():
            raise RegisterError("The random stratum has its secret already.")
        connection.execute("INSERT INTO stratum_secret VALUES (1, ?)", (secret,))
        append(connection, actor, _ACTION, _OBJECT, {"sha256": promise})
    return promise


def stratum_seed(workspace: Workspace) -> bytes:
    """Return the secret: 32 bytes to be mixed with the draw's own public particulars.

    Raises:
        RegisterError: None was made yet.
        AuditChainBroken: It is not the secret that was committed to.
    """
    with open_register(workspace, read_only=True) as connection:
        row = connection.execute("SELECT secret FROM stratum_secret").fetchone()
    if row is None:
        raise _none_made(workspace)
    secret = bytes(row[0])
    if _commitment_of(secret) != commitment(workspace):
        raise AuditChainBroken(
            "The random stratum's secret is not the one that the audit chain has committed to."
        )
    return secret


def commitment(workspace: Workspace) -> str:
    """Return the sha256 of the secret, as the audit chain has it.

    Raises:
        RegisterError: No secret was made yet.
        AuditChainBroken: The chain commits to more than one.
    """
    promises = entries(workspace, action=_ACTION, about=_OBJECT)
    if not promises:
        raise _none_made(workspace)
    only, *others = promises
    for second in others:
        raise AuditChainBroken(
            f"Entry {second.seq} of the audit chain commits to a second stratum secret."
        )
    return str(json.loads(only.payload)["sha256"])


def _commitment_of(secret: bytes) -> str:
    return hashlib.sha256(secret).hexdigest()


def _none_made(workspace: Workspace) -> RegisterError:
    return RegisterError(
        f"The random stratum in {workspace.root} has no secret yet.",
        remedy=f"Make the workspace with `riskengine init {workspace.root}`.",
    )
