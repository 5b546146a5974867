"""Tables as Parquet and back, one at a time or many as one scan."""

from __future__ import annotations

import io
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from toolkit.errors import StoreError
from toolkit.manifest import SCHEMA_VERSION
from toolkit.tables.schemas import SCHEMAS

if TYPE_CHECKING:
    import polars as pl

__all__ = ["decode", "encode", "gather", "together"]


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


def gather(name: str, contents: Sequence[bytes]) -> bytes:
    """The same table of many sessions as one, in their order, as Parquet bytes of each.

    Raises
    ------
    StoreError
        When one of them is no Parquet or has other columns.
    """
    import polars as pl

    try:
        return encode(scanned(name, [io.BytesIO(data) for data in contents]).collect())
    except (pl.exceptions.PolarsError, OSError):
        raise StoreError(f"table {name} is damaged.", hint="Run the sessions again.") from None


def together(
    name: str, parts: Sequence[tuple[Path, frozenset[str]]], files: Sequence[Path | IO[bytes]]
) -> pl.LazyFrame:
    """One table of many sessions, to be read when it is collected, sorted by session.

    Parameters
    ----------
    name
        Which table.
    parts
        Files of many sessions, each in order, with the sessions to leave out.
    files
        Files of one session each, or what is in them, in order.
    """
    import polars as pl

    pieces = []
    for all_of_it, group in itertools.groupby(parts, key=lambda part: not part[1]):
        if all_of_it:
            pieces.append(scanned(name, [path for path, _ in group]))
        else:
            pieces += [
                scanned(name, [path]).filter(~pl.col("session_id").is_in(sorted(without))) for path, without in group
            ]
    if not pieces:
        return scanned(name, files)
    collected = pl.concat(pieces)
    return collected.merge_sorted(scanned(name, files), key="session_id") if files else collected


def scanned(name: str, sources: Sequence[Path | IO[bytes]]) -> pl.LazyFrame:
    """The rows of some files or bytes in their order; none, with the table's columns, for none."""
    import polars as pl

    if not sources:
        return pl.LazyFrame(schema=dict(SCHEMAS[name]))
    given = cast("list[Path] | list[IO[bytes]]", list(sources))
    return pl.scan_parquet(given, schema=pl.Schema(dict(SCHEMAS[name])), glob=False)
