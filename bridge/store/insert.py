"""One batch into Postgres in one transaction: all or nothing, and a second time without effect."""

from collections.abc import Iterable
from typing import NamedTuple

import asyncpg
import msgspec

from bridge.committed import Committed
from bridge.decode import Decoded
from bridge.record import Refusal
from bridge.store import statements
from bridge.store.columns import Columns, Sorted
from devices.reading import Value


class Outcome(NamedTuple):
    """What became of a batch. The numbers count messages."""

    committed: Committed
    stored: int
    duplicate: int
    rejected: int


class Settled(NamedTuple):
    """Which of some columns' readings are new in the table."""

    new: Columns
    refusals: list[tuple[int, Refusal]]


async def insert(connection: asyncpg.Connection, decoded: Decoded, batch: Sorted) -> Outcome:
    """Commit the batch. Raises what asyncpg raises, and then nothing of the batch is stored."""
    async with connection.transaction():
        tick: int = await connection.fetchval(statements.TICK)
        if decoded.statuses:
            await connection.execute(statements.STATUSES, list(decoded.statuses), list(decoded.statuses.values()), tick)
        if decoded.infos:
            await _insert_infos(connection, decoded)
        numbers = await _insert_columns(connection, statements.NUMBERS, statements.SETTLE_NUMBERS, batch.numbers, tick)
        texts = await _insert_columns(connection, statements.TEXTS, statements.SETTLE_TEXTS, batch.texts, tick)
        refusals = [*decoded.refusals, *batch.refusals, *numbers.refusals, *texts.refusals]
        rejected = await _insert_rejects(connection, decoded, refusals, tick) if refusals else 0
    return _outcome(decoded, numbers.new, texts.new, refusals, tick, rejected)


async def _insert_columns(
    connection: asyncpg.Connection, sql: str, settle: str, columns: Columns, tick: int
) -> Settled:
    if not columns.series:
        return Settled(columns, [])
    inserted = await connection.fetchval(sql, columns.series, columns.at, columns.value, tick)
    if inserted == len(columns.series):
        return Settled(columns, [])
    rows = await connection.fetch(settle, columns.series, columns.at, columns.value, tick)
    return _settle(columns, [(row["inserted"], row["stored"]) for row in rows])


def _settle(columns: Columns, rows: Iterable[tuple[bool, Value]]) -> Settled:
    """Tell the new readings from those that were there: equal ones are duplicates, different ones conflicts; first wins."""
    settled = Settled(Columns.empty(), [])
    seen: set[tuple[int, int]] = set()
    for series, at, value, origin, (inserted, stored) in zip(*columns, rows, strict=True):
        if stored != value:
            refusal = Refusal("conflict", f"series {series} at {at} µs: stored is {stored!r:.80}, got {value!r:.80}")
            settled.refusals.append((origin, refusal))
        elif inserted and (series, at) not in seen:
            seen.add((series, at))
            for column, cell in zip(settled.new, (series, at, value, origin), strict=True):
                column.append(cell)  # type: ignore[attr-defined]
    return settled


async def _insert_infos(connection: asyncpg.Connection, decoded: Decoded) -> None:
    names = list(decoded.infos)
    await connection.execute(
        statements.INFOS, names, [msgspec.json.encode(info).decode() for info in decoded.infos.values()]
    )
    await connection.execute(statements.UNITS, names)


async def _insert_rejects(
    connection: asyncpg.Connection, decoded: Decoded, refusals: list[tuple[int, Refusal]], tick: int
) -> int:
    """One reject a message, with the reason of its first refusal and the details of all. Returns how many."""
    by_message: dict[int, list[Refusal]] = {}
    for index, refusal in refusals:
        by_message.setdefault(index, []).append(refusal)
    messages = [decoded.messages[index] for index in by_message]
    await connection.execute(
        statements.REJECTS,
        [message.received_at for message in messages],
        [message.topic for message in messages],
        [message.payload for message in messages],
        [found[0].reason for found in by_message.values()],
        ["; ".join(refusal.detail for refusal in found)[:2_000].replace("\0", "\\0") for found in by_message.values()],
        tick,
    )
    return len(messages)


def _outcome(
    decoded: Decoded, numbers: Columns, texts: Columns, refusals: list[tuple[int, Refusal]], tick: int, rejected: int
) -> Outcome:
    committed = Committed(tick, numbers.series + texts.series, numbers.at + texts.at, [*numbers.value, *texts.value])
    new = len(committed.series)
    duplicate = 0
    if new < len(decoded.readings):
        untouched = set(decoded.origins) - set(numbers.origin) - set(texts.origin) - {index for index, _ in refusals}
        duplicate = len(untouched)
    return Outcome(committed, len(decoded.messages) - duplicate - rejected, duplicate, rejected)
