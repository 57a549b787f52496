"""A mapping file as it was when a file was read with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.ledger import received
from riskengine.manifest.mapping import mapping_of

if TYPE_CHECKING:
    from riskengine.manifest import FieldMapping
    from riskengine.workspace import Workspace


def mapping_kept(workspace: Workspace, sha256: str) -> FieldMapping | None:
    """Return the mapping of this digest; None for none.

    Args:
        workspace: The unit's folder.
        sha256: Of the bytes of the mapping file, or the empty string.

    Raises:
        LedgerError: It is not kept, as of files read before mappings were, or has changed.
        MappingError: This engine cannot read it any more.
    """
    if not sha256:
        return None
    with received.open_received(workspace, sha256) as content:
        return mapping_of(content.read(), f"{sha256}.toml")
