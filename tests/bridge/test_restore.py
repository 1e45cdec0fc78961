"""The database is replaced by an older backup of itself amid the work: no reading goes under a name whose number it was."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import asyncpg
import pytest

from bridge.live.history import History, Snapshot
from tests import services
from tests.bridge.watching import BEGINNING, TIMEOUT, Watcher, Way, Writer, rows, running
from tests.eventually import eventually, is_so

RENAME = "UPDATE series SET metric = 'z' WHERE metric = 'y'"


class Backup:
    """A copy of a database as it is when this is made."""

    def __init__(self, postgres: services.Database, database_url: str) -> None:
        self._admin = postgres.url("postgres")
        self._name = urlsplit(database_url).path[1:]
        services.execute(self._admin, f"CREATE DATABASE {self._name}_backup TEMPLATE {self._name}")

    async def restore(self) -> None:
        """Put it in the place of the database, whose connections end."""
        admin = await asyncpg.connect(self._admin)
        await admin.execute(f"DROP DATABASE {self._name} WITH (FORCE)")
        await admin.execute(f"ALTER DATABASE {self._name}_backup RENAME TO {self._name}")
        await admin.close()


@pytest.fixture
def backup(postgres: services.Database, database_url: str) -> Backup:
    """Of a database that has one series, `a/x`."""

    async def begin() -> None:
        writer = Writer(database_url, None)
        await writer.write(("a", "x", BEGINNING, 0.0))
        await writer.close()

    services.in_thread(begin)
    return Backup(postgres, database_url)


class Names:
    """What a client makes of its frames: readings by the names that it was told of last."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._names: dict[int, str] = {}
        self.values: dict[str, list[object]] = {}

    async def until(self, name: str, value: float) -> None:
        async with asyncio.timeout(TIMEOUT):
            while value not in self.values.get(name, ()):
                self.told([await self._watcher.next()])

    def told(self, frames: Iterable[dict[str, Any]]) -> None:
        for frame in frames:
            if frame["type"] == "subscribed":
                self._names |= {one["series"]: f"{one['device']}/{one['metric']}" for one in frame["series"]}
            elif frame["type"] == "readings":
                for series, _, value in rows(frame):
                    self.values.setdefault(self._names[series], []).append(value)


async def watch(watcher: Watcher, match: str) -> Names:
    """From its snapshot on."""
    watcher.subscribe(match)
    names = Names(watcher)
    names.told([await watcher.next()])
    return names


@pytest.mark.parametrize("listening", ["soon", "late"])
@pytest.mark.parametrize(("way", "bridge"), [("joined", 0), ("joined", 1), ("followed", 0)])
async def test_a_number_that_another_series_has_after_a_restore_is_not_taken_for_the_one_before(
    database_url: str, backup: Backup, way: Way, bridge: int, listening: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first use is in a batch, and the hub believes that it knows it."""
    if listening == "late":  # long after the bridge has gone on
        monkeypatch.setattr("bridge.live.commits.SHORTEST_WAIT", 1.0)
    async with running(database_url, way) as live, live.watcher() as watcher, live.watcher() as other:
        writer = [live.writer(), live.writer()][bridge]
        watching, others = await watch(watcher, "a/*"), await watch(other, "b/*")
        await writer.write(("a", "y", BEGINNING, 1.0), ("b", "x", BEGINNING, 1.0))
        await watching.until("a/y", 1.0)
        await others.until("b/x", 1.0)
        await backup.restore()
        await writer.write(("b", "z", BEGINNING, 2.0), ("c", "z", BEGINNING, 2.0))  # with the numbers of a/y and b/x
        await writer.write(("a", "x", BEGINNING + 3, 3.0), ("b", "z", BEGINNING + 3, 3.0))
        await watching.until("a/x", 3.0)
        await others.until("b/z", 3.0)
    assert watching.values == {"a/y": [1.0], "a/x": [3.0]}
    assert others.values == {"b/x": [1.0], "b/z": [2.0, 3.0]}


async def test_who_is_on_its_way_amid_a_restore_gets_nothing_of_the_database_before(
    database_url: str, backup: Backup
) -> None:
    look = History.snapshot
    async with running(database_url, "followed") as live, live.watcher() as first, live.watcher() as second:
        writer = live.writer()
        names = await watch(first, "a/*")
        await writer.write(("a", "y", BEGINNING, 1.0))
        await names.until("a/y", 1.0)

        async def then_restore(self: History, likes: Sequence[str]) -> Snapshot:
            answer = await look(self, likes)
            patched.stop()
            await writer.write(("a", "x", BEGINNING + 1, 9.0))
            await first.until(2)
            await backup.restore()
            await first.next()
            return answer

        patched = patch.object(History, "snapshot", then_restore)
        patched.start()
        second.subscribe("a/*", rate=100)
        while second.types[-2:] != ["gap", "subscribed"]:
            await second.next()
        await writer.write(("b", "z", BEGINNING, 2.0))  # with the number of a/y
        await writer.write(("a", "x", BEGINNING + 3, 3.0))
        names = Names(second)
        names.told(second.frames)
        await names.until("a/x", 3.0)
    assert names.values == {"a/x": [3.0]}


async def test_a_clock_that_is_set_back_is_a_reason_to_ask_what_the_series_are(
    database_url: str, backup: Backup, sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when tables are restored one by one, and no connection ends."""
    monkeypatch.setattr("bridge.live.commits.POLL", 0.1)
    async with running(database_url, "followed") as live, live.watcher() as watcher:
        names = await watch(watcher, "a/y")
        await live.writer().write(("a", "y", BEGINNING, 1.0))
        await names.until("a/y", 1.0)
        await sql.execute(RENAME)
        await sql.execute("UPDATE commit_clock SET last = last - interval '1 hour'")
        while watcher.types[-2:] != ["gap", "subscribed"]:
            await watcher.next()
        assert watcher.frames[-1]["series"] == []


async def test_after_a_lost_connection_a_bridge_may_speak_of_other_series_than_before(
    database_url: str, backup: Backup, sql: asyncpg.Connection
) -> None:
    async with running(database_url, "announced") as live, live.watcher() as watcher:
        names = await watch(watcher, "a/y")
        await live.writer().write(("a", "y", BEGINNING, 1.0))
        await names.until("a/y", 1.0)
        await sql.execute(RENAME)
        live.hub.doubt()
        writer = live.writer()
        for n in range(2, 5):
            await writer.write(("a", "z", BEGINNING + n, float(n)))
        await writer.write(("a", "y", BEGINNING + 5, 5.0))
        await names.until("a/y", 5.0)
    assert names.values == {"a/y": [1.0, 5.0]}


async def test_a_bridge_that_was_idle_over_a_restore_numbers_its_series_anew(database_url: str, backup: Backup) -> None:
    writer = Writer(database_url, None)
    await writer.write(("a", "y", BEGINNING, 1.0))
    await backup.restore()
    await eventually(lambda: is_so(writer.store.backend is None))
    await writer.write(("b", "z", BEGINNING, 2.0))  # with the number of a/y
    await writer.write(("a", "y", BEGINNING + 1, 3.0))
    await writer.close()
    after = await asyncpg.connect(database_url)
    stored = await after.fetch("SELECT device, metric, value FROM readings ORDER BY committed_at")
    await after.close()
    assert [tuple(row) for row in stored] == [("a", "x", 0.0), ("b", "z", 2.0), ("a", "y", 3.0)]
