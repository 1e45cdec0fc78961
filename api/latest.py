"""`/latest`: the newest reading of each series, and the cursor from which on the live stream has what comes next."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.database import DatabaseDep
from api.match import MATCHED, Kind, MatchDep, likes
from api.problem import documented
from api.series import NEWEST
from bridge.live import cursor

router = APIRouter(tags=["readings"])

# One statement, hence one snapshot: nothing is missing between these values and what follows their cursor.
LATEST = f"""
    WITH {MATCHED}
    SELECT micros(clock.last), s.id, s.device, s.metric, s.unit, s.kind, newest.at, newest.value, newest.text
    FROM commit_clock clock
    LEFT JOIN (matched s CROSS JOIN {NEWEST}) ON true
    ORDER BY s.device, s.metric
"""  # noqa: S608  constants


class LatestReading(BaseModel):
    """The newest reading of one series."""

    model_config = ConfigDict(frozen=True)

    series: int = Field(description="its number, the same in every answer", examples=[17])
    device: str = Field(description="its name in the topic", examples=["greenhouse-1"])
    metric: str = Field(description="what is measured", examples=["temperature"])
    unit: str | None = Field(description="as the device said it", examples=["°C"])
    kind: Kind = Field(description="what `value` is; a boolean is 0 or 1")
    at: int = Field(description="when it was, by the device's clock, ms", examples=[1760000000123])
    value: float | str = Field(description="of the kind that `kind` says", examples=[21.4])


class LatestAnswer(BaseModel):
    model_config = ConfigDict(frozen=True)

    series: list[LatestReading] = Field(description="ordered by device and metric")
    cursor: str = Field(
        description="resumes the live stream right behind these values: `after` of a subscription",
        examples=["hog053ancw"],
    )


@router.get("/latest", responses=documented(422, 503, 504))
async def latest(database: DatabaseDep, query: MatchDep) -> LatestAnswer:
    """Newest reading of each series, ordered by device and metric. A series without readings is left out."""
    rows = await database.fetch(LATEST, likes(query))
    return LatestAnswer(
        series=[
            LatestReading(
                series=number,
                device=device,
                metric=metric,
                unit=unit,
                kind=kind,
                at=at // 1000,
                value=value if text is None else text,
            )
            for _, number, device, metric, unit, kind, at, value, text in rows
            if number is not None
        ],
        cursor=cursor.encode(rows[0][0]),
    )
