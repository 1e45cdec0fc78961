"""`/chart`: what a line chart of some width needs of each series, so that it shows what all readings would."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress, pairwise
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api import fields
from api.database import Database, DatabaseDep
from api.match import MatchQuery, matched
from api.moment import Moment, misordered
from api.problem import ProblemError, documented
from api.split import TIERS, Tier

router = APIRouter(tags=["readings"])

MOST_POINTS = 10_000
MOST_COLUMNS = 100_000
"""Columns of all series together. Each has up to four readings: 10 MB of JSON."""

PARTS = 2
"""Of a wide chart, made side by side: two processors take 0.6 to 0.85 of the time, and two turns are left to others."""
WIDE = 300
"""Columns of all series together. To plan another query takes as long as to make about a hundred of them."""

LINES = """
    SELECT series_id, ARRAY(SELECT micros(one) / 1000 FROM unnest(at) one), value, tier
    FROM chart_lines($1, $2, $3, $4, $5, $6)
"""

# The hours know the first reading of a series also when it has been dropped; where they are dropped nothing older is kept.
EXTENT = """
    SELECT min(oldest.at), max(newest.at)
    FROM unnest($1::int[]) AS s (id)
    CROSS JOIN LATERAL (SELECT first_at AS at FROM rollup_hour h WHERE series_id = s.id ORDER BY h.at LIMIT 1) oldest
    CROSS JOIN LATERAL (SELECT last_at AS at FROM rollup_hour h WHERE series_id = s.id ORDER BY h.at DESC LIMIT 1) newest
"""

Part = Mapping[int, tuple[Sequence[int], Sequence[float], Tier]]
"""Some columns side by side: by series the times (milliseconds) and values of its line there, and what it was made from."""


class ChartQuery(MatchQuery):
    """Which series, which times, how wide."""

    since: Moment | None = Field(
        None, alias="from", description="the earliest, included; by default the first reading there is"
    )
    until: Moment | None = Field(
        None, alias="to", description="the end, not included; by default after the last reading"
    )
    points: int = Field(
        1000,
        ge=1,
        le=MOST_POINTS,
        description="how many columns wide the chart is, in pixels. Each has up to four readings. "
        f"For all series together {MOST_COLUMNS} at most.",
    )


class Line(BaseModel):
    """One series: columns of equal length in order of time."""

    model_config = ConfigDict(frozen=True)

    series: fields.Number
    device: fields.Device
    metric: fields.Metric
    unit: fields.Unit
    at: fields.Times
    value: list[float] = Field(description="a boolean is 0 or 1", examples=[[21.4, 21.5]])


class ChartAnswer(BaseModel):
    model_config = ConfigDict(frozen=True)

    series: list[Line] = Field(description="ordered by device and metric; texts are left out")
    tier: Tier = Field(description="the coarsest tier that columns were made from", examples=["minute"])


@router.get("/chart", response_model=ChartAnswer, responses=documented(422, 503, 504))
async def chart(database: DatabaseDep, query: Annotated[ChartQuery, Query()]) -> Response:
    """First, last, least and greatest of each of `points` columns. Their line looks the same, to the pixel, as one of all."""
    drawn = [one for one in (await matched(database, query)).values() if one.kind != "text"]
    if len(drawn) * query.points > MOST_COLUMNS:
        raise ProblemError(
            422,
            f"points: expected at most {MOST_COLUMNS} for all series together, got {query.points} for {len(drawn)} series",
        )
    ids = [one.series for one in drawn]
    span = await _span(database, query, ids)
    parts = await _parts(database, ids, span, query.points) if span else []
    lines = {one: _line(parts, one) for one in ids}
    answer = {
        "series": [
            {
                "series": one.series,
                "device": one.device,
                "metric": one.metric,
                "unit": one.unit,
                "at": lines[one.series][0],
                "value": lines[one.series][1],
            }
            for one in sorted(drawn, key=lambda one: (one.device, one.metric))
        ],
        "tier": min((tier for part in parts for *_, tier in part.values()), key=TIERS.index, default="raw"),
    }
    return Response(msgspec.json.encode(answer), media_type="application/json")


async def _span(database: Database, query: ChartQuery, ids: list[int]) -> tuple[int, int] | None:
    """What is shown, in microseconds; at whole milliseconds, as clients know no finer ones. `None` if that is nothing."""
    since, until = query.since, query.until
    if since is not None and until is not None and since > until:
        raise misordered(since, until)
    if since is None or until is None:
        [(oldest, newest)] = await database.fetch(EXTENT, ids)
        if oldest is None:
            return None
        since = oldest if since is None else since
        until = newest + 1000 if until is None else until
    since, until = since // 1000 * 1000, until // 1000 * 1000
    return (since, until) if since < until else None


async def _parts(database: Database, ids: list[int], span: tuple[int, int], points: int) -> list[Part]:
    """The chart from left to right. Where one part can't be had, that is the answer, and the other ends by itself."""
    parts = PARTS if len(ids) * points >= WIDE and points >= PARTS else 1
    edges = pairwise(points * part // parts for part in range(parts + 1))
    found = await asyncio.gather(*(database.fetch(LINES, ids, *span, points, *edge) for edge in edges))
    return [{number: (at, value, tier) for number, at, value, tier in rows} for rows in found]


def _line(parts: Iterable[Part], series: int) -> tuple[list[int], list[float]]:
    """Times and values of one series from left to right. Points that have become the same in a row are one."""
    at: list[int] = []
    value: list[float] = []
    for part in parts:
        if series in part:
            at += part[series][0]
            value += part[series][1]
    kept = [True, *(point != before for before, point in pairwise(zip(at, value, strict=True)))]
    return list(compress(at, kept)), list(compress(value, kept))
