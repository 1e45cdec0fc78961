"""Encodes numbers as rows of `reading` in Postgres's binary COPY format: half the work of an INSERT on either side."""

import numpy as np

from bridge.store.numbers import Numbers

COLUMNS = ("at", "value", "committed_at", "series_id")
# https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format": big-endian, each field after its length.
ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("at_length", ">i4"),
        ("at", ">i8"),
        ("value_length", ">i4"),
        ("value", ">f8"),
        ("committed_at_length", ">i4"),
        ("committed_at", ">i8"),
        ("series_id_length", ">i4"),
        ("series_id", ">i4"),
    ]
)
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
EPOCH = 946_684_800_000_000
"""Postgres counts the microseconds of a timestamp from 2000-01-01."""


def rows(numbers: Numbers, committed_at: int) -> memoryview:
    """Everything that COPY wants to read, for `COLUMNS` in this order.

    As a buffer, which asyncpg sends in one go. For an iterator's next piece it would wait until this one is sent, and for
    ever once the connection is lost; `bytes` it takes for the name of a file.
    """
    table = np.empty(len(numbers.series), ROW)
    table["fields"] = len(COLUMNS)
    table["at_length"] = table["value_length"] = table["committed_at_length"] = 8
    table["series_id_length"] = 4
    table["at"] = numbers.at - EPOCH
    table["value"] = numbers.value
    table["committed_at"] = committed_at - EPOCH
    table["series_id"] = numbers.series
    return memoryview(HEADER + table.tobytes() + TRAILER)
