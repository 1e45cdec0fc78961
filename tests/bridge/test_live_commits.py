"""Each commit is heard with the messages it holds, and many of them tell that their bridge is behind."""

import asyncio
from urllib.parse import urlsplit

import asyncpg
import pytest

from bridge.committed import CHANNEL
from bridge.live.commits import MANY, Commit, Commits, open_commits
from bridge.migrate import migrate
from tests.bridge.watching import BEGINNING, TIMEOUT, Writer, running
from tests.eventually import eventually, is_so


class Heard:
    """What is heard, in order."""

    def __init__(self, commits: Commits) -> None:
        self._told: asyncio.Queue[Commit] = asyncio.Queue()
        commits.each(self._told.put_nowait)

    async def until(self, committed_at: int) -> Commit:
        """The notification of this commit; a look at the clock may come before it."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                commit = await self._told.get()
                if commit.backend and commit.committed_at == committed_at:
                    return commit

    async def at(self, committed_at: int) -> None:
        """All is heard up to this commit, by whatever way: of a bridge that was not met before, by a look at the clock."""
        async with asyncio.timeout(TIMEOUT):
            while (await self._told.get()).committed_at < committed_at:
                pass

    async def listening(self) -> None:
        """Nothing is missed from now on."""
        async with asyncio.timeout(TIMEOUT):
            await self._told.get()


async def test_a_batch_of_many_tells_that_its_bridge_is_behind_and_soon_that_it_no_longer_is(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.live.commits.BEHIND", 0.2)
    writer = Writer(database_url, None)
    async with open_commits(database_url) as commits:
        heard = Heard(commits)
        await heard.at((await writer.write(("a", "x", BEGINNING - MANY - 1, 1.0))).committed_at)
        few = await writer.write(*(("a", "x", BEGINNING + n, 1.0) for n in range(MANY - 1)))
        assert (await heard.until(few.committed_at)).messages == MANY - 1
        assert not commits.behind()
        behind: list[bool] = []
        commits.each(lambda _: behind.append(commits.behind()))
        many = await writer.write(*(("a", "x", BEGINNING - n, 1.0) for n in range(1, MANY + 1)))
        commit = await heard.until(many.committed_at)
        assert commit == (writer.store.backend, many.committed_at, MANY)
        assert behind[-1]
        await eventually(lambda: is_so(not commits.behind()))
    await writer.close()


async def test_a_bridge_that_can_not_be_heard_is_not_behind(
    database_url: str, sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.live.commits.BEHIND", 0.2)
    writer = Writer(database_url, None)
    async with open_commits(database_url) as commits:
        heard = Heard(commits)
        await heard.at((await writer.write(("a", "x", BEGINNING - 1, 1.0))).committed_at)
        many = await writer.write(*(("a", "x", BEGINNING + n, 1.0) for n in range(MANY)))
        await heard.until(many.committed_at)
        await sql.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'fieldline commits' AND datname = current_database()"
        )
        await eventually(lambda: is_so(not commits.behind()))
        await heard.listening()  # again
        assert not commits.behind()
    await writer.close()


@pytest.mark.parametrize("payload", ["{tomorrow} 9999", "9000000000000000000 5", "9" * 30, "no commit", ""])
async def test_who_may_only_read_is_not_believed(database_url: str, sql: asyncpg.Connection, payload: str) -> None:
    """Postgres lets everyone notify."""
    password = urlsplit(database_url).path
    await migrate(database_url, password)
    reader = await asyncpg.connect(database_url, user="fieldline_reader", password=password)
    said = payload.format(tomorrow=await sql.fetchval("SELECT micros(now() + interval '1 day')"))
    async with open_commits(database_url) as commits, running(database_url, "followed") as live:
        told: list[Commit] = []
        commits.each(told.append)
        writer = live.writer()
        first = await writer.write(("a", "x", BEGINNING, 0.0))
        await eventually(lambda: is_so(bool(told) and told[-1].committed_at == first.committed_at))
        await reader.execute("SELECT pg_notify($1, $2)", CHANNEL, said)
        async with live.watcher() as watcher:
            watcher.subscribe("a/*", rate=100)
            await watcher.next()
            await reader.execute("SELECT pg_notify($1, $2)", CHANNEL, said)
            last = await writer.write(("a", "x", BEGINNING + 1, 1.0))
            assert [value for _, _, value in await watcher.until(1)] == [1.0]
        await eventually(lambda: is_so(told[-1].committed_at == last.committed_at))
        assert max(commit.committed_at for commit in told) == last.committed_at
        assert not commits.behind()
    await reader.close()


async def test_who_was_believed_is_forgotten_when_it_may_not_write_any_more(
    database_url: str, sql: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As is one whose number Postgres has given to a reader."""
    monkeypatch.setattr("bridge.live.commits.POLL", 0.05)
    password = urlsplit(database_url).path
    await migrate(database_url, password)
    await sql.execute("GRANT UPDATE ON commit_clock TO fieldline_reader")
    reader = await asyncpg.connect(database_url, user="fieldline_reader", password=password)
    tell = "SELECT pg_notify($1, $2)"
    async with open_commits(database_url) as commits:
        told: list[Commit] = []
        commits.each(told.append)
        heard = Heard(commits)
        await heard.listening()
        await reader.execute(tell, CHANNEL, "1")
        await heard.until(1)
        await reader.execute(tell, CHANNEL, "2")
        await heard.until(2)
        await sql.execute("REVOKE UPDATE ON commit_clock FROM fieldline_reader")
        looks = _looks(told)
        await eventually(lambda: is_so(_looks(told) >= looks + 2))  # the first may have begun before
        await reader.execute(tell, CHANNEL, "3")
        await sql.execute(tell, CHANNEL, "4")
        await heard.until(4)
    await reader.close()
    assert [commit.committed_at for commit in told if commit.backend] == [1, 2, 4]


def _looks(told: list[Commit]) -> int:
    """How often the clock was read."""
    return sum(not commit.backend for commit in told)


async def test_who_comes_later_is_told_of_the_newest_commit_at_once(database_url: str) -> None:
    async with open_commits(database_url) as commits:
        await Heard(commits).listening()
        told: list[Commit] = []
        commits.each(told.append)
        assert len(told) == 1


def test_a_commit_is_read_as_bridges_of_this_version_and_of_the_one_before_tell_it() -> None:
    assert Commit.read(7, "1790000000000000 1234") == (7, 1_790_000_000_000_000, 1234)
    assert Commit.read(7, "1790000000000000") == (7, 1_790_000_000_000_000, 0)
