"""One batch into Postgres in one transaction: all or nothing, and a second time without effect."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg
import msgspec

from bridge.committed import Committed
from bridge.message import Message
from bridge.record import Reason, Refusal
from bridge.store import few, statements
from bridge.store.columns import Columns, Packed
from bridge.store.copy import copy
from bridge.store.kept import Kept
from bridge.store.numbers import Numbers
from bridge.store.settle import Settled, settle
from bridge.store.sorted import Sorted
from bridge.store.spans import add, sum_up


class Outcome(NamedTuple):
    """What became of a batch. The numbers count messages."""

    committed: Committed
    stored: int
    duplicate: int
    rejects: Mapping[Reason, int]
    """Messages by the reason of their first refusal."""

    @property
    def rejected(self) -> int:
        return sum(self.rejects.values())


async def insert(connection: asyncpg.Connection, batch: Sorted) -> Outcome:
    """Commit the batch. Raises what asyncpg raises, and then nothing of the batch is stored."""
    try:
        return await (_insert_few if few.suits(connection, batch) else _insert)(connection, batch)
    except asyncpg.UniqueViolationError:  # not so fresh: stored by another bridge, or before this one started
        return await _insert(connection, batch.all_late())


async def _insert_few(connection: asyncpg.Connection, batch: Sorted) -> Outcome:
    tick, previous = await few.insert(connection, batch)
    return Outcome(_committed(tick, batch.fresh, batch.texts, previous), len(batch.messages), 0, {})


async def _insert(connection: asyncpg.Connection, batch: Sorted) -> Outcome:
    async with connection.transaction():
        # from here on no other bridge writes
        [(tick, previous)] = await connection.fetch(statements.TICK, len(batch.messages))
        if batch.statuses:
            await connection.execute(statements.STATUSES, list(batch.statuses), list(batch.statuses.values()), tick)
        if batch.infos:
            await _insert_infos(connection, batch.infos)
        late = await _settle(connection, statements.STORED_NUMBERS, batch.late, before=batch.fresh)
        texts = await _settle(connection, statements.STORED_TEXTS, batch.texts)
        numbers = Packed.joined([batch.fresh, Packed.of(late.new)]) if late.new.series else batch.fresh
        await _insert_numbers(connection, numbers, tick)
        await _insert_texts(connection, texts.new, tick)
        refusals = [*batch.refusals, *late.refusals, *texts.refusals]
        rejects = await _insert_rejects(connection, batch.messages, refusals, tick) if refusals else {}
    duplicate = 0
    if numbers.series.size + len(texts.new.series) < batch.readings:
        settled = (numbers.origin.tolist(), texts.new.origin, [index for index, _ in refusals])
        duplicate = len(batch.origins.difference(*settled))
    committed = _committed(tick, numbers, texts.new, previous)
    return Outcome(committed, len(batch.messages) - duplicate - sum(rejects.values()), duplicate, rejects)


def _committed(tick: int, numbers: Packed, texts: Columns, previous: int) -> Committed:
    series, at, value = numbers.series.tolist(), numbers.at.tolist(), numbers.value.tolist()
    return Committed(tick, series + texts.series, at + texts.at, value + texts.value, previous)


async def _settle(
    connection: asyncpg.Connection, stored: str, columns: Columns, before: Packed | None = None
) -> Settled:
    if not columns.series:
        return Settled(columns, [])
    rows = await connection.fetch(stored, columns.series, columns.at)
    return settle(columns, [value for (value,) in rows], before.unpacked() if before else Columns.empty())


async def _insert_numbers(connection: asyncpg.Connection, new: Packed, tick: int) -> None:
    """Copy readings in, and add just these to the rollups: late and repeated messages can't make them wrong."""
    if not new.series.size:
        return
    numbers = Numbers.ordered(new.series, new.at, new.value)
    await copy(connection, "reading", numbers.columns(tick))
    await add(connection, sum_up(numbers), tick)


async def _insert_texts(connection: asyncpg.Connection, new: Columns, tick: int) -> None:
    if new.series:
        await connection.execute(statements.TEXTS, new.series, new.at, new.value, tick)


async def _insert_infos(connection: asyncpg.Connection, infos: Mapping[str, Mapping[str, Any]]) -> None:
    names = list(infos)
    await connection.execute(statements.INFOS, names, [msgspec.json.encode(info).decode() for info in infos.values()])
    await connection.execute(statements.UNITS, names)


async def _insert_rejects(
    connection: asyncpg.Connection, batch: Sequence[Message], refusals: list[tuple[int, Refusal]], tick: int
) -> Mapping[Reason, int]:
    """One reject a message, with the reason of its first refusal and the details of all. Returns how many of each reason."""
    by_message: dict[int, list[Refusal]] = {}
    for index, refusal in refusals:
        by_message.setdefault(index, []).append(refusal)
    messages = [batch[index] for index in by_message]
    columns = (
        [message.received_at for message in messages],
        [_storable(message.topic) for message in messages],
        [message.payload for message in messages],
        [found[0].reason for found in by_message.values()],
        [_storable("; ".join(refusal.detail for refusal in found)[:2_000]) for found in by_message.values()],
    )
    if kept := [message for message in messages if isinstance(message, Kept)]:
        before = [message.id for message in kept], [message.committed_at for message in kept]
        await connection.execute(statements.REJECTS_AGAIN, *columns, *before)
    else:
        await connection.execute(statements.REJECTS, *columns, tick)
    return Counter(found[0].reason for found in by_message.values())


def _storable(text: str) -> str:
    """Text as Postgres holds it. No such topic comes through Mosquitto, but a reject that can't be stored would block all."""
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
