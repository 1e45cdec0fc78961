"""Sums up readings per series and span of time, as the rollup tables hold them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from bridge.store.numbers import Numbers

MINUTE = 60 * 1_000_000
HOUR = 60 * MINUTE


class Rollup(NamedTuple):
    """Spans as arrays of equal length, ordered by series and `at`, where a span begins; microseconds since the epoch."""

    series: NDArray[np.int32]
    at: NDArray[np.int64]
    readings: NDArray[np.int32]
    sum: NDArray[np.float64]
    min: NDArray[np.float64]
    max: NDArray[np.float64]
    first: NDArray[np.float64]
    first_at: NDArray[np.int64]
    last: NDArray[np.float64]
    last_at: NDArray[np.int64]

    def widen(self, width: int) -> "Rollup":
        """The same readings in spans of `width` microseconds, a multiple of what they are in now."""
        at = self.at // width * width
        begins = np.empty(len(at), bool)
        begins[:1] = True
        np.logical_or(self.series[1:] != self.series[:-1], at[1:] != at[:-1], out=begins[1:])
        first = np.flatnonzero(begins)
        last = np.append(first[1:], len(at)) - 1
        with np.errstate(over="ignore"):  # beyond a double is infinity, as a float of Python is
            sums = np.add.reduceat(self.sum, first)
        return Rollup(
            self.series[first],
            at[first],
            np.add.reduceat(self.readings, first, dtype=np.int32),
            sums,
            np.minimum.reduceat(self.min, first),
            np.maximum.reduceat(self.max, first),
            self.first[first],
            self.first_at[first],
            self.last[last],
            self.last_at[last],
        )

    def pieces(self, most: int) -> Iterator["Rollup"]:
        """The same spans in order, at most so many at a time."""
        for begin in range(0, len(self.at), most):
            yield Rollup._make(column[begin : begin + most] for column in self)

    def literals(self) -> list[str]:
        """The columns as Postgres writes arrays: a driver takes five times as long to encode thousands of numbers."""
        return [_literal(column) for column in self]


def each(numbers: Numbers) -> Rollup:
    """Each reading as a span of its own."""
    series, at, value = numbers
    return Rollup(series, at, np.ones(len(at), np.int32), value, value, value, value, at, value, at)


def _literal(column: NDArray[Any]) -> str:
    values = column.tolist()
    finite = column.dtype.kind == "i" or np.isfinite(column).all()
    text = msgspec.json.encode(values).decode() if finite else str(values)  # JSON knows no infinity, Postgres does
    return f"{{{text[1:-1]}}}"
