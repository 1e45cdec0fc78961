"""Counts values by size, those of a whole batch in a few steps."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple


class Distribution(NamedTuple):
    """What a histogram has counted up to one moment."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    """Values up to each bound and above the one before it; the last count is of those above all bounds."""
    sum: float


class Histogram:
    """Values under fixed, ascending bounds, since it was made."""

    def __init__(self, *bounds: float) -> None:
        self._bounds = bounds
        self._micros = [round(bound * 1_000_000) for bound in bounds]
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def observe_ages(self, moments: Sequence[int], now: int) -> None:
        """Count in seconds how long ago these moments were, oldest first, in microseconds since the epoch.

        One bisection a bound. A clock that stepped back meanwhile may shift counts between bounds; their total is right.
        """
        above = len(moments)
        for index, bound in enumerate(self._micros):
            older = bisect_left(moments, now - bound)
            self._counts[index] += above - older
            above = older
        self._counts[-1] += above
        self._sum += max(0, len(moments) * now - sum(moments)) / 1_000_000

    def look(self) -> Distribution:
        return Distribution(self._bounds, tuple(self._counts), self._sum)
