"""Numeric readings as arrays, in the order in which Postgres writes them fastest."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.store.copy import timestamps


class Numbers(NamedTuple):
    """Readings as arrays of equal length, ordered by series and time; times are microseconds since the epoch."""

    series: NDArray[np.int32]
    at: NDArray[np.int64]
    value: NDArray[np.float64]

    @staticmethod
    def ordered(series: ArrayLike, at: ArrayLike, value: ArrayLike) -> "Numbers":
        """Neighbours in the index become neighbours in the batch."""
        numbered, times = np.asarray(series, np.int32), np.asarray(at, np.int64)
        order = np.lexsort((times, numbered))
        return Numbers(numbered[order], times[order], np.asarray(value, np.float64)[order])

    def columns(self, tick: int) -> Mapping[str, NDArray[Any]]:
        """Rows of the table `reading`."""
        return {
            "at": timestamps(self.at),
            "value": self.value,
            "committed_at": timestamps(np.full(len(self.at), tick)),
            "series_id": self.series,
        }
