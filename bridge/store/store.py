"""Keeps batches in Postgres and does not give up: waits out what passes, and sets aside the records that can't be stored."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import TypeVar

import asyncpg
import structlog

from bridge.decode import Decoded
from bridge.histogram import Histogram
from bridge.message import Message
from bridge.store.connect import connect
from bridge.store.insert import Outcome
from bridge.store.limits import DEFAULT, Limits
from bridge.store.partitions import Partitions
from bridge.store.registry import Registry
from bridge.store.sift import MOST, Sifted, sift
from bridge.store.sort import sort
from bridge.store.sorted import Sorted
from bridge.store.write import write
from bridge.trouble import PERMANENT, TROUBLE, in_one_line, is_partition_missing, is_permanent

log = structlog.get_logger()

LONGEST_WAIT = 5.0
"""Seconds between two tries at most: an operator who brings Postgres back should not wait for us."""
SLOW = 10.0
"""Seconds after which a batch that is still under way counts as trouble, as when another session holds a lock. Usually it
takes less than a third of one."""
QUIET = 10.0
"""Seconds between two lines about refused messages at least: there may be thousands a second."""

Done = TypeVar("Done")


class Store:
    """The bridge's one connection to Postgres. Not for concurrent use: batches are stored one after the other."""

    def __init__(self, database_url: str, doubt: Callable[[], None] = lambda: None, limits: Limits = DEFAULT) -> None:
        """`doubt` is called when a batch may have been committed unbeknown: the next try finds nothing new to announce."""
        self.commit_seconds = Histogram(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
        """How long transactions took that committed."""
        self.retries = 0
        """Tries that failed in a way that passes."""
        self._trouble: str | None = None
        self._began: float | None = None
        self._refused = 0
        self._last_told = -QUIET
        self._url = database_url
        self._doubt = doubt
        self._connection: asyncpg.Connection | None = None
        self._registry = Registry(limits)
        self._partitions = Partitions()

    @property
    def trouble(self) -> str | None:
        """Why nothing can be stored just now, in one line."""
        if self._trouble is None and self._began is not None and (waited := monotonic() - self._began) > SLOW:
            return f"database: expected a commit within {SLOW:.0f} s, got none in {waited:.0f} s"
        return self._trouble

    @property
    def backend(self) -> int | None:
        """The process in Postgres that commits for this store: its notifications tell us nothing new."""
        return None if self._connection is None or self._connection.is_closed() else self._connection.get_server_pid()

    async def connect(self) -> None:
        """Wait for the database, so that the first batch need not; until it is there, that is the trouble."""
        await self._patiently(self._connected, 0, anyhow=True)

    def new(self, batch: Sorted) -> int:
        """How many of its readings are of series that have to be looked for and registered first."""
        return sum(map(self._registry.is_new, batch.names))

    def sort(self, decoded: Decoded) -> Sorted:
        """Ready for keeping, as far as it can be without waiting. May be asked for while another batch is being kept."""
        return sort(self._registry, decoded)

    async def keep(self, batch: Sorted) -> list[Outcome]:
        """Return when every record of the batch is committed, as a reading or as a reject; wait for that as long as it takes.

        One outcome a tick, in the order of the ticks: several only where a record had to be set aside.
        """
        try:
            return [await self._patiently(lambda: self._commit(batch), len(batch.messages))]
        except PERMANENT:
            return await self._set_aside(batch.messages)

    async def close(self) -> None:
        """Drop the connection and all that was known of the database behind it."""
        connection, self._connection = self._connection, None
        self._registry.forget()
        self._partitions.forget()
        if connection is not None:
            connection.terminate()

    async def _patiently(self, work: Callable[[], Awaitable[Done]], messages: int, *, anyhow: bool = False) -> Done:
        """Do the work, again and again until it succeeds or, unless it must be done anyhow, can never succeed."""
        wait = 0.05
        while True:
            self._began = monotonic()
            try:
                done = await work()
            except TROUBLE as error:
                if is_permanent(error) and not anyhow:
                    raise
                await self.close()
                self._doubt()
                self.retries += 1
                self._trouble = f"database: {in_one_line(error)}"
                log.warning("store.waiting", reason=in_one_line(error), messages=messages, seconds=wait)
            else:
                if self._trouble:
                    log.info("store.recovered", after=self._trouble)
                    self._trouble = None
                return done
            finally:
                self._began = None
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def _commit(self, batch: Sorted) -> Outcome:
        connection = await self._connected()
        began = monotonic()
        try:
            outcome = await self._write(connection, batch)
        except TROUBLE as error:
            if not is_partition_missing(error):
                raise
            self._partitions.forget()  # a week was dropped meanwhile: if it may be, it is made again
            outcome = await self._write(connection, batch)
        self.commit_seconds.observe(monotonic() - began)
        return outcome

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is not None and self._connection.is_closed():
            await self.close()  # lost while nothing was under way: the next may lead elsewhere
        if self._connection is None:
            self._connection = await connect(self._url)
        return self._connection

    async def _write(self, connection: asyncpg.Connection, batch: Sorted) -> Outcome:
        return await write(connection, self._registry, self._partitions, batch)

    async def _set_aside(self, messages: Sequence[Message]) -> list[Outcome]:
        """Store what can be stored of a batch that Postgres refuses, and keep the rest as rejects."""
        outcomes: list[Outcome] = []
        for start in range(0, len(messages), MOST):
            sifted = await self._sift(messages[start : start + MOST])
            outcomes += sifted.outcomes
            self._tell(sifted)
        return outcomes

    async def _sift(self, messages: Sequence[Message]) -> Sifted:
        async def work() -> Sifted:
            connection = await self._connected()
            return await sift(
                connection, self._registry, messages, lambda decoded: self._write(connection, self.sort(decoded))
            )

        return await self._patiently(work, len(messages), anyhow=True)

    def _tell(self, sifted: Sifted) -> None:
        self._refused += len(sifted.refused)
        if sifted.refused and (now := monotonic()) - self._last_told >= QUIET:
            message, refusal = sifted.refused[-1]
            log.warning("store.refused", messages=self._refused, topic=message.topic[:120], reason=refusal.detail)
            self._refused, self._last_told = 0, now
