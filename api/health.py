"""`/health`: whether readings flow, and if not, why."""

import time
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.database import Database, DatabaseDep
from api.moment import milliseconds
from api.problem import ProblemError, answer, documented
from bridge.state import BridgeState

router = APIRouter(tags=["health"])

# A fresh database's clock has a time too, but nothing was committed at it.
NEWEST = """
    SELECT CASE WHEN EXISTS (SELECT FROM device) OR EXISTS (SELECT FROM reject) THEN last END,
        clock_timestamp() FROM commit_clock
"""
UNSEEN = "the bridge runs in another process and is not seen from here"

Bridge = Callable[[], BridgeState] | None


def _bridge(request: Request) -> Bridge:
    bridge: Bridge = request.app.state.bridge
    return bridge


BridgeDep = Annotated[Bridge, Depends(_bridge)]


class BrokerHealth(BaseModel):
    model_config = ConfigDict(frozen=True)

    connected: bool | None = Field(description="whether the bridge has its session; null if it is not seen from here")
    detail: str | None = Field(description="what is wrong or not known, in one line")
    warning: str | None = Field(description="what this broker can't promise, in one line")


class DatabaseHealth(BaseModel):
    model_config = ConfigDict(frozen=True)

    connected: bool = Field(description="whether it answered just now")
    detail: str | None = Field(description="what is wrong, in one line")


class Messages(BaseModel):
    """Since the bridge started; received = stored + duplicate + rejected + in_flight."""

    model_config = ConfigDict(frozen=True)

    received: int = Field(description="from the broker, repetitions included")
    stored: int = Field(description="committed, and new")
    duplicate: int = Field(description="delivered again, and stored before")
    rejected: int = Field(description="kept as rejects, with the reason")
    in_flight: int = Field(description="received and not yet committed")


class Health(BaseModel):
    """With 503 the same members come inside problem JSON."""

    model_config = ConfigDict(frozen=True)

    broker: BrokerHealth = Field(description="where messages come from")
    database: DatabaseHealth = Field(description="where readings are kept")
    newest_commit: int | None = Field(
        description="when the store last committed something, ms", examples=[1760000000123]
    )
    lag: int | None = Field(description="age of the newest commit in ms; it also grows while no device speaks")
    oldest_unacknowledged: int | None = Field(
        description="arrival of the oldest message that is not stored yet, ms; null if there is none or it is not seen"
    )
    messages: Messages | None = Field(description="null where the bridge is not seen from here")


@router.get("/health", responses=documented(503), response_model=Health)
async def health(request: Request, response: Response, database: DatabaseDep, bridge: BridgeDep) -> Any:
    """200 while readings can flow from the broker into the database, 503 with the reason while they can't."""
    state = bridge() if bridge else None
    newest, now, trouble = await _newest(database)
    found = Health(
        broker=BrokerHealth(
            connected=state.connected if state else None,
            detail=UNSEEN if state is None else None if state.connected else _trouble(state),
            warning=request.app.state.broker,
        ),
        database=DatabaseHealth(connected=trouble is None, detail=trouble),
        newest_commit=milliseconds(newest),
        lag=None if newest is None else max(now - newest, 0) // 1000,
        oldest_unacknowledged=milliseconds(state.oldest_unacknowledged) if state else None,
        messages=Messages.model_validate(state._asdict(), extra="ignore") if state else None,
    )
    reason = trouble or _trouble(state)
    if reason is None:
        response.headers["cache-control"] = "no-store"
        return found
    return answer(503, reason, **found.model_dump())


async def _newest(database: Database) -> tuple[int | None, int, str | None]:
    """When the newest commit was and what time it is, by the database's clock; or why the database can't say."""
    try:
        rows = await database.fetch(NEWEST)
    except ProblemError as error:
        return None, time.time_ns() // 1000, error.detail
    return rows[0][0], rows[0][1], None


def _trouble(state: BridgeState | None) -> str | None:
    if state is None:
        return None
    return state.trouble or (None if state.connected else "the bridge is not connected to the broker")
