"""Tables as Parquet and back, one at a time or many as one scan."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.errors import StoreError
from toolkit.manifest import SCHEMA_VERSION
from toolkit.tables.schemas import SCHEMAS

if TYPE_CHECKING:
    import polars as pl

__all__ = ["decode", "encode", "lazy"]


def encode(table: pl.DataFrame) -> bytes:
    """A table as Parquet (zstd) with the schema version in its metadata."""
    out = io.BytesIO()
    table.write_parquet(out, compression="zstd", metadata={"toolkit.schema_version": str(SCHEMA_VERSION)})
    return out.getvalue()


def decode(name: str, data: bytes) -> pl.DataFrame:
    """A table from its Parquet bytes.

    Raises
    ------
    StoreError
        When the bytes are no Parquet or the columns are not those of `SCHEMAS`.
    """
    import polars as pl

    try:
        table = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError):
        raise StoreError(f"table {name} is damaged.", hint="Run the session again.") from None
    if table.schema != pl.Schema(dict(SCHEMAS[name])):
        raise StoreError(f"table {name} has other columns than it should.", hint="Run the session again.")
    return table


def lazy(name: str, files: Sequence[Path]) -> pl.LazyFrame:
    """One table of many sessions, to be read when it is collected; empty with its columns for no files."""
    import polars as pl

    if not files:
        return pl.LazyFrame(schema=dict(SCHEMAS[name]))
    return pl.scan_parquet(list(files), schema=pl.Schema(dict(SCHEMAS[name])), glob=False)
