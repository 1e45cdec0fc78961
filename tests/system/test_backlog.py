"""After an outage the backlog comes all at once: batches and memory must stay what they are."""

import json
import sys
import time

import pytest

from tests import services
from tests.system import stored
from tests.system.command import running_bridge
from tests.system.device import DEVICES, waiting
from tests.system.flood import flood

BACKLOG = 50_000
PADDING = b" " * 1_500
"""Makes the backlog eighty megabytes, which a bridge without bounds would take in at once."""
FIRST_AT = time.time_ns() // 1_000_000 - 3_600_000
LARGEST_BATCH = 5_000
MEMORY = 160_000_000

SIZES = """
SELECT count(*), max(messages) FROM (
    SELECT count(*) AS messages FROM readings WHERE metric = 'seq' GROUP BY committed_at
) batches
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
async def test_a_backlog_is_stored_in_bounded_batches_and_bounded_memory(
    broker: services.Broker, database_url: str
) -> None:
    async with running_bridge(broker, database_url) as bridge:
        assert await bridge.end() == 0, "it leaves a session behind that the broker queues for"
    await flood(broker, [message(number) for number in range(BACKLOG)])
    async with running_bridge(broker, database_url) as bridge:
        await stored.await_messages(database_url, BACKLOG, within=40)
        peak = bridge.peak_memory()
        await bridge.settles()
        assert await bridge.end() == 0
    assert await stored.messages(database_url) == sorted(map(name, range(BACKLOG)))
    assert await stored.rejects(database_url) == []
    assert await waiting(broker) == []
    [(batches, largest)] = await stored.query(database_url, SIZES)
    assert largest <= LARGEST_BATCH
    assert batches >= BACKLOG / LARGEST_BATCH
    assert peak < MEMORY, f"expected at most {MEMORY} bytes, got {peak}"


def name(number: int) -> tuple[str, int]:
    """Device and sequence number."""
    return f"device-{number % DEVICES}", number // DEVICES


def message(number: int) -> tuple[str, bytes]:
    device, seq = name(number)
    payload = json.dumps({"at": FIRST_AT + seq, "seq": seq, "level": seq / 8}).encode()
    return f"devices/{device}/telemetry", payload + PADDING
