"""The newest batches, kept for clients that are on their way from the store's past to the live stream."""

from bisect import bisect_right
from operator import attrgetter

from bridge.committed import Committed
from bridge.live.rows import weight

_place = attrgetter("committed_at")


class Recent:
    """Batches in commit order. All that were announced after `floor` are here; what weighs too much goes, oldest first."""

    def __init__(self, capacity: int) -> None:
        self.floor = 0
        self._capacity = capacity
        self._weight = 0
        self._batches: list[Committed] = []

    def add(self, batch: Committed) -> None:
        """Keep a batch, once. One that comes a moment after a later one is put in its place."""
        place = bisect_right(self._batches, batch.committed_at, key=_place)
        if place and self._batches[place - 1].committed_at == batch.committed_at:
            return
        self._batches.insert(place, batch)
        self._weight += _weight(batch)
        while self._weight > self._capacity:
            self.forget(self._batches[0].committed_at)

    def after(self, cursor: int) -> list[Committed]:
        return self._batches[bisect_right(self._batches, cursor, key=_place) :]

    def first_after(self, cursor: int) -> Committed | None:
        place = bisect_right(self._batches, cursor, key=_place)
        return self._batches[place] if place < len(self._batches) else None

    def clear(self) -> int:
        """Drop all, as if it had never been announced. Returns the place of the newest."""
        newest = self._batches[-1].committed_at if self._batches else 0
        self._batches.clear()
        self._weight = 0
        return newest

    def forget(self, cursor: int) -> None:
        """Drop what was committed up to here."""
        self.floor = max(self.floor, cursor)
        end = bisect_right(self._batches, cursor, key=_place)
        self._weight -= sum(map(_weight, self._batches[:end]))
        del self._batches[:end]


def _weight(batch: Committed) -> int:
    return 128 + weight(batch.value)  # 128 bytes for what is around them
