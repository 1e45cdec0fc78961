"""A batch of few readings as one statement: an exchange with Postgres instead of eight, which cost more than the rest."""

import asyncpg

from bridge.store import statements
from bridge.store.sorted import Sorted

MOST = 200
"""Readings. From some 500 on, COPY takes as little of Postgres, and far less from there."""


def suits(connection: asyncpg.Connection, batch: Sorted) -> bool:
    """Whether it holds nothing but new readings, as far as can be told, and is a transaction of its own."""
    other = batch.late.series or batch.refusals or batch.statuses or batch.infos
    return not other and batch.readings <= MOST and not connection.is_in_transaction()


async def insert(connection: asyncpg.Connection, batch: Sorted) -> tuple[int, int]:
    """Commit it, and return its tick and the one before. Raises what asyncpg raises, and then nothing of it is stored."""
    fresh, texts = batch.fresh, batch.texts
    [(tick, previous)] = await connection.fetch(
        statements.FEW,
        len(batch.messages),
        *(fresh.series.tolist(), fresh.at.tolist(), fresh.value.tolist()),
        *(texts.series, texts.at, texts.value),
    )
    return tick, previous
