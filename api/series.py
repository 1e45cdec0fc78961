"""`/series`: what is measured, in which unit, since when and until when."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api import fields
from api.database import DatabaseDep
from api.match import MATCHED, MatchDep, likes
from api.moment import milliseconds
from api.problem import documented

router = APIRouter(tags=["series"])

NEWEST = """
    LATERAL (
        (SELECT r.at, r.value, NULL::text AS text FROM reading r
         WHERE r.series_id = s.id AND s.kind <> 'text' ORDER BY r.at DESC LIMIT 1)
        UNION ALL
        (SELECT r.at, NULL, r.value FROM text_reading r
         WHERE r.series_id = s.id AND s.kind = 'text' ORDER BY r.at DESC LIMIT 1)
    ) newest
"""
"""The newest reading of each series `s`: one index lookup, newest partition first."""

SERIES = f"""
    WITH {MATCHED}
    SELECT s.id, s.device, s.metric, s.unit, s.kind, oldest.at, newest.at
    FROM matched s
    LEFT JOIN LATERAL (
        (SELECT r.at FROM reading r WHERE r.series_id = s.id AND s.kind <> 'text' ORDER BY r.at LIMIT 1)
        UNION ALL
        (SELECT r.at FROM text_reading r WHERE r.series_id = s.id AND s.kind = 'text' ORDER BY r.at LIMIT 1)
    ) oldest ON true
    LEFT JOIN {NEWEST} ON true
    ORDER BY s.device, s.metric
"""  # noqa: S608  constants


class SeriesSpan(BaseModel):
    """One metric of one device."""

    model_config = ConfigDict(frozen=True)

    series: fields.Number
    device: fields.Device
    metric: fields.Metric
    unit: fields.Unit
    kind: fields.Kind
    first: int | None = Field(description="time of its oldest reading, ms", examples=[1760000000123])
    last: int | None = Field(description="time of its newest reading, ms", examples=[1760003600123])


class SeriesAnswer(BaseModel):
    model_config = ConfigDict(frozen=True)

    series: list[SeriesSpan] = Field(description="ordered by device and metric")


@router.get("/series", responses=documented(422, 503, 504))
async def list_series(database: DatabaseDep, query: MatchDep) -> SeriesAnswer:
    """Series with unit, kind, and the times of their first and last reading, ordered by device and metric."""
    rows = await database.fetch(SERIES, likes(query))
    return SeriesAnswer(
        series=[
            SeriesSpan(
                series=number,
                device=device,
                metric=metric,
                unit=unit,
                kind=kind,
                first=milliseconds(first),
                last=milliseconds(last),
            )
            for number, device, metric, unit, kind, first, last in rows
        ]
    )
