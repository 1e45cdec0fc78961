"""Health says whether readings flow, and if not, why."""

import time

import asyncpg
import httpx
import pytest

from bridge.state import BridgeState
from tests.api.field import NOON, asking, execute, keep
from tests.api.states import TOLD, WELL


async def test_all_is_well_with_a_connected_bridge(database_url: str) -> None:
    await keep(database_url, {("a", "x"): [(NOON, 1.0)]})
    async with asking(database_url, bridge=lambda: WELL, broker="memory only") as client:
        answer = await client.get("/health")
    told = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert told["broker"] == {"connected": True, "detail": None, "warning": "memory only", "says": None}
    assert told["database"] == {"connected": True, "detail": None}
    assert told["messages"] == {"received": 9, "stored": 5, "duplicate": 1, "rejected": 1, "in_flight": 2}
    assert told["oldest_unacknowledged"] is None
    assert 0 <= told["lag"] < 60_000
    assert abs(told["newest_commit"] + told["lag"] - time.time() * 1000) < 60_000


async def test_a_bridge_in_another_process_is_said_not_to_be_seen(client: httpx.AsyncClient, database_url: str) -> None:
    before = (await client.get("/health")).json()
    assert before["newest_commit"] is before["lag"] is None
    await keep(database_url, {("a", "x"): [(NOON, 1.0)]})
    answer = await client.get("/health")
    assert answer.status_code == 200
    told = answer.json()
    assert told["broker"]["connected"] is None
    assert "not seen from here" in told["broker"]["detail"]
    assert told["messages"] is None
    assert told["newest_commit"] is not None


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (WELL._replace(connected=False), "the bridge is not connected to the broker"),
        (WELL._replace(connected=False, trouble="connection refused"), "connection refused"),
        (WELL._replace(trouble="disk full", oldest_unacknowledged=NOON), "disk full"),
    ],
)
async def test_a_bridge_in_trouble_is_503_with_the_reason(database_url: str, state: BridgeState, reason: str) -> None:
    async with asking(database_url, bridge=lambda: state) as client:
        answer = await client.get("/health")
    told = answer.json()
    assert answer.status_code == told["status"] == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["detail"] == reason
    assert told["broker"]["connected"] is state.connected
    assert told["database"]["connected"]
    assert told["oldest_unacknowledged"] == (state.oldest_unacknowledged and NOON // 1000)


async def test_a_database_without_schema_says_what_to_do(client: httpx.AsyncClient, database_url: str) -> None:
    await execute(database_url, "DROP TABLE commit_clock CASCADE")
    answer = await client.get("/health")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "the database has no current schema: run `fieldline migrate`"


async def test_what_the_broker_says_of_itself_is_told_as_far_as_it_says_it(database_url: str) -> None:
    async with asking(database_url, bridge=lambda: WELL._replace(broker=TOLD)) as client:
        answer = await client.get("/health")
    assert answer.json()["broker"]["says"] == {
        "at": 1_760_000_000_000,
        "version": "mosquitto version 2.0.11",
        "uptime": 12,
        "clients": None,
        "queued": 10,
        "stored_bytes": 500,
        "retained": 50,
        "dropped": None,
    }


async def test_a_database_that_does_not_answer_is_503_within_seconds(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.health.PATIENCE", 0.2)
    locker = await asyncpg.connect(database_url)
    try:
        async with locker.transaction(), asking(database_url, bridge=lambda: WELL) as client:
            await locker.execute("LOCK TABLE commit_clock")
            locked = await client.get("/health")
            monkeypatch.setattr("api.health.PATIENCE", 10)  # on a busy machine a good answer takes its time, too
            await locker.execute("ROLLBACK; BEGIN")
            free = await client.get("/health")
    finally:
        await locker.close()
    assert (locked.status_code, free.status_code) == (503, 200)
    assert locked.json()["detail"] == "expected the database to answer within 0.2 s, got nothing"
