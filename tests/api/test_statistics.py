"""Windows hold what brute force finds in them: in any zone, over any change of the clocks, from any edge to any other."""

import itertools
import math
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api import summary
from bridge.store.connect import connect
from bridge.store.numbers import Numbers
from bridge.store.rollup import HOUR, MINUTE
from bridge.store.spans import add, sum_up
from tests.api import calendar
from tests.api.field import NOON, keep
from tests.api.test_windows import DAY, EVERY, changes, micros, offsets, spans

RAISE = "UPDATE horizon SET hour = moment($1), minute = moment($2), raw = moment($3)"
COLUMNS = ("count", "mean", "min", "max", "sum", "first", "last")

values = st.floats(-1e6, 1e6)
property_of_the_database = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
devices = (f"device-{number}" for number in itertools.count())
"""One for each example, so that none has to be deleted."""


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(database_url)
    yield connection
    await connection.close()


async def keep_with_rollups(
    sql: asyncpg.Connection, database_url: str, name: tuple[str, str], readings: Sequence[tuple[int, float]]
) -> int:
    """Store one series as the bridge does."""
    for at, _ in readings:
        await sql.execute("SELECT ensure_partitions(moment($1))", at)
    [number] = (await keep(database_url, {name: readings})).values()
    if readings:
        numbers = Numbers.ordered([number] * len(readings), *zip(*readings, strict=True))
        async with sql.transaction():
            await add(sql, sum_up(numbers), tick=1)
    return number


async def ask(client: httpx.AsyncClient, match: str, since: int, until: int, **query: str) -> dict[str, Any]:
    """Times in microseconds, which only RFC 3339 carries."""
    span = {"from": rfc3339(since), "to": rfc3339(until)}
    answer = await client.get("/statistics", params={"match": match, **span, **query})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def rfc3339(micros: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)).isoformat()


def summed(readings: Sequence[tuple[int, float]]) -> dict[str, float]:
    """What some readings come to, by definition."""
    found = [value for _, value in sorted(readings)]
    total = math.fsum(found)
    return {
        "count": len(found),
        "mean": total / len(found),
        "min": min(found),
        "max": max(found),
        "sum": total,
        "first": found[0],
        "last": found[-1],
    }


def windows_of(answer: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """The windows of the only series, by their start in microseconds."""
    [one] = answer["series"] or [{"at": [], **{name: [] for name in COLUMNS}}]
    assert one["at"] == sorted(set(one["at"]))
    return {
        at * 1000: dict(zip(COLUMNS, row, strict=True))
        for at, *row in zip(one["at"], *(one[name] for name in COLUMNS), strict=True)
    }


def like(expected: dict[str, float]) -> Any:
    return pytest.approx(expected, rel=1e-9, abs=1e-6)


@property_of_the_database
@given(
    change=changes,
    said=st.dictionaries(offsets, values, max_size=30),
    every=st.sampled_from(EVERY),
    span=spans,
    horizon=st.none() | st.tuples(offsets, offsets, offsets).map(sorted),
)
@pytest.mark.timeout(300)
async def test_windows_equal_brute_force_and_what_is_dropped_counts_where_its_rollup_begins(
    client: httpx.AsyncClient,
    sql: asyncpg.Connection,
    database_url: str,
    change: tuple[str, str],
    said: dict[int, float],
    every: str,
    span: tuple[int, int],
    horizon: tuple[int, int, int] | None,
) -> None:
    zone, moment = ZoneInfo(change[0]), micros(change[1])
    since, until = (moment + offset for offset in span)
    kept = [0, 0, 0] if horizon is None else [(moment + offset) // HOUR * HOUR for offset in horizon]
    device = next(devices)
    readings = [(moment + offset, value) for offset, value in said.items()]
    await sql.execute(RAISE, 0, 0, 0)  # of the example before: no week is made before it
    number = await keep_with_rollups(sql, database_url, (device, "x"), readings)
    await sql.execute(RAISE, *kept)
    for table, before in zip(("rollup_hour", "rollup_minute", "reading"), kept, strict=True):
        await sql.execute(f"DELETE FROM {table} WHERE series_id = $1 AND at < moment($2)", number, before)  # noqa: S608

    def counted(at: int) -> int:
        """Where a reading counts: at its own time, as long as that is kept."""
        hour, minute, raw = kept
        width = 1 if at >= raw else MINUTE if at >= minute else HOUR if at >= hour else 0
        return at // width * width if width else -1

    expected: dict[int, list[tuple[int, float]]] = {}
    for at, value in readings:
        if since <= counted(at) < until:
            expected.setdefault(calendar.window(counted(at), every, zone), []).append((at, value))
    answer = await ask(client, f"{device}/x", since, until, every=every, timezone=change[0])
    found = windows_of(answer)
    assert set(found) == set(expected)
    for start, inside in expected.items():
        assert found[start] == like(summed(inside)), (start, inside)
    if answer["exact"]:
        assert sum(window["count"] for window in found.values()) == sum(since <= at < until for at, _ in readings)
    assert answer["exact"] or horizon is not None


async def test_a_day_has_23_or_25_hours_where_the_clocks_change(
    client: httpx.AsyncClient, sql: asyncpg.Connection, database_url: str
) -> None:
    for day, hours in (("2024-03-31", 23), ("2024-10-27", 25)):
        begin = micros(f"{day}T00:00") - 3 * HOUR
        await keep_with_rollups(
            sql, database_url, (day, "x"), [(begin + number * HOUR // 2, 1.0) for number in range(70)]
        )
        answer = await ask(client, f"{day}/x", begin, begin + 35 * HOUR, every="1d", timezone="Europe/Berlin")
        [one] = answer["series"]
        assert one["count"][1] == 2 * hours
        assert (one["at"][2] - one["at"][1]) == hours * 3_600_000
        assert answer["tier"] == "hour"
        answer = await ask(client, f"{day}/x", begin, begin + 35 * HOUR, every="6h", timezone="Europe/Berlin")
        lengths = [(after - at) // 3_600_000 for at, after in itertools.pairwise(answer["series"][0]["at"])]
        assert lengths[1:6] == ([6, 6, 6, 5, 6] if hours == 23 else [6, 6, 6, 6, 1]), "the last of the day ends with it"


async def test_only_edges_within_an_hour_or_a_minute_read_finer_tiers(
    client: httpx.AsyncClient, sql: asyncpg.Connection, database_url: str
) -> None:
    """Told by taking away what must not be needed."""
    noon = NOON // HOUR * HOUR
    await keep_with_rollups(
        sql, database_url, ("a", "x"), [(noon + second * 1_000_000, float(second)) for second in range(0, 7200, 7)]
    )
    whole = summed([(second, float(second)) for second in range(0, 7200, 7)])
    await sql.execute("DELETE FROM reading")
    answer = await ask(client, "a/x", noon - MINUTE, noon + 3 * HOUR + 5 * MINUTE, every="1mo")
    assert [answer["tier"], *windows_of(answer).values()] == ["hour", like(whole)]
    await sql.execute("DELETE FROM rollup_hour")
    answer = await ask(client, "a/x", noon, noon + 2 * HOUR - 1, every="15m")
    assert answer["tier"] == "minute"
    assert sum(window["count"] for window in windows_of(answer).values()) < whole["count"], "the last minute is raw"
    await sql.execute("DELETE FROM rollup_minute")
    assert windows_of(await ask(client, "a/x", noon, noon + 2 * HOUR, every="15m")) == {}


async def test_what_is_dropped_amid_an_answer_does_not_leave_a_hole_in_it(
    client: httpx.AsyncClient, sql: asyncpg.Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = NOON // HOUR * HOUR
    await keep_with_rollups(sql, database_url, ("a", "x"), [(noon + second * 1_000_000, 1.0) for second in range(120)])
    read = summary._read  # noqa: SLF001

    async def read_late(*arguments: Any) -> Any:
        await sql.execute(RAISE, 0, 0, noon + HOUR)
        await sql.execute("DELETE FROM reading")
        return await read(*arguments)

    assert (await ask(client, "a/x", noon, noon + 90_000_000, every="1h"))["series"][0]["count"] == [90]
    monkeypatch.setattr(summary, "_read", read_late)
    answer = await ask(client, "a/x", noon, noon + 90_000_000, every="1h")
    assert (answer["series"][0]["count"], answer["exact"]) == ([120], False)


@pytest.mark.parametrize(
    ("value", "total", "mean"), [(9e299, 3.6e300, 9e299), (1.2e300, None, None), (1e308, None, None)]
)
async def test_sum_and_mean_are_null_where_a_part_of_the_sum_reaches_1e300(
    client: httpx.AsyncClient,
    sql: asyncpg.Connection,
    database_url: str,
    value: float,
    total: float | None,
    mean: float | None,
) -> None:
    await keep_with_rollups(sql, database_url, ("a", "x"), [(NOON + hour * HOUR, value) for hour in range(4)])
    [one] = (await ask(client, "a/x", NOON, NOON + DAY, every="1y"))["series"]
    assert [one[name] for name in COLUMNS] == [[4], [mean], [value], [value], [total], [value], [value]]


async def test_series_come_by_device_and_metric_and_texts_and_silent_ones_are_left_out(
    client: httpx.AsyncClient, sql: asyncpg.Connection, database_url: str
) -> None:
    for name in (("b", "x"), ("a", "y"), ("a", "x")):
        await keep_with_rollups(sql, database_url, name, [(NOON, 1.5)])
    await keep_with_rollups(sql, database_url, ("c", "x"), [(NOON - DAY, 1.5)])
    await keep(database_url, {("a", "note"): [(NOON, "open")]})
    answer = await ask(client, "*", NOON, NOON + HOUR, every="PT1H")
    assert [(one["device"], one["metric"], one["unit"]) for one in answer["series"]] == [
        ("a", "x", "u"),
        ("a", "y", "u"),
        ("b", "x", "u"),
    ]
    assert (answer["every"], answer["timezone"], answer["exact"]) == ("1h", "UTC", True)
    answer = await ask(client, "nobody/*", NOON, NOON + HOUR, every="1h")
    assert answer["series"] == []


async def test_any_calendar_reaches_over_the_time_in_which_there_are_readings(client: httpx.AsyncClient) -> None:
    query = {"from": "0001-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z", "every": "999y", "timezone": "Asia/Tokyo"}
    assert (await client.get("/statistics", params=query)).json()["series"] == []
    query |= {"from": "9999-01-01T00:00:00Z", "every": "1m"}
    assert (await client.get("/statistics", params=query)).json()["series"] == []


async def test_the_longest_windows_are_in_the_calendar(client: httpx.AsyncClient, database_url: str) -> None:
    await keep(database_url, {("a", "x"): [(NOON, 1.0)]})
    lengths, zones = ("1000y", "9999mo", "9999w", "9999d"), ("UTC", "America/New_York", "Pacific/Kiritimati")
    begins = ("0001-01-01T00:00:00Z", "0", "2000-01-01T00:00:00Z", "-1h", "9999-12-31T23:59:59Z")
    for every, zone, since in itertools.product(lengths, zones, begins):
        query = {"from": since, "to": "9999-12-31T23:59:59Z", "every": every, "timezone": zone}
        answer = await client.get("/statistics", params=query)
        assert answer.status_code == 200, (query, answer.text)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"every": "7h"}, "every: expected minutes or hours that divide a day, days, weeks, months or years, as `15m`"),
        ({"every": "0d"}, "or `P1D`, got '0d'"),
        ({"every": "1M"}, "got '1M'"),
        ({"every": "PT1D"}, "got 'PT1D'"),
        ({"every": "P1DT1H"}, "got 'P1DT1H'"),
        ({"every": "10000y"}, "got '10000y'"),
        ({"every": "9999y"}, "every: expected at most 1000 years, got '9999y'"),
        ({"every": "P1001Y", "timezone": "America/New_York"}, "every: expected at most 1000 years, got 'P1001Y'"),
        ({"timezone": "Mars/Olympus"}, "timezone: expected a name of the IANA time zone database, as `UTC`"),
        ({"timezone": "../UTC"}, "got '../UTC'"),
        ({"timezone": "Europe"}, "got 'Europe'"),
        ({"timezone": "europe/berlin"}, "got 'europe/berlin'"),
        ({"timezone": "\0"}, "got '\\x00'"),
        ({"from": "5000", "to": "4000"}, "from: expected a time not after `to` (4000), got 5000"),
        (
            {"from": "-900d", "every": "1m"},
            "every: expected at most 100000 windows over all series, got about 1296000: ",
        ),
        ({"from": "-900d", "every": "1m", "match": "nobody/*"}, "got about 1296000: ask for less time"),
        ({"since": "-1d"}, "expected only known parameters, got since"),
    ],
)
async def test_what_makes_no_windows_is_refused_with_expected_and_got(
    client: httpx.AsyncClient, database_url: str, query: dict[str, str], says: str
) -> None:
    await keep(database_url, {("a", "x"): [(NOON, 1.0)]})
    answer = await client.get("/statistics", params={"from": "-1d", "every": "1h"} | query)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]


async def test_time_and_length_must_be_said(client: httpx.AsyncClient) -> None:
    answer = await client.get("/statistics")
    assert answer.json()["detail"] == "from: expected a value, got none; every: expected a value, got none"
