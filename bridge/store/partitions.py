"""Makes the week of every reading before it is inserted: weeks to come ahead of time, weeks long past on demand."""

from collections.abc import Sequence

import asyncpg

WEEK = 7 * 86_400 * 1_000_000
MONDAY = 4 * 86_400 * 1_000_000
"""The epoch was a Thursday: the first Monday came four days later."""


class Partitions:
    """The weeks known to exist. Forget them when an insert fails: retention may have dropped one."""

    def __init__(self) -> None:
        self.weeks: set[int] = set()

    async def ensure(self, connection: asyncpg.Connection, times: Sequence[int]) -> None:
        """Create what is missing for these times (microseconds), and the week after them, in a transaction of its own."""
        if not times:
            return
        first, last = (min(times) - MONDAY) // WEEK, (max(times) - MONDAY) // WEEK
        if first == last:
            missing = {first, first + 1} - self.weeks
        else:
            missing = {(at - MONDAY) // WEEK + ahead for at in times for ahead in (0, 1)} - self.weeks
        for week in sorted(missing):
            await connection.execute("SELECT ensure_partitions(moment($1))", week * WEEK + MONDAY)
        self.weeks |= missing

    def forget(self) -> None:
        self.weeks.clear()
