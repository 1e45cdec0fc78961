"""The pipeline: what it makes of a flood."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast
from urllib.parse import urlsplit

import asyncpg
import pytest

from bridge import clock, pipeline
from bridge.committed import Committed
from bridge.connection import Connection
from bridge.decode import decode
from bridge.message import Message
from bridge.pipeline import AHEAD, AT_ONCE, Arrived, carry, gather
from bridge.session import Delivery, Session
from bridge.store.limits import Limits
from bridge.store.sorted import join
from bridge.store.store import Store
from bridge.tally import Tally
from tests.bridge.publishing import publish
from tests.bridge.test_session import connected
from tests.eventually import eventually, is_so
from tests.services import Broker, Database


@asynccontextmanager
async def carrying(
    session: Session, store: Store, tally: Tally, announce: Callable[[Committed], None] = lambda _: None
) -> AsyncIterator[asyncio.Task[None]]:
    """The pipeline at work, until the block is left."""
    running = asyncio.create_task(carry(session, store, announce, tally))
    try:
        yield running
    finally:
        running.cancel()
        await asyncio.wait([running])
        await store.close()


async def test_a_flood_of_new_series_is_stored_whole_in_small_batches(
    broker: Broker, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Registering thousands takes long, and nothing is committed meanwhile."""
    monkeypatch.setattr(pipeline, "MOST_NEW", 300)
    tally, commits = Tally(), list[Committed]()
    async with connected(broker, window=10_000, client_id="pipeline-test") as session:
        await asyncio.to_thread(publish, broker, [(f"devices/d{number}/telemetry/n", "1") for number in range(2_000)])
        await eventually(lambda: is_so(len(session.pending) == 2_000))
        async with carrying(session, Store(database_url), tally, commits.append):
            await eventually(lambda: is_so(tally.stored == 2_000))
    sizes = [len(commit.series) for commit in commits]
    assert sum(sizes) == 2_000
    assert max(sizes) <= 300 + AT_ONCE, sizes


@pytest.mark.parametrize("limits", [Limits(), Limits(series=10)])
async def test_all_that_waits_is_gathered_once_its_series_are_known_or_refused(
    database_url: str, monkeypatch: pytest.MonkeyPatch, limits: Limits
) -> None:
    monkeypatch.setattr(pipeline, "MOST_NEW", 5)
    store, arrived = Store(database_url, limits=limits), Arrived(AHEAD)
    on_none = cast("Connection", None)
    for number in range(AHEAD):
        messages = [
            Message(f"devices/d{number}/telemetry/n{metric}", b"1", 1, clock.now() + number) for metric in range(2)
        ]
        arrived.put_nowait((Delivery(messages, on_none), store.sort(decode(messages))))
    batch = await gather(arrived, store)
    assert len(batch) == 3, "two new series each: with the third there are more than five"
    parts = [*batch, *[arrived.get_nowait() for _ in range(arrived.qsize())]]
    await store.keep(join([part for _, part in parts]))
    for each in parts:
        arrived.put_nowait(each)
    assert len(await gather(arrived, store)) == AHEAD
    await store.close()


async def test_a_database_that_is_away_is_trouble_before_the_first_message(
    broker: Broker, postgres: Database, database_url: str
) -> None:
    async with connected(broker) as session:
        postgres.stop()
        try:
            async with carrying(session, store := Store(database_url), Tally()):
                await eventually(lambda: is_so(store.trouble is not None))
                postgres.start()
                await eventually(lambda: is_so(store.trouble is None))
        finally:
            postgres.start()


async def test_a_database_that_refuses_the_bridge_is_trouble_and_not_its_end(
    broker: Broker, database_url: str, sql: asyncpg.Connection
) -> None:
    """The right to make a temporary table may be missing, and be given later."""
    role = f"storing_{clock.now()}"
    name = await sql.fetchval("SELECT current_database()")
    await sql.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'p'; REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC")
    parts = urlsplit(database_url)
    store = Store(parts._replace(netloc=f"{role}:p@{parts.netloc.rpartition('@')[2]}").geturl())
    async with connected(broker) as session, carrying(session, store, Tally()) as running:
        await eventually(lambda: is_so(store.trouble is not None and "permission" in store.trouble))
        await sql.execute(f"GRANT TEMPORARY ON DATABASE {name} TO {role}")
        await eventually(lambda: is_so(store.trouble is None))
        assert not running.done()
    await sql.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
