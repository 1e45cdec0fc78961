"""How long after its publish a reading is visible to SQL, at three rates: batches find their size by themselves."""

import asyncio
import statistics
import time

import asyncpg

from bench.fault import BenchError
from bench.parts import House, house, program, running
from bench.report import Report, Row
from bench.size import Size
from bench.spread import delays
from bridge.committed import CHANNEL
from tests import services

RATES = (10, 100, 1_000)
"""Messages a second."""
SECONDS = 5
LEAST = 100
"""Messages, where five seconds hold fewer: a 99th centile needs so many."""
UNCOUNTED = 10
"""Messages at the beginning: they make the series known."""
PATIENCE = 60
"""Seconds without a commit after which nothing more will come."""

READ = """
SELECT micros(reading.at) AS at, micros(reading.committed_at) AS committed_at
FROM reading JOIN series ON series.id = reading.series_id JOIN device ON device.id = series.device_id
WHERE device.name = $1 AND series.metric = 'seq' AND reading.at > moment($2)
ORDER BY reading.at
"""


def measure(size: Size) -> Report:
    """One bridge for all rounds, the rates in turn; a device of its own for each."""
    rounds: dict[int, list[dict[str, float]]] = {rate: [] for rate in RATES}
    with (
        house() as made,
        services.fresh_database(made.server) as url,
        running("bridge", made.broker.url, url),
    ):
        for number in range(size.rounds):
            for rate in RATES:
                rounds[rate].append(_round(made, url, f"bench-{rate}-{number}", rate))
    rows = [Row(f"{rate:,} messages/s", figures) for rate, figures in rounds.items()]
    return Report("visible", "publish at QoS 1 to the reading in the hands of a client that reads by SQL", rows)


def _round(made: House, url: str, device: str, rate: int) -> dict[str, float]:
    messages = max(SECONDS * rate, LEAST) + UNCOUNTED
    with program("-m", "bench.steady", str(made.broker.port), device, str(rate), str(messages)) as load:
        seen = asyncio.run(_watch(url, device, messages))
        load.wait(PATIENCE)
        published = load.last_line()["rate"]
    batches: dict[int, int] = {}
    for _, committed_at, _ in seen[UNCOUNTED:]:
        batches[committed_at] = batches.get(committed_at, 0) + 1
    return {
        "published/s": published,
        **delays([(now - at) / 1_000 for at, _, now in seen[UNCOUNTED:]]),
        "median batch": statistics.median(batches.values()),
        "largest batch": max(batches.values()),
    }


async def _watch(url: str, device: str, messages: int) -> list[tuple[int, int, int]]:
    """Of each message when it was published, its cursor, and when SQL showed it, in microseconds since the epoch."""
    connection = await asyncpg.connect(url)
    seen: list[tuple[int, int, int]] = []
    heard = asyncio.Event()
    heard.set()  # it may have begun already
    try:
        await connection.add_listener(CHANNEL, lambda *_: heard.set())
        while len(seen) < messages:
            async with asyncio.timeout(PATIENCE):
                await heard.wait()
            heard.clear()
            rows = await connection.fetch(READ, device, seen[-1][0] if seen else 0)
            now = time.time_ns() // 1_000
            seen += [(row["at"], row["committed_at"], now) for row in rows]
    except TimeoutError:
        raise BenchError(f"visible: expected {messages:,} readings, got {len(seen):,} and no further commit") from None
    finally:
        await connection.close()
    return seen
