"""Rejects are told newest first with what is wrong, and tried again on demand."""

from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bridge.message import Message
from bridge.store.limits import Limits
from bridge.store.replay import Replay
from bridge.store.store import Store
from tests.api.field import NOON, asking
from tests.api.test_problems import problem_of
from tests.putting import put

TELEMETRY = "devices/broken/telemetry"


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(database_url, replay=Replay(database_url).replay) as client:
        yield client


async def reject(database_url: str, *payloads: bytes, topic: str = TELEMETRY, limits: Limits | None = None) -> None:
    store = Store(database_url, limits=limits or Limits())
    for number, payload in enumerate(payloads):
        await put(store, [Message(topic, payload, 1, NOON + number * 1_000_000)])
    await store.close()


async def told(client: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get("/rejects", params=query)
    assert answer.status_code == 200, answer.text
    rejects: list[dict[str, Any]] = answer.json()["rejects"]
    return rejects


async def test_a_reject_is_told_whole_with_the_reason(client: httpx.AsyncClient, database_url: str) -> None:
    await reject(database_url, b'{"n":NaN}')
    [found] = await told(client)
    assert found.pop("committed_at") > NOON // 1000
    assert found == {
        "id": 1,
        "received_at": NOON // 1000,
        "topic": TELEMETRY,
        "payload": '{"n":NaN}',
        "payload_base64": None,
        "size": 9,
        "reason": "json",
        "detail": found["detail"],
    }
    assert "JSON" in found["detail"]


@pytest.mark.parametrize("payload", [b"\x00<script>\x1b[2J", "°".encode() * 3000, b"", b"\xff\x00", b"{\xc2"])
async def test_whatever_was_sent_comes_back_as_text_or_as_bytes(
    client: httpx.AsyncClient, database_url: str, payload: bytes
) -> None:
    await reject(database_url, payload)
    [found] = await told(client, bytes=10_000, limit=10)
    assert found["size"] == len(payload)
    if found["payload"] is None:
        assert b64decode(found["payload_base64"]) == payload
    else:
        assert found["payload"].encode() == payload
        assert found["payload_base64"] is None
    [cut] = await told(client, bytes=7)
    assert cut["size"] == len(payload)
    shown = cut["payload"].encode() if cut["payload"] is not None else b64decode(cut["payload_base64"])
    assert payload.startswith(shown)
    assert len(shown) >= min(len(payload), 7) - 1, "at most a cut character is left out"


async def test_pages_go_from_the_newest_to_the_oldest(client: httpx.AsyncClient, database_url: str) -> None:
    await reject(database_url, *(b"%d{" % number for number in range(7)))
    found: list[str] = []
    page: int | None = None
    while True:
        answer = (await client.get("/rejects", params={"limit": 3} | ({"page": page} if page else {}))).json()
        found += [one["payload"] for one in answer["rejects"]]
        page = answer["next"]
        if page is None:
            break
    assert found == [f"{number}{{" for number in reversed(range(7))]


@pytest.mark.parametrize(
    ("query", "payloads"),
    [
        ({"reason": "json"}, ["2", "1"]),
        ({"reason": ["json", "topic"]}, ["3", "2", "1"]),
        ({"topic": "*/status"}, ["3"]),
        ({"topic": ["devices//status", "*/telemetry"]}, ["3", "2", "1"]),
        ({"from": NOON // 1000 + 1000, "to": NOON // 1000 + 2000}, ["2"]),
        ({"reason": "limit"}, []),
    ],
)
async def test_they_are_selected_by_reason_topic_and_time(
    client: httpx.AsyncClient, database_url: str, query: dict[str, Any], payloads: list[str]
) -> None:
    await reject(database_url, b'["1"', b'["2"')
    await reject(database_url, b"3", topic="devices//status")
    found = await told(client, **query)
    assert [one["payload"].strip('["') for one in found] == payloads


async def test_they_are_tried_again_by_number_or_by_selection(client: httpx.AsyncClient, database_url: str) -> None:
    await reject(database_url, b'{"n":1}', b'{"n":2}', b"{", limits=Limits(devices=0))
    answer = await client.post("/rejects/replay", json={"ids": [1]})
    assert (answer.status_code, answer.json()) == (200, {"stored": 1, "rejected": 0, "next": None})
    assert (await client.post("/rejects/replay", json={"ids": [1]})).json()["stored"] == 0
    answer = await client.post("/rejects/replay", json={"reason": ["limit"], "topic": ["devices/*"], "from": "-9000d"})
    assert answer.json() == {"stored": 1, "rejected": 0, "next": None}
    assert (await client.post("/rejects/replay", json={})).json() == {"stored": 0, "rejected": 1, "next": None}
    assert (await client.post("/rejects/replay", json={"limit": 1})).json()["next"] == 3
    assert [one["payload"] for one in await told(client)] == ["{"]
    assert (await client.get("/readings", params={"match": "broken/n"})).json()["value"] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("reason=bad", "reason: expected 'topic', 'json', 'clock'"),
        ("topic=%00*", "topic: expected a pattern in valid Unicode without NUL"),
        ("from=2000&to=1000", "from: expected a time not after `to` (1000), got 2000"),
        ("from=yesterday", "from: expected milliseconds since the epoch"),
        ("limit=1001", "limit: expected less than or equal to 1000, got '1001'"),
        ("limit=1000&bytes=20000", "bytes: expected at most 16777 with limit=1000, got 20000"),
        ("page=0", "page: expected greater than or equal to 1, got '0'"),
        ("page=99999999999999999999", "page: expected less than or equal to 9223372036854775807"),
        ("match=a/b", "expected only known parameters, got match"),
    ],
)
async def test_bad_questions_are_told_what_was_expected(client: httpx.AsyncClient, query: str, says: str) -> None:
    assert says in problem_of(await client.get(f"/rejects?{query}"), 422)["detail"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"ids": []}, "ids: expected"),
        ({"ids": list(range(1, 1002))}, "ids: expected"),
        ({"ids": ["x"]}, "ids: expected a valid integer"),
        ({"id": 1}, "expected only known parameters, got id"),
        ({"limit": 0}, "limit: expected greater than or equal to 1, got 0"),
        ({"from": 2000, "to": 1000}, "from: expected a time not after `to` (1000), got 2000"),
        ([], "body: expected"),
    ],
)
async def test_bad_orders_are_told_what_was_expected(client: httpx.AsyncClient, body: Any, says: str) -> None:
    assert says in problem_of(await client.post("/rejects/replay", json=body), 422)["detail"]


@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b'{"reason": "\xff"}', b"[" * 100_000, b'{"page": ' + b"1" * 5_000 + b"}"]
)
async def test_an_order_that_is_no_json_is_told_so(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/rejects/replay", content=body, headers={"content-type": "application/json"})
    assert problem_of(answer, 422)["detail"].startswith("body: expected JSON, got ")


async def test_an_app_that_may_not_write_says_so(database_url: str) -> None:
    async with asking(database_url) as client:
        detail = problem_of(await client.post("/rejects/replay", json={}), 503)["detail"]
    assert detail == "expected a process that may write into the store, got one that only reads"
