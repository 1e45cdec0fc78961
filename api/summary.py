"""Reads what the readings of many series come to in each window, from the tiers that hold it."""

from collections.abc import Collection, Sequence
from itertools import chain
from math import isfinite, nan
from typing import NamedTuple

from api.database import Database
from api.split import Horizon, Split, Tier, split


class Summary(NamedTuple):
    """What some readings come to; `first` and `last` are pairs of a time, only good to compare, and a value."""

    readings: int
    sum: float
    min: float
    max: float
    first: tuple[float, float]
    last: tuple[float, float]

    def joined(self, other: "Summary") -> "Summary":
        """Both together; they have no reading in common."""
        return Summary(
            self.readings + other.readings,
            self.sum + other.sum,
            min(self.min, other.min),
            max(self.max, other.max),
            min(self.first, other.first),
            max(self.last, other.last),
        )

    @property
    def mean(self) -> float:
        """Between least and greatest, where rounding might leave it just beside them; no number if the sum is none."""
        return min(max(self.sum / self.readings, self.min), self.max) if isfinite(self.sum) else nan


HORIZON = "SELECT hour, minute, raw FROM horizon"

_ROLLUP = "SELECT at, count, sum, min, max, first_at, first, last_at, last FROM {}"
_READING = (
    "SELECT at, 1 AS count, value AS sum, value AS min, value AS max, at AS first_at, value AS first, at AS last_at, "
    "value AS last FROM reading"
)
# Postgres refuses a sum beyond a double, but takes infinity. Below 1e300 it takes 10^8 parts to come near a double's end.
# The pair of time and value spares a sort for first and last.
_SHARE = """
    SELECT s.id, width_bucket(r.at, $2::timestamptz[]) - 1, sum(r.count)::bigint,
        sum(CASE WHEN abs(r.sum) < 1e300 THEN r.sum ELSE r.sum * float8 'infinity' END), min(r.min), max(r.max),
        min(ARRAY[date_part('epoch', r.first_at), r.first]), max(ARRAY[date_part('epoch', r.last_at), r.last])
    FROM unnest($1::int[]) AS s (id)
    CROSS JOIN unnest(${since}::timestamptz[], ${until}::timestamptz[]) AS span (since, until)
    CROSS JOIN LATERAL ({tier} WHERE series_id = s.id AND at >= span.since AND at < span.until AND at >= $3 AND at < $4) AS r
    GROUP BY 1, 2
"""
# A common table expression for each would hide the bounds that spare all other partitions.
SUMMARIES = " UNION ALL ".join(
    _SHARE.format(tier=tier, since=5 + 2 * number, until=6 + 2 * number)
    for number, tier in enumerate((_ROLLUP.format("rollup_hour"), _ROLLUP.format("rollup_minute"), _READING))
)


class Found(NamedTuple):
    """Summaries by series and index of the window, and how they were come by."""

    summaries: dict[int, dict[int, Summary]]
    tier: Tier
    exact: bool


async def summarize(database: Database, series: Collection[int], edges: Sequence[int], since: int, until: int) -> Found:
    """Sum up the readings within since ≤ at < until in the windows between the edges; one without readings is left out."""
    horizon = await _horizon(database)
    while True:
        shared = split(edges, since, until, horizon)
        found = await _read(database, series, edges, (since, until), shared)
        before, horizon = horizon, await _horizon(database)
        if horizon == before:  # else something may have been dropped before it was read
            return Found(found, shared.tier, shared.exact)


async def _horizon(database: Database) -> Horizon:
    [row] = await database.fetch(HORIZON)
    return Horizon(*row)


async def _read(
    database: Database, series: Collection[int], edges: Sequence[int], span: tuple[int, int], shared: Split
) -> dict[int, dict[int, Summary]]:
    rows = await database.fetch(SUMMARIES, series, edges[:-1], *span, *chain(*shared.shares))
    summaries: dict[int, dict[int, Summary]] = {}
    for number, window, readings, total, least, greatest, first, last in rows:
        part = Summary(readings, total, least, greatest, tuple(first), tuple(last))
        windows = summaries.setdefault(number, {})
        windows[window] = windows[window].joined(part) if window in windows else part
    return summaries
