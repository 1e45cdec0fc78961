"""Reads many series as one, in order of time, stretch by stretch, as of one cursor."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from api.database import Database
from api.export import run as columns
from api.export import stretch
from api.export.run import Run
from api.export.stretch import Stretch
from api.match import Series
from api.merge import Span

WANTED = 32_768
"""Readings read at once: a round trip weighs little against them, and 34 bytes each are about a megabyte."""
PER_SERIES = 2
"""Or so many of each series, if that is more: else finding the place in each series' key would be most of the work."""
MOST_WANTED = 262_144
ROOM = 4
"""How many times as many may come, before a stretch is read again in narrower ones."""
TEXT_BYTES = 8 * 2**20
"""Of the texts that are read at once; alone, one may be longer."""

TABLES = ("reading", "text_reading")
# In each table the series that hold anything, with their first and last moment.
BOUNDS = """
    SELECT start.series, first.at, last.at
    FROM unnest($1::int[]) start (series)
    CROSS JOIN LATERAL (
        SELECT at FROM {table} WHERE series_id = start.series AND at >= $2 AND at < $3 AND committed_at <= $4
        ORDER BY at LIMIT 1
    ) first
    CROSS JOIN LATERAL (
        SELECT at FROM {table} WHERE series_id = start.series AND at >= $2 AND at < $3 AND committed_at <= $4
        ORDER BY at DESC LIMIT 1
    ) last
"""
# The inner OFFSET keeps the planner from anything but one look into the key for each series.
ROWS = """
    SELECT r.at, r.series_id, r.value
    FROM unnest('{{{series}}}'::int[]) start (series)
    CROSS JOIN LATERAL (
        SELECT at, series_id, value, committed_at FROM {table}
        WHERE series_id = start.series AND at >= moment({since}) AND at < moment({until}) OFFSET 0
    ) r
    WHERE r.committed_at <= moment({as_of}) LIMIT {limit}
"""
SIZE = "SELECT count(*), coalesce(sum(octet_length(value)), 0)::bigint FROM ({rows}) held"


class Found(NamedTuple):
    """What there is to read: the series that hold anything, and the stretch from their first to their last reading."""

    series: list[Series]
    span: Stretch


async def find(database: Database, series: Sequence[Series], span: Span, as_of: int) -> Found:
    """Look for the ends of each series. Of what is not there, nothing is asked again."""
    first, last = span.until, span.since
    held = set[int]()
    for table, numbers in zip(TABLES, _by_table(series), strict=True):
        if numbers:
            rows = await database.fetch(BOUNDS.format(table=table), numbers, span.since, span.until, as_of)
            held.update(row[0] for row in rows)
            first = min([first, *(row[1] for row in rows)])
            last = max([last, *(row[2] + 1 for row in rows)])
    return Found([one for one in series if one.series in held], Stretch(first, last))


def _by_table(series: Sequence[Series]) -> tuple[list[int], list[int]]:
    numbers = [one.series for one in series if one.kind != "text"]
    return numbers, [one.series for one in series if one.kind == "text"]


class Reader:
    """Reads what was committed up to `as_of`. Between two stretches no connection is held."""

    def __init__(self, database: Database, found: Found, span: Span, as_of: int) -> None:
        """At one moment readings come in the order of the series that were found."""
        self._database = database
        self._found = found
        self._after = span.after
        self._descending = span.order == "desc"
        self._as_of = as_of
        self._wanted = min(max(WANTED, PER_SERIES * len(found.series)), MOST_WANTED)
        self._index = np.zeros(max((one.series for one in found.series), default=0) + 1, np.int32)
        self._index[[one.series for one in found.series]] = np.arange(len(found.series), dtype=np.int32)

    def begin(self) -> None:
        """From now on something of it has been sent: wait for the rest as long as it takes."""
        self._database = self._database.begun()

    async def read(self) -> AsyncIterator[tuple[Stretch, Run]]:
        """All readings in order, with the stretches that hold them."""
        left, width = self._found.span, stretch.START
        while left.width > 0:
            now = stretch.first(left, width, descending=self._descending)
            run = await self._read(now, self._found.series)
            if run is not None:
                yield now, run
            elif now.width > 1:
                width = stretch.narrower(now.width)
                continue
            else:
                async for run in self._piecewise(now, self._found.series):
                    yield now, run
            left = stretch.rest(left, now, descending=self._descending)
            width = stretch.next_width(now.width, len(run) if run else 0, self._wanted)

    async def _piecewise(self, now: Stretch, series: Sequence[Series]) -> AsyncIterator[Run]:
        """A moment at which so many series have a reading that they don't go through at once."""
        middle = len(series) // 2
        halves = (series[:middle], series[middle:])
        for half in reversed(halves) if self._descending else halves:
            run = await self._read(now, half)
            if run is not None:
                yield run
            else:
                async for run in self._piecewise(now, half):
                    yield run

    async def _read(self, now: Stretch, series: Sequence[Series]) -> Run | None:
        """All of a stretch; `None` if that is too much, and it could be less."""
        least = now.width == 1 and len(series) == 1
        numbers, texts = _by_table(series)
        runs: list[Run] = []
        if numbers:
            rows = self._rows("reading", numbers, now, ROOM * self._wanted + 1)
            runs.append(columns.numbers(await self._database.copy(rows)))
        if texts:
            rows = self._rows("text_reading", texts, now, ROOM * self._wanted + 1)
            [(count, size)] = await self._database.fetch(SIZE.format(rows=rows))
            if not least and (count > ROOM * self._wanted or size > TEXT_BYTES):
                return None
            runs.append(columns.texts([tuple(row) for row in await self._database.fetch(rows)]))
        if any(len(run) > ROOM * self._wanted for run in runs):
            return None
        return await asyncio.to_thread(self._order, runs)

    def _rows(self, table: str, series: Sequence[int], now: Stretch, limit: int) -> str:
        numbers = ",".join(map(str, series))
        return ROWS.format(
            table=table, series=numbers, since=now.since, until=now.until, as_of=self._as_of, limit=limit
        )

    def _order(self, runs: Sequence[Run]) -> Run:
        run = columns.join(runs)
        if self._after is not None:
            run = self._behind(run, *self._after)
        return columns.order(replace(run, series=self._index[run.series]), descending=self._descending)

    def _behind(self, run: Run, at: int, series: int) -> Run:
        """What is left of it behind the last row of a page, in whose order series go by their numbers."""
        if self._descending:
            return run.where((run.at < at) | ((run.at == at) & (run.series < series)))
        return run.where((run.at > at) | ((run.at == at) & (run.series > series)))
