"""Keeps batches in Postgres and does not give up: waits out what passes, and sets aside the one record that can't be stored."""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic

import asyncpg
import structlog

from bridge.decode import Decoded, decode
from bridge.histogram import Histogram
from bridge.message import Message
from bridge.record import Refusal
from bridge.store.columns import sort
from bridge.store.insert import Outcome, insert
from bridge.store.partitions import Partitions
from bridge.store.registry import Registry
from bridge.trouble import TROUBLE, is_permanent

log = structlog.get_logger()

LONGEST_WAIT = 5.0
"""Seconds between two tries at most: an operator who brings Postgres back should not wait for us."""
STATEMENT_TIMEOUT = 60.0
"""Seconds after which a statement counts as lost with its connection: a half-open one would never answer."""
SLOW = 10.0
"""Seconds after which a batch that is still under way counts as trouble, as when another session holds a lock. Usually it
takes less than a third of one."""
QUIET = 10.0
"""Seconds between two lines about refused messages at least: there may be thousands a second."""


class Store:
    """The bridge's one connection to Postgres. Not for concurrent use: batches are stored one after the other."""

    def __init__(self, database_url: str, doubt: Callable[[], None] = lambda: None) -> None:
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
        self._registry = Registry()
        self._partitions = Partitions()

    @property
    def trouble(self) -> str | None:
        """Why nothing can be stored just now, in one line."""
        if self._trouble is None and self._began is not None and (waited := monotonic() - self._began) > SLOW:
            return f"database: expected a commit within {SLOW:.0f} s, got none in {waited:.0f} s"
        return self._trouble

    async def keep(self, decoded: Decoded) -> list[Outcome]:
        """Return when every record of the batch is committed, as a reading or as a reject; wait for that as long as it takes.

        One outcome a transaction, in the order of their commits: several only where a record had to be set aside.
        """
        wait = 0.05
        while True:
            try:
                return [await self._insert(decoded)]
            except TROUBLE as error:
                if is_permanent(error):
                    return await self._set_aside(decoded, error)
                await self.close()
                self._doubt()
                self.retries += 1
                self._trouble = f"database: {_line(error)}"
                log.warning("store.waiting", reason=_line(error), messages=len(decoded.messages), seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def close(self) -> None:
        """Drop the connection and all that was known of the database behind it."""
        connection, self._connection = self._connection, None
        self._registry.forget()
        self._partitions.forget()
        if connection is not None:
            connection.terminate()

    async def _insert(self, decoded: Decoded) -> Outcome:
        self._began = monotonic()
        try:
            outcome = await self._commit(decoded)
        finally:
            self._began = None
        if self._trouble:
            log.info("store.recovered", after=self._trouble)
            self._trouble = None
        return outcome

    async def _commit(self, decoded: Decoded) -> Outcome:
        connection = self._connection
        if connection is None or connection.is_closed():
            self._connection = connection = await _connect(self._url)
        await self._partitions.ensure(connection, [reading.at for reading in decoded.readings])
        batch = await sort(connection, self._registry, decoded)
        began = monotonic()
        outcome = await insert(connection, decoded, batch)
        self.commit_seconds.observe(monotonic() - began)
        return outcome

    async def _set_aside(self, decoded: Decoded, error: Exception) -> list[Outcome]:
        """Halve the batch until the record that Postgres refuses is alone, and keep that as a reject."""
        messages = decoded.messages
        if len(messages) == 1:
            self._tell(messages[0], error)
            return await self.keep(_refused(messages, Refusal("store", _line(error))))
        middle = len(messages) // 2
        return await self.keep(decode(messages[:middle])) + await self.keep(decode(messages[middle:]))

    def _tell(self, message: Message, error: Exception) -> None:
        self._refused += 1
        if (now := monotonic()) - self._last_told >= QUIET:
            log.warning("store.refused", messages=self._refused, topic=message.topic[:120], reason=_line(error))
            self._refused, self._last_told = 0, now


def _refused(messages: Sequence[Message], refusal: Refusal) -> Decoded:
    return Decoded(messages, [], [], [(0, refusal)], {}, {})


async def _connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(
        url,
        timeout=10,
        command_timeout=STATEMENT_TIMEOUT,
        server_settings={"application_name": "fieldline bridge", "timezone": "UTC", "jit": "off"},
    )


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else 'no further word'}"
