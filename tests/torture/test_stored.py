"""What the torture reads back from the database, with a real one."""

from random import Random

import pytest

from bridge.message import Message as Received
from bridge.store.store import Store
from tests.putting import put
from tests.system.stored import query
from torture import stored
from torture.script import Message, Script
from torture.verdict import judge

NOW = 1_790_000_000_000


@pytest.fixture
async def messages(database_url: str) -> list[Message]:
    """Stored by the real store, a bad one among them."""
    script = Script([f"r1-{number}" for number in range(5)], NOW - 86_400_000, Random(1))
    written = script.part(300) + script.part(1, bad=True)
    store = Store(database_url)
    await put(store, [Received(message.topic, message.payload, 1, NOW * 1_000) for message in written])
    await store.close()
    return written


async def test_what_was_stored_is_judged_good(database_url: str, messages: list[Message]) -> None:
    found = judge(
        [(message, 1.0) for message in messages],
        await stored.rows(database_url, "r1-"),
        await stored.rejects(database_url, "r1-"),
    )
    assert found.faults() == []
    assert found.stored == found.acknowledged > 300
    assert await stored.wrong_rollups(database_url, "r1-") == 0
    assert await stored.has(database_url, "r1-0", 7)
    assert not await stored.has(database_url, "r1-0", 1_000_000)


async def test_other_rounds_are_not_looked_at(database_url: str, messages: list[Message]) -> None:
    assert await stored.rows(database_url, "r11-") == []
    assert await stored.rejects(database_url, "r11-") == []


@pytest.mark.parametrize(
    ("harm", "wrong"),
    [
        (
            "UPDATE rollup_minute SET count = count + 1 WHERE series_id = 1 AND at = (SELECT min(at) FROM rollup_minute)",
            2,
        ),
        ("UPDATE rollup_hour SET last = last + 0.5 WHERE series_id = 1 AND at = (SELECT min(at) FROM rollup_hour)", 2),
        ("DELETE FROM rollup_minute WHERE series_id = 1 AND at = (SELECT min(at) FROM rollup_minute)", 1),
    ],
)
async def test_a_wrong_rollup_is_found(database_url: str, messages: list[Message], harm: str, wrong: int) -> None:
    await query(database_url, harm)
    assert await stored.wrong_rollups(database_url, "r1-") == wrong


@pytest.mark.parametrize("harm", ["DELETE FROM text_reading", "UPDATE reading SET value = -1 WHERE series_id = 2"])
async def test_a_message_of_which_a_part_is_missing_is_not_whole(
    database_url: str, messages: list[Message], harm: str
) -> None:
    names: dict[int, str] = dict(await query(database_url, "SELECT id, metric FROM series"))
    assert names[2] == "level"
    await query(database_url, harm)
    assert not all(row.whole for row in await stored.rows(database_url, "r1-"))
