"""Settings of a world in a TOML file: the names are those of `Settings`, and a ``[[wave]]`` each wave.

``presets = ["everything"]`` names settings that go together (`riskengine.simulate.presets`).
"""

from __future__ import annotations

import tomllib
from dataclasses import MISSING, fields, replace
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from riskengine.domain import Typology
from riskengine.errors import UsageError
from riskengine.simulate.presets import PRESETS
from riskengine.simulate.settings import Settings, Wave

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_LARGEST = 1_000_000  # bytes


def load_settings(path: Path, **told: Any) -> Settings:
    """Read the settings of a world from a file.

    Args:
        path: The TOML file.
        told: Settings that go before those of the file; ``waves`` are added to those of the file.

    Raises:
        UsageError: The file cannot be read, names what is no setting, or a value is out of its range.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{path} is too large for a file of settings.")
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise UsageError(
            f"The settings {path} cannot be read: {fault}.", remedy="Check the file."
        ) from fault
    waves = _waves(table.pop("wave", []))
    presets = _presets(table.pop("presets", []))
    given = _checked(Settings, table) | told
    given["waves"] = (*waves, *told.get("waves", ()))
    made = Settings(**given)
    for preset in presets:
        made = preset(made)
    # What was told goes before a preset; waves are added to those of a preset.
    return replace(made, **{name: value for name, value in given.items() if name != "waves"})


def wave_of(text: str) -> Wave:
    """Read a wave as it is written on the command line: ``TYPOLOGY=FROM..TO:STRENGTH``.

    Each part after the typology may be left out.

    >>> wave_of("cold_route=2025-03-01..").starts_on
    datetime.date(2025, 3, 1)

    Raises:
        UsageError: It is written otherwise.
    """
    name, _, rest = text.partition("=")
    days, _, strength = rest.partition(":")
    first, _, last = days.partition("..")
    try:
        return Wave(
            typology=Typology(name.strip()),
            starts_on=date.fromisoformat(first) if first else None,
            ends_on=date.fromisoformat(last) if last else None,
            strength=float(strength) if strength else 1.0,
        )
    except ValueError as fault:
        raise UsageError(
            f"{text!r} is no wave: {fault}.",
            remedy="Write it as cold_route=2025-03-01..2025-06-30:0.8; every part after the typology may be missing.",
        ) from fault


def _presets(names: object) -> list[Callable[[Settings], Settings]]:
    given = (
        [str(name) for name in cast("list[object]", names)] if isinstance(names, list) else []
    )
    unknown = [name for name in given if name not in PRESETS]
    if unknown or not isinstance(names, list):
        raise UsageError(
            f"{', '.join(unknown) or names!r} is no preset of a world.",
            remedy=f'Write it as presets = ["{next(iter(PRESETS))}"]; there are {", ".join(PRESETS)}.',
        )
    return [PRESETS[name] for name in given]


def _waves(tables: object) -> list[Wave]:
    if not isinstance(tables, list):
        raise UsageError("Waves are written as tables: [[wave]].")
    return [Wave(**_checked(Wave, cast("Mapping[str, Any]", table))) for table in tables]  # pyright: ignore[reportUnknownVariableType]


def _checked(kind: type[Settings | Wave], table: object) -> dict[str, Any]:
    """Return the values of a table, each of the type of its setting.

    Raises:
        UsageError: A name is none of a setting, or a value is of another type.
    """
    if not isinstance(table, dict):
        raise UsageError("Waves are written as tables: [[wave]].")
    types = {field.name: str(field.type) for field in fields(kind) if field.name != "waves"}
    values: dict[str, Any] = {}
    for name, value in cast("dict[str, object]", table).items():
        if name not in types:
            raise UsageError(
                f"{name!r} is no setting of a world.",
                remedy=f"Choose among {', '.join(types)}.",
            )
        values[name] = _typed(name, types[name], value)
    needed = [field.name for field in fields(kind) if field.default is MISSING]
    missing = [name for name in needed if name not in values]
    if missing:
        raise UsageError(f"A {kind.__name__.lower()} needs {', '.join(missing)}.")
    return values


def _typed(name: str, wanted: str, value: object) -> object:
    if "Typology" in wanted:
        given = cast("list[object]", value) if isinstance(value, list) else [value]
        known = {kind.value: kind for kind in Typology}
        unknown = [str(each) for each in given if each not in known]
        if unknown:
            raise UsageError(
                f"{', '.join(unknown)} is no typology.",
                remedy=f"Choose among {', '.join(known)}.",
            )
        kinds = tuple(known[str(each)] for each in given)
        return kinds if "tuple" in wanted else kinds[0]
    if _fits(wanted, value):
        return float(value) if "float" in wanted and isinstance(value, int) else value
    raise UsageError(f"{name} is {value!r}; it must be of type {wanted.partition(' ')[0]}.")


def _fits(wanted: str, value: object) -> bool:
    if isinstance(value, bool):
        return wanted == "bool"
    if "float" in wanted:
        return isinstance(value, (int, float))
    if "date" in wanted:
        return type(value) is date
    return wanted == "int" and isinstance(value, int)
