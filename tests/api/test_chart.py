"""The chart: a line through its answer lights the same pixels as one through all that is stored."""

import itertools
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple
from unittest.mock import patch

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api import chart
from bridge.store.store import Store
from tests.api.charting import BEGIN, DAY, HOUR, MINUTE, MS, SECOND, fill, keep, line
from tests.api.drawing import Paper, Point

# About the widths at which a coarser tier begins to serve, whole ones and ones whose borders cut every rollup.
widths = st.builds(
    lambda width, offset: width + offset,
    st.sampled_from([7 * MS, SECOND, MINUTE, 100 * SECOND, HOUR, 100 * MINUTE, 5 * DAY]),
    st.sampled_from([-MS, 0, MS]),
)
near = st.sampled_from(
    [0, 0, 1, -1, 999, MS, -MS, SECOND, -SECOND, MINUTE - 1, MINUTE, -MINUTE, HOUR, -HOUR, 30 * MINUTE]
)
values = st.integers(-3, 3) | st.floats(-1e6, 1e6)
devices = (f"device-{number}" for number in itertools.count())
"""One for each example, so that none has to be deleted."""


class Case(NamedTuple):
    """What is stored of one series in several batches, and what is asked for; times in microseconds."""

    batches: Sequence[Sequence[Point]]
    since: int
    until: int
    points: int

    @property
    def shown(self) -> list[Point]:
        """What `/readings` would say: milliseconds, in order."""
        stored: dict[int, float] = {}
        for at, value in itertools.chain(*self.batches):
            stored.setdefault(at, value)
        return [(at // MS, value) for at, value in sorted(stored.items()) if self.since <= at < self.until]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Readings near the borders of columns, of minutes and of hours, and in bursts between them."""
    width, points = draw(widths), draw(st.integers(1, 40))
    since = BEGIN + draw(st.sampled_from([0, 0, MINUTE, 17 * SECOND + 123 * MS, 59 * MINUTE + 59 * SECOND + 999 * MS]))
    until = since + width * points + draw(st.sampled_from([0, 0, MS, 13 * MS]))
    border = st.builds(lambda column, offset: since + column * width + offset, st.integers(-1, points + 1), near)
    anywhere = st.integers(since - width, until + width)
    of_clock = st.builds(
        lambda at, unit, offset: at // unit * unit + offset, anywhere, st.sampled_from([MINUTE, HOUR]), near
    )
    burst = st.builds(
        lambda at, step, many: [at + n * step for n in range(many)],
        border | anywhere,
        st.sampled_from([1, 333, 7 * MS, SECOND, 11 * SECOND, 7 * MINUTE]),
        st.integers(3, 12),
    )
    found = draw(st.lists(st.lists(border | of_clock | anywhere, max_size=8) | burst, max_size=6))
    readings = [(at, draw(values)) for at in itertools.chain(*found)]
    split = draw(st.integers(0, len(readings)))
    return Case([readings[split:], readings[:split]], since, until, points)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases(), st.integers(2, 50), st.sampled_from([1, chart.WIDE]))
@pytest.mark.timeout(300)
async def test_a_line_through_the_answer_lights_the_same_pixels_as_one_through_all_readings(
    client: httpx.AsyncClient, store: Store, case: Case, height: int, wide: int
) -> None:
    """Also where it is made in parts."""
    device = next(devices)
    await keep(store, device, [*case.batches, [(case.since - 400 * DAY, 0.0)]])  # so that there is a series
    asked = {"match": f"{device}/n", "from_": case.since // MS, "to": case.until // MS, "points": case.points}
    with patch.object(chart, "WIDE", wide):
        found, _ = await line(client, **asked)
    shown = case.shown
    if not shown:
        assert found == []
        return
    everything = [value for _, value in shown]
    paper = Paper(case.since // MS, case.until // MS, case.points, height, min(everything), max(everything))
    assert paper.draw(found) == paper.draw(shown)
    assert [at for at, _ in found] == sorted(at for at, _ in found)
    assert max(Counter(paper.column(at) for at, _ in found).values()) <= 4
    assert all(before != after for before, after in pairwise(found)), "no point comes twice"


@pytest.mark.parametrize(
    ("span", "points", "tier"),
    [
        (HOUR, 100, "raw"),
        (100 * MINUTE, 100, "minute"),
        (DAY, 200, "minute"),
        (4 * DAY, 96, "hour"),
        (4 * DAY, 1, "hour"),
    ],
)
async def test_a_chart_is_made_from_the_coarsest_tier_that_its_columns_hold(
    client: httpx.AsyncClient, database_url: str, span: int, points: int, tier: str
) -> None:
    await fill(database_url, BEGIN, BEGIN + 4 * DAY, MINUTE // 2)
    found, made_from = await line(client, from_=BEGIN // MS, to=(BEGIN + span) // MS, points=points)
    assert made_from == tier
    assert points < len(found) + 1 <= 4 * points + 1


async def test_a_point_from_readings_is_a_reading(client: httpx.AsyncClient, store: Store) -> None:
    batch = [(BEGIN + n * SECOND, value) for n, value in enumerate([3.0, 1.0, 2.0, 9.0, 8.0, 4.0, 4.0])]
    await keep(store, "a", [batch])
    found, tier = await line(client, from_=BEGIN // MS, to=(BEGIN + 10 * SECOND) // MS, points=1)
    assert tier == "raw"
    assert found == [(at // MS, value) for at, value in (batch[0], batch[1], batch[3], batch[6])]


async def test_least_and_greatest_of_a_rollup_stand_between_first_and_last(
    client: httpx.AsyncClient, store: Store
) -> None:
    batch = [(BEGIN + n * SECOND, value) for n, value in enumerate([3.0, 9.0, 1.0, 4.0])]
    await keep(store, "a", [batch])
    found, tier = await line(client, from_=BEGIN // MS, to=(BEGIN + HOUR) // MS, points=1)
    assert tier == "hour"
    assert found == [((BEGIN + at * SECOND) // MS, value) for at, value in ((0, 3.0), (1, 1.0), (2, 9.0), (3, 4.0))]


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("raw_kept", [False, True])
async def test_where_readings_are_dropped_their_rollups_are_drawn(
    client: httpx.AsyncClient, database_url: str, *, raw_kept: bool, told: bool
) -> None:
    """Wide columns look the same; narrow ones show of each minute first, least, greatest and last."""
    await fill(database_url, BEGIN, BEGIN + 4 * HOUR, 10 * SECOND)
    asked = {"from_": BEGIN // MS, "to": (BEGIN + 4 * HOUR) // MS}
    exact = {points: await line(client, **asked, points=points) for points in (1, 4, 17, 240)}
    connection = await asyncpg.connect(database_url)
    until = BEGIN + (2 * HOUR if raw_kept else 4 * HOUR)
    if told:
        await connection.execute("UPDATE horizon SET raw = moment($1)", until)
    await connection.execute("DELETE FROM reading WHERE at < moment($1)", until)
    await connection.close()
    for points in (1, 4, 240):  # whole minutes: nothing that is dropped is missed
        assert await line(client, **asked, points=points) == exact[points]
    cut, tier = await line(client, **asked, points=17)
    assert tier == "minute"
    paper = Paper(BEGIN // MS, (BEGIN + 4 * HOUR) // MS, 17, 100, min(v for _, v in cut), max(v for _, v in cut))
    ours, theirs = paper.draw(cut), paper.draw(exact[17][0])
    assert len(ours ^ theirs) < len(theirs) / 10, "a minute at a border may stand in the column beside it"
    fine, tier = await line(client, **asked, points=1440)
    assert tier == "minute"
    assert 240 < len(fine) <= 4 * 240 + 720


async def test_where_minutes_are_dropped_hours_are_drawn(client: httpx.AsyncClient, database_url: str) -> None:
    await fill(database_url, BEGIN, BEGIN + DAY, MINUTE)
    asked = {"from_": BEGIN // MS, "to": (BEGIN + DAY) // MS}
    exact, _ = await line(client, **asked, points=12)
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE horizon SET raw = moment($1), minute = moment($1)", BEGIN + DAY)
    await connection.execute("TRUNCATE reading, rollup_minute")
    await connection.close()
    assert await line(client, **asked, points=12) == (exact, "hour")
    for points in (7, 500, 5000):
        found, tier = await line(client, **asked, points=points)
        assert tier == "hour"
        assert (found[0], found[-1]) == (exact[0], exact[-1])
        assert {min(v for _, v in found), max(v for _, v in found)} == {
            min(v for _, v in exact),
            max(v for _, v in exact),
        }


def test_the_drawing_tells_apart_what_looks_different() -> None:
    paper = Paper(0, 40, 4, 10, 0, 9)
    all_readings: list[Point] = [(0, 0), (5, 9), (9, 1), (35, 1)]
    assert paper.draw(all_readings) != paper.draw([(0, 0), (9, 1), (35, 1)])
    assert paper.draw([(0, 0.0), (39, 0.0)]) == {(column, 0) for column in range(4)}
    assert paper.draw([(0, 0.0), (0, 3.0)]) == {(0, row) for row in range(4)}
