"""The SQL function `chart`: the same answer as over HTTP, for those who may only read."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api import chart
from bridge.live.match import Match
from tests.api.charting import BEGIN, DAY, HOUR, MINUTE, MS, SECOND, fill, line

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(at: int) -> datetime:
    return EPOCH + timedelta(microseconds=at)


async def test_the_function_in_sql_gives_the_same_answer(client: httpx.AsyncClient, database_url: str) -> None:
    await fill(database_url, BEGIN, BEGIN + DAY, 13 * SECOND)
    connection = await asyncpg.connect(database_url)
    await connection.execute("SET ROLE fieldline_reader")
    spans = (
        (BEGIN, BEGIN + DAY, 50),
        (BEGIN + 7 * MS, BEGIN + HOUR, 70),
        (BEGIN + 7 * MS, BEGIN + DAY, 2 * chart.WIDE + 1),
    )
    for since, until, points in spans:
        found, _ = await line(client, match="a/*", from_=since // MS, to=until // MS, points=points)
        rows = await connection.fetch("SELECT * FROM chart('a/*', $1, $2, $3)", moment(since), moment(until), points)
        assert [((row["at"] - EPOCH) // timedelta(milliseconds=1), row["value"]) for row in rows] == found
        assert {(row["device"], row["metric"], row["unit"]) for row in rows} == {("a", "n", "u")}
    await connection.close()


LINES = "SELECT * FROM {}(ARRAY[1], moment($1), moment($2), $3, $4, $5)"


@pytest.mark.parametrize("step", [SECOND // 4, SECOND, 7 * SECOND, 200 * SECOND], ids=str)
async def test_what_borders_cut_is_the_same_opened_at_once_and_tier_by_tier(database_url: str, step: int) -> None:
    """Columns of 1 to 59 minutes, on borders of minutes and off them; also some of a chart's columns, and a gap of an hour."""
    await fill(database_url, BEGIN, BEGIN + 5 * HOUR, step)
    connection = await asyncpg.connect(database_url)
    for table in ("reading", "rollup_minute", "rollup_hour"):
        gap = f"DELETE FROM {table} WHERE at >= moment($1) AND at < moment($2)"  # noqa: S608  constants
        await connection.execute(gap, BEGIN + HOUR, BEGIN + 2 * HOUR)
    for since, span, points in (
        (BEGIN, 5 * HOUR, 300),
        (BEGIN, 5 * HOUR, 7),
        (BEGIN + 17_123 * MS, 4 * HOUR, 239),
        (BEGIN + 17_123 * MS, 4 * HOUR + MS, 29),
        (BEGIN - 3 * HOUR - 1, 9 * HOUR + 1, 100),
        (BEGIN + 90 * MINUTE, HOUR, 13),
    ):
        for columns in ((0, points), (points // 3, points - 1)):
            asked = since, since + span, points, *columns
            at_once = await connection.fetch(LINES.format("chart_lines"), *asked)
            assert at_once == await connection.fetch(LINES.format("chart_lines_of_tiers"), *asked)
    await connection.close()


@given(st.text(st.sampled_from("ab/*\\%_\n"), max_size=12))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_sql_and_http_select_by_the_same_match(connection: asyncpg.Connection, pattern: str) -> None:
    try:
        [like] = Match([pattern]).likes
    except ValueError:
        return
    assert await connection.fetchval("SELECT like_of($1)", pattern) == like


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("'*', '2026-01-01', '2026-01-02', 0", "expected points from 1 to 10000"),
        ("'*', '2026-01-02', '2026-01-01', 9", 'expected "from" before "to"'),
        ("'*', '2026-01-02', 'infinity', 9", 'expected "from" before "to"'),
    ],
)
async def test_the_function_in_sql_says_what_it_expects(
    connection: asyncpg.Connection, arguments: str, expected: str
) -> None:
    with pytest.raises(asyncpg.PostgresError, match=expected):
        await connection.fetch(f"SELECT * FROM chart({arguments})")  # noqa: S608  constants
