"""Numeric readings as arrays, in the order in which Postgres writes them fastest."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.store.copy import timestamps
from devices.reading import Value


class Numbers(NamedTuple):
    """Readings as arrays of equal length, ordered by series and time; times are microseconds since the epoch."""

    series: NDArray[np.int32]
    at: NDArray[np.int64]
    value: NDArray[np.float64]

    @staticmethod
    def ordered(series: Sequence[int], at: Sequence[int], value: Sequence[Value]) -> "Numbers":
        """Neighbours in the index become neighbours in the batch."""
        numbered, times = np.array(series, np.int32), np.array(at, np.int64)
        order = np.lexsort((times, numbered))
        return Numbers(numbered[order], times[order], np.array(value, np.float64)[order])

    def columns(self, tick: int) -> Mapping[str, NDArray[Any]]:
        """Rows of the table `reading`."""
        return {
            "at": timestamps(self.at),
            "value": self.value,
            "committed_at": timestamps(np.full(len(self.at), tick)),
            "series_id": self.series,
        }
