"""How fast the chart of a month of one reading a second is, beside what one writes first; and that of ten years."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial

import asyncpg
import httpx

from bench import history
from bench.report import Report, Row
from bench.size import Size
from bridge.clock import EPOCH
from tests import services
from tests.api.field import asking

POINTS = 1_000
IN_A_ROW = 3

# All that a chart needs: first, last, least and greatest of each column.
SAME = """
SELECT date_bin($3, at, $1) AS col, min(value), max(value), (array_agg(value ORDER BY at))[1], min(at),
    (array_agg(value ORDER BY at DESC))[1], max(at)
FROM reading WHERE series_id = 1 AND at >= $1 AND at < $2 GROUP BY col ORDER BY col
"""
# Less than a chart needs, but what one often sees.
PEAKS = """
SELECT date_bin($3, at, $1) AS col, min(value), max(value)
FROM reading WHERE series_id = 1 AND at >= $1 AND at < $2 GROUP BY col ORDER BY col
"""
TIMES = "times chart"

Contestants = Mapping[str, Callable[[], Awaitable[int]]]
"""Each asks once, and tells how many points or rows it got."""


def measure(size: Size) -> Report:
    """All take turns, after a round that is not counted."""
    with services.running_database(fsync=True) as server:
        services.make_template(server)
        with services.fresh_database(server) as url:
            return asyncio.run(_measure(url, size))


async def _measure(url: str, size: Size) -> Report:
    await history.fill(url)
    connection = await asyncpg.connect(url)
    async with asking(url) as client:
        contestants = _contestants(client, connection)
        rounds = [{name: await _ask(ask) for name, ask in contestants.items()} for _ in range(size.rounds + 1)][1:]
    await connection.close()
    month, same, peaks, decade = (Row(name, [done[name] for done in rounds]) for name in contestants)
    rows = [month, same.beside(month, "ms", TIMES), peaks.beside(month, "ms", TIMES), decade]
    return Report("chart", f"{POINTS:,} points over HTTP beside SQL over all readings", rows)


def _contestants(client: httpx.AsyncClient, connection: asyncpg.Connection) -> Contestants:
    async def chart(device: str, span: int) -> int:
        times = {"from": (history.END - span) // 1_000, "to": history.END // 1_000}
        answer = await client.get("/chart", params={"match": f"{device}/*", "points": POINTS, **times})
        return len(answer.raise_for_status().json()["series"][0]["at"])

    async def select(sql: str) -> int:
        since, until = (EPOCH + timedelta(microseconds=at) for at in (history.END - history.MONTH, history.END))
        return len(await connection.fetch(sql, since, until, (until - since) / POINTS))

    return {
        "chart, 30 days at 1 Hz": partial(chart, "month", history.MONTH),
        "date_bin, the same": partial(select, SAME),
        "date_bin, peaks only": partial(select, PEAKS),
        "chart, ten years": partial(chart, "decade", history.DECADE),
    }


async def _ask(ask: Callable[[], Awaitable[int]]) -> dict[str, float]:
    """The middle one of some in a row: what another contestant has put into Postgres's memory is out of it again by then."""
    took, points = [], 0
    for _ in range(IN_A_ROW):
        began = time.perf_counter()
        points = await ask()
        took.append((time.perf_counter() - began) * 1_000)
    return {"ms": statistics.median(took), "points": points}
