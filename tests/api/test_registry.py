"""Devices, series and newest readings are told as they are stored."""

import asyncpg
import httpx

from bridge.live import cursor
from tests.api.field import NOON, execute, keep

INFO = '{"name": "North", "model": "C2", "firmware": "1.4", "location": {"lat": 52.5, "lon": 13}, "interval": 10}'


async def test_a_device_is_told_with_presence_info_and_series(client: httpx.AsyncClient, database_url: str) -> None:
    series = await keep(database_url, {("b", "t"): [(NOON, 1.0), (NOON + 5999, 2.0)], ("b", "note"): [(NOON, "x")]})
    await execute(
        database_url, "UPDATE device SET online = false, info = $1, status_at = moment($2)", INFO, NOON + 1_000_000
    )
    await execute(database_url, "INSERT INTO device (name) VALUES ('a')")
    told = (await client.get("/devices")).json()
    nothing = {"online": None, "last_seen": None, "model": None, "firmware": None, "location": None, "info": None}
    assert told["devices"][0] == {"device": "a", "name": "a", "series": [], **nothing}
    assert told["devices"][1] == {
        "device": "b",
        "online": False,
        "last_seen": NOON // 1000 + 1000,
        "name": "North",
        "model": "C2",
        "firmware": "1.4",
        "location": {"lat": 52.5, "lon": 13.0},
        "info": {
            "name": "North",
            "model": "C2",
            "firmware": "1.4",
            "location": {"lat": 52.5, "lon": 13},
            "interval": 10,
        },
        "series": [
            {"series": series["b", "note"], "metric": "note", "unit": "u", "kind": "text"},
            {"series": series["b", "t"], "metric": "t", "unit": "u", "kind": "number"},
        ],
    }
    assert (await client.get("/devices/b")).json() == told["devices"][1]


async def test_strange_info_breaks_nothing(client: httpx.AsyncClient, database_url: str) -> None:
    for number, info in enumerate(
        ['{"name": 5, "location": [1], "model": {}}', "[1]", '"text"', "null", '{"location": {"lat": "x"}}']
    ):
        await execute(database_url, "INSERT INTO device (name, info) VALUES ($1, $2)", f"d{number}", info)
    devices = (await client.get("/devices")).json()["devices"]
    assert [(one["name"], one["model"], one["location"]) for one in devices] == [
        (f"d{number}", None, None) for number in range(5)
    ]


async def test_series_know_their_first_and_last_reading(client: httpx.AsyncClient, database_url: str) -> None:
    series = await keep(database_url, {("a", "t"): [(NOON, 1.0), (NOON + 9_000_000, 2.0)], ("a", "empty"): []})
    assert (await client.get("/series")).json()["series"] == [
        {
            "series": series["a", "empty"],
            "device": "a",
            "metric": "empty",
            "unit": "u",
            "kind": "number",
            "first": None,
            "last": None,
        },
        {
            "series": series["a", "t"],
            "device": "a",
            "metric": "t",
            "unit": "u",
            "kind": "number",
            "first": NOON // 1000,
            "last": NOON // 1000 + 9000,
        },
    ]


async def test_latest_is_the_newest_by_the_devices_clock_with_the_cursor_of_its_snapshot(
    client: httpx.AsyncClient, database_url: str
) -> None:
    await keep(database_url, {("a", "t"): [(NOON + 5000, 2.0)], ("a", "note"): [(NOON, "x")], ("a", "empty"): []})
    await keep(database_url, {("a", "t"): [(NOON, 1.0)]})  # late
    connection = await asyncpg.connect(database_url)
    committed_at = await connection.fetchval("SELECT max(micros(committed_at)) FROM reading")
    await connection.close()
    told = (await client.get("/latest", params={"match": "a/*"})).json()
    assert [(one["metric"], one["at"], one["value"]) for one in told["series"]] == [
        ("note", NOON // 1000, "x"),
        ("t", NOON // 1000 + 5, 2.0),
    ]
    assert cursor.decode(told["cursor"]) == committed_at


async def test_latest_of_nothing_still_has_a_cursor(client: httpx.AsyncClient) -> None:
    told = (await client.get("/latest")).json()
    assert told["series"] == []
    assert cursor.decode(told["cursor"]) > 0
