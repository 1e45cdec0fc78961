"""The fixtures that all other tests rely on."""

from typing import Literal

import asyncpg
import pytest
from paho.mqtt import publish, subscribe

from tests import services


async def test_two_tests_get_two_databases_with_the_schema(database_url: str, migrated: services.Database) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("INSERT INTO device (name) VALUES ('one')")
    with services.fresh_database(migrated) as other_url:
        other = await asyncpg.connect(other_url)
        assert await other.fetchval("SELECT count(*) FROM device") == 0
        await other.close()
    await connection.close()


async def test_an_immediate_restart_of_postgres_keeps_what_was_committed(
    database_url: str, postgres: services.Database
) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    postgres.restart("immediate")
    connection.terminate()
    connection = await asyncpg.connect(database_url)
    assert await connection.fetchval("SELECT one FROM kept") == 1
    await connection.close()


@pytest.mark.parametrize("transport", ["tcp", "websockets"])
def test_the_broker_keeps_retained_messages_over_a_stop(
    broker: services.Broker, transport: Literal["tcp", "websockets"]
) -> None:
    port = broker.port if transport == "tcp" else broker.websocket_port
    publish.single("devices/one/status", "online", qos=1, retain=True, port=port, transport=transport)
    broker.stop()
    broker.start()
    message = subscribe.simple("devices/+/status", port=port, transport=transport)  # type: ignore[no-untyped-call]
    assert message.payload == b"online"


def test_a_broker_that_is_killed_comes_back_at_its_address(broker: services.Broker) -> None:
    broker.kill()
    broker.start()
    publish.single("devices/one/status", "online", qos=1, port=broker.port)
