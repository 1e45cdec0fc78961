"""How long the newest reading of each of ten thousand series takes, beside `DISTINCT ON`, which everybody writes first."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import asyncpg
import httpx

from api.app import create_app
from bench.report import Report, Row
from bench.size import Size
from fieldline.running import freeze
from tests import services

DEVICES, METRICS = 1_000, 10
WEEKS = 4
"""Of readings, one in two hours and series, the last an hour ago."""
UNCOUNTED = 3
"""Answers that warm up caches."""
TEXTS = 1
"""Of the metrics of each device so many say text."""

SERIES = f"""
INSERT INTO device (name) SELECT 'bench-' || n FROM generate_series(1, {DEVICES}) AS n;
INSERT INTO series (device_id, metric, kind)
SELECT id, 'metric-' || n, CASE WHEN n <= {TEXTS} THEN 'text' ELSE 'number' END
FROM device CROSS JOIN generate_series(1, {METRICS}) AS n;
"""  # noqa: S608  constants
WEEK = """
SELECT ensure_partitions(now() - $1 * interval '1 week'), ensure_partitions(now() - ($1 - 1) * interval '1 week'), tick()
"""
NUMBERS = """
INSERT INTO reading (at, value, committed_at, series_id)
SELECT at + series.id * interval '1 millisecond', random() * 100, last, series.id
FROM generate_series(now() - $1 * interval '1 week' + interval '1 hour', now() - ($1 - 1) * interval '1 week', '2 hours') AS at
CROSS JOIN series CROSS JOIN commit_clock WHERE kind = 'number' ORDER BY at
"""
TEXT = (
    NUMBERS.replace("INTO reading", "INTO text_reading")
    .replace("random() * 100", "'open'")
    .replace("'number'", "'text'")
)
HOURS = """
INSERT INTO rollup_hour (series_id, at, count, sum, min, max, first, first_at, last, last_at)
SELECT series_id, date_trunc('hour', at), 1, value, value, value, value, at, value, at FROM reading
"""
BASELINE = """
SELECT DISTINCT ON (s.id) s.id, d.name, s.metric, s.unit, s.kind, r.at, r.value
FROM series s JOIN device d ON d.id = s.device_id JOIN (
    SELECT series_id, at, value, NULL::text AS text FROM reading UNION ALL SELECT series_id, at, NULL, value FROM text_reading
) AS r ON r.series_id = s.id ORDER BY s.id, r.at DESC
"""
VIEW = "SELECT * FROM latest"


def measure(size: Size) -> Report:
    """One database for all rounds; the contestants take turns."""
    with services.running_database(fsync=True) as server:
        services.make_template(server)
        with services.fresh_database(server) as url:
            return asyncio.run(_measure(url, size.rounds))


async def _measure(url: str, rounds: int) -> Report:
    connection = await asyncpg.connect(url)
    app = create_app(url)
    freeze()
    try:
        readings = await fill(connection)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client,
        ):
            contestants: dict[str, Callable[[], Awaitable[object]]] = {
                "GET /latest": lambda: client.get("/api/v1/latest"),
                "view latest": lambda: connection.fetch(VIEW),
                "DISTINCT ON": lambda: connection.fetch(BASELINE),
            }
            found: dict[str, list[dict[str, float]]] = {name: [] for name in contestants}
            for number in range(UNCOUNTED + rounds):
                for name, ask in contestants.items():
                    if name != "DISTINCT ON" or number >= UNCOUNTED:
                        milliseconds = await _timed(ask)
                        if number >= UNCOUNTED:
                            found[name].append({"ms": milliseconds})
    finally:
        await connection.close()
    baseline = Row("DISTINCT ON", found.pop("DISTINCT ON"))
    rows = [baseline.beside(Row(name, each), "ms", "times slower") for name, each in found.items()]
    about = f"{DEVICES * METRICS:,} series with {readings:,} readings in {WEEKS + 1} weekly partitions; JSON included"
    return Report("latest", about, [*(Row(name, each) for name, each in found.items()), *rows[:1]])


async def _timed(ask: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await ask()
    return (time.perf_counter() - began) * 1_000


async def fill(connection: asyncpg.Connection) -> int:
    """Store readings and their hours as weeks of devices at work would have left them. Returns how many."""
    await connection.execute(SERIES)
    for week in range(WEEKS, 0, -1):
        await connection.execute(WEEK, week)
        await connection.execute(NUMBERS, week)
        await connection.execute(TEXT, week)
    await connection.execute(HOURS)
    await connection.execute("VACUUM (ANALYZE)")
    readings: int = await connection.fetchval(
        "SELECT (SELECT count(*) FROM reading) + (SELECT count(*) FROM text_reading)"
    )
    return readings
