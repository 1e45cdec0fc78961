"""How fast a bridge stores what has queued while it was away, beside how fast it stores what comes live."""

import asyncio
import time

from bench import cpu, memory
from bench.commits import listening
from bench.contestants import RATE, Figures, fieldline, figures, published
from bench.fault import BenchError
from bench.packets import METRICS
from bench.parts import House, house, running
from bench.report import Report, Row
from bench.size import Size
from tests import services

MESSAGES = 500_000
DEVICES = 500


def measure(size: Size) -> Report:
    """Alternate both, with as many messages."""
    messages = size.messages or MESSAGES
    runs = [(fieldline(messages, DEVICES), _drain(messages)) for _ in range(size.rounds)]
    live, drain = (Row(name, rounds) for name, rounds in zip(("live", "drain"), zip(*runs, strict=True), strict=True))
    about = f"{messages:,} messages that were queued in the broker, beside as many that come live"
    return Report("drain", about, [live, drain.beside(live, RATE, "of live")])


def _drain(messages: int) -> Figures:
    with house() as made, services.fresh_database(made.server) as url:
        with running("bridge", made.broker.url, url):
            pass  # leaves its session behind
        load = published(made.broker, messages, DEVICES).cpu
        return asyncio.run(_drained(made, url, messages, load))


async def _drained(made: House, url: str, messages: int, load: float) -> Figures:
    """Rate and CPU count from the first commit on: before it the bridge starts, and after it only drains."""
    async with listening(url) as commits:
        started = time.time_ns() // 1_000
        with running("bridge", made.broker.url, url, said="") as bridge:
            await commits.until_heard()
            parts = {"receiver": bridge.pid, **made.pids()}
            before = cpu.used(parts)
            await commits.until_stored(messages * len(METRICS))
            used = cpu.since(before, parts) | {"load": load}
            peak = memory.peak(bridge.pid)
        first, last = commits.at[0], commits.at[-1]
        if first == last:
            raise BenchError(f"drain: expected several commits, got one: {messages} messages are too few")
        rest = messages - (await commits.batches())[0]
        return (
            figures(rest, first, last, used)
            | {"first s": (first - started) / 1e6, "peak MB": peak}
            | await commits.bounds()
        )
