"""Readings as columns on their way into a frame."""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property

from bridge.committed import Committed

FULL = 1_000_000
"""Bytes of readings, as `weight` reckons, that are enough for one frame: 10,000 numbers, 250 kB of JSON. Each of a client's 64
channels may hold as much."""


class Batch:
    """A committed batch as the channels look at it: times in milliseconds, and where each series' readings stand."""

    def __init__(self, committed: Committed) -> None:
        self.committed_at, self.series, self._micros, self.value, _ = committed

    @cached_property
    def at(self) -> list[int]:
        return [at // 1000 for at in self._micros]

    @cached_property
    def places(self) -> dict[int, list[int]]:
        places: dict[int, list[int]] = {}
        for row, series in enumerate(self.series):
            places.setdefault(series, []).append(row)
        return places

    @cached_property
    def present(self) -> set[int]:
        return set(self.series)

    @cached_property
    def weight(self) -> int:
        return weight(self.value)


class Rows:
    """Readings of several batches, oldest batch first, and where each batch begins."""

    def __init__(self) -> None:
        self.series: list[int] = []
        self.at: list[int] = []
        self.value: list[float | str] = []
        self._commits: list[int] = []
        self._starts: list[int] = []
        self._weight = 0

    def __len__(self) -> int:
        return len(self.series)

    @property
    def full(self) -> bool:
        """Enough for a frame."""
        return self._weight >= FULL

    def add(self, batch: Batch, wanted: set[int]) -> None:
        """Take what is wanted of a batch that is later than all before."""
        mine = wanted & batch.present
        if not mine:
            return
        self._commits.append(batch.committed_at)
        self._starts.append(len(self.series))
        if len(mine) == len(batch.present):
            self._weight += batch.weight
            self._extend(batch.series, batch.at, batch.value)
            return
        rows = [row for series in mine for row in batch.places[series]]
        rows.sort()
        series, at, value = batch.series, batch.at, [batch.value[row] for row in rows]
        self._weight += weight(value)
        self._extend([series[row] for row in rows], [at[row] for row in rows], value)

    def start(self, cursor: int) -> int:
        """The first row that was committed after the cursor."""
        batch = bisect_right(self._commits, cursor)
        return self._starts[batch] if batch < len(self._starts) else len(self.series)

    def clear(self) -> None:
        for column in (self.series, self.at, self.value, self._commits, self._starts):
            column.clear()
        self._weight = 0

    def _extend(self, series: Sequence[int], at: Sequence[int], value: Sequence[float | str]) -> None:
        self.series.extend(series)
        self.at.extend(at)
        self.value.extend(value)


def weight(value: Sequence[float | str]) -> int:
    """About the bytes in memory of so many readings: three boxed numbers each, and the texts."""
    return 100 * len(value) + sum([len(one) for one in value if type(one) is str])
