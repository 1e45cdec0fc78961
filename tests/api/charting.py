"""Stores one series, as the bridge or as plain SQL would, and asks for its line."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import httpx

from bridge.message import Message
from bridge.store.store import Store
from tests.api.drawing import Point
from tests.putting import put

MS = 1_000
SECOND = 1_000 * MS
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
BEGIN = 1_760_000_000 * SECOND // HOUR * HOUR
"""A full hour, in microseconds."""


async def keep(store: Store, device: str, batches: Sequence[Sequence[Point]]) -> None:
    """As the bridge would: what comes late or again included."""
    for batch in batches:
        messages = [
            Message(f"devices/{device}/telemetry", f'{{"at":{at},"n":{value!r}}}'.encode(), 1, at)
            for at, value in batch
        ]
        if messages:
            await put(store, messages)


async def fill(database_url: str, since: int, until: int, step: int) -> None:
    """One series `a/n` with a reading each `step`, and the rollups that belong to it, as SQL makes them."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("INSERT INTO device (name) VALUES ('a')")
        await connection.execute(
            "INSERT INTO series (device_id, metric, unit, kind) SELECT id, 'n', 'u', 'number' FROM device"
        )
        await connection.execute(
            "SELECT ensure_partitions(moment(at)) FROM generate_series($1::bigint, $2::bigint, $3::bigint) at",
            since,
            until + 7 * DAY,
            7 * DAY,
        )
        await connection.execute(
            """
            INSERT INTO reading (at, value, committed_at, series_id)
            SELECT moment(at), 20 + 5 * sin(at / 3e9) + at % 7, now(), 1
            FROM generate_series($1::bigint, $2::bigint, $3::bigint) at
            """,
            since,
            until - 1,
            step,
        )
        await roll_up(connection)
    finally:
        await connection.close()


async def roll_up(connection: asyncpg.Connection) -> None:
    """Make the rollups of all readings, as SQL makes them."""
    for tier in ("minute", "hour"):
        await connection.execute(
            f"""
            INSERT INTO rollup_{tier} (series_id, at, count, sum, min, max, first, first_at, last, last_at)
            SELECT series_id, date_bin('1 {tier}', at, 'epoch'), count(*), sum(value), min(value), max(value),
                (array_agg(value ORDER BY at))[1], min(at), (array_agg(value ORDER BY at DESC))[1], max(at)
            FROM reading GROUP BY 1, 2
            """  # noqa: S608  constants
        )


async def line(client: httpx.AsyncClient, **query: Any) -> tuple[list[Point], str]:
    answer = await client.get("/chart", params={name.rstrip("_"): value for name, value in query.items()})
    assert answer.status_code == 200, answer.text
    [series] = answer.json()["series"]
    return list(zip(series["at"], series["value"], strict=True)), answer.json()["tier"]
