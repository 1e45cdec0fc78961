"""Puts devices and readings into a database as the bridge would, and asks an app about them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
from fastapi import FastAPI

from api.app import create_app

NOON = 1_760_000_000_000_000
"""A moment in microseconds; partitions for the weeks around it are made."""

ELSEWHERE = {"x-forwarded-for": "192.0.2.7"}
"""Headers of a client on another machine, for whom a proxy on this one asks."""

Said = Mapping[tuple[str, str], Sequence[tuple[int, float | str]]]
"""What each metric of each device said, and when."""


async def keep(database_url: str, said: Said) -> dict[tuple[str, str], int]:
    """Store what was said in one commit. Returns the number of each series."""
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT ensure_partitions(moment($1))", NOON)
            committed_at = await connection.fetchval("SELECT tick()")
            return {name: await _keep(connection, *name, readings, committed_at) for name, readings in said.items()}
    finally:
        await connection.close()


async def _keep(
    connection: Any, device: str, metric: str, readings: Sequence[tuple[int, float | str]], committed_at: int
) -> int:
    kind = "text" if readings and isinstance(readings[0][1], str) else "number"
    number: int = await connection.fetchval(
        """
        WITH known AS (
            INSERT INTO device (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id
        )
        INSERT INTO series (device_id, metric, unit, kind) SELECT id, $2, 'u', $3 FROM known
        ON CONFLICT (device_id, metric) DO UPDATE SET unit = 'u' RETURNING id
        """,
        device,
        metric,
        kind,
    )
    table, type_ = ("text_reading", "text") if kind == "text" else ("reading", "float8")
    await connection.execute(
        f"""
        INSERT INTO {table} (at, value, committed_at, series_id)
        SELECT moment(at), value, moment($3), $4 FROM unnest($1::bigint[], $2::{type_}[]) said (at, value)
        """,  # noqa: S608
        [at for at, _ in readings],
        [value for _, value in readings],
        committed_at,
        number,
    )
    return number


async def execute(database_url: str, statement: str, *arguments: object) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(statement, *arguments)
    finally:
        await connection.close()


@asynccontextmanager
async def asking(database_url: str, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app on this database, without a socket between them."""
    app = create_app(database_url, **options)
    async with app.router.lifespan_context(app), client_of(app) as client:
        yield client


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://localhost/api/v1"
    )


async def everything(client: httpx.AsyncClient, **query: Any) -> list[tuple[int, int, float | str]]:
    """All readings of a query as `(at, series, value)`, page after page."""
    found: list[tuple[int, int, float | str]] = []
    page: str | None = None
    while True:
        answer = await client.get("/readings", params=query if page is None else {**query, "page": page})
        assert answer.status_code == 200, answer.text
        columns = answer.json()
        assert set(columns["names"]) == {str(series) for series in columns["series"]}
        found += zip(columns["at"], columns["series"], columns["value"], strict=True)
        page = columns["next"]
        if page is None:
            return found
        assert len(columns["at"]) == int(query["limit"]), "every page but the last is full"
