"""The reference tables that ship with the engine, read once; README.md tells where each comes from."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import polars as pl

from riskengine.errors import ReferenceTableError


@cache
def read_table(name: str) -> pl.DataFrame:
    """Return a shipped table, every column as text except latitude and longitude.

    Raises:
        ReferenceTableError: The table is missing or damaged.
    """
    numbers = {"latitude": pl.Float64, "longitude": pl.Float64}
    try:
        content = files(__name__).joinpath(f"{name}.csv").read_bytes()
        table = pl.read_csv(content, infer_schema=False)
        return table.with_columns(
            pl.col(column).cast(kind)
            for column, kind in numbers.items()
            if column in table.columns
        )
    except (OSError, pl.exceptions.PolarsError) as fault:
        raise ReferenceTableError(
            f"The reference table {name} cannot be read.", remedy="Install riskengine again."
        ) from fault
