"""Sums up readings per series and span of time, as the rollup tables hold them."""

from typing import Any, NamedTuple

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
        first = np.flatnonzero(begins(self.series, at))
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

    def only(self, these: NDArray[np.bool_]) -> "Rollup":
        return Rollup._make(column[these] for column in self.columns)

    def followed_by(self, other: "Rollup") -> "Rollup":
        return Rollup._make(map(np.concatenate, zip(self.columns, other.columns, strict=True)))

    @property
    def columns(self) -> tuple[NDArray[Any], ...]:
        return tuple(self)


def each(numbers: Numbers) -> Rollup:
    """Each reading as a span of its own."""
    series, at, value = numbers
    return Rollup(series, at, np.ones(len(at), np.int32), value, value, value, value, at, value, at)


def begins(series: NDArray[np.int32], span: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where one span of a series ends and the next one begins, in arrays ordered by both."""
    begins = np.empty(len(span), bool)
    begins[:1] = True
    np.logical_or(series[1:] != series[:-1], span[1:] != span[:-1], out=begins[1:])
    return begins
