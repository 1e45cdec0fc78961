"""`/latest`: the newest reading of each series, and the cursor from which on the live stream has what comes next."""

from operator import attrgetter

import msgspec
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from api import fields, texts
from api.database import DatabaseDep
from api.match import MATCHED, Kind, MatchDep, likes
from api.problem import ProblemError, documented
from api.series import NEWEST
from bridge.live import cursor

router = APIRouter(tags=["readings"])

# Most series have said something in the hours before the last commit. Where these begin only decides how a series is found,
# and what is newer lies in them, too: so this may be a snapshot of its own.
SINCE = "SELECT greatest(last - interval '2 hours', raw) FROM commit_clock, horizon"

# One statement, hence one snapshot: nothing is missing between these values and what follows their cursor. Numbers are found by
# their last hours, all at once; series that have been silent since, and texts, one by one, newest week first. Texts are weighed
# without being read, and left unread where they are too heavy together.
LATEST = f"""
    WITH {MATCHED}, lately AS MATERIALIZED (
        SELECT DISTINCT ON (series_id) series_id, last_at, last FROM (
            SELECT series_id, last_at, last FROM rollup_hour WHERE at >= $2 OFFSET 0  -- or the key is read, for its order
        ) AS recent ORDER BY series_id, last_at DESC
    ), others AS MATERIALIZED (
        SELECT s.*, newest.at, newest.value, newest.text FROM matched s CROSS JOIN {NEWEST}
        WHERE NOT EXISTS (SELECT FROM lately WHERE series_id = s.id)
    ), weighed AS (
        SELECT coalesce(sum(octet_length(text)), 0)::bigint AS bytes FROM others
    ), found AS (
        SELECT s.*, last_at AS at, last AS value, NULL::text AS text FROM matched s JOIN lately ON series_id = s.id
        UNION ALL
        SELECT id, device, metric, unit, kind, at, value, CASE WHEN bytes <= $3 THEN text END FROM others, weighed
    )
    SELECT (SELECT micros(last) FROM commit_clock), (SELECT bytes FROM weighed),
        array_agg(id), array_agg(device), array_agg(metric), array_agg(unit), array_agg(kind),
        array_agg(micros(at) / 1000), array_agg(value), array_agg(text)
    FROM found
"""  # noqa: S608  constants


class Newest(msgspec.Struct, gc=False):
    """What `LatestReading` describes, made and written in a fraction of its time: there may be ten thousand."""

    series: int
    device: str
    metric: str
    unit: str | None
    kind: Kind
    at: int
    value: float | str


class LatestReading(BaseModel):
    """The newest reading of one series."""

    model_config = ConfigDict(frozen=True)

    series: fields.Number
    device: fields.Device
    metric: fields.Metric
    unit: fields.Unit
    kind: fields.KindOfValue
    at: int = Field(description="when it was, by the device's clock, ms", examples=[1760000000123])
    value: float | str = Field(description="of the kind that `kind` says", examples=[21.4])


class LatestAnswer(BaseModel):
    model_config = ConfigDict(frozen=True)

    series: list[LatestReading] = Field(description="ordered by device and metric")
    cursor: str = Field(
        description="resumes the live stream or `/changes` right behind these values", examples=["hog053ancw"]
    )


@router.get("/latest", response_model=LatestAnswer, responses=documented(422, 503, 504))
async def latest(database: DatabaseDep, query: MatchDep) -> Response:
    """Newest reading of each series, ordered by device and metric. A series without readings is left out.

    With more than 8 MB of texts it is refused: select fewer series.
    """
    [(since,)] = await database.fetch(SINCE)
    [(last, size, *columns)] = await database.fetch(LATEST, likes(query), since, texts.PAGE_BYTES)
    if size > texts.PAGE_BYTES:
        detail = f"expected series whose newest texts have at most {texts.PAGE_BYTES} bytes together, got {size}"
        raise ProblemError(422, f"match: {detail}: ask for fewer")
    series = [
        Newest(number, device, metric, unit, kind, at, value if text is None else text)
        for number, device, metric, unit, kind, at, value, text in zip(
            *(column or () for column in columns), strict=True
        )
    ]
    # By both at once takes six times as long.
    series.sort(key=attrgetter("metric"))
    series.sort(key=attrgetter("device"))
    answer = {"series": series, "cursor": cursor.encode(last)}
    return Response(msgspec.json.encode(answer), media_type="application/json")
