"""Questions are bounded in number, in waiting and in time, and what stores comes before what asks."""

import asyncio
import os
import sys
from itertools import count

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from api import priority, turns
from api.database import Database
from api.deadline import AnswerInTime
from api.problem import ProblemError
from api.turns import Turns
from bridge.live.commits import MANY, Commit
from tests import services
from tests.api.field import asking
from tests.api.states import WELL
from tests.api.test_database import running
from tests.api.test_problems import problem_of
from tests.bridge.watching import BEGINNING, Writer
from tests.eventually import eventually


async def test_a_question_too_many_is_refused_at_once_and_told_to_come_again(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "MOST_WAITING", 2)
    monkeypatch.setattr(turns, "PATIENCE", 60.0)
    async with asking(database_url, connections=1) as client:
        app = client._transport.app  # type: ignore[attr-defined]  # noqa: SLF001
        slow = asyncio.create_task(app.state.database.fetch("SELECT pg_sleep(30)"))
        await running(database_url, "pg_sleep(30)", 1)
        waiting = [asyncio.create_task(client.get("/series")) for _ in range(2)]
        await eventually(lambda: so_many_wait(app.state.database, 2))
        answer = await client.get("/latest")
        detail = problem_of(answer, 503)["detail"]
        assert detail == "expected fewer than 2 questions before this one: ask again later"
        assert answer.headers["retry-after"] == "1"
        slow.cancel()
        assert [(await one).status_code for one in waiting] == [200, 200]


async def so_many_wait(database: Database, number: int) -> bool:
    return database.waiting == number


async def test_many_who_ask_do_not_make_the_process_seem_ill(database_url: str) -> None:
    async with asking(database_url, connections=2) as client:
        app = client._transport.app  # type: ignore[attr-defined]  # noqa: SLF001
        busy = [asyncio.create_task(app.state.database.fetch("SELECT pg_sleep(30)")) for _ in range(5)]
        await running(database_url, "pg_sleep(30)", 2)
        assert (await client.get("/health")).status_code == 200
        for one in busy:
            one.cancel()


async def test_turns_come_in_the_order_of_asking_and_no_more_at_once_than_there_are() -> None:
    given = Turns(at_once=2)
    order: list[int] = []
    at_once = most = 0

    async def ask(number: int) -> None:
        nonlocal at_once, most
        async with given.turn():
            order.append(number)
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0)
            at_once -= 1

    await asyncio.gather(*map(ask, range(20)))
    assert order == list(range(20))
    assert most == 2


async def test_who_leaves_while_waiting_takes_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST_WAITING", 1)
    given = Turns(at_once=1)

    async def ask() -> None:
        async with given.turn():
            pass

    for _ in range(3):
        async with given.turn():
            leaving = asyncio.create_task(ask())
            await asyncio.sleep(0)
            leaving.cancel()
            await asyncio.wait([leaving])
    await ask()


async def test_while_the_bridge_is_behind_questions_rest_and_else_they_don_t() -> None:
    behind = True
    given = Turns(at_once=1, behind=lambda: behind)
    loop = asyncio.get_running_loop()
    async with given.turn():
        await asyncio.sleep(0.02)
    ended = loop.time()
    async with given.turn():
        assert loop.time() - ended > 0.02 * 8, "a small part of the time is for questions"
        behind = False
    assert not given.resting


async def test_questions_rest_while_a_bridge_of_another_process_commits_many_messages_at_once(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "SHARE", 1e-9)  # after a turn of any length it would rest for hours
    monkeypatch.setattr("bridge.live.commits.BEHIND", 60.0)
    elsewhere = Writer(database_url, None)
    async with asking(database_url, connections=1) as client:
        app = client._transport.app  # type: ignore[attr-defined]  # noqa: SLF001
        heard: asyncio.Queue[Commit] = asyncio.Queue()
        app.state.commits.each(heard.put_nowait)
        async with asyncio.timeout(10):
            await heard.get()  # it listens
            for messages in (MANY - 1, MANY):
                for _ in range(2):  # nothing rests yet
                    assert (await client.get("/series")).status_code == 200
                await elsewhere.write(*(("a", str(messages), BEGINNING + n, 1.0) for n in range(messages)))
                while (await heard.get()).messages != messages:
                    pass
        assert (await client.get("/series")).status_code == 200
        waiting = asyncio.create_task(client.get("/series"))
        await eventually(lambda: so_many_wait(app.state.database, 1))
        waiting.cancel()
    await elsewhere.close()


@pytest.mark.parametrize(("pending", "rests"), [(MANY - 1, False), (MANY, True)])
async def test_questions_rest_while_the_bridge_of_this_process_has_many_messages_to_store(
    database_url: str, monkeypatch: pytest.MonkeyPatch, pending: int, *, rests: bool
) -> None:
    monkeypatch.setattr(turns, "SHARE", 1e-9)
    async with asking(
        database_url, connections=1, bridge=lambda: WELL._replace(in_flight=0, pending=pending)
    ) as client:
        app = client._transport.app  # type: ignore[attr-defined]  # noqa: SLF001
        assert (await client.get("/series")).status_code == 200
        second = asyncio.create_task(client.get("/series"))
        if rests:
            await eventually(lambda: so_many_wait(app.state.database, 1))
            second.cancel()
        else:
            assert (await second).status_code == 200


async def test_a_rest_ends_when_the_bridge_has_caught_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SHARE", 1e-9)  # after a turn of any length it would rest for hours
    behind = True
    given = Turns(at_once=1, behind=lambda: behind)
    async with given.turn():
        pass
    assert given.resting
    behind = False
    async with asyncio.timeout(2), given.turn():
        assert not given.resting


async def test_a_question_that_finds_no_turn_in_time_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.05)
    given = Turns(at_once=1)
    async with given.turn():
        with pytest.raises(ProblemError, match=r"expected a turn at the database within 0\.05 s, got none") as refused:
            async with given.turn():
                pass
    assert refused.value.status == 503
    async with given.turn():
        pass


@pytest.mark.skipif(sys.platform != "linux" or services.CONTAINERS, reason="Postgres is not on this kernel")
async def test_what_answers_gives_way_to_what_stores(database_url: str) -> None:
    async with Database(database_url) as database:
        [(pid,)] = await database.fetch("SELECT pg_backend_pid()")
        assert os.getpriority(os.PRIO_PROCESS, pid) == priority.NICE


async def test_a_process_that_is_not_ours_keeps_its_priority() -> None:
    process = await asyncio.create_subprocess_exec("sleep", "30")
    try:
        for port in (None, 5432):
            priority.give_way(process.pid, port)
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == os.getpriority(os.PRIO_PROCESS, 0)
    finally:
        process.kill()
        await process.wait()


async def slow(_: Request) -> PlainTextResponse:
    await asyncio.sleep(30)
    return PlainTextResponse("late")


async def long(_: Request) -> StreamingResponse:
    async def body() -> object:
        for number in count():
            yield b"x"
            await asyncio.sleep(0.05)
            if number == 10:
                return

    return StreamingResponse(body())  # type: ignore[arg-type]


async def test_an_answer_that_does_not_begin_in_time_is_ended_and_one_that_has_begun_is_not() -> None:
    app = AnswerInTime(Starlette(routes=[Route("/slow", slow), Route("/long", long)]), seconds=0.2)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        answer = problem_of(await client.get("/slow"), 504)
        assert answer["detail"] == "expected an answer within 0.2 s, got none: ask for less"
        assert len((await client.get("/long")).content) == 11
