"""What the bridge remembers costs few bytes, however many devices and series there are."""

import gc
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from bridge.store.limits import Name
from bridge.store.registry import Registry

METRICS = ("seq", "temperature", "humidity")


@contextmanager
def grown() -> Iterator[list[int]]:
    """Puts into the list how many bytes more are held at the end of the block."""
    found: list[int] = []
    gc.collect()
    tracemalloc.start()
    try:
        yield found
        gc.collect()
        found.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()


async def test_a_series_is_remembered_in_less_than_250_bytes(sql: asyncpg.Connection) -> None:
    wanted: dict[Name, float] = {
        (f"device-{n}", "".join(metric)): 1.0 for n in range(2_000) for metric in map(list, METRICS)
    }
    registry = Registry()
    await registry.learn(sql, wanted)
    registry.forget()
    with grown() as found:
        await registry.learn(sql, wanted)
        await sql.execute("SELECT")  # until the next answer the driver holds the last one
    assert registry.size == 2_000 + len(wanted)
    assert found[0] / len(wanted) < 250
