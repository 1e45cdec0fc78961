"""`/rejects`: what could not be stored, and why; and another try once the reason is gone."""

from base64 import b64encode
from codecs import getincrementaldecoder
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.database import DatabaseDep
from api.match import NO_PARAMETERS
from api.moment import Moment, misordered
from api.problem import ProblemError, documented, expected
from bridge.live.match import Match
from bridge.record import Reason
from bridge.replayed import Replayed, ReplayError, Wanted

router = APIRouter(tags=["rejects"])

PAGE, LARGEST_PAGE = 100, 1_000
SHOWN, LARGEST_SHOWN = 4_096, 2**20
MOST_BYTES = 16 * 2**20
"""Bytes of payloads in one answer: they are in memory several times while it is made."""
MOST_REPLAYED = 1_000
"""Rejects in one request: a second or two, so that its answer comes before a proxy gives it up."""

REJECTS = """
    SELECT id, micros(received_at) / 1000, micros(committed_at) / 1000, topic, substring(payload FOR $7), octet_length(payload),
        reason, detail
    FROM reject
    WHERE ($1::bigint IS NULL OR id < $1) AND ($2::text[] IS NULL OR reason = ANY ($2))
        AND ($3::text[] IS NULL OR topic LIKE ANY ($3))
        AND ($4::timestamptz IS NULL OR received_at >= $4) AND ($5::timestamptz IS NULL OR received_at < $5)
    ORDER BY id DESC LIMIT $6
"""

Number = Annotated[int, Field(ge=1, le=2**63 - 1)]


def _valid(patterns: list[str] | None) -> list[str] | None:
    if patterns:
        with expected():
            Match(patterns)
    return patterns


class Selection(BaseModel):
    """Which rejects; all, unless something is said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: list[Reason] | None = Field(None, description="of these reasons; several may be said", examples=[["limit"]])
    topic: Annotated[list[str] | None, AfterValidator(_valid)] = Field(
        None,
        description="with such a topic, where `*` matches anything, also `/`",
        examples=[["devices/greenhouse-1/*"]],
    )
    since: Moment | None = Field(None, alias="from", description="received no earlier")
    until: Moment | None = Field(None, alias="to", description="received before")

    def likes(self) -> list[str] | None:
        return Match(self.topic).likes if self.topic else None


class RejectsQuery(Selection):
    """Which rejects, how many, and how much of each."""

    limit: int = Field(PAGE, ge=1, le=LARGEST_PAGE, description="rejects at most")
    bytes: int = Field(
        SHOWN,
        ge=0,
        le=LARGEST_SHOWN,
        description=f"of each payload at most; `limit` times this is at most {MOST_BYTES}",
    )
    page: Number | None = Field(None, description="`next` of the page before, with the same selection", examples=[40])


class Reject(BaseModel):
    """A message that could not be stored, or not whole."""

    model_config = ConfigDict(frozen=True)

    id: int = Field(description="its number; later ones are higher", examples=[41])
    received_at: int = Field(description="by the bridge's clock, ms", examples=[1760000000123])
    committed_at: int = Field(description="when it became a reject, ms", examples=[1760000000128])
    topic: str = Field(description="as it came", examples=["devices/greenhouse-1/telemetry"])
    payload: str | None = Field(description="as text; null if it is not UTF-8", examples=['{"temperature":NaN}'])
    payload_base64: str | None = Field(description="its bytes, if they are not UTF-8", examples=[None])
    size: int = Field(description="bytes of the whole payload; more than are here if it was cut", examples=[19])
    reason: Reason = Field(description="of the first mistake in it", examples=["json"])
    detail: str = Field(description="all mistakes, each with expected and got", examples=["expected JSON, got NaN"])


class RejectsAnswer(BaseModel):
    model_config = ConfigDict(frozen=True)

    rejects: list[Reject] = Field(description="newest first")
    next: int | None = Field(description="the next page, as `page`; null on the last", examples=[40])


@router.get("/rejects", responses=documented(422, 503, 504))
async def rejects(database: DatabaseDep, query: Annotated[RejectsQuery, Query()]) -> RejectsAnswer:
    """What could not be stored, newest first, with the reason."""
    _check_span(query)
    if query.limit * query.bytes > MOST_BYTES:
        raise ProblemError(
            422, f"bytes: expected at most {MOST_BYTES // query.limit} with limit={query.limit}, got {query.bytes}"
        )
    rows = await database.fetch(
        REJECTS, query.page, query.reason, query.likes(), query.since, query.until, query.limit + 1, query.bytes
    )
    found = [_reject(*row) for row in rows[: query.limit]]
    return RejectsAnswer(rejects=found, next=found[-1].id if len(rows) > query.limit else None)


def _reject(
    number: int, received_at: int, committed_at: int, topic: str, payload: bytes, size: int, reason: Reason, detail: str
) -> Reject:
    try:  # a character that is cut in two is left out
        text = getincrementaldecoder("utf-8")().decode(payload, final=len(payload) == size)
    except UnicodeDecodeError:
        text = None
    return Reject(
        id=number,
        received_at=received_at,
        committed_at=committed_at,
        topic=topic,
        payload=text,
        payload_base64=b64encode(payload).decode() if text is None else None,
        size=size,
        reason=reason,
        detail=detail,
    )


class ReplayOrder(Selection):
    """Rejects by number, or else all of the selection."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": ["limit"], "topic": ["devices/greenhouse-1/*"]}]}
    )

    ids: Annotated[list[Number], Field(min_length=1, max_length=MOST_REPLAYED)] | None = Field(
        None, description="these, as far as they are there", examples=[[40, 41]]
    )
    limit: int = Field(MOST_REPLAYED, ge=1, le=MOST_REPLAYED, description="rejects at most")
    page: Number | None = Field(None, description="`next` of the answer before, with the same selection", examples=[40])


class ReplayAnswer(BaseModel):
    model_config = ConfigDict(frozen=True)

    stored: int = Field(description="messages that are stored wholly now; their rejects are gone", examples=[2])
    rejected: int = Field(description="messages that stay rejects, with what is wrong now", examples=[0])
    next: int | None = Field(
        description="if the limit was reached: goes on from here, as `page`; those that stay are not tried twice"
    )


Door = Callable[[Wanted], Awaitable[Replayed]]


async def _door(request: Request) -> Door:
    door: Door | None = request.app.state.replay
    if door is None:
        raise ProblemError(503, "expected a process that may write into the store, got one that only reads")
    return door


@router.post("/rejects/replay", responses=documented(413, 422, 503), dependencies=[NO_PARAMETERS])
async def replay_rejects(order: ReplayOrder, replay: Annotated[Door, Depends(_door)]) -> ReplayAnswer:
    """Stores rejects again as if they had just arrived, oldest first, with the time of their first receipt.

    Those that can be stored now are rejects no more; a second request changes nothing. `{}` tries all, a thousand at a time.
    """
    _check_span(order)
    wanted = Wanted(order.ids, order.reason, order.likes(), order.since, order.until, order.page or 0, order.limit)
    try:
        done = await replay(wanted)
    except ReplayError as error:
        raise ProblemError(503, str(error)) from error
    return ReplayAnswer(**done._asdict())


def _check_span(selection: Selection) -> None:
    since, until = selection.since, selection.until
    if since is not None and until is not None and since > until:
        raise misordered(since, until)
