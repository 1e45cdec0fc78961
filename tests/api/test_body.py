"""A body beyond the bound is refused in words, and no more of it is held than the bound."""

import tracemalloc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from api import body
from api.app import create_app
from api.body import OnlySoMuchBody
from tests.api.test_problems import problem_of
from tests.api.test_server import served

PIECE = bytes(100_000)


async def pieces(size: int) -> AsyncIterator[bytes]:
    """Sent in chunks, without saying how long it will be."""
    for _ in range(size // len(PIECE)):
        yield PIECE
    yield bytes(size % len(PIECE))


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_as_long_as_may_be_arrives_whole_and_a_longer_one_is_refused(*, chunked: bool) -> None:
    async def told(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    app = Starlette(routes=[Route("/", told, methods=["POST"])])
    app.add_middleware(OnlySoMuchBody)
    async with served(app) as port, httpx.AsyncClient() as client:
        url = f"http://127.0.0.1:{port}/"
        for size in (0, 1, body.MOST):
            answer = await client.post(url, content=pieces(size) if chunked else bytes(size))
            assert answer.text == str(size)
        for size in (body.MOST + 1, 20 * body.MOST):
            answer = await client.post(url, content=pieces(size) if chunked else bytes(size))
            got = "more" if chunked else str(size)
            assert problem_of(answer, 413)["detail"] == f"body: expected at most {body.MOST} bytes, got {got}"
        assert (await client.post(url, content=b"again")).text == "5"


@pytest.mark.parametrize("said", [b"", b"100000000"])
async def test_of_a_long_body_no_more_is_held_than_the_bound(said: bytes) -> None:
    came = 0

    async def receive() -> Any:
        nonlocal came
        came += len(PIECE)
        return {"type": "http.request", "body": bytes(len(PIECE)), "more_body": came < 100_000_000}

    async def send(message: Any) -> None:
        assert message.get("status", 413) == 413

    async def nothing(*_: object) -> None:
        raise AssertionError("expected a refusal before the app is asked")

    headers = [(b"content-length", said)] if said else []
    tracemalloc.start()
    try:
        await OnlySoMuchBody(nothing)({"type": "http", "method": "POST", "headers": headers}, receive, send)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * body.MOST
    assert came <= (0 if said else body.MOST + len(PIECE))


async def test_a_client_that_leaves_amid_its_body_asks_nothing() -> None:
    said: Iterator[Any] = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(said)

    async def fail(*_: object) -> None:
        raise AssertionError("expected no question, got one")

    await OnlySoMuchBody(fail)({"type": "http", "method": "POST", "headers": []}, receive, fail)


@pytest.mark.parametrize("path", ["/rejects/replay", "/nowhere"])
async def test_no_path_takes_a_longer_body(database_url: str, path: str) -> None:
    async with served(create_app(database_url)) as port, httpx.AsyncClient() as client:
        answer = await client.post(f"http://127.0.0.1:{port}/api/v1{path}", content=bytes(body.MOST + 1))
        problem_of(answer, 413)
