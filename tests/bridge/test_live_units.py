"""A unit that changes is told to live clients, by whichever bridge it was stored and however the hub came to hear of it."""

from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import asyncpg
import pytest

from bridge.committed import SERIES_CHANNEL
from bridge.live import frames
from bridge.live.history import History, Snapshot
from tests.bridge.watching import BEGINNING, Live, Watcher, Writer, running
from tests.eventually import eventually, is_so

CUT = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'fieldline commits' AND datname = current_database()"""


def told(frame: dict[str, Any]) -> list[tuple[object, ...]]:
    assert frame["type"] == "subscribed"
    return [tuple(one[name] for name in ("device", "metric", "unit", "at", "value")) for one in frame["series"]]


async def met(watcher: Watcher, writer: Writer) -> None:
    """The hub listens, and knows the bridge."""
    await writer.write(("a", "x", BEGINNING, 0.0))
    await started(watcher, "a/*")
    await writer.inform("a", x="°C")
    assert told(await watcher.next()) == [("a", "x", "°C", None, None)]
    await writer.write(("a", "x", BEGINNING - 1, 0.0))
    assert (await watcher.next())["value"] == [0.0]  # by now it has asked once more


async def started(watcher: Watcher, match: str) -> None:
    watcher.subscribe(match)
    await watcher.next()


@pytest.mark.parametrize("bridge", ["first", "second"])
async def test_a_changed_unit_is_told_to_who_watches_the_series_and_to_nobody_else(live: Live, bridge: str) -> None:
    writers = {"first": live.writer(), "second": live.writer()}
    await writers["first"].write(("a", "x", BEGINNING, 0.0), ("a", "y", BEGINNING, 0.0), ("b", "x", BEGINNING, 0.0))
    async with live.watcher() as watcher, live.watcher() as other:
        await started(watcher, "a/*")
        await started(other, "b/*")
        for unit in ("°C", "K"):
            await writers[bridge].inform("a", x=unit)
            assert told(await watcher.next()) == [("a", "x", unit, None, None)]
        await writers["second"].write(("a", "x", BEGINNING + 1, 1.0), ("b", "x", BEGINNING + 1, 1.0))
        assert (await watcher.next())["value"] == [1.0]
        assert (await other.next())["value"] == [1.0]


async def test_the_units_of_more_series_than_a_notification_holds_are_told_alike(
    live: Live, sql: asyncpg.Connection
) -> None:
    await sql.execute("ALTER TABLE series ALTER id RESTART 1000000000")
    writer = live.writer()
    names = [f"metric-{n}" for n in range(900)]
    await writer.write(*[("a", name, BEGINNING, 0.0) for name in names])
    async with live.watcher() as watcher:
        await started(watcher, "a/*")
        await writer.inform("a", **dict.fromkeys(names, "°C"))
        units: dict[object, object] = {}
        while len(units) < len(names):
            units |= {metric: unit for _, metric, unit, _, _ in told(await watcher.next())}
        assert set(units.values()) == {"°C"}


async def test_a_unit_that_changed_unheard_is_told_once_the_hub_listens_again(
    live: Live, sql: asyncpg.Connection
) -> None:
    async with live.watcher() as watcher:
        await met(watcher, live.writer())
        await sql.execute("UPDATE series SET unit = 'K'")
        await sql.execute(CUT)
        assert told(await watcher.next()) == [("a", "x", "K", None, None)]


async def test_a_unit_that_changes_while_a_client_is_on_its_way_is_told_after_its_snapshot(live: Live) -> None:
    writer = live.writer()
    look = History.snapshot
    async with live.watcher() as first, live.watcher() as second:
        await met(first, writer)

        async def then_change(self: History, likes: Sequence[str]) -> Snapshot:
            answer = await look(self, likes)
            await writer.inform("a", x="K")
            await first.next()
            return answer

        with patch.object(History, "snapshot", then_change):
            second.subscribe("a/*")
            assert told(await second.next()) == [("a", "x", "°C", BEGINNING, 0.0)]
        units = [told(await second.next())[0][2]]
        while units[-1] != "K":  # what the older answer made the hub believe it asks for once more
            units.append(told(await second.next())[0][2])
        while first.frames[-1]["series"][0]["unit"] != "K":
            await first.next()


async def test_a_unit_that_changes_while_a_snapshot_waits_for_room_is_told_after_it(database_url: str) -> None:
    async with (
        running(database_url, "followed", capacity=10_000) as live,
        live.watcher() as first,
        live.watcher() as second,
    ):
        writer = live.writer()
        await writer.write(("a", "x", BEGINNING, 0.0))
        await started(first, "a/*")
        second.client.outbox.offer(frames.error(None, "filler", "x" * 10_000))
        with patch.object(History, "snapshot", autospec=True, side_effect=History.snapshot) as look:
            second.subscribe("a/*")
            await eventually(lambda: is_so(look.await_count == 1))
        await writer.inform("a", x="K")
        assert told(await first.next()) == [("a", "x", "K", None, None)]
        assert (await second.next())["type"] == "error"
        assert told(await second.next()) == [("a", "x", None, BEGINNING, 0.0)]
        assert told(await second.next()) == [("a", "x", "K", None, None)]


async def test_who_has_not_committed_can_not_make_the_hub_ask_for_series(live: Live, sql: asyncpg.Connection) -> None:
    """Else who may only read could keep it busy."""
    writer = live.writer()
    async with live.watcher() as watcher:
        await met(watcher, writer)
        [series] = watcher.frames[0]["series"]
        await sql.execute("UPDATE series SET unit = 'F'")
        await sql.execute("SELECT pg_notify($1, $2)", SERIES_CHANNEL, str(series["series"]))
        await writer.write(("a", "x", BEGINNING + 1, 1.0))
        assert (await watcher.next())["value"] == [1.0]
