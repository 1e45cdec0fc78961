"""Hears of each commit of any bridge, over the one connection of this process that listens, and tells who wants to know."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import NamedTuple, NoReturn, Self

import asyncpg
import structlog

from bridge.committed import CHANNEL, SERIES_CHANNEL
from bridge.trouble import TEMPORARY, in_one_line

log = structlog.get_logger()

POLL = 2.0
"""Seconds after which it looks without being told: what a lost notification can cost."""
SHORTEST_WAIT, LONGEST_WAIT = 0.05, 2.0
"""Seconds between two tries to connect."""
PATIENCE = 10.0
"""Seconds for the database to answer: a connection that nobody ended may lead nowhere."""
MANY = 1_000
"""Messages in a batch. As many gather only while the batch before them is stored: at a thousand a second there are ten."""
BEHIND = 1.0
"""Seconds for which a batch of many tells that its bridge is behind: the next commit takes less than a third of that."""

WRITERS = """
SELECT pid FROM pg_stat_activity WHERE pid = ANY ($1::int[]) AND has_table_privilege(usesysid, 'commit_clock', 'UPDATE')
"""


class Commit(NamedTuple):
    """A commit that was told of, or found by a look at the clock, which knows neither backend nor messages."""

    backend: int
    """The process in Postgres that made it."""
    committed_at: int
    messages: int

    @classmethod
    def read(cls, backend: int, payload: str) -> Self:
        """Bridges of an earlier version tell the cursor alone."""
        committed_at, _, messages = payload.partition(" ")
        return cls(backend, int(committed_at), int(messages or 0))


class Commits:
    """Hears of them while `run` runs, in their order. One may be told twice.

    Anyone who may read the database can notify; whoever could not have committed is not believed.
    """

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._next = asyncio.Event()
        self._hearers: list[Callable[[Commit], object]] = []
        self._relearners: list[Callable[[Sequence[int] | None], object]] = []
        self._newest: Commit | None = None
        self._behind_until = 0.0
        self._wait = SHORTEST_WAIT
        self._writers: set[int] = set()
        self._strangers: dict[int, str] = {}
        """What backends told first that are not known to write; what they have committed, if anything, the clock tells."""
        self._look = asyncio.Event()

    def next(self) -> asyncio.Event:
        """Is set by the next commit, or the next look. Ask for it before you look whether there was one."""
        return self._next

    def each(self, hear: Callable[[Commit], object]) -> None:
        """Call this for each commit from now on, and for the newest before."""
        self._hearers.append(hear)
        if self._newest is not None:
            hear(self._newest)

    def each_change(self, relearn: Callable[[Sequence[int] | None], object]) -> None:
        """Call this with the numbers of series that have another unit, and with `None` when any may have changed unheard."""
        self._relearners.append(relearn)

    def behind(self) -> bool:
        """Whether a bridge has more to store than it can. Of one that can't be heard just now: no."""
        return monotonic() < self._behind_until

    async def run(self) -> NoReturn:
        """Until cancelled. An outage of the database is waited out, and at its end told what it hid."""
        while True:
            try:
                await self._listen()
            except TEMPORARY as error:
                log.warning("live.not_listening", reason=in_one_line(error), seconds=self._wait)
            await asyncio.sleep(self._wait)
            self._wait = min(self._wait * 2, LONGEST_WAIT)

    async def _listen(self) -> None:
        """Until the connection is lost. The clock tells what was committed before it listened, or without a word."""
        connection = await asyncpg.connect(
            self._url, timeout=PATIENCE, server_settings={"application_name": "fieldline commits"}
        )
        self._writers, self._strangers = set(), {}
        try:
            connection.add_termination_listener(lambda _: self._look.set())
            await connection.add_listener(
                CHANNEL, lambda _, backend, __, payload: self._notified(backend, str(payload))
            )
            await connection.add_listener(
                SERIES_CHANNEL, lambda _, backend, __, payload: self._changed(backend, str(payload))
            )
            self._relearn(None)
            while not connection.is_closed():
                self._look.clear()
                await self._meet(connection)
                newest = self._newest
                clock = await connection.fetchval("SELECT micros(last) FROM commit_clock", timeout=PATIENCE)
                self._wait = SHORTEST_WAIT
                if newest is not None and clock < newest.committed_at:  # a backup was restored under us
                    self._relearn(None)
                self._hear(Commit(0, clock, 0))
                try:
                    async with asyncio.timeout(POLL):
                        await self._look.wait()
                except TimeoutError:
                    self._strangers.clear()  # one may be a bridge by now
        finally:
            connection.terminate()

    async def _meet(self, connection: asyncpg.Connection) -> None:
        """Find out who is to be believed from now on; the other strangers are not listened to until the next poll.

        Who was believed is asked for as well: Postgres gives the number of a backend that has ended to another.
        """
        if asked := self._writers | self._strangers.keys():
            found = await connection.fetch(WRITERS, list(asked), timeout=PATIENCE)
            self._writers = {backend for (backend,) in found}
            for backend in self._writers & self._strangers.keys():
                self._relearn(None)  # of what a stranger said only the first is kept
                self._believe(backend, self._strangers.pop(backend))

    def _notified(self, backend: int, payload: str) -> None:
        if backend in self._writers:
            self._believe(backend, payload)
        elif backend not in self._strangers:
            self._strangers[backend] = payload
            self._look.set()

    def _changed(self, backend: int, payload: str) -> None:
        """A stranger has told its commit before, in the same transaction."""
        if backend in self._writers:
            with suppress(ValueError):
                self._relearn([int(number) for number in payload.split()])

    def _relearn(self, series: Sequence[int] | None) -> None:
        for relearn in self._relearners:
            relearn(series)

    def _believe(self, backend: int, payload: str) -> None:
        with suppress(ValueError):  # a person who tries out NOTIFY
            self._hear(Commit.read(backend, payload))

    def _hear(self, commit: Commit) -> None:
        if commit.messages >= MANY:
            self._behind_until = monotonic() + BEHIND
        self._newest = commit
        self._next.set()
        self._next = asyncio.Event()
        for hear in self._hearers:
            hear(commit)


@asynccontextmanager
async def open_commits(database_url: str) -> AsyncIterator[Commits]:
    """The commits, heard until the block is left. The database need not be there yet."""
    async with asyncio.TaskGroup() as tasks:
        commits = Commits(database_url)
        running = tasks.create_task(commits.run(), name="commits")
        try:
            yield commits
        finally:
            running.cancel()
