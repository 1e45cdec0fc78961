"""A file that has begun is not cut because a bridge is behind or many ask; one that has not may be refused."""

import asyncio
import io
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from api import stream, turns
from api.app import create_app
from api.problem import ProblemError
from api.turns import Turns
from bridge.live.commits import MANY
from bridge.state import BridgeState
from tests.api.field import NOON, client_of, execute, keep
from tests.api.files import FORMS, before_each_stretch
from tests.api.files import read as rows_of
from tests.api.states import WELL
from tests.api.test_export_under_way import take
from tests.api.test_problems import problem_of
from tests.api.test_server import served


class Behind:
    """A bridge that falls behind amid a file, and stays so until it is told to catch up."""

    def __init__(self) -> None:
        self.fell = asyncio.Event()

    def __call__(self) -> BridgeState:
        return WELL._replace(in_flight=0, pending=MANY if self.fell.is_set() else 0)

    @contextmanager
    def after(self, stretches: int) -> Iterator[None]:
        """So many stretches are read before; then turns rest until it has caught up."""
        left = itertools.count(-stretches)

        async def fall() -> None:
            if next(left) == 0:
                self.fell.set()

        with before_each_stretch(fall), pytest.MonkeyPatch.context() as patch:
            patch.setattr(turns, "SHARE", 1e-9)  # after a turn of any length it would rest for hours
            patch.setattr(turns, "PATIENCE", 0.2)
            yield


@pytest.mark.parametrize("form", FORMS)
async def test_a_file_that_has_begun_waits_while_a_bridge_is_behind_and_one_that_has_not_is_refused(
    database_url: str, form: str
) -> None:
    await keep(database_url, {("a", "x"): [(NOON + step * 600_000_000, 0.0) for step in range(200)]})
    bridge, got = Behind(), io.BytesIO()
    with bridge.after(10):
        async with (
            served(create_app(database_url, bridge=bridge, connections=1)) as port,
            httpx.AsyncClient() as client,
        ):
            url = f"http://127.0.0.1:{port}/api/v1/readings?format={form}"
            under_way = asyncio.create_task(take(client, url, got))
            async with asyncio.timeout(10):
                await bridge.fell.wait()
            for _ in range(3):  # each as long as patience lasts
                detail = problem_of(await client.get(url), 503)["detail"]
                assert detail == "expected a turn at the database within 0.2 s, got none: ask again later"
            assert not under_way.done()
            bridge.fell.clear()
            async with asyncio.timeout(10):
                await under_way
    assert len(lines_of(form, got.getvalue())) == 200


def lines_of(form: str, data: bytes) -> list[object]:
    return list(data.splitlines()[form == "csv" :] if form in {"csv", "ndjson"} else rows_of(form, data))


async def test_who_has_begun_waits_however_many_others_do_and_takes_no_turn_once_it_leaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "MOST_WAITING", 0)
    given = Turns(at_once=1)

    async def ask(*, begun: bool) -> None:
        async with given.turn(begun=begun):
            pass

    held = given.turn(begun=True)
    await held.__aenter__()
    first, second, third = (asyncio.create_task(ask(begun=True)) for _ in range(3))
    await asyncio.sleep(0)
    with pytest.raises(ProblemError, match="expected fewer than 0 questions before this one"):
        await ask(begun=False)
    for leaving in (first, second):
        leaving.cancel()
        await asyncio.wait([leaving])
    await held.__aexit__(None, None, None)
    async with asyncio.timeout(10):
        await third
        await ask(begun=True)


async def test_many_files_under_way_let_a_question_wait_for_one_of_them_only() -> None:
    given = Turns(at_once=1)
    order: list[str] = []

    async def ask(name: str, *, begun: bool) -> None:
        async with given.turn(begun=begun):
            order.append(name)

    async with given.turn():
        asked = [asyncio.create_task(ask("file", begun=True)) for _ in range(5)]
        await asyncio.sleep(0)
        asked.append(asyncio.create_task(ask("question", begun=False)))
        await asyncio.sleep(0)
    await asyncio.gather(*asked)
    assert order == ["file", "question", *["file"] * 4]


class Reader:
    """A client that reads the head of a file, and not a byte of it until it is told to."""

    def __init__(self, app: Any) -> None:
        self.begun, self.goes_on, self.leaves = asyncio.Event(), asyncio.Event(), asyncio.Event()
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/api/v1/readings",
            "query_string": b"format=csv",
            "headers": [],
        }
        self.answer = asyncio.create_task(app(scope, self._receive, self._send))

    async def _receive(self) -> Any:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.body":
            self.begun.set()
            await self.goes_on.wait()


async def test_a_file_too_many_is_refused_until_another_has_ended_or_its_client_has_left(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MOST", 2)
    await keep(database_url, {("a", "x"): [(NOON, 1.0)]})
    app = create_app(database_url)
    async with app.router.lifespan_context(app), client_of(app) as client, asyncio.timeout(20):
        for ends in ("goes_on", "leaves"):
            readers = [Reader(app) for _ in range(2)]
            for reader in readers:
                await reader.begun.wait()
            refused = await client.get("/readings", params={"format": "csv"})
            assert problem_of(refused, 503)["detail"] == "expected fewer than 2 files under way, got 2: ask again later"
            assert refused.headers["retry-after"] == "1"
            assert (await client.get("/readings")).status_code == 200, "a page is no file"
            for reader in readers:
                getattr(reader, ends).set()
                await reader.answer
                assert (await client.get("/readings", params={"format": "csv"})).status_code == 200
        await execute(database_url, "ALTER TABLE reading RENAME TO gone")
        for _ in range(3):  # what fails at its beginning is not under way
            assert "migrate" in problem_of(await client.get("/readings", params={"format": "csv"}), 503)["detail"]
