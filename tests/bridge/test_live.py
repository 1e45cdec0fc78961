"""The live hub over a real database, by both ways that batches come to it."""

import asyncio
import random
from itertools import count

import pytest

from bridge.live import cursor
from bridge.live.client import Refused
from tests.bridge.watching import BEGINNING, Live, Row, Writer


async def test_a_subscription_begins_with_the_newest_reading_of_each_series(live: Live) -> None:
    writer = live.writer()
    await writer.write(("greenhouse-1", "temperature", BEGINNING + 5, 21.5), ("greenhouse-1", "door", BEGINNING, True))
    await writer.write(("greenhouse-1", "temperature", BEGINNING, 20.0), ("shed", "state", BEGINNING, "öffen"))
    last = await writer.write(("other", "temperature", BEGINNING, 1.0))
    async with live.watcher() as watcher:
        watcher.subscribe("greenhouse-1/*", "*/state")
        frame = await watcher.next()
    assert frame["type"] == "subscribed"
    assert frame["cursor"] == cursor.encode(last.committed_at)
    told = {(one["device"], one["metric"]): (one["at"], one["value"], one["kind"]) for one in frame["series"]}
    assert told == {
        ("greenhouse-1", "temperature"): (BEGINNING + 5, 21.5, "number"),
        ("greenhouse-1", "door"): (BEGINNING, 1.0, "boolean"),
        ("shed", "state"): (BEGINNING, "öffen", "text"),
    }


async def test_readings_come_once_in_commit_order_and_late_ones_as_they_are_committed(live: Live) -> None:
    writer = live.writer()
    await writer.write(("a", "x", BEGINNING, 0.0))
    async with live.watcher() as watcher:
        watcher.subscribe("a/*")
        await watcher.next()
        for at, value in [(10, 1.0), (5, 2.0), (-1000, 3.0), (10, 1.0), (11, 4.0)]:  # the fourth is a duplicate
            await writer.write(("a", "x", BEGINNING + at, value), ("b", "x", BEGINNING + at, value))
        assert [value for _, _, value in await watcher.until(4)] == [1.0, 2.0, 3.0, 4.0]
        cursors = [frame["cursor"] for frame in watcher.frames]
        assert cursors == sorted(cursors)


async def test_states_and_texts_travel_as_they_are_stored(live: Live) -> None:
    writer = live.writer()
    await writer.write(("a", "on", BEGINNING, False), ("a", "word", BEGINNING, "x"))
    async with live.watcher() as watcher:
        watcher.subscribe("a/*")
        await watcher.next()
        await writer.write(("a", "on", BEGINNING + 1, True), ("a", "word", BEGINNING + 1, '"\u2028\n'))
        values = [value for _, _, value in await watcher.until(2)]
    assert sorted(values, key=str) == sorted([1.0, '"\u2028\n'], key=str)
    assert not any(isinstance(value, bool) for value in values)


async def test_a_new_series_is_announced_before_its_first_reading(live: Live) -> None:
    writer = live.writer()
    await writer.write(("a", "x", BEGINNING, 0.0))
    async with live.watcher() as watcher:
        watcher.subscribe("*/x")
        await watcher.next()
        await writer.write(("b", "x", BEGINNING, 1.0), ("b", "y", BEGINNING, 2.0))
        await watcher.until(1)
    _, further, readings = watcher.frames
    assert [(one["device"], one["metric"], one["at"]) for one in further["series"]] == [("b", "x", None)]
    assert further["cursor"] < readings["cursor"]
    assert readings["series"] == [further["series"][0]["series"]]


async def test_an_ended_subscription_is_silent_and_another_goes_on(live: Live) -> None:
    writer = live.writer()
    async with live.watcher() as watcher:
        watcher.subscribe("a/*", id="one")
        watcher.subscribe("a/*", id="two")
        assert {(await watcher.next())["id"] for _ in range(2)} == {"one", "two"}
        await writer.write(("a", "x", BEGINNING, 0.0))
        await watcher.until(2)
        watcher.client.unsubscribe("one")
        await writer.write(("a", "x", BEGINNING + 1, 1.0))
        await watcher.until(3)
        await writer.write(("a", "x", BEGINNING + 2, 2.0))
        await watcher.until(4)
        assert [frame["id"] for frame in watcher.frames[-2:]] == ["two", "two"]
        with pytest.raises(Refused, match="expected the id of a subscription"):
            watcher.client.unsubscribe("one")


async def test_what_waits_for_an_ended_subscription_is_not_sent(live: Live) -> None:
    writer = live.writer()
    async with live.watcher() as watcher, live.watcher() as other:
        watcher.subscribe("a/*", id="one")
        other.subscribe("a/*")
        await watcher.next()
        await other.next()
        await writer.write(("a", "x", BEGINNING, 0.0))
        await other.until(1)  # and so it waits for the first as well
        watcher.client.unsubscribe("one")
        watcher.subscribe("a/*", id="two")
        assert (await watcher.next())["id"] == "two"


async def test_a_subscription_of_the_same_id_replaces_the_first(live: Live) -> None:
    writer = live.writer()
    await writer.write(("a", "x", BEGINNING, 0.0), ("b", "x", BEGINNING, 0.0))
    async with live.watcher() as watcher:
        watcher.subscribe("a/*")
        await watcher.next()
        watcher.subscribe("b/*")
        frame = await watcher.next()
        assert [one["device"] for one in frame["series"]] == ["b"]
        await writer.write(("a", "x", BEGINNING + 1, 1.0))
        await writer.write(("b", "x", BEGINNING + 1, 2.0))
        assert [value for _, _, value in await watcher.until(1)] == [2.0]


async def test_a_cursor_that_the_database_has_not_reached_is_a_gap(live: Live) -> None:
    last = await live.writer().write(("a", "x", BEGINNING, 0.0))
    future = cursor.encode(last.committed_at + 10_000_000)
    async with live.watcher() as watcher:
        watcher.subscribe("a/*", after=future)
        gap, subscribed = [await watcher.next(), await watcher.next()]
    assert gap == {
        "type": "gap",
        "id": "a",
        "after": future,
        "cursor": cursor.encode(last.committed_at),
        "reason": "retention",
    }
    assert subscribed["cursor"] == gap["cursor"]


async def test_a_cursor_from_before_all_that_is_kept_is_a_gap(live: Live) -> None:
    await live.writer().write(("a", "x", BEGINNING, 0.0))
    async with live.watcher() as watcher:
        watcher.subscribe("a/*", after=cursor.encode(946_684_800_000_000))
        assert (await watcher.next())["reason"] == "retention"


async def test_more_than_a_resume_may_bring_is_a_gap(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.live.subscription.MOST_RESUMED", 3)
    writer = live.writer()
    first = await writer.write(("a", "x", BEGINNING, 0.0))
    await writer.write(*[("a", "x", BEGINNING + 1 + n, 0.0) for n in range(3)])
    async with live.watcher() as watcher:
        watcher.subscribe("a/*", after=cursor.encode(first.committed_at))
        await watcher.until(3)
        await writer.write(("a", "x", BEGINNING + 10, 0.0))
        watcher.subscribe("a/*", after=cursor.encode(first.committed_at), id="b")
        while (frame := await watcher.next())["id"] != "b":
            pass
        assert (frame["type"], frame["reason"]) == ("gap", "limit")


async def test_nothing_is_missing_or_double_between_the_snapshot_and_the_stream(live: Live) -> None:
    """Clients subscribe amid a stream of counting readings: each goes on exactly where its snapshot ended."""
    writer = live.writer()
    await writer.write(("a", "x", BEGINNING, 0.0))
    done = asyncio.Event()

    async def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            await writer.write(("a", "x", BEGINNING + number, float(number)))

    async def join() -> None:
        async with live.watcher() as watcher:
            watcher.subscribe("a/*", rate=100)
            newest = (await watcher.next())["series"][0]["value"]
            values = [value for _, _, value in await watcher.until(3)]
            assert values == [newest + 1 + n for n in range(len(values))]

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(write())
        for _ in range(20):
            await asyncio.gather(*[join() for _ in range(3)])
        done.set()


@pytest.mark.parametrize("seed", range(4))
async def test_what_a_client_that_comes_and_goes_has_got_is_what_is_stored(live: Live, seed: int) -> None:
    """Readings, late ones, texts and new series by four bridges, while clients leave and resume at random."""
    chance = random.Random(seed)
    writers = [live.writer() for _ in range(4)]
    times = count(1)
    first = await writers[0].write(("d0", "m0", BEGINNING, 0.0))
    finished = asyncio.Event()

    async def write(writer: Writer) -> None:
        for _ in range(30):
            await writer.write(*[_reading(chance, next(times)) for _ in range(chance.randrange(1, 30))])

    async def read(match: str, rate: float) -> list[Row]:
        """Resume again and again, at last until everything has come."""
        got: list[Row] = []
        told: set[int] = set()
        place = cursor.encode(first.committed_at)
        while True:
            wanted = await live.count(match, first.committed_at) if finished.is_set() else None
            async with live.watcher() as watcher:
                watcher.subscribe(match, after=place, rate=rate)
                await watcher.next()
                for _ in range(chance.randrange(6)) if wanted is None else ():
                    await watcher.next_or(finished)
                if wanted is not None:
                    await watcher.until(wanted - len(got))
                assert set(watcher.types) <= {"subscribed", "readings"}
                told.update(
                    one["series"] for frame in watcher.frames for one in frame["series"] if isinstance(one, dict)
                )
                got += watcher.readings
                place = watcher.frames[-1]["cursor"]
            if wanted is not None:
                assert {series for series, _, _ in got} <= told
                return got

    wants = [("*", 100), ("*", 20), ("d1/*", 100), ("*/m2", 50)]
    async with asyncio.TaskGroup() as tasks:
        readers = [tasks.create_task(read(match, rate)) for match, rate in wants]
        async with asyncio.TaskGroup() as writing:
            for writer in writers:
                writing.create_task(write(writer))
        finished.set()

    for (match, _), reader in zip(wants, readers, strict=True):
        stored = await live.stored(match)
        commits = dict(stored)
        got = reader.result()
        assert len(got) == len(set(got))
        assert set(got) == {row for row, place in stored if place > first.committed_at}
        assert [commits[row] for row in got] == sorted(commits[row] for row in got)


def _reading(chance: random.Random, n: int) -> tuple[str, str, int, float | str]:
    device, metric = f"d{chance.randrange(5)}", f"m{chance.randrange(5)}"
    at = BEGINNING + (n if chance.random() < 0.9 else -n)
    return device, metric, at, f"text {n}" if metric == "m3" else float(n)
