"""Every query of every panel, variable and rule runs, as the role that Grafana logs in with, on a real Postgres."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from grafana import fleet, variable
from tests.api.charting import roll_up
from tests.grafana import provisioned
from tests.grafana.expand import Range, UnknownNameError, expand

NAMES = ["greenhouse-1", "d'Arc's \"pump\"", "Gewächshaus, 2", "back\\slash", "温度計", "a); DROP TABLE reading; --"]
NOW = datetime.now(UTC).replace(microsecond=0)
HOURS = Range(NOW - timedelta(hours=6), NOW, timedelta(minutes=1))
EVERY = {"device": "device", "metric": "metric"}
QUERIES = provisioned.queries()

Rows = Sequence[asyncpg.Record]


@pytest.fixture
async def reader(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection with no more rights than Grafana's, on a database with an hour of readings, a break and a text."""
    connection = await asyncpg.connect(database_url)
    try:
        await _fill(connection)
        await connection.execute("SET ROLE fieldline_reader")
        yield connection
    finally:
        await connection.close()


async def _fill(connection: asyncpg.Connection) -> None:
    await connection.execute(
        "SELECT ensure_partitions($1::timestamptz - n * interval '7 days') FROM generate_series(0, 8) n", NOW
    )
    await connection.execute(
        "INSERT INTO device (name, online, status_at) SELECT name, n % 2 = 1, now() FROM unnest($1::text[]) WITH ORDINALITY "
        "given (name, n)",
        NAMES,
    )
    await connection.execute("""
        INSERT INTO series (device_id, metric, unit, kind)
        SELECT d.id, m.metric, m.unit, m.kind FROM device d,
            (VALUES ('temperature', '°C', 'number'), ('load', NULL, 'number'), ('seq', NULL, 'number'), ('door', NULL, 'text'))
            m (metric, unit, kind)
    """)
    # Every ten seconds for five hours, but for the third of them.
    await connection.execute(
        """
        INSERT INTO reading (at, value, committed_at, series_id)
        SELECT t, extract(minute FROM t), t, s.id
        FROM series s, generate_series($1::timestamptz - interval '5 hours', $1, interval '10 seconds') t
        WHERE s.kind = 'number' AND t NOT BETWEEN $1 - interval '3 hours' AND $1 - interval '2 hours'
        """,
        NOW,
    )
    await roll_up(connection)
    await connection.execute("INSERT INTO text_reading SELECT $1, $1, id, 'open' FROM series WHERE kind = 'text'", NOW)


def _expanded(sql: str, shown: Range = HOURS, devices: Sequence[str] = (), metrics: Sequence[str] = ()) -> str:
    chosen = {"device": devices, "metric": metrics}
    every = {name: value for name, value in EVERY.items() if not chosen[name]}
    return expand(sql, shown, chosen, every)


def _check_shape(query: provisioned.Query, rows: Rows) -> None:
    """What each kind of query owes to Grafana."""
    assert rows, query.where
    kinds = {name: {type(row[name]) for row in rows} - {type(None)} for name in rows[0].keys()}  # noqa: SIM118
    if query.format == "time_series":
        times = [row["time"] for row in rows]
        assert times == sorted(times)
        assert kinds.pop("time") == {datetime}
        assert kinds.pop("value") == {float}
        assert all(kind == {str} for kind in kinds.values()), "what is left are labels"
    if query.format == "variable":
        assert list(kinds.values()) == [{str}]
    if query.where.startswith("rule "):
        assert sorted(map(str, kinds.values())) == sorted(map(str, ({str}, {float}))), "one label, one number"


@pytest.mark.parametrize("devices", [[], NAMES, NAMES[1:2]], ids=["all", "several", "one"])
@pytest.mark.parametrize("query", QUERIES, ids=[query.where for query in QUERIES])
async def test_a_query_brings_what_grafana_expects(
    reader: asyncpg.Connection, query: provisioned.Query, devices: list[str]
) -> None:
    rows = await reader.fetch(_expanded(query.sql, devices=devices))
    _check_shape(query, rows)
    if "$device" in query.sql and "device" in rows[0].keys():  # noqa: SIM118
        assert {row["device"] for row in rows} == set(devices or NAMES)


async def test_the_choices_offered_are_devices_and_metrics_with_a_line(reader: asyncpg.Connection) -> None:
    assert {row["device"] for row in await reader.fetch(_expanded(variable.DEVICES))} == set(NAMES)
    assert [row["metric"] for row in await reader.fetch(_expanded(variable.METRICS))] == ["load", "temperature"]


async def test_history_has_four_rows_at_most_for_each_pixel_and_device_however_long_the_range(
    reader: asyncpg.Connection,
) -> None:
    year = Range(NOW - timedelta(days=365), NOW, timedelta(hours=12))
    rows = await reader.fetch(_expanded(fleet.HISTORY, year, metrics=["temperature"]))
    assert len(NAMES) <= len(rows) <= 2 * 4 * len(NAMES)
    assert {row["unit"] for row in rows} == {"°C"}


async def test_history_of_a_device_that_fell_silent_has_a_gap(reader: asyncpg.Connection) -> None:
    rows = await reader.fetch(_expanded(fleet.HISTORY, devices=NAMES[:1], metrics=["load"]))
    [gap] = [row["time"] for row in rows if row["value"] is None]
    assert NOW - timedelta(hours=3) < gap < NOW - timedelta(hours=2)


async def test_history_shows_the_highest_and_the_lowest_of_each_pixel(reader: asyncpg.Connection) -> None:
    hour = (NOW - timedelta(hours=1)).replace(minute=0, second=0)
    shown = Range(hour + timedelta(minutes=30), hour + timedelta(minutes=90), timedelta(hours=1))
    rows = await reader.fetch(_expanded(fleet.HISTORY, shown, devices=NAMES[:1], metrics=["load"]))
    assert (min(row["value"] for row in rows), max(row["value"] for row in rows)) == (0.0, 59.0)
    assert len(rows) <= 4


async def test_only_the_views_can_be_read(reader: asyncpg.Connection) -> None:
    for table in ("device", "series", "reading", "text_reading", "reject"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.fetch(f"SELECT FROM {table}")


@pytest.mark.parametrize("sql", ["SELECT $__timeGruop(at)", "SELECT $devise", "SELECT ${metric:csvv}"])
def test_a_misspelt_macro_or_variable_is_an_error(sql: str) -> None:
    with pytest.raises(UnknownNameError):
        expand(sql, HOURS, {"metric": ["load"]}, {})
