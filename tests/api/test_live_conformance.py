"""The Autobahn cases against the server: nothing fails that a bare echo server of the same library does not fail, too."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NamedTuple

import kosoku
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from api.app import create_app
from api.server import LARGEST_FRAME, listen, serve
from tests.bridge.watching import running

TOO_LARGE = ["9.3.*", "9.4.*", "9.5.*", "9.6.*", *(f"9.{kind}.{size}" for kind in (1, 2) for size in range(2, 7))]
"""Cases whose messages are beyond what a live client may say: they would only show that it may not."""
COMPRESSED = ["12.*", "13.*"]
"""permessage-deflate is off."""
TRIES = 4
"""Cases give an answer one second: on a busy machine that may be too short, but not again and again."""


class Verdict(NamedTuple):
    """What became of a case."""

    passed: bool
    echoes: bool
    """Whether the server sent a message. Those of group 9 aren't counted by the suite."""
    said: str


Verdicts = dict[str, Verdict]


async def verdicts(url: str, cases: Sequence[str]) -> Verdicts:
    """Try these cases; those that fail once more, alone."""
    found: Verdicts = {}
    for attempt in range(TRIES):
        results = await tried(url, cases, concurrency=1 if attempt else 16)
        found |= {result.case_id: verdict(result) for result in results}
        cases = [case for case, one in found.items() if not one.passed]
        if not cases:
            break
    return found


async def tried(url: str, cases: Sequence[str], concurrency: int) -> Iterable[Any]:
    try:
        return await kosoku.run_fuzzingclient(url, cases, [*TOO_LARGE, *COMPRESSED], concurrency)
    except kosoku.FailureError as error:
        return error.results


def verdict(result: Any) -> Verdict:
    echoes = any(event[0] == "message" for event in result.received)
    said = f"{result.behavior.value}, {result.behavior_close.value}: {result.result} {result.result_close}"
    return Verdict(result.passed, echoes, said)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """What the cases expect of a server, and the live stream is not."""
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({**message, "type": "websocket.send"})


class WithoutSignals(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def bare() -> AsyncIterator[str]:
    """The library alone, with our limit of size."""
    with listen("127.0.0.1", 0) as listener:
        config = uvicorn.Config(
            echo,
            ws="websockets-sansio",
            ws_max_size=LARGEST_FRAME,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
        )
        server = WithoutSignals(config)
        serving = asyncio.create_task(server.serve([listener]))
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}/"
        server.should_exit = True
        await serving


@asynccontextmanager
async def ours(database_url: str) -> AsyncIterator[str]:
    """Our server and all that stands before a route of it, with an echo beside the live stream."""
    async with running(database_url, "announced") as live, asyncio.TaskGroup() as tasks:
        app = create_app(database_url, hub=live.hub)
        app.router.mount("/echo", echo)
        started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        serving = tasks.create_task(serve(app, "127.0.0.1", 0, on_started=started.set_result))
        yield f"ws://127.0.0.1:{await started}"
        serving.cancel()


@pytest.mark.timeout(300)
async def test_no_autobahn_case_fails_that_the_library_alone_passes(database_url: str) -> None:
    async with bare() as control, ours(database_url) as address:
        library = await verdicts(control, ["*"])
        echoed = await verdicts(f"{address}/echo/", list(library))
        silent = [case for case, one in library.items() if not one.echoes and not case.startswith("9.")]
        live = await verdicts(f"{address}/api/v1/live", silent)
    assert len(library) > 200, "expected the whole suite but what is left out by name"
    assert set(echoed) == set(library)
    assert worse(echoed, library) == {}
    assert worse(live, library) == {}


def worse(found: Verdicts, control: Verdicts) -> dict[str, str]:
    """Cases that failed though the control passed them."""
    return {case: one.said for case, one in found.items() if not one.passed and control[case].passed}
