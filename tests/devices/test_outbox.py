"""The outbox: what was measured stays until the broker has it, and what is dropped leaves a hole."""

import asyncio

import pytest

from devices import payload, sequence
from devices.outbox import LONGEST, Outbox


def numbers(whole: bytes) -> list[int]:
    return [message["seq"] for message in payload.decode_telemetry(whole)]


async def test_one_message_goes_as_an_object_and_several_as_a_backlog_with_their_own_times() -> None:
    outbox = Outbox(first=10)
    outbox.put({"level": 1.0}, at=1000)
    assert payload.decode((await outbox.batch()).payload) == {"at": 1000, "seq": 10, "level": 1.0}
    outbox.put({"level": 2.0}, at=2000)
    assert payload.decode((await outbox.batch()).payload) == [
        {"at": 1000, "seq": 10, "level": 1.0},
        {"at": 2000, "seq": 11, "level": 2.0},
    ]


async def test_what_is_not_acknowledged_is_sent_again() -> None:
    outbox = Outbox(first=0)
    outbox.put({"level": 1.0}, at=1000)
    assert await outbox.batch() == await outbox.batch()
    assert len(outbox) == 1


async def test_an_acknowledgement_forgets_what_was_sent_and_nothing_that_came_since() -> None:
    outbox = Outbox(first=0)
    outbox.put({"level": 1.0}, at=1000)
    sent = await outbox.batch()
    outbox.put({"level": 2.0}, at=2000)
    outbox.acknowledge(sent.last)
    assert numbers((await outbox.batch()).payload) == [1]
    assert outbox.acknowledged == 1


async def test_a_full_outbox_drops_the_oldest_counts_it_and_leaves_a_hole_in_the_numbers() -> None:
    outbox = Outbox(first=0, limit=3)
    for at in range(5):
        outbox.put({"level": 1.0}, at=at)
    assert outbox.dropped == 2
    assert numbers((await outbox.batch()).payload) == [2, 3, 4]


async def test_dropping_while_a_batch_is_under_way_loses_nothing_else() -> None:
    outbox = Outbox(first=0, limit=3)
    for at in range(3):
        outbox.put({"level": 1.0}, at=at)
    sent = await outbox.batch()
    for at in range(3, 5):
        outbox.put({"level": 1.0}, at=at)
    outbox.acknowledge(sent.last)
    assert numbers((await outbox.batch()).payload) == [3, 4]


async def test_a_long_backlog_goes_in_parts_that_any_broker_takes_in_order_and_whole() -> None:
    outbox, seen = Outbox(first=0), list[int]()
    for at in range(1000):
        outbox.put({"temperature": 21.35, "humidity": 40.2}, at=at)
    while outbox:
        part = await outbox.batch()
        assert len(part.payload) <= LONGEST
        seen += numbers(part.payload)
        outbox.acknowledge(part.last)
    assert seen == list(range(1000))


async def test_an_empty_outbox_waits() -> None:
    outbox = Outbox(first=0)
    waiting = asyncio.create_task(outbox.batch())
    done, _ = await asyncio.wait([waiting], timeout=0.05)
    assert not done
    outbox.put({"level": 1.0}, at=1)
    assert numbers((await waiting).payload) == [0]
    outbox.acknowledge(0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(outbox.batch(), 0.05)


def test_a_run_begins_at_the_second_of_its_start_and_never_meets_an_earlier_one() -> None:
    first = sequence.first(1_760_000_000_123)
    assert first == 1_760_000_000_000_000
    assert divmod(first + 41, sequence.RUN) == (1_760_000_000, 41)
    assert sequence.first(253_402_300_799_000) > 2**53 > sequence.first(9_000_000_000_000)  # exact until 2255
