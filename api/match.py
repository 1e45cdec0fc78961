"""Turns `match` patterns into the series that they select, by the same rules as the live stream."""

from typing import Annotated, Literal, NamedTuple

from fastapi import Depends, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.database import Database
from api.problem import ProblemError, expected, shown
from bridge.live.match import LONGEST, MOST, Match

Kind = Literal["number", "boolean", "text"]
PATTERN: JsonDict = {"type": "string", "maxLength": LONGEST, "pattern": "[/*]"}
"""One pattern, as far as a schema can say it."""


class Series(NamedTuple):
    """One metric of one device, as the registry knows it."""

    series: int
    device: str
    metric: str
    unit: str | None
    kind: Kind


def _valid(patterns: list[str]) -> list[str]:
    with expected():
        return list(Match(patterns).patterns)


class MatchQuery(BaseModel):
    """The series that a request is about. Parameters nobody knows are refused: a misspelt one must not be ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    match: Annotated[list[str], AfterValidator(_valid)] = Field(
        ["*"],
        description="Selects series by `device/metric`, where `*` matches anything, also `/`; `\\*` is a star itself, "
        f"`\\\\` a backslash. May be repeated, with up to {MOST} different ones: a series is selected if any matches. "
        "None selects all.",
        examples=[["greenhouse-1/*", "*/temperature"]],
        json_schema_extra={"items": PATTERN},
    )


MatchDep = Annotated[MatchQuery, Query()]


async def _nothing(request: Request) -> None:
    for name in request.query_params:
        raise ProblemError(422, f"expected no parameters, got {shown(name)}")


NO_PARAMETERS = Depends(_nothing)
"""Of a route that takes none: a selection that is not obeyed must not be ignored."""

MATCHED = """
    matched AS NOT MATERIALIZED (
        SELECT s.id, d.name AS device, s.metric, s.unit, s.kind
        FROM series s JOIN device d ON d.id = s.device_id
        WHERE '%' = ANY ($1::text[]) OR d.name || '/' || s.metric LIKE ANY ($1::text[])
    )
"""
"""A common table expression of the series selected by the LIKE patterns in $1. Who wants all waits for none of ten thousand.

A query that speaks of it twice finds them twice: to keep ten thousand takes longer."""


def likes(query: MatchQuery) -> list[str]:
    """The argument of `MATCHED`."""
    return Match(query.match).likes


async def matched(database: Database, query: MatchQuery) -> dict[int, Series]:
    """The selected series by number."""
    sql = f"WITH {MATCHED} SELECT id, device, metric, unit, kind FROM matched ORDER BY id"  # noqa: S608  a constant
    return {row[0]: Series(*row) for row in await database.fetch(sql, likes(query))}
