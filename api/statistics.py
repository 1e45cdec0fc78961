"""`/statistics`: what readings come to in windows of a calendar, or of minutes and hours."""

import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api import fields
from api.database import DatabaseDep
from api.every import Length
from api.match import MatchQuery, Series, matched
from api.moment import MICROSECONDS, Moment, misordered
from api.problem import ProblemError, documented
from api.split import Tier
from api.summary import Summary, summarize
from api.windows import edges
from api.zone import Zone
from bridge.clock import MILLENNIUM

router = APIRouter(tags=["readings"])

MOST = 100_000
"""Windows in an answer: 10 MB of JSON."""
AHEAD = 2 * MICROSECONDS["d"]
"""No reading is more than a day ahead of the bridge's clock, which may differ from ours, nor older than the millennium."""


class StatisticsQuery(MatchQuery):
    """Which series, from when to when, in which windows."""

    since: Moment = Field(alias="from", description="the earliest reading, included")
    until: Moment | None = Field(None, alias="to", description="the end, not included; by default now")
    every: Length = Field(description="how long a window is")
    timezone: Zone = Field(
        ZoneInfo("UTC"), description="whose midnights begin the days, weeks (Mondays), months and years"
    )


class SeriesStatistics(BaseModel):
    """One series in columns of equal length, one entry a window."""

    model_config = ConfigDict(frozen=True)

    series: fields.Number
    device: fields.Device
    metric: fields.Metric
    unit: fields.Unit
    at: list[int] = Field(
        description="where each window begins, ms, also before `from`; one without readings is left out",
        examples=[[1760047200000, 1760133600000]],
    )
    count: list[int] = Field(description="how many readings it holds", examples=[[8640, 8638]])
    mean: list[float | None] = Field(
        description="`sum` by `count`: each reading weighs the same; null with it", examples=[[21.4, 20.9]]
    )
    min: list[float] = Field(description="the least value", examples=[[17.1, 16.8]])
    max: list[float] = Field(description="the greatest value", examples=[[26.3, 25.2]])
    sum: list[float | None] = Field(
        description="of all values; null where one, or the sum of a minute or an hour in it, reaches 1e300",
        examples=[[184896.0, 180534.2]],
    )
    first: list[float] = Field(description="the value of the oldest reading", examples=[[19.2, 19.0]])
    last: list[float] = Field(description="the value of the newest reading", examples=[[19.0, 18.7]])


class StatisticsAnswer(BaseModel):
    model_config = ConfigDict(frozen=True)

    every: str = Field(description="what was asked for, in one form", examples=["1d"])
    timezone: str = Field(description="as asked for", examples=["Europe/Berlin"])
    tier: Tier = Field(
        description="the coarsest that was read; what edges cut comes from finer ones", examples=["hour"]
    )
    exact: bool = Field(
        description="false if what an exact answer needs has been dropped: the rest of a minute or hour that an edge cuts "
        "counts as a whole then, in the window where it begins",
        examples=[True],
    )
    series: list[SeriesStatistics] = Field(description="those with readings, ordered by device and metric; never texts")


@router.get("/statistics", response_model=StatisticsAnswer, responses=documented(422, 503, 504))
async def statistics(database: DatabaseDep, query: Annotated[StatisticsQuery, Query()]) -> Response:
    """Count, mean, least, greatest, sum, first and last reading of each series in each window, exact at any edge."""
    since, until = _span(query)
    series = [one for one in (await matched(database, query)).values() if one.kind != "text"]
    windows = (until - since) // query.every.length * max(len(series), 1)
    if windows > MOST:
        sentence = f"every: expected at most {MOST} windows over all series, got about {windows}"
        raise ProblemError(422, f"{sentence}: ask for less time, longer windows or fewer series")
    starts = edges(query.every, query.timezone, since, until)
    found = await summarize(database, [one.series for one in series], starts, since, until)
    columns = {
        "every": str(query.every),
        "timezone": query.timezone.key,
        "tier": found.tier,
        "exact": found.exact,
        "series": [
            _columns(one, found.summaries[one.series], starts)
            for one in sorted(series, key=lambda one: (one.device, one.metric))
            if one.series in found.summaries
        ],
    }
    return Response(msgspec.json.encode(columns), media_type="application/json")


def _span(query: StatisticsQuery) -> tuple[int, int]:
    """The part of the time asked for in which there may be readings: what lies beyond makes no windows."""
    now = time.time_ns() // 1000
    until = now if query.until is None else query.until
    if query.since > until:
        raise misordered(query.since, until)
    latest = now + AHEAD
    return min(max(query.since, MILLENNIUM), latest), min(max(until, MILLENNIUM), latest)


def _columns(series: Series, summaries: Mapping[int, Summary], starts: Sequence[int]) -> dict[str, Any]:
    windows = sorted(summaries)
    found = [summaries[window] for window in windows]
    return {
        "series": series.series,
        "device": series.device,
        "metric": series.metric,
        "unit": series.unit,
        "at": [starts[window] // 1000 for window in windows],
        "count": [one.readings for one in found],
        "mean": [one.mean for one in found],  # JSON knows no infinity: such a one is written as null
        "min": [one.min for one in found],
        "max": [one.max for one in found],
        "sum": [one.sum for one in found],
        "first": [one.first[1] for one in found],
        "last": [one.last[1] for one in found],
    }
