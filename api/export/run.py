"""Readings in order as columns, and how Postgres's binary rows become them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from api.database import POSTGRES_EPOCH

# https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format": big-endian, each field after its length.
ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("at_length", ">i4"),
        ("at", ">i8"),
        ("series_length", ">i4"),
        ("series", ">i4"),
        ("value_length", ">i4"),
        ("value", ">f8"),
    ]
)
HEADER, TRAILER = 19, 2
"""Bytes of each: signature, flags and an empty extension; minus one as a number of fields."""


@dataclass(frozen=True, slots=True)
class Run:
    """Columns of equal length, one entry a reading, ordered by time and at equal times by series."""

    at: NDArray[np.int64]
    """Microseconds since the epoch."""
    series: NDArray[np.int32]
    """Its index in the list of the series that are exported."""
    value: NDArray[np.float64]
    """0 where there is a text."""
    text: Any
    """An Arrow array of texts, null where there is a number; `None` without any text."""

    def __len__(self) -> int:
        return len(self.at)

    def piece(self, start: int, end: int) -> "Run":
        text = None if self.text is None else self.text.slice(start, end - start)
        return Run(self.at[start:end], self.series[start:end], self.value[start:end], text)

    def where(self, these: NDArray[np.bool_]) -> "Run":
        return self.take(np.flatnonzero(these))

    def take(self, these: NDArray[np.intp]) -> "Run":
        text = None if self.text is None else self.text.take(pa.array(these))
        return Run(self.at[these], self.series[these], self.value[these], text)


def numbers(binary: bytes) -> Run:
    """The rows (at, series, value) of a COPY, in their order, with the series as they are numbered in the rows."""
    count = (len(binary) - HEADER - TRAILER) // ROW.itemsize
    rows = np.frombuffer(binary, ROW, count, HEADER)
    return Run(
        rows["at"].astype(np.int64) + POSTGRES_EPOCH,
        rows["series"].astype(np.int32),
        rows["value"].astype(np.float64),
        None,
    )


def texts(rows: Sequence[tuple[int, int, str]]) -> Run:
    """The same rows of texts, each with its moment in microseconds since the epoch."""
    return Run(
        np.array([at for at, _, _ in rows], np.int64),
        np.array([series for _, series, _ in rows], np.int32),
        np.zeros(len(rows)),
        pa.array([text for _, _, text in rows], pa.string()),
    )


def join(runs: Sequence[Run]) -> Run:
    """One after the other."""
    if len(runs) == 1:
        return runs[0]
    text = None
    if any(run.text is not None for run in runs):
        text = pa.concat_arrays([pa.nulls(len(run), pa.string()) if run.text is None else run.text for run in runs])
    return Run(
        np.concatenate([run.at for run in runs]),
        np.concatenate([run.series for run in runs]),
        np.concatenate([run.value for run in runs]),
        text,
    )


def order(run: Run, *, descending: bool) -> Run:
    """By time and, at equal times, by series; descending is the exact reverse."""
    by = np.lexsort((run.series, run.at))
    return run.take(by[::-1] if descending else by)
