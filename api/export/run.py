"""Readings in order as columns, and how Postgres's binary rows become them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
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


def ends(run: Run, rows: int, text_bytes: int) -> Iterator[int]:
    """Where its pieces end that are full: of so many rows or, with their last, so many bytes of text. The rest is not full."""
    reach = None
    if run.text is not None:
        lengths = pc.fill_null(pc.binary_length(run.text), 0)
        reach = np.cumsum(lengths.to_numpy(zero_copy_only=False), dtype=np.int64)
    start = 0
    while True:
        end = start + rows
        if reach is not None:
            before = reach[start - 1] if start else 0
            end = min(end, int(np.searchsorted(reach, before + text_bytes)) + 1)
        if end > len(run):
            return
        yield end
        start = end
