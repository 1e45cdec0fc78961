"""What a storm of questions costs the bridge: a flood that nobody asks about, and one with fifty clients that never stop."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from itertools import cycle, islice

from bench import cpu
from bench.commits import listening
from bench.contestants import RATE, Figures, figures, published
from bench.packets import METRICS
from bench.parts import PATIENCE, House, house, running
from bench.report import Report, Row
from bench.size import Size
from tests import services

MESSAGES = 200_000
DEVICES = 500
CLIENTS = 50
PAUSE = 0.1
"""Seconds after a refusal: a client that is told to come again later asks once more, and does not spin."""

QUESTIONS: Sequence[str] = (
    "/api/v1/latest",
    "/api/v1/readings?match=bench-0-*&order=desc",
    "/api/v1/readings?match=bench-1-1/*&from=-1h&limit=100000",
    "/api/v1/series?match=*/temperature",
    "/api/v1/devices",
    "/api/v1/changes?limit=10000",
)
"""Asked in turn by each client, each beginning with another one."""


HOUSES: Sequence[Sequence[str]] = (("server",), ("bridge", "api"))
"""Everything in one process, as `up` runs it; and bridge and API apart, as in compose."""


def measure(size: Size) -> Report:
    """Calm and storm take turns, so that a machine that grows slower slows both."""
    messages = size.messages or MESSAGES
    calm: dict[str, list[Figures]] = {}
    storm: dict[str, list[Figures]] = {}
    for _ in range(size.rounds):
        for parts in HOUSES:
            name = " + ".join(parts)
            calm.setdefault(name, []).append(_flooded(parts, 0, messages))
            storm.setdefault(name, []).append(_flooded(parts, CLIENTS, messages))
    rows: list[Row] = []
    for name, rounds in calm.items():
        undisturbed = Row(f"{name}, calm", rounds)
        rows += [undisturbed, Row(f"{name}, storm", storm[name]).beside(undisturbed, RATE, "of calm")]
    return Report("storm", f"{messages:,} messages to the bridge while {CLIENTS} clients ask without end", rows)


def _flooded(parts: Sequence[str], clients: int, messages: int) -> Figures:
    with (
        house() as made,
        services.fresh_database(made.server) as url,
        running(parts[0], made.broker.url, url) as bridge,
        running(parts[-1], made.broker.url, url, said="") if parts[1:] else nullcontext(bridge) as api,
    ):
        return asyncio.run(_measured(made, url, bridge.pid, api.port, clients, messages))


async def _measured(made: House, url: str, bridge: int, port: int, clients: int, messages: int) -> Figures:
    parts = {"receiver": bridge, **made.pids()}
    await _answering(port)
    async with listening(url) as commits, _storm(port, clients) as answers:
        before = cpu.used(parts)
        flood = await asyncio.to_thread(published, made.broker, messages, DEVICES)
        await commits.until_stored(messages * len(METRICS))
        used = cpu.since(before, parts) | {"load": flood.cpu}
        seconds = (commits.at[-1] - flood.began) / 1e6
        told = {"answers/s": answers[200] / seconds, "refused/s": sum(answers.values()) - answers[200]}
        told["refused/s"] /= seconds
        return figures(messages, flood.began, commits.at[-1], used) | told


@asynccontextmanager
async def _storm(port: int, clients: int) -> AsyncIterator[Counter[int]]:
    """So many clients until the block is left; how many answers of each status they have got."""
    answers: Counter[int] = Counter()
    async with asyncio.TaskGroup() as tasks:
        asking = [tasks.create_task(_ask(port, number, answers), name=f"client {number}") for number in range(clients)]
        try:
            yield answers
        finally:
            for one in asking:
                one.cancel()


async def _ask(port: int, first: int, answers: Counter[int]) -> None:
    """Ask without end, each client beginning with another question."""
    for question in islice(cycle(QUESTIONS), first, None):
        status = await _asked(port, question)
        answers[status] += 1
        if status != 200:
            await asyncio.sleep(PAUSE)


async def _asked(port: int, question: str) -> int:
    """Ask as a browser does, and drop what comes: the less a client does, the more is left to what is measured."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        head = f"GET {question} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
        writer.write(head.encode())
        status = int((await reader.readline()).split()[1])
        while await reader.read(2**18):
            pass
        return status
    finally:
        writer.close()


async def _answering(port: int) -> None:
    """Wait until the API does."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await _asked(port, "/api/v1/config")
            except OSError:
                await asyncio.sleep(PAUSE)
            else:
                return
