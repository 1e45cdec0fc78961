"""Parts come back when they end, and go in order when they are told to."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from signal import Signals

import pytest

from fieldline.embedded import supervisor
from fieldline.embedded.part import Part, PartError
from fieldline.embedded.supervisor import Supervisor

TIMEOUT = 15
SERVES = """
import signal, sys
def end(*_):
    print("ends", sys.argv[1], flush=True)
    with open(sys.argv[2], "a") as order:
        order.write(sys.argv[1] + " ")
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("serves", flush=True)
while True:
    signal.pause()
"""


class Told:
    """What a supervisor says, line by line."""

    def __init__(self) -> None:
        self.lines: asyncio.Queue[str] = asyncio.Queue()
        self.changes = 0

    def changed(self) -> None:
        self.changes += 1

    async def next(self) -> str:
        async with asyncio.timeout(TIMEOUT):
            return await self.lines.get()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def parts(told: Told) -> AsyncIterator[Supervisor]:
    running = Supervisor(told.lines.put_nowait, told.changed)
    yield running
    running.hurry()
    await running.stop()


def serving(folder: Path, name: str) -> Part:
    log = folder / f"{name}.log"
    command = (sys.executable, "-c", SERVES, name, str(folder / "order"))
    return Part(name, command, log, lambda _: log.exists() and "serves" in log.read_text())


async def test_a_part_that_is_killed_comes_back_and_it_is_said(parts: Supervisor, told: Told, tmp_path: Path) -> None:
    await parts.start(serving(tmp_path, "one"))
    keep = asyncio.create_task(parts.keep())
    first = parts.pids["one"]
    os.kill(first, Signals.SIGKILL)
    assert (await told.next()).startswith("one was ended by SIGKILL: serves (log: ")
    assert await told.next() == "one runs again"
    assert parts.pids["one"] != first
    assert told.changes == 1
    keep.cancel()


async def test_parts_stop_in_the_reverse_order_of_their_start(parts: Supervisor, tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        await parts.start(serving(tmp_path, name))
    await parts.stop()
    assert (tmp_path / "order").read_text() == "three two one "


async def test_a_part_that_keeps_failing_is_tried_less_and_less_often(
    parts: Supervisor, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_WAIT", 0.1)
    broken = Part("one", (sys.executable, "-c", "print('broken')"), tmp_path / "log", lambda _: True)
    await parts.start(broken)
    keep = asyncio.create_task(parts.keep())
    waits: list[str] = []
    while len(waits) < 3:
        line = await told.next()
        if "again in" in line:
            waits.append(line.rpartition("in ")[2])
    assert waits == ["0.1 s", "0.2 s", "0.4 s"]
    keep.cancel()


async def test_a_part_that_can_not_start_at_all_is_an_error_with_its_last_line(
    parts: Supervisor, tmp_path: Path
) -> None:
    broken = Part("one", (sys.executable, "-c", "raise SystemExit('port taken')"), tmp_path / "log", lambda _: False)
    with pytest.raises(PartError, match=r"^one ended with code 1: port taken"):
        await parts.start(broken)


async def test_a_part_that_is_to_complete_and_fails_is_an_error(parts: Supervisor, tmp_path: Path) -> None:
    broken = Part("migrate", (sys.executable, "-c", "raise SystemExit('no')"), tmp_path / "log", lambda _: True)
    with pytest.raises(PartError, match=r"^migrate ended with code 1: no"):
        await parts.complete(broken)
