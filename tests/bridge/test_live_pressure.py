"""The live hub when a client is slow, when the hub can't keep up, when the database goes, and how soon a frame comes."""

import asyncio
import statistics
from collections.abc import Sequence
from unittest.mock import patch

import pytest

from bridge.committed import Committed
from bridge.live import cursor, frames
from bridge.live.history import History, Snapshot
from bridge.live.hub import open_hub
from tests import services
from tests.bridge.watching import BEGINNING, TIMEOUT, Live, Watcher, Way, rows, running


async def _flood(live: Live, watcher: Watcher, batches: int) -> None:
    """Write to `a/x` while `watcher` reads along: a batch is written once the one before has come."""
    writer = live.writer()
    for number in range(batches):
        await writer.write(*[("a", "x", BEGINNING + number * 100 + n, float(number)) for n in range(50)])
        await watcher.until((number + 1) * 50)


async def test_a_slow_client_is_told_of_the_gap_and_goes_on_with_the_newest(database_url: str, way: Way) -> None:
    async with running(database_url, way, capacity=5_000) as live:
        await live.writer().write(("a", "x", BEGINNING - 1, -1.0))
        async with live.watcher() as slow, live.watcher() as quick:
            slow.subscribe("a/*", rate=100)
            quick.subscribe("a/*", rate=100)
            await slow.next()
            await quick.next()
            await _flood(live, quick, 40)  # nothing of which the slow one takes meanwhile
            while slow.types[-2:] != ["gap", "subscribed"]:
                await slow.next()
            *before, gap, subscribed = slow.frames
            assert gap["reason"] == "slow"
            assert gap["after"] == before[-1]["cursor"]
            assert gap["cursor"] == subscribed["cursor"] == quick.frames[-1]["cursor"]
            assert [one["value"] for one in subscribed["series"]] == [39.0]
            missed = [frame for frame in quick.frames if gap["after"] < frame["cursor"] <= gap["cursor"]]
            assert slow.readings + [row for frame in missed for row in rows(frame)] == quick.readings
            await live.writer().write(("a", "x", BEGINNING + 1_000_000, 99.0))
            assert (await slow.next())["value"] == [99.0]
            assert len(quick.readings) == 40 * 50


async def test_a_frame_is_encoded_once_for_all_clients_with_the_same_subscription(database_url: str, way: Way) -> None:
    async with running(database_url, way) as live:
        await live.writer().write(("a", "x", BEGINNING, 0.0))
        async with live.watcher() as one, live.watcher() as two, live.watcher() as three:
            for watcher, identifier in ((one, "a"), (two, "a"), (three, "c")):
                watcher.subscribe("a/*", id=identifier)
                await watcher.next()
            with patch.object(frames, "readings", wraps=frames.readings) as encode:
                await live.writer().write(("a", "x", BEGINNING + 1, 1.0))
                texts = [(await watcher.client.outbox.take()).wire for watcher in (one, two, three)]
            assert encode.call_count == 1
            assert texts[0] is texts[1]
            assert texts[2] == texts[0].replace(b'"id":"a"', b'"id":"c"')


async def test_at_most_rate_frames_a_second_carry_all_that_came_meanwhile(database_url: str, way: Way) -> None:
    async with running(database_url, way) as live:
        writer = live.writer()
        await writer.write(("a", "x", BEGINNING, 0.0))
        async with live.watcher() as watcher:
            watcher.subscribe("a/*", rate=4)
            await watcher.next()
            loop = asyncio.get_running_loop()
            begun = loop.time()
            written = 0
            while loop.time() - begun < 1.0:
                written += 1
                await writer.write(("a", "x", BEGINNING + written, float(written)))
            await watcher.until(written)
            assert [value for _, _, value in watcher.readings] == [float(n + 1) for n in range(written)]
            assert watcher.types.count("readings") <= 6


@pytest.mark.parametrize(("at_once", "value"), [(1_000, 1.0), (1, "x" * 100_000)], ids=["numbers", "texts"])
async def test_a_full_frame_goes_before_its_time(database_url: str, way: Way, at_once: int, value: float | str) -> None:
    """The first may go at once, wherever it ends; the next one is due in a quarter of an hour."""
    async with running(database_url, way, capacity=2**24) as live:
        writer = live.writer()
        await writer.write(("a", "x", BEGINNING, value))
        async with live.watcher() as watcher:
            watcher.subscribe("a/*", rate=0.001)
            await watcher.next()
            for batch in range(1, 21):
                await writer.write(*[("a", "x", BEGINNING + batch * 1_000 + n, value) for n in range(at_once)])
            await watcher.until(10 * at_once + 1)


async def test_without_load_a_frame_comes_at_once(database_url: str) -> None:
    async with running(database_url, "announced") as live:
        loop = asyncio.get_running_loop()
        first = await live.writer().write(("a", "x", BEGINNING, 0.0))
        waits = []
        async with live.watcher() as watcher:
            watcher.subscribe("a/*", rate=100)
            await watcher.next()
            for n in range(1, 30):
                with pytest.raises(TimeoutError):  # until the next frame is due again, there is none
                    async with asyncio.timeout(0.011):
                        await watcher.client.outbox.take()
                begun = loop.time()
                live.hub.announce(Committed(first.committed_at + n, first.series, [BEGINNING + n], [float(n)]))
                await watcher.until(n)
                waits.append(loop.time() - begun)
    assert statistics.median(waits) < 0.002


async def test_what_the_hub_had_to_let_go_comes_from_the_store(database_url: str) -> None:
    """While the series of a first batch are being looked up, more is announced than the hub may keep."""
    async with running(database_url, "announced", kept=2_000) as live:
        writer = live.writer()
        await writer.write(("a", "x", BEGINNING, 0.0))
        async with live.watcher() as watcher:
            watcher.subscribe("a/*", rate=100)
            await watcher.next()
            hidden = Live(live.url, live.hub, "followed", live.stack).writer()  # one that does not announce
            batches = [await hidden.write(("a", f"m{n % 3}", BEGINNING + n, float(n))) for n in range(1, 40)]
            for batch in batches:
                live.hub.announce(batch)
            assert [value for _, _, value in await watcher.until(39)] == [float(n) for n in range(1, 40)]
            assert "gap" not in watcher.types


async def test_what_was_let_go_while_a_client_was_on_its_way_comes_from_the_store(
    database_url: str, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client has no room for its snapshot until more was announced than the hub may keep."""
    taken = asyncio.Event()
    ask = History.snapshot

    async def snapshot(self: History, likes: Sequence[str]) -> Snapshot:
        answer = await ask(self, likes)
        taken.set()
        return answer

    monkeypatch.setattr(History, "snapshot", snapshot)
    async with running(database_url, way, kept=2_000, capacity=10) as live, live.watcher() as watcher:
        writer = live.writer()
        await writer.write(("a", "x", BEGINNING, 0.0))
        watcher.client.outbox.offer(frames.error(None, "filler", ""))
        watcher.subscribe("a/*", rate=100)
        await taken.wait()
        for n in range(1, 40):
            await writer.write(("a", "x", BEGINNING + n, float(n)))
        assert [value for _, _, value in await watcher.until(39)] == [float(n) for n in range(1, 40)]
        assert watcher.types[:3] == ["error", "subscribed", "readings"]
        assert set(watcher.types[3:]) <= {"readings"}, "the last of them live, where the hub itself reads them"


async def test_a_batch_that_was_committed_but_never_announced_comes_with_the_next_after_a_doubt(
    database_url: str,
) -> None:
    async with running(database_url, "announced") as live:
        await live.writer().write(("a", "x", BEGINNING, 0.0))
        async with live.watcher() as watcher:
            watcher.subscribe("a/*")
            await watcher.next()
            await Live(live.url, live.hub, "followed", live.stack).writer().write(("a", "x", BEGINNING + 1, 1.0))
            live.hub.doubt()
            await live.writer().write(("a", "x", BEGINNING + 2, 2.0))
            assert [value for _, _, value in await watcher.until(2)] == [1.0, 2.0]
            assert "gap" not in watcher.types


async def test_a_subscription_waits_for_a_database_that_is_away(database_url: str, postgres: services.Database) -> None:
    async with open_hub(database_url) as hub, hub.client() as client:
        postgres.kill()
        watcher = Watcher(client)
        watcher.subscribe("*")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.outbox.take()
        postgres.start()
        assert (await watcher.next())["type"] == "subscribed"


async def test_an_idle_hub_keeps_nothing(database_url: str, way: Way) -> None:
    async with running(database_url, way) as live:
        last = await live.writer().write(("a", "x", BEGINNING, 0.0))
        idle = [live.hub.idle]
        assert live.hub._fanout.recent.first_after(0) is None  # noqa: SLF001  memory has no other sign
        async with live.watcher() as watcher:
            watcher.subscribe("a/*")
            assert (await watcher.next())["cursor"] == cursor.encode(last.committed_at)
            idle.append(live.hub.idle)
        idle.append(live.hub.idle)
    assert idle == [True, False, True]


@pytest.mark.parametrize("rate", [0.1, 100.0])
async def test_a_client_that_leaves_ends_its_subscriptions(database_url: str, way: Way, rate: float) -> None:
    async with asyncio.timeout(TIMEOUT), running(database_url, way) as live:
        writer = live.writer()
        await writer.write(("a", "x", BEGINNING, 0.0))
        for n in range(1, 6, 2):
            async with live.watcher() as watcher:
                watcher.subscribe("a/*", rate=rate)
                await watcher.next()
                await writer.write(("a", "x", BEGINNING + n, 1.0))
                await writer.write(("a", "x", BEGINNING + n + 1, 1.0))
            assert live.hub.idle
