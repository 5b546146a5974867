"""Many sessions' rows in one file for other programs, written as they are read, so that memory stays small."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.formats.csv_out import FORMULA
from toolkit.manifest import SCHEMA_VERSION

if TYPE_CHECKING:
    import polars as pl

__all__ = ["with_people", "write"]

ROWS = 100_000  # of a row group: a number of its own, so that the bytes do not depend on the machine


def write(table: pl.LazyFrame, path: Path) -> None:
    """Write a table as CSV or, by any other name, as Parquet; text that would run as a formula is neutralised in CSV.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    if path.suffix == ".csv":
        neutral(table).sink_csv(path, maintain_order=True)
    else:
        told = {"toolkit.schema_version": str(SCHEMA_VERSION)}
        table.sink_parquet(path, compression="zstd", row_group_size=ROWS, maintain_order=True, metadata=told)


def with_people(table: pl.LazyFrame, who: Mapping[str, tuple[str, str]]) -> pl.LazyFrame:
    """The same rows with the pseudonymous ids of therapist and client after the session's."""
    import polars as pl

    schema = {"session_id": str, "therapist": str, "client": str}
    people = pl.LazyFrame([(s, *ids) for s, ids in sorted(who.items())], schema=schema, orient="row")
    joined = table.join(people, on="session_id", how="left", maintain_order="left")
    return joined.select(*schema, pl.exclude(*schema))


def neutral(table: pl.LazyFrame) -> pl.LazyFrame:
    """The same table with text as `toolkit.formats.csv_out.neutral` makes it."""
    import polars as pl

    begins = "".join(map(re.escape, FORMULA))
    text = pl.col(pl.String).str.replace_all("\r\n?", "\n").str.replace(f"^([{begins}])", "'${1}")
    return table.with_columns(text)
