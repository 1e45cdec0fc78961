"""`fieldline tail` as a person or a script runs it."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import count

import pytest

from api import server
from api.app import create_app
from fieldline.embedded import port
from tests.bridge.watching import BEGINNING, TIMEOUT, Live, running

times = count(BEGINNING)


@asynccontextmanager
async def serving(live: Live, at: int) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        app = create_app(live.url, hub=live.hub)
        task = tasks.create_task(server.serve(app, "127.0.0.1", at, on_started=started.set_result))
        await started
        yield
        task.cancel()


@asynccontextmanager
async def tail(*arguments: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "fieldline", "tail", *arguments, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line(stream: asyncio.StreamReader | None) -> str:
    assert stream is not None
    async with asyncio.timeout(TIMEOUT):
        return (await stream.readline()).decode()


async def test_readings_are_printed_as_lines_without_anything_that_steers_a_terminal(database_url: str) -> None:
    [at] = port.free()
    async with running(database_url, "announced") as live, serving(live, at):
        writer = live.writer()
        await writer.write(("greenhouse-1", "temperature", BEGINNING, 21.0))
        async with tail("greenhouse-1/*", "--url", f"http://127.0.0.1:{at}") as process:
            assert "watching 1 series" in await line(process.stderr)
            await writer.write(("greenhouse-1", "temperature", BEGINNING + 123, 21.4))
            assert await line(process.stdout) == "2026-09-21T14:13:20.123Z greenhouse-1 temperature 21.4\n"
            await writer.write(("greenhouse-1", "door\x1b[2J", BEGINNING, True))
            assert await line(process.stdout) == "2026-09-21T14:13:20.000Z greenhouse-1 door\\x1b[2J true\n"
            await writer.write(("greenhouse-1", "state", BEGINNING, "a\u202eb\nc"))
            assert await line(process.stdout) == "2026-09-21T14:13:20.000Z greenhouse-1 state a\\u202eb\\nc\n"


async def test_a_unit_that_changes_is_printed_from_then_on(database_url: str) -> None:
    [at] = port.free()
    async with running(database_url, "joined") as live, serving(live, at), live.watcher() as watcher:
        writer = live.writer()
        await writer.write(("a", "x", BEGINNING, 0.0))
        watcher.subscribe("a/*")
        await watcher.next()
        async with tail("a/*", "--url", f"http://127.0.0.1:{at}") as process:
            assert "watching 1 series" in await line(process.stderr)
            await writer.inform("a", x="K")
            await watcher.next()
            await writer.write(("a", "x", BEGINNING + 1, 1.5))
            assert await line(process.stdout) == "2026-09-21T14:13:20.001Z a x 1.5 K\n"


async def test_after_a_restart_of_the_server_it_goes_on_with_what_it_missed(database_url: str) -> None:
    [at] = port.free()
    async with running(database_url, "announced") as live, AsyncExitStack() as stack:
        writer = live.writer()
        await writer.write(("a", "x", BEGINNING, 0.0))
        async with AsyncExitStack() as first:
            await first.enter_async_context(serving(live, at))
            process = await stack.enter_async_context(tail("--json", "--url", f"http://127.0.0.1:{at}/"))
            await line(process.stderr)
            await writer.write(("a", "x", BEGINNING + 1, 1.0))
            assert json.loads(await line(process.stdout))["value"] == 1.0
        assert "connection lost" in await line(process.stderr)
        await writer.write(("a", "x", BEGINNING + 2, 2.0), ("b", "y", BEGINNING + 2, "z"))
        async with serving(live, at):
            got = [json.loads(await line(process.stdout)) for _ in range(2)]
        assert sorted(got, key=lambda one: one["device"]) == [
            {"at": BEGINNING + 2, "device": "a", "metric": "x", "unit": None, "value": 2.0},
            {"at": BEGINNING + 2, "device": "b", "metric": "y", "unit": None, "value": "z"},
        ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--url", "http://127.0.0.1:{at}"], "expected Fieldline at ws://127.0.0.1:{at}/api/v1/live"),
        (["--url", "127.0.0.1:{at}"], "expected http://host:port, got '127.0.0.1:{at}'"),
    ],
)
async def test_an_address_without_fieldline_is_one_line_that_says_so(arguments: list[str], said: str) -> None:
    [at] = port.free()
    async with tail(*[argument.format(at=at) for argument in arguments]) as process:
        _, trouble = await process.communicate()
    assert said.format(at=at) in trouble.decode()
    assert process.returncode
    assert "Traceback" not in trouble.decode()


async def test_a_pattern_that_matches_nothing_is_refused_in_the_servers_words(database_url: str) -> None:
    [at] = port.free()
    async with (
        running(database_url, "announced") as live,
        serving(live, at),
        tail("greenhouse", "--url", f"http://127.0.0.1:{at}") as process,
    ):
        _, trouble = await process.communicate()
    assert trouble.decode() == "fieldline: expected device/metric, where * matches anything, got 'greenhouse'\n"
    assert process.returncode == 1


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Programs started as a shell's job in the background ignore SIGINT, and so do those that they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


async def test_it_ends_quietly_when_interrupted_or_when_nobody_reads_on(interruptible: None, database_url: str) -> None:
    [at] = port.free()
    async with running(database_url, "announced") as live, serving(live, at):
        writer = live.writer()
        async with tail("--url", f"http://127.0.0.1:{at}") as interrupted:
            await line(interrupted.stderr)
            interrupted.send_signal(signal.SIGINT)
            assert await interrupted.communicate() == (b"", b"")
            assert interrupted.returncode == 130
        command = f"{sys.executable} -m fieldline tail --url http://127.0.0.1:{at} | head -n 1"
        process = await asyncio.create_subprocess_shell(command, stdout=PIPE, stderr=PIPE)
        await line(process.stderr)
        while process.returncode is None:
            await writer.write(("a", "x", next(times), 0.0))
            with suppress(TimeoutError):
                async with asyncio.timeout(0.05):
                    await process.wait()
        out, trouble = await process.communicate()
        assert (len(out.splitlines()), trouble) == (1, b"")
