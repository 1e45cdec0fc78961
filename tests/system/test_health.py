"""Health turns 503 with the reason while readings can't flow, and 200 again by itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest

from tests import services
from tests.eventually import eventually
from tests.system.command import Command, running_bridge
from tests.system.device import running_device

pytestmark = pytest.mark.timeout(120)  # a few seconds on a machine that is free
WITHIN = 40
"""Seconds for a change to be told: tries are up to 10 s apart."""

END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


class Asker:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def hears(self, status: int, reason: str = "") -> None:
        """Wait until health answers so."""
        last = ""

        async def told() -> bool:
            nonlocal last
            answer = await self._client.get("/api/v1/health")
            last = f"{answer.status_code} {answer.json().get('detail', '')}"
            return answer.status_code == status and reason in last

        try:
            await eventually(told, within=WITHIN)
        except AssertionError:
            raise AssertionError(f"expected {status} {reason}, last got {last}") from None


@asynccontextmanager
async def asking(bridge: Command) -> AsyncIterator[Asker]:
    async with httpx.AsyncClient(base_url=f"http://{bridge.address}", timeout=20) as client:
        asker = Asker(client)
        await asker.hears(200)
        yield asker


async def test_while_the_broker_is_away(broker: services.Broker, database_url: str) -> None:
    async with running_bridge(broker, database_url) as bridge, asking(bridge) as health:
        broker.stop()
        await health.hears(503, "broker: ")
        broker.start()
        await health.hears(200)


async def test_while_the_database_is_away(
    broker: services.Broker, migrated: services.Database, database_url: str
) -> None:
    async with running_bridge(broker, database_url) as bridge, asking(bridge) as health:
        migrated.stop()
        await health.hears(503, "expected the database to answer, got")
        migrated.start()
        await health.hears(200)


async def test_while_the_database_is_read_only(
    broker: services.Broker, migrated: services.Database, database_url: str
) -> None:
    name = database_url.rpartition("/")[2]
    async with (
        running_bridge(broker, database_url) as bridge,
        running_device(broker) as device,
        asking(bridge) as health,
    ):
        server = migrated.url("postgres")
        services.execute(server, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        services.execute(database_url, END_OTHERS)
        device.send(1)
        await health.hears(503, "database: ReadOnlySQLTransactionError")
        services.execute(server, f"ALTER DATABASE {name} RESET default_transaction_read_only")
        await health.hears(200)


async def test_while_another_session_holds_a_lock(broker: services.Broker, database_url: str) -> None:
    async with (
        running_bridge(broker, database_url) as bridge,
        running_device(broker) as device,
        asking(bridge) as health,
    ):
        locker = await asyncpg.connect(database_url)
        try:
            async with locker.transaction():
                await locker.execute("LOCK TABLE device")
                device.send(1)
                await health.hears(503, "expected the database to answer within 3 s, got nothing")
            await health.hears(200)
        finally:
            await locker.close()
