"""Retention: old partitions go tier by tier, and what is gone comes back through no door."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bridge.store import retention
from bridge.store.retention import Horizon, Keep, rise
from bridge.store.store import Store
from tests.bridge.aging import MONTH_OF_RAW, NOW, OLD, WEEK, held, rejects, said, tables, tidy
from tests.putting import put


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url, doubt=lambda: pytest.fail("expected every batch to be known as stored, or not"))
    yield store
    await store.close()


async def test_each_tier_goes_when_its_time_has_come(store: Store, sql: asyncpg.Connection, database_url: str) -> None:
    await put(store, [said(OLD), said(NOW)])
    await tidy(database_url, Keep())
    assert await held(sql) == (1, 1, 1, 1)
    year = timedelta(days=365)
    with capture_logs() as logs:
        await tidy(database_url, Keep(raw=year))
    dropped = [line["table"] for line in logs if line["event"] == "retention.dropped"]
    assert {f"reading_{WEEK}", f"text_reading_{WEEK}"} <= set(dropped)
    assert await held(sql) == (0, 0, 1, 1)
    assert await tables(sql) == set()
    await tidy(database_url, Keep(raw=year, minute=year))
    assert await held(sql) == (0, 0, 0, 1)
    await tidy(database_url, Keep(raw=year, minute=year, hour=year))
    assert await held(sql) == (0, 0, 0, 0)
    assert await sql.fetchval("SELECT count(*) FROM readings") == 2, "what is young enough stays"
    await put(store, [said(NOW + timedelta(seconds=1))])


async def test_a_reading_from_before_the_horizon_is_a_reject_and_makes_no_week(
    store: Store, sql: asyncpg.Connection, database_url: str
) -> None:
    """As when a message comes again whose week was dropped between its commit and its acknowledgement."""
    await put(store, [said(OLD)])
    before = await sql.fetch("TABLE rollup_minute")
    await tidy(database_url, MONTH_OF_RAW)
    fresh = Store(database_url)
    for one in (store, fresh):
        [outcome] = await put(one, [said(OLD), said(NOW)])
        assert outcome.rejected == 1
    await fresh.close()
    assert await rejects(sql) == [("expired", said(OLD).payload)] * 2
    assert "expected a time from" in await sql.fetchval("SELECT detail FROM reject LIMIT 1")
    assert await tables(sql) == set()
    assert [row for row in await sql.fetch("TABLE rollup_minute") if row["at"] < NOW - timedelta(1)] == before


async def test_a_week_that_another_bridge_still_takes_for_kept_is_not_made_again(
    store: Store, sql: asyncpg.Connection, database_url: str
) -> None:
    """The bridge knows the week and an older horizon: the database knows better."""
    await put(store, [said(OLD)])
    await tidy(database_url, MONTH_OF_RAW)
    await sql.execute("SELECT ensure_partitions($1)", OLD)
    assert await tables(sql) == set()


async def test_keeping_longer_again_brings_nothing_back(sql: asyncpg.Connection, database_url: str) -> None:
    await tidy(database_url, MONTH_OF_RAW)
    last = await sql.fetch("TABLE horizon")
    await tidy(database_url, Keep(raw=timedelta(days=3650)))
    await tidy(database_url, Keep())
    assert await sql.fetch("TABLE horizon") == last


async def test_a_clock_that_is_years_ahead_empties_nothing(store: Store, sql: asyncpg.Connection) -> None:
    await put(store, [said(NOW)])
    await retention.retain(sql, MONTH_OF_RAW, NOW + timedelta(days=3650))
    assert await sql.fetchval("SELECT count(*) FROM readings") == 2


def days(least: int) -> st.SearchStrategy[timedelta | None]:
    return st.none() | st.integers(least, 2_000).map(lambda number: timedelta(days=number))


moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001


@given(st.lists(st.tuples(moments, st.builds(Keep, days(1), days(1), days(1))), min_size=1, max_size=5))
def test_the_horizon_never_goes_back_and_no_reading_that_is_kept_lacks_its_rollups(
    found: list[tuple[datetime, Keep]],
) -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    last = Horizon(epoch, epoch, epoch)
    for now, keep in found:
        horizon = rise(last, keep, now)
        assert all(new >= old for new, old in zip(horizon, last, strict=True))
        assert horizon.hour <= horizon.minute <= horizon.raw <= max(now for now, _ in found)
        if keep.raw and horizon.raw > last.raw:
            assert timedelta(0) <= now - keep.raw - horizon.raw < timedelta(days=7)
            assert horizon.raw.weekday() == 0
        last = horizon
