"""Makes the week of every reading before it is inserted: weeks to come ahead of time, weeks long past on demand."""

import asyncpg
import numpy as np
from numpy.typing import NDArray

WEEK = 7 * 86_400 * 1_000_000
MONDAY = 4 * 86_400 * 1_000_000
"""The epoch was a Thursday: the first Monday came four days later."""


class Partitions:
    """The weeks known to exist. Forget them when one turns out to be missing: retention, or a person, has dropped it."""

    def __init__(self) -> None:
        self.weeks: set[int] = set()
        self.horizon = 0
        """Where what is kept begins, in microseconds, as of the last look. No week before it is ever made again."""

    async def ensure(self, connection: asyncpg.Connection, times: NDArray[np.int64]) -> bool:
        """Create what is missing for these times (microseconds), and the week after them, in a transaction of its own.

        Returns whether that could be: not if some lie before the horizon.
        """
        if not times.size:
            return True
        first, last = (int(times.min()) - MONDAY) // WEEK, (int(times.max()) - MONDAY) // WEEK
        if first == last:
            missing = {first, first + 1} - self.weeks
        else:
            missing = {
                week + ahead for week in np.unique((times - MONDAY) // WEEK).tolist() for ahead in (0, 1)
            } - self.weeks
        if missing:
            self.horizon = await connection.fetchval("SELECT micros(raw) FROM horizon")
        for week in sorted(missing):
            if week * WEEK + MONDAY >= self.horizon:
                await connection.execute("SELECT ensure_partitions(moment($1))", week * WEEK + MONDAY)
                self.weeks.add(week)
        return first * WEEK + MONDAY >= self.horizon

    def forget(self) -> None:
        self.weeks.clear()
