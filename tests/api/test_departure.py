"""What a client sends with its question is not held, and a body that means something arrives whole."""

import asyncio
import weakref
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api.departure import StopWhenClientLeaves
from tests.api.test_server import served


class Sent(dict[str, Any]):
    """A message that can be seen to be forgotten."""


async def test_a_body_with_a_get_is_not_held_while_the_answer_is_made() -> None:
    sent: list[weakref.ref[Sent]] = []
    all_is_read, leave = asyncio.Event(), asyncio.Event()

    async def receive() -> Any:
        if len(sent) == 400:
            all_is_read.set()
            await leave.wait()
            return {"type": "http.disconnect"}
        message = Sent(type="http.request", body=bytes(1000), more_body=True)
        sent.append(weakref.ref(message))
        return message

    async def busy(_scope: Scope, _receive: Receive, _send: Send) -> None:
        await asyncio.Event().wait()

    async def send(_: Any) -> None: ...

    answering = asyncio.ensure_future(StopWhenClientLeaves(busy)({"type": "http", "method": "GET"}, receive, send))
    async with asyncio.timeout(10):
        await all_is_read.wait()
        assert sum(message() is not None for message in sent) == 0
        leave.set()
        await answering


async def test_a_get_has_no_body_and_that_of_a_post_arrives_whole() -> None:
    async def told(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    app = Starlette(routes=[Route("/", told, methods=["GET", "POST"])])
    app.add_middleware(StopWhenClientLeaves)
    size = 3_000_000  # more than one message of the server
    async with served(app) as port, httpx.AsyncClient() as client:
        for method, arrives in (("GET", 0), ("POST", size)):
            answer = await client.request(method, f"http://127.0.0.1:{port}/", content=bytes(size))
            assert (method, answer.text) == (method, str(arrives))
