"""Limits of devices and series: a flood of invented topics becomes rejects, cheaply, and hurts nobody who was there before."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import clock
from bridge.message import Message
from bridge.store import registry
from bridge.store.limits import Limits, Name, Room
from bridge.store.registry import Registry
from bridge.store.store import Store
from tests.eventually import eventually
from tests.project.documents import blocks, read
from tests.putting import put

LIMITS = Limits(devices=4, series=10, series_per_device=5)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url, limits=LIMITS)
    yield store
    await store.close()


def message(topic: str, payload: str = "1") -> Message:
    return Message(topic, payload.encode(), 1, clock.now())


def metrics(device: str, numbers: Sequence[int]) -> list[Message]:
    return [message(f"devices/{device}/telemetry/m{number}") for number in numbers]


async def counts(sql: asyncpg.Connection) -> dict[str, int]:
    rows = await sql.fetch(
        "SELECT name, count(series.id) FROM device LEFT JOIN series ON device_id = device.id GROUP BY 1"
    )
    return {name: count for name, count in rows}  # noqa: C416  a record is no tuple to the type checker


async def test_a_device_has_as_many_series_as_the_limit_allows_and_the_rest_is_rejected_whole(
    store: Store, sql: asyncpg.Connection
) -> None:
    messages = metrics("a", range(8))
    [outcome] = await put(store, messages)
    assert (outcome.stored, outcome.rejected) == (5, 3)
    assert len(outcome.committed.series) == 5
    rejects = await sql.fetch("SELECT topic, payload, reason, detail FROM reject ORDER BY id")
    assert [(row["topic"], row["payload"], row["reason"]) for row in rejects] == [
        (message.topic, message.payload, "limit") for message in messages[5:]
    ]
    assert rejects[0]["detail"] == "m5: expected at most 5 series a device, got one more"
    [outcome] = await put(store, metrics("b", [1]))
    assert outcome.stored == 1, "another device has room"


async def test_all_devices_together_have_as_many_series_as_the_limit_allows(
    store: Store, sql: asyncpg.Connection
) -> None:
    for device in "abc":
        await put(store, metrics(device, range(4)))
    assert await counts(sql) == {"a": 4, "b": 4, "c": 2}
    assert await sql.fetchval("SELECT detail FROM reject LIMIT 1") == "m2: expected at most 10 series, got one more"
    [outcome] = await put(store, metrics("a", range(4)))
    assert (outcome.stored, outcome.rejected) == (4, 0), "series that are there go on"
    [outcome] = await put(store, metrics("d", range(4)))
    assert outcome.rejected == 4
    assert "d" not in await counts(sql), "a device none of whose series was taken is none"


async def test_the_good_metrics_of_a_message_beyond_the_limit_are_stored(store: Store, sql: asyncpg.Connection) -> None:
    payload = '{"m0":1,"m1":1,"m2":1,"m3":1,"m4":1,"m5":1,"m6":"text"}'
    [outcome] = await put(store, [message("devices/a/telemetry", payload)])
    assert outcome.rejected == 1
    assert len(outcome.committed.series) == 5
    [row] = await sql.fetch("SELECT payload, detail FROM reject")
    assert row["payload"] == payload.encode()
    assert "m5" in row["detail"]
    assert "m6" in row["detail"]


@pytest.mark.parametrize(
    ("kind", "payload"), [("status", "online"), ("info", '{"name":"x"}'), ("telemetry", '{"n":1}')]
)
async def test_invented_devices_are_limited_whatever_they_say(
    store: Store, sql: asyncpg.Connection, kind: str, payload: str
) -> None:
    for _ in range(2):
        outcomes = await put(store, [message(f"devices/d{n}/{kind}", payload) for n in range(6)])
        assert sum(outcome.rejected for outcome in outcomes) == 2
    assert sorted(await counts(sql)) == ["d0", "d1", "d2", "d3"]
    assert await sql.fetchval("SELECT detail FROM reject LIMIT 1") == "d4: expected at most 4 devices, got one more"
    assert {row["topic"] for row in await sql.fetch("SELECT topic FROM reject")} == {
        f"devices/d{n}/{kind}" for n in (4, 5)
    }


async def test_statuses_and_infos_of_devices_that_are_there_go_on_beside_a_flood(
    store: Store, sql: asyncpg.Connection
) -> None:
    for n in range(4):
        await put(store, [message(f"devices/d{n}/status", "online")])
    flood = [message(f"devices/x{n}/status", "online") for n in range(100)]
    good = [message("devices/d1/status", "offline"), message("devices/d2/info", '{"model":"M"}')]
    [outcome] = await put(store, [*flood, *good])
    assert (outcome.stored, outcome.rejected) == (2, 100)
    rows = await sql.fetch("SELECT name FROM device WHERE NOT online OR info IS NOT NULL ORDER BY 1")
    assert [row["name"] for row in rows] == ["d1", "d2"]


async def test_a_status_uses_up_no_number_of_a_device(store: Store, sql: asyncpg.Connection) -> None:
    for word in ("online", "offline") * 3:
        await put(store, [message("devices/a/status", word), message("devices/a/info", f'{{"is":"{word}"}}')])
    await put(store, [message("devices/b/status", "online")])
    assert [tuple(row) for row in await sql.fetch("SELECT id, name FROM device ORDER BY id")] == [(1, "a"), (2, "b")]


async def test_a_bridge_waits_for_what_another_is_registering_and_counts_it(
    store: Store, database_url: str, sql: asyncpg.Connection
) -> None:
    other = await asyncpg.connect(database_url)
    registering = other.transaction()
    await registering.start()
    await other.execute(registry.LOCK)
    await other.execute("INSERT INTO device (name) VALUES ('a')")
    await other.execute(
        "INSERT INTO series (device_id, metric, kind) SELECT id, n, 'text' FROM device, generate_series(1, 4) n"
    )
    keeping = asyncio.create_task(put(store, metrics("a", [1, 2])))
    await eventually(lambda: sql.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))
    await registering.commit()
    [outcome] = await keeping
    assert (outcome.stored, outcome.rejected) == (1, 1)
    await other.close()


async def test_what_one_bridge_has_registered_is_known_to_another_at_the_limit(store: Store, database_url: str) -> None:
    for device in "ab":
        await put(store, metrics(device, range(5)))
    other = Store(database_url, limits=LIMITS)
    [outcome] = await put(other, [*metrics("c", [1]), *metrics("a", range(5))])
    assert (outcome.stored, outcome.rejected) == (5, 1)
    await other.close()


async def test_a_device_that_is_there_may_have_more_when_there_are_devices_enough(sql: asyncpg.Connection) -> None:
    known = Registry(LIMITS)
    await Registry(LIMITS).learn(sql, {("z", "m"): 1.0})
    assert list(await known.learn(sql, {(device, "m"): 1.0 for device in "abcd"})) == [("d", "m")]
    assert await known.learn(sql, {("z", "n"): 1.0}) == {}


async def test_a_flood_at_the_limit_costs_one_query_a_batch_and_what_repeats_costs_none(
    sql: asyncpg.Connection,
) -> None:
    known = Registry(LIMITS)
    for device in "ab":
        await known.learn(sql, {(device, f"m{n}"): 1.0 for n in range(6)})
    queries: list[str] = []
    sql.add_query_logger(lambda record: queries.append(record.query))
    for batch in range(3):
        refused = await known.learn(sql, {(f"x{batch}", f"m{n}"): 1.0 for n in range(100)})
        assert len(refused) == 100
    await known.learn(sql, {("x0", f"m{n}"): 1.0 for n in range(100)})
    await asyncio.sleep(0)  # the log of a query is a callback
    assert Counter(queries) == {registry.FIND: 3}


async def test_below_the_limit_nothing_is_counted(sql: asyncpg.Connection) -> None:
    """A count is as slow as there are series; the highest number is found at once and is no less."""
    await Registry().learn(sql, {("a", f"m{n}"): 1.0 for n in range(50)})
    plan = "\n".join(
        row[0] for row in await sql.fetch(f"EXPLAIN (ANALYZE, COSTS OFF) {registry.COUNT}", 10, 100_000, 1_000_000)
    )
    assert plan.count("(never executed)") >= 2, plan


async def test_room_that_an_operator_makes_is_found_after_a_while(
    sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Registry(LIMITS)
    full: dict[Name, float] = {("a", f"m{n}"): 1.0 for n in range(5)}
    assert await known.learn(sql, full) == {}
    assert await known.learn(sql, {("a", "late"): 1.0}) != {}
    await sql.execute("DELETE FROM series WHERE metric = 'm1'")
    assert await known.learn(sql, {("a", "late"): 1.0}) != {}, "not looked at again yet"
    monkeypatch.setattr(registry, "RECONSIDER", 0)
    assert await known.learn(sql, {("a", "late"): 1.0}) == {}


async def test_deleting_what_holds_nothing_as_documented_makes_room(
    store: Store, sql: asyncpg.Connection, database_url: str
) -> None:
    await put(store, [*metrics("a", range(5)), message("devices/b/status", "online"), *metrics("c", [1])])
    await sql.execute("DELETE FROM reading WHERE series_id IN (SELECT id FROM series WHERE metric IN ('m1', 'm2'))")
    await sql.execute("DELETE FROM rollup_hour WHERE series_id IN (SELECT id FROM series WHERE metric IN ('m1', 'm2'))")
    [recipe] = [block.text for block in blocks(read("docs/operations.md")) if "DELETE FROM series" in block.text]
    await store.close()
    await sql.execute(recipe)
    assert await counts(sql) == {"a": 3, "b": 0}
    again = Store(database_url, limits=LIMITS)
    [outcome] = await put(again, metrics("a", range(5, 8)))
    assert (outcome.stored, outcome.rejected) == (2, 1)
    await again.close()


async def test_a_registry_that_has_forgotten_sorts_a_batch_of_old_and_new(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(store, metrics("a", range(3)))
    monkeypatch.setattr(registry, "MOST_REMEMBERED", 2)
    [outcome] = await put(store, metrics("a", range(4)))
    assert (outcome.stored, outcome.rejected) == (4, 0)


names = st.tuples(st.sampled_from("abcdef"), st.sampled_from(["", "m", "n", "o", "p", "q", "r"]))


@given(st.lists(names, unique=True), st.builds(Limits, *[st.integers(0, 6)] * 3))
def test_room_is_never_more_than_the_limits_and_refuses_only_at_one(wanted: list[Name], limits: Limits) -> None:
    room = Room(limits, 0, 0, {})
    taken = [name for name in wanted if room.take(name) is None]
    held = Counter(device for device, metric in taken if metric)
    assert len({device for device, _ in taken}) <= limits.devices
    assert held.total() <= limits.series
    assert all(count <= limits.series_per_device for count in held.values())
    if len(taken) < len(wanted):
        devices = len({device for device, _ in taken})
        full = (
            devices == limits.devices,
            held.total() == limits.series,
            max(held.values(), default=0) == limits.series_per_device,
        )
        assert any(full)
