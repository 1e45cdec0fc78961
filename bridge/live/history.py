"""The store, as the live side asks it: what is, what was committed since, and what a series is. Waits out an outage."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import asyncpg
import structlog

from bridge.committed import Committed
from bridge.live.series import Latest, Series
from bridge.trouble import TEMPORARY, is_permanent

log = structlog.get_logger()

LONGEST_WAIT = 2.0
"""Seconds between two tries while the database is away."""
STATEMENT_TIMEOUT = 10.0
"""Seconds: what takes longer to find is more than a live stream should bring."""

SNAPSHOT = """
SELECT micros(clock.last), (SELECT coalesce(max(id), 0) FROM series),
    series.id, device.name, series.metric, series.unit, series.kind, micros(newest.at), newest.value, newest.text
FROM commit_clock AS clock
LEFT JOIN (series JOIN device ON device.id = series.device_id AND device.name || '/' || series.metric LIKE ANY ($1)) ON true
LEFT JOIN LATERAL (
    (SELECT r.at, r.value, NULL::text AS text FROM reading AS r
     WHERE r.series_id = series.id AND series.kind <> 'text' ORDER BY r.at DESC LIMIT 1)
    UNION ALL
    (SELECT r.at, NULL, r.value FROM text_reading AS r
     WHERE r.series_id = series.id AND series.kind = 'text' ORDER BY r.at DESC LIMIT 1)
) AS newest ON true
ORDER BY series.id
"""
SERIES = """
SELECT series.id, device.name, series.metric, series.unit, series.kind
FROM series JOIN device ON device.id = series.device_id WHERE series.id = ANY ($1)
"""
# No sort before the limit: more than the limit is of no use, in whatever order. The `+ 0` keeps the primary key out of it:
# that would read all that a series ever said to find its last second.
SINCE = """
WITH since AS MATERIALIZED (
    SELECT committed_at, series_id, micros(at) AS at, value FROM {table}
    WHERE committed_at > moment($1) AND committed_at <= moment($2) {wanted} LIMIT $3
)
SELECT micros(committed_at), array_agg(series_id), array_agg(at), array_agg(value) FROM since
GROUP BY committed_at ORDER BY committed_at
"""
ALL_NUMBERS, ALL_TEXTS = (SINCE.format(table=table, wanted="") for table in ("reading", "text_reading"))
NUMBERS, TEXTS = (
    SINCE.format(table=table, wanted="AND series_id + 0 = ANY ($4)") for table in ("reading", "text_reading")
)
# The length of a text is known without reading it.
WEIGH = """
SELECT count(*), coalesce(sum(bytes), 0)::bigint FROM (
    SELECT octet_length(value) AS bytes FROM text_reading
    WHERE committed_at > moment($1) AND committed_at <= moment($2) {wanted} LIMIT $3
) AS since
"""
WEIGH_ALL, WEIGH_SOME = WEIGH.format(wanted=""), WEIGH.format(wanted="AND series_id + 0 = ANY ($4)")
HEAVIEST = 32 * 2**20
"""Bytes of texts in one answer: half of what a hub keeps."""
EXTENT = "SELECT micros(born), micros(dropped) FROM commit_clock, horizon"
TICK = 100
"""Microseconds: all ticks are multiples of it after the clock was born (decision 26)."""


def connect_pool(database_url: str, size: int) -> asyncpg.Pool:
    """Connections for `History`, made when they are needed: the database need not be there yet.

    Plans are made anew each time: one for "some cursor" would read a whole table for the last millisecond. And no table is
    read whole while there is an index: of a young one Postgres does not know yet how large it is.
    """
    settings = {
        "application_name": "fieldline live",
        "jit": "off",
        "plan_cache_mode": "force_custom_plan",
        "enable_seqscan": "off",
    }
    return asyncpg.create_pool(database_url, min_size=0, max_size=size, timeout=10, server_settings=settings)


class Snapshot(NamedTuple):
    """Matched series with their newest readings, and the cursor up to which these are told: one look at the database."""

    cursor: int
    latest: list[Latest]
    highest: int
    """The highest number of all series that there were."""


class Extent(NamedTuple):
    """Which cursors the database has given out, and the newest commit of which something was dropped."""

    born: int
    dropped: int

    @property
    def whole_from(self) -> int:
        """From this cursor on nothing is missing."""
        return max(self.born, self.dropped)

    def gave(self, cursor: int) -> bool:
        """Whether this may be a cursor of this database: one in a hundred of another one may be, too."""
        return (cursor - self.born) % TICK == 0

    def holds(self, after: int, newest: int) -> bool:
        """Whether everything from a cursor up to the newest is there, as far as can be known of a cursor."""
        return self.whole_from <= after <= newest and self.gave(after)


class History:
    """Questions to the store. Each waits while the database is away; a permanent error is raised."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def snapshot(self, likes: Sequence[str]) -> Snapshot:
        rows = await self._fetch(SNAPSHOT, likes)
        latest = [
            Latest(Series(number, *names), at, value if text is None else text)
            for _, _, number, *names, at, value, text in rows
            if number is not None
        ]
        return Snapshot(rows[0][0], latest, rows[0][1])

    async def series(self, numbers: Iterable[int]) -> dict[int, Series | None]:
        """Every number asked for, with `None` for one that is no series."""
        numbers = list(numbers)
        found = {row[0]: Series(*row) for row in await self._fetch(SERIES, numbers)}
        return {number: found.get(number) for number in numbers}

    async def clock(self) -> int:
        """The newest cursor."""
        [row] = await self._fetch("SELECT micros(last) FROM commit_clock")
        return int(row[0])

    async def extent(self) -> Extent:
        [row] = await self._fetch(EXTENT)
        return Extent(*row)

    async def since(
        self, after: int, until: int, limit: int, wanted: Sequence[int] | None = None, heaviest: int = HEAVIEST
    ) -> list[Committed] | None:
        """The batches after one cursor up to another.

        `None` if these are more than `limit` readings or have more than `heaviest` bytes of texts; none of these is read then.
        """
        more: list[Sequence[int]] = [] if wanted is None else [wanted]
        weigh, numbers, texts = (WEIGH_ALL, ALL_NUMBERS, ALL_TEXTS) if wanted is None else (WEIGH_SOME, NUMBERS, TEXTS)
        try:
            [[count, weight]] = await self._fetch(weigh, after, until, limit + 1, *more, patient=False)
            if count > limit or weight > heaviest:
                return None
            rows = await self._fetch(numbers, after, until, limit + 1, *more, patient=False)
            if count:
                rows += await self._fetch(texts, after, until, limit + 1, *more, patient=False)
        except TimeoutError:
            return None
        batches: dict[int, Committed] = {}
        for row in rows:
            batch = Committed(*row)
            other = batches.get(batch.committed_at)
            batches[batch.committed_at] = batch if other is None else _merged(other, batch)
        if sum(len(batch.series) for batch in batches.values()) > limit:
            return None
        return sorted(batches.values())

    async def _fetch(self, sql: str, *values: Any, patient: bool = True) -> list[asyncpg.Record]:
        wait = 0.05
        while True:
            try:
                return await self._pool.fetch(sql, *values, timeout=STATEMENT_TIMEOUT)
            except TEMPORARY as error:
                if is_permanent(error) or (isinstance(error, TimeoutError) and not patient):
                    raise
                log.warning("live.waiting", reason=f"{type(error).__name__}: {error}", seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)


def _merged(one: Committed, other: Committed) -> Committed:
    """The numbers and the texts of one batch."""
    return Committed(one.committed_at, [*one.series, *other.series], [*one.at, *other.at], [*one.value, *other.value])
