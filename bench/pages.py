"""What a page costs far behind the first one: `/readings` and `/changes` beside `OFFSET`, which everybody writes first."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import asyncpg
import httpx

from api import keyset, place
from api.app import create_app
from api.merge import Span
from api.moment import EARLIEST, LATEST
from api.place import Place
from bench import flood
from bench.fill import check_room, fill
from bench.report import Report, Row
from bench.size import Size
from fieldline.running import freeze
from tests import services

DEVICES = 500
PAGE = 10_000
UNCOUNTED = 2
"""Answers that warm up caches."""
BORN = "UPDATE commit_clock SET born = (SELECT min(committed_at) FROM reading)"
"""As if this database had taken them when they were measured: a cursor from before it was made is refused."""
PLACE = "SELECT micros(at), series_id FROM reading ORDER BY at, series_id OFFSET $1 LIMIT 1"
OFFSET = f"SELECT at, series_id, value FROM reading ORDER BY at, series_id OFFSET $1 LIMIT {PAGE}"  # noqa: S608  a constant

Ask = Callable[[], Awaitable[int]]
"""Returns how many readings the answer has: a page of `/changes` ends at a commit, and may have few."""


def measure(size: Size) -> Report:
    """One database for all rounds; first page and deep page take turns."""
    check_room(size.stored)
    with services.running_database(fsync=True) as server:
        services.make_template(server)
        with services.fresh_database(server) as url:
            return asyncio.run(_measure(url, size))


async def _measure(url: str, size: Size) -> Report:
    names = [name for connection in flood.devices(DEVICES) for name in connection]
    await fill(url, size.stored, names)
    deep = size.stored * 4 // 5
    connection = await asyncpg.connect(url)
    app = create_app(url)
    freeze()
    try:
        await connection.execute(BORN)
        [(at, series)] = await connection.fetch(PLACE, deep)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost", timeout=600) as client,
        ):
            rows = {
                "/readings": await _rounds(_readings(client, at, series), size.rounds),
                "/changes": await _rounds(_changes(client, at), size.rounds),
                "OFFSET": await _rounds(_offset(connection, deep), size.rounds),
            }
    finally:
        await connection.close()
    about = f"{PAGE:,} readings from the beginning, and behind {deep:,} others, of {size.stored:,}"
    return Report("pages", about, [Row(name, rounds) for name, rounds in rows.items()])


def _readings(client: httpx.AsyncClient, at: int, series: int) -> Mapping[str, Ask]:
    asked = (["*"], None, None, "asc")
    page = keyset.encode(Span(EARLIEST, LATEST, "asc", (at, series)), asked)
    return {
        "first": lambda: _whole(client, "/api/v1/readings", {}),
        "deep": lambda: _whole(client, "/api/v1/readings", {"page": page}),
    }


def _changes(client: httpx.AsyncClient, at: int) -> Mapping[str, Ask]:
    """The readings were committed at the very times at which they were measured."""
    return {
        "first": lambda: _whole(client, "/api/v1/changes", {}),
        "deep": lambda: _whole(client, "/api/v1/changes", {"after": place.encode(Place(at))}),
    }


def _offset(connection: asyncpg.Connection, deep: int) -> Mapping[str, Ask]:
    async def ask(offset: int) -> int:
        return len(await connection.fetch(OFFSET, offset))

    return {"first": lambda: ask(0), "deep": lambda: ask(deep)}


async def _whole(client: httpx.AsyncClient, path: str, query: Mapping[str, str]) -> int:
    answer = await client.get(path, params=dict(query))
    return len(answer.raise_for_status().json()["series"])


async def _rounds(asks: Mapping[str, Ask], rounds: int) -> list[dict[str, float]]:
    """Milliseconds of each, and how often the first goes into the last."""
    found: list[dict[str, float]] = []
    for _ in range(UNCOUNTED + rounds):
        took: dict[str, float] = {}
        for name, ask in asks.items():
            began = time.perf_counter()
            took[f"{name} readings"] = await ask()
            took[f"{name} ms"] = (time.perf_counter() - began) * 1_000
        found.append(took | {"of first": took["deep ms"] / took["first ms"]})
    return found[UNCOUNTED:]
