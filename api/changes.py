"""`/changes`: everything that was committed after a cursor, in commit order, for those who keep a copy in step."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api import feed, fields, place
from api.database import Database, DatabaseDep
from api.feed import Changes, State
from api.match import MatchQuery, likes
from api.moment import EPOCH, LATEST
from api.place import WHOLE, Place
from api.problem import ProblemError, documented
from api.readings import LARGEST_PAGE, PAGE, SeriesName
from bridge.live.commits import Commits

router = APIRouter(tags=["readings"])

LONGEST_WAIT = 60
"""Seconds: proxies cut what is quiet for longer."""
LEAST_PAUSE = 0.1
"""Seconds between two looks of one who waits: what of a flood is not wanted must not be looked through batch by batch."""
OVER = "leave `after` out to start over"

NAMES = """
    SELECT s.id, d.name, s.metric, s.unit FROM series s JOIN device d ON d.id = s.device_id WHERE s.id = ANY ($1::int[])
"""


class ChangesQuery(MatchQuery):
    """From where on, how many, and how long to wait for the first."""

    after: str | None = Field(
        None,
        max_length=100,
        description="`next` of the answer before, or a cursor of `/latest` or of the live stream; "
        "by default from the beginning of what is kept",
        examples=["hog053ancw"],
    )
    limit: int = Field(PAGE, ge=1, le=LARGEST_PAGE, description="readings at most; fewer where texts are long")
    wait: float = Field(
        0,
        ge=0,
        le=LONGEST_WAIT,
        description="seconds to wait, while there is nothing new, for something to be committed",
    )


class ChangesAnswer(BaseModel):
    """Columns of equal length, one entry a reading, in commit order; within a batch by series and time."""

    model_config = ConfigDict(frozen=True)

    names: dict[str, SeriesName] = Field(description="the series in this answer, by number")
    series: fields.Numbers
    at: fields.Times
    value: fields.Values
    next: str = Field(description="goes on from here, as `after`; also when nothing is new", examples=["hog053ancw"])
    more: bool = Field(description="whether something was left out, so that there is no need to wait")


async def _commits(request: Request) -> Commits:
    commits: Commits = request.app.state.commits
    return commits


CommitsDep = Annotated[Commits, Depends(_commits)]


@router.get("/changes", response_model=ChangesAnswer, responses=documented(410, 422, 503, 504))
async def changes(database: DatabaseDep, commits: CommitsDep, query: Annotated[ChangesQuery, Query()]) -> Response:
    """Everything committed after a cursor, in commit order, each reading once. Every page costs the same, however far behind.

    With a match an answer may be empty and have `more`. 410 says that the cursor is none of this database, or that retention
    has dropped what was committed after it.
    """
    after = _after(query.after)
    wanted = None if query.match == ["*"] else likes(query)
    loop = asyncio.get_running_loop()
    until = loop.time() + query.wait
    while True:
        commit = commits.next()
        found, state = await _read(database, after, query.limit, wanted)
        after = found.place
        more = after.committed_at < state.last or after.within != WHOLE
        left = until - loop.time()
        if found.series or more or left <= 0:
            return await _answer(database, found, more=more)
        await asyncio.sleep(min(LEAST_PAUSE, left))
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await commit.wait()


async def _read(
    database: Database, after: Place | None, limit: int, wanted: Sequence[str] | None
) -> tuple[Changes, State]:
    """A page, and what there was when it was read: nothing behind the place that it starts from had been dropped by then."""
    state = await feed.state(database)
    while True:
        found = await feed.read(database, _checked(after, state), state.last, limit, wanted)
        before, state = state, await feed.state(database)
        if state.extent == before.extent:  # else something may have been dropped before it was read
            whole = found.place.committed_at >= before.extent.whole_from
            return found._replace(place=found.place._replace(horizon=None) if whole else found.place), before


def _after(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    try:
        return place.decode(cursor)
    except ValueError as error:
        raise ProblemError(422, f"after: {error}; {OVER}") from error


def _checked(after: Place | None, state: State) -> Place:
    """The place, if nothing that was committed behind it is gone; the beginning, if there is none."""
    if after is None:
        after = Place(0, horizon=state.extent.whole_from)
    if after.committed_at > state.last:
        expected = f"a cursor of this database, which has committed nothing since {_clock(state.last)}"
        raise ProblemError(410, f"after: expected {expected}, got one of {_clock(after.committed_at)}; {OVER}")
    if after.committed_at >= state.extent.whole_from and state.extent.gave(after.committed_at):
        return after._replace(horizon=None)
    if after.committed_at >= state.extent.whole_from:
        expected = "a cursor of this database"
        raise ProblemError(410, f"after: expected {expected}, got one of another; {OVER}")
    if after.horizon != state.extent.whole_from:
        expected = f"a cursor from {_clock(state.extent.whole_from)} on, as what is older was dropped or is of another database"
        raise ProblemError(410, f"after: expected {expected}, got one of {_clock(after.committed_at)}; {OVER}")
    return after


def _clock(micros: int) -> str:
    moment = EPOCH + timedelta(microseconds=min(micros, LATEST))
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


async def _answer(database: Database, found: Changes, *, more: bool) -> Response:
    series = sorted(set(found.series))
    rows = await database.fetch(NAMES, series) if series else ()
    columns = {
        "names": {
            str(number): {"device": device, "metric": metric, "unit": unit} for number, device, metric, unit in rows
        },
        "series": found.series,
        "at": [at // 1000 for at in found.at],
        "value": found.value,
        "next": place.encode(found.place),
        "more": more,
    }
    return Response(msgspec.json.encode(columns), media_type="application/json", headers={"cache-control": "no-store"})
