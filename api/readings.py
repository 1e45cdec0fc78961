"""`/readings`: raw readings of any series in order of time, in pages of JSON or as one file of any length."""

import asyncio
import importlib
import sys
from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api import fields, form, keyset, merge, texts
from api.database import Database, DatabaseDep
from api.match import MatchQuery, matched
from api.merge import Order, Span
from api.moment import EARLIEST, LATEST, Moment, misordered
from api.problem import ProblemError, documented, shown
from api.stream import Stream, Streams
from bridge.live import cursor

router = APIRouter(tags=["readings"])

PAGE = 10_000
LARGEST_PAGE = 100_000  # 3 MB of JSON
CURSOR = "fieldline-cursor"


class ReadingsQuery(MatchQuery):
    """Which readings, in which order, how many, in which form."""

    since: Moment | None = Field(
        None, alias="from", description="the earliest, included; by default the first there is"
    )
    until: Moment | None = Field(None, alias="to", description="the end, not included; by default none")
    order: Order = Field("asc", description="by time and, at equal times, by series; `desc` is the exact reverse")
    limit: int | None = Field(
        None,
        ge=1,
        le=2**31 - 1,
        description=f"readings at most. JSON: {PAGE} unless said, {LARGEST_PAGE} at most, "
        "fewer where texts are long, and `next` has more. All other formats: all of them unless said.",
        examples=[1000],
    )
    page: str | None = Field(
        None,
        max_length=200,
        description="`next` of the page before, with the same match and order",
        examples=["AAZAuVfSzpgDhI_XxK1__wAGQLlYa2UYAAAAAQPDE6ZAlXdt"],
    )
    format: form.Format | None = Field(None, description="by default what `Accept` asks for, else json")
    exact: bool = Field(
        False,  # noqa: FBT003  pydantic's way
        description="csv and ndjson: with the kind of each series, and in ndjson with `micros`, what `at` has beyond its "
        "milliseconds, instead of `series`. So `fieldline import` can bring back just what was there.",
    )


class SeriesName(BaseModel):
    model_config = ConfigDict(frozen=True)

    device: fields.Device
    metric: fields.Metric
    unit: fields.Unit


class ReadingsAnswer(BaseModel):
    """Columns of equal length, one entry a reading, in the order asked for."""

    model_config = ConfigDict(frozen=True)

    names: dict[str, SeriesName] = Field(description="the series on this page, by number")
    series: fields.Numbers
    at: fields.Times
    value: fields.Values
    next: str | None = Field(
        description="the next page, as `page`; null on the last",
        examples=["AAZAuVfSzpgDhI_XxK1__wAGQLlYa2UYAAAAAQPDE6ZAlXdt"],
    )


@router.get(
    "/readings",
    response_model=ReadingsAnswer,
    responses={
        200: {
            "content": {name.split(";")[0]: form.described(file) for file, name in form.FILES.items()},
            "headers": {
                CURSOR: {
                    "description": "of all formats but json: they hold what was committed up to this cursor, and nothing later",
                    "schema": {"type": "string"},
                }
            },
        },
        **documented(406, 422, 503, 504),
    },
)
async def readings(
    request: Request, database: DatabaseDep, query: Annotated[ReadingsQuery, Query()], accept: form.AcceptDep = "*/*"
) -> Response:
    """Raw readings of the selected series. Every page costs the same, however deep; all formats but json come as one stream."""
    answer_in = form.choose(query.format, accept)
    asked = (query.match, request.query_params.get("from"), request.query_params.get("to"), query.order)
    span = _span(query, asked)
    if answer_in == "json":
        return await _page(database, query, span, asked)
    return await _file(database, request.app.state.streams, query, span, answer_in)


async def _file(
    database: Database, streams: Streams, query: ReadingsQuery, span: Span, answer_in: form.File
) -> Response:
    await asyncio.to_thread(importlib.import_module, "api.export.file")  # Arrow: 70 MB and half a second, for the first
    from api.export import file  # noqa: PLC0415  as above

    as_of = await file.as_of_now(database)
    series = await matched(database, query)
    export = file.Export(list(series.values()), span, as_of, query.limit or sys.maxsize)
    headers = {
        "content-disposition": f'attachment; filename="readings.{form.SUFFIXES[answer_in]}"',
        CURSOR: cursor.encode(as_of),
        "vary": "accept",
    }
    pieces = streams.bounded(file.write(database, export, answer_in, exact=query.exact))
    return await Stream.begun(pieces, form.FILES[answer_in], headers)


def _span(query: ReadingsQuery, asked: Sequence[object]) -> Span:
    if query.page is not None:
        try:
            return keyset.decode(query.page, query.order, asked)
        except ValueError as error:
            raise ProblemError(422, f"page: {error}, got {shown(query.page)}") from error
    since = EARLIEST if query.since is None else query.since
    until = LATEST if query.until is None else query.until
    if since > until:
        raise misordered(since, until)
    return Span(since, until, query.order)


async def _page(database: Database, query: ReadingsQuery, span: Span, asked: Sequence[object]) -> Response:
    limit = query.limit or PAGE
    if limit > LARGEST_PAGE:
        raise ProblemError(
            422, f"limit: expected at most {LARGEST_PAGE} in JSON (all other formats take any), got {limit}"
        )
    series = await matched(database, query)
    taken, more = await texts.page(merge.read(database, series.values(), span, limit + 1), limit)
    rows = await texts.read(database, taken)
    columns = {
        "names": {
            str(number): {"device": series[number].device, "metric": series[number].metric, "unit": series[number].unit}
            for number in sorted({row.series for row in rows})
        },
        "series": [row.series for row in rows],
        "at": [row.at // 1000 for row in rows],
        "value": [row.value for row in rows],
        "next": keyset.encode(span._replace(after=taken[-1][:2]), asked) if more else None,
    }
    return Response(msgspec.json.encode(columns), media_type="application/json", headers={"vary": "accept"})
