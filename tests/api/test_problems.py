"""Bad input gets a problem of one line that says what was expected and what was got."""

import asyncio
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from api.app import PREFIX, create_app
from tests.api.field import NOON, keep
from tests.bridge.watching import TIMEOUT

INJECTIONS = ["'; DROP TABLE reading; --", "' OR '1'='1", "\\'; SELECT pg_sleep(9); --", "$1", "%s", "{0}", "a\n--"]


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/readings?limit=many", 422, "limit: expected a valid integer, got 'many'"),
        ("/readings?limit=0", 422, "limit: expected greater than or equal to 1, got '0'"),
        (
            "/readings?limit=100001",
            422,
            "limit: expected at most 100000 in JSON (all other formats take any), got 100001",
        ),
        ("/readings?limit=99999999999", 422, "limit: expected less than or equal to 2147483647, got '99999999999'"),
        ("/readings?order=up", 422, "order: expected 'asc' or 'desc', got 'up'"),
        ("/readings?format=xml", 422, "format: expected 'json', 'csv', 'ndjson', 'parquet' or 'arrow', got 'xml'"),
        ("/readings?from=yesterday", 422, "from: expected milliseconds since the epoch, RFC 3339 with a zone"),
        ("/readings?to=2025-01-01", 422, "in the years 1 to 9999, got '2025-01-01'"),
        ("/readings?from=2000&to=1000", 422, "from: expected a time not after `to` (1000), got 2000"),
        ("/readings?page=nonsense", 422, "page: expected `next` of the page before"),
        ("/readings?limt=5", 422, "expected only known parameters, got limt"),
        (
            "/series?match=thermometer",
            422,
            "match: expected device/metric, where * matches anything, got 'thermometer'",
        ),
        ("/series?match=a%00/b", 422, "match: expected a pattern in valid Unicode without NUL, got 'a\\x00/b'"),
        ("/series?match=" + "a" * 1_021 + "/", 422, "match: expected a pattern of at most 1021 characters, got 1022"),
        (
            "/series?" + "match=a/b&" * 3 + "&".join(f"match=a/{i}" for i in range(100)),
            422,
            "at most 100 patterns, got 101",
        ),
        ("/devices?match=a/b", 422, "expected no parameters, got 'match'"),
        ("/devices/a?from=-1h", 422, "expected no parameters, got 'from'"),
        ("/config?x=1", 422, "expected no parameters, got 'x'"),
        ("/series?match=a/b&from=-1h", 422, "expected only known parameters, got from"),
        ("/latest?match=a/b&limit=1", 422, "expected only known parameters, got limit"),
        ("/readings?from=9999999999999999", 422, "in the years 1 to 9999, got '9999999999999999'"),
        ("/readings?from=2025-01-01T00:00:00", 422, "RFC 3339 with a zone"),
        ("/readings?from=2025-01-01T00:00:00Europe/Berlin", 422, "RFC 3339 with a zone"),
        ("/readings?from=-1y", 422, "relative as `-1h` (ms, s, m, h, d, w)"),
        ("/readings?page=hog053ancw", 422, "page: expected `next` of the page before"),
        ("/live/events?after=nonsense!", 422, "cursor: expected a cursor as the server sent it"),
        ("/live/events?rate=0.09", 422, "rate: expected greater than or equal to 0.1, got '0.09'"),
        ("/latest?match=%ff", 422, "match: expected device/metric"),
        ("/devices/nobody", 404, "expected the name of a device that has spoken, got 'nobody'"),
        ("/devices/a%00b", 404, "expected the name of a device that has spoken, got 'a\\x00b'"),
        ("/sensors", 404, "expected a path that exists, got '/api/v1/sensors'"),
    ],
)
async def test_bad_input_is_answered_with_expected_and_got(
    client: httpx.AsyncClient, path: str, status: int, says: str
) -> None:
    problem = problem_of(await client.get(path), status)
    assert says in problem["detail"]
    assert "\n" not in problem["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        (method, path.removeprefix(PREFIX).replace("{device}", "a"))
        for path, methods in create_app("postgresql://").openapi()["paths"].items()
        for method in methods
    ],
)
async def test_no_route_ignores_a_parameter_that_it_does_not_know(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    async with asyncio.timeout(TIMEOUT):  # the body of a live stream that was had would never end
        answer = await client.request(method, path, params={"matches": "a/*"}, json={} if method == "post" else None)
    assert "parameters, got" in problem_of(answer, 422)["detail"]
    assert "matches" in answer.json()["detail"]


def problem_of(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["type"] == "about:blank"
    assert problem["title"]
    return problem


async def test_a_wrong_method_is_told_the_right_one(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/devices")
    assert problem_of(answer, 405)["detail"] == "expected GET, got DELETE"
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize(
    ("accept", "status", "kind"),
    [
        ("*/*", 200, "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", 200, "application/json"),
        ("text/csv", 200, "text/csv"),
        ("application/json;q=0.1, text/csv;q=0.9", 200, "text/csv"),
        ("application/x-ndjson", 200, "application/x-ndjson"),
        ("text/csv;q=0, application/json", 200, "application/json"),
        ("application/vnd.apache.parquet;q=0.1, application/json;q=0.5", 200, "application/json"),
        ("application/vnd.apache.parquet", 200, "application/vnd.apache.parquet"),
        ("application/vnd.apache.arrow.stream", 200, "application/vnd.apache.arrow.stream"),
        ("application/xml", 406, "application/problem+json"),
        ("text/csv;q=best", 406, "application/problem+json"),
        ("", 200, "application/json"),
    ],
)
async def test_accept_decides_the_form(client: httpx.AsyncClient, accept: str, status: int, kind: str) -> None:
    answer = await client.get("/readings", headers={"accept": accept})
    assert answer.status_code == status
    assert answer.headers["content-type"].split(";")[0] == kind
    if status == 406:
        assert problem_of(answer, 406)["detail"].startswith("accept: expected application/json, text/csv")


@pytest.mark.parametrize("text", INJECTIONS)
async def test_sql_in_any_parameter_is_only_text(client: httpx.AsyncClient, database_url: str, text: str) -> None:
    await keep(database_url, {("kept", "x"): [(NOON, 1.0)]})
    for path in ("/readings", "/latest", "/series"):
        answer = await client.get(path, params={"match": f"{text}/*"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["series"] == []
    for name in ("from", "to", "order", "limit", "page", "format"):
        problem_of(await client.get("/readings", params={name: text}), 422)
    problem_of(await client.get(f"/devices/{quote(text, safe='')}"), 404)
    assert (await client.get("/readings")).json()["value"] == [1.0]


async def test_what_nobody_foresaw_is_a_problem_too(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("api.latest.likes", fail)
    problem = problem_of(await client.get("/latest"), 500)
    assert problem["detail"] == "unforeseen ZeroDivisionError; the server's log says more"
