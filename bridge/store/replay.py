"""Stores rejects again as if they had just arrived: what can be stored now is no reject any more, the rest stays one."""

import asyncio
from collections.abc import Sequence

import asyncpg

from bridge.decode import Decoded
from bridge.replayed import Replayed, ReplayError, Wanted
from bridge.store.connect import connect
from bridge.store.insert import Outcome
from bridge.store.kept import Kept
from bridge.store.limits import DEFAULT, Limits
from bridge.store.partitions import Partitions
from bridge.store.registry import Registry
from bridge.store.sift import MOST, sift
from bridge.store.sort import sort
from bridge.store.write import write
from bridge.trouble import TROUBLE, in_one_line

BYTES = 8 * 2**20
"""Payloads of one transaction, but for a single larger one: they are in memory at once."""

TAKE = """
DELETE FROM reject WHERE id IN (
    SELECT id FROM (
        SELECT id, sum(octet_length(payload)) OVER (ORDER BY id) - octet_length(payload) AS before FROM (
            SELECT id, payload FROM reject
            WHERE id > $1 AND ($2::bigint[] IS NULL OR id = ANY ($2))
                AND ($3::text[] IS NULL OR reason = ANY ($3)) AND ($4::text[] IS NULL OR topic LIKE ANY ($4))
                AND ($5::bigint IS NULL OR received_at >= moment($5)) AND ($6::bigint IS NULL OR received_at < moment($6))
            ORDER BY id LIMIT $7
        ) AS wanted
    ) AS measured WHERE before < $8
) RETURNING id, micros(received_at), micros(committed_at), topic, payload
"""
KNOWN = "SELECT name, online IS NOT NULL, info IS NOT NULL FROM device WHERE name = ANY ($1::text[])"


class Replay:
    """One request after the other, each on a connection of its own: it is asked for now and then."""

    def __init__(self, database_url: str, limits: Limits = DEFAULT) -> None:
        self._url = database_url
        self._limits = limits
        self._turn = asyncio.Lock()

    async def replay(self, wanted: Wanted) -> Replayed:
        """Try them, oldest first, with the time of their first receipt. Raises `ReplayError`; what was stored before it stays.

        A reject is gone in the very transaction that stores its message, so a second request does nothing to it.
        """
        async with self._turn:
            try:
                return await self._replay(wanted)
            except TROUBLE as error:
                raise ReplayError(f"expected the database to store, got: {in_one_line(error)}") from error

    async def _replay(self, wanted: Wanted) -> Replayed:
        connection = await connect(self._url)
        try:
            some = _Some(connection, self._limits)
            stored = rejected = 0
            left, last = wanted.most, wanted.after
            while left > 0 and (tried := await some.replay(wanted, last, min(left, MOST))):
                numbers, refused = tried
                stored, rejected = stored + len(numbers) - refused, rejected + refused
                left, last = left - len(numbers), max(numbers)
            return Replayed(stored, rejected, None if left > 0 else last)
        finally:
            connection.terminate()


class _Some:
    """What is known of the database on one connection."""

    def __init__(self, connection: asyncpg.Connection, limits: Limits) -> None:
        self._connection = connection
        self._registry = Registry(limits)
        self._partitions = Partitions()

    async def replay(self, wanted: Wanted, after: int, most: int) -> tuple[list[int], int] | None:
        """The numbers of those tried in one transaction, and how many of them are rejects again; `None` if there were none."""
        async with self._connection.transaction():
            rows = await self._connection.fetch(TAKE, after, *wanted[:5], most, BYTES)
            if not rows:
                return None
            messages = [
                Kept(topic, payload, None, received_at, number, committed_at)
                for number, received_at, committed_at, topic, payload in sorted(map(tuple, rows))
            ]
            sifted = await sift(self._connection, self._registry, messages, self._write)
        return [message.id for message in messages], sum(outcome.rejected for outcome in sifted.outcomes)

    async def _write(self, decoded: Decoded) -> Outcome:
        decoded = await self._without_old_news(decoded)
        return await write(self._connection, self._registry, self._partitions, sort(self._registry, decoded))

    async def _without_old_news(self, decoded: Decoded) -> Decoded:
        """Without statuses and infos of devices that have one: it is newer than what was refused."""
        devices: Sequence[str] = [*decoded.statuses, *decoded.infos]
        if not devices:
            return decoded
        rows = await self._connection.fetch(KNOWN, devices)
        has_status = {name for name, status, _ in rows if status}
        has_info = {name for name, _, info in rows if info}
        return decoded._replace(
            statuses={name: said for name, said in decoded.statuses.items() if name not in has_status},
            infos={name: said for name, said in decoded.infos.items() if name not in has_info},
        )
