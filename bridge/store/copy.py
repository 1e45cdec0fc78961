"""Sends columns to a table in Postgres's binary COPY format: half the work of an INSERT on either side."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import asyncpg
import numpy as np
from numpy.typing import NDArray

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
EPOCH = 946_684_800_000_000
"""Postgres counts the microseconds of a timestamp from 2000-01-01."""


async def copy(connection: asyncpg.Connection, table: str, columns: Mapping[str, NDArray[Any]]) -> None:
    """Append rows. Columns are of equal length, and of the types of the table's: `i4`, `i8`, `f8` and `?`; see `timestamps`.

    As a buffer, which asyncpg sends in one go. For an iterator's next piece it would wait until this one is sent, and for
    ever once the connection is lost; `bytes` it takes for the name of a file.
    """
    source: Any = memoryview(_rows(list(columns.values())))  # asyncpg's types know no buffer
    await connection.copy_to_table(table, source=source, columns=list(columns), format="binary")


def timestamps(at: NDArray[np.int64]) -> NDArray[np.int64]:
    """Microseconds since the epoch as Postgres keeps them."""
    return at - EPOCH


def _rows(columns: list[NDArray[Any]]) -> bytes:
    table = np.empty(len(columns[0]), _row(tuple(column.dtype for column in columns)))
    table["fields"] = len(columns)
    for number, column in enumerate(columns):
        table[f"length {number}"] = column.itemsize
        table[f"value {number}"] = column
    return HEADER + table.tobytes() + TRAILER


@cache
def _row(types: tuple[np.dtype[Any], ...]) -> np.dtype[Any]:
    """https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format": big-endian, each field after its length."""
    fields = [("fields", ">i2")]
    for number, kind in enumerate(types):
        fields += [(f"length {number}", ">i4"), (f"value {number}", kind.newbyteorder(">").str)]
    return np.dtype(fields)
