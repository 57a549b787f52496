"""With which versions of which libraries a model is made."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import Final

from riskengine.model.card import Library

_LIBRARIES: Final = ("lightgbm", "numpy", "polars")


def libraries() -> tuple[Library, ...]:
    """Return the libraries that take part in a training, with the versions installed here."""
    versions = [
        Library(name=name, version=importlib.metadata.version(name)) for name in _LIBRARIES
    ]
    return (*versions, Library(name="python", version=platform.python_version()))
