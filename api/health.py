"""`/health`: whether readings flow, and if not, why."""

import asyncio
import time
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.database import Database, VitalsDep
from api.match import NO_PARAMETERS
from api.moment import milliseconds
from api.problem import ProblemError, answer, documented
from bridge.state import BridgeState
from bridge.told import Told

router = APIRouter(tags=["health"])

# A fresh database's clock has a time too, but nothing was committed at it.
NEWEST = """
    SELECT CASE WHEN EXISTS (SELECT FROM device) OR EXISTS (SELECT FROM reject) THEN last END,
        clock_timestamp() FROM commit_clock
"""
PATIENCE = 3.0
"""Seconds for the database to answer: what asks about health, as a container's check, waits four or five."""
UNSEEN = "the bridge runs in another process and is not seen from here"

Bridge = Callable[[], BridgeState] | None


def _bridge(request: Request) -> Bridge:
    bridge: Bridge = request.app.state.bridge
    return bridge


BridgeDep = Annotated[Bridge, Depends(_bridge)]


class BrokerSays(BaseModel):
    """What the broker publishes about itself; null where it doesn't."""

    model_config = ConfigDict(frozen=True)

    at: int | None = Field(
        description="when it last said something, ms; Mosquitto does every ten seconds", examples=[1760000000123]
    )
    version: str | None = Field(description="in its own words", examples=["mosquitto version 2.0.11"])
    uptime: int | None = Field(description="seconds since it started", examples=[312])
    clients: int | None = Field(description="connected to it", examples=[2])
    queued: int | None = Field(
        description="messages that it keeps for its clients, those under way included", examples=[0]
    )
    stored_bytes: int | None = Field(description="payloads of queued and retained messages", examples=[412])
    retained: int | None = Field(description="retained messages, its own included", examples=[56])
    dropped: int | None = Field(description="messages dropped since it started, because a queue was full", examples=[0])


class BrokerHealth(BaseModel):
    model_config = ConfigDict(frozen=True)

    connected: bool | None = Field(description="whether the bridge has its session; null if it is not seen from here")
    detail: str | None = Field(description="what is wrong or not known, in one line")
    warning: str | None = Field(description="what this broker can't promise, in one line")
    says: BrokerSays | None = Field(description="null if it says nothing, or the bridge is not seen from here")


class DatabaseHealth(BaseModel):
    model_config = ConfigDict(frozen=True)

    connected: bool = Field(description="whether it answered just now")
    detail: str | None = Field(description="what is wrong, in one line")


class Messages(BaseModel):
    """Since the bridge started; received = stored + duplicate + rejected + in_flight."""

    model_config = ConfigDict(frozen=True)

    received: int = Field(description="from the broker, repetitions included", examples=[9])
    stored: int = Field(description="committed, and new", examples=[6])
    duplicate: int = Field(description="delivered again, and stored before", examples=[1])
    rejected: int = Field(description="kept as rejects, with the reason", examples=[1])
    in_flight: int = Field(description="received and not yet committed", examples=[1])


class Health(BaseModel):
    """With 503 the same members come inside problem JSON."""

    model_config = ConfigDict(frozen=True)

    broker: BrokerHealth = Field(description="where messages come from")
    database: DatabaseHealth = Field(description="where readings are kept")
    newest_commit: int | None = Field(
        description="when the store last committed something, ms", examples=[1760000000123]
    )
    lag: int | None = Field(
        description="age of the newest commit in ms; it also grows while no device speaks", examples=[8]
    )
    oldest_unacknowledged: int | None = Field(
        description="arrival of the oldest message that is not stored yet, ms; null if there is none or it is not seen"
    )
    messages: Messages | None = Field(description="null where the bridge is not seen from here")


@router.get("/health", responses=documented(422, 503), response_model=Health, dependencies=[NO_PARAMETERS])
async def health(request: Request, response: Response, database: VitalsDep, bridge: BridgeDep) -> Any:
    """200 while readings can flow from the broker into the database, 503 with the reason while they can't."""
    state = bridge() if bridge else None
    newest, now, trouble = await _newest(database)
    found = Health(
        broker=BrokerHealth(
            connected=state.connected if state else None,
            detail=UNSEEN if state is None else None if state.connected else state.reason,
            warning=request.app.state.broker,
            says=_says(state.broker) if state and state.broker else None,
        ),
        database=DatabaseHealth(connected=trouble is None, detail=trouble),
        newest_commit=milliseconds(newest),
        lag=None if newest is None else max(now - newest, 0) // 1000,
        oldest_unacknowledged=milliseconds(state.oldest_unacknowledged) if state else None,
        messages=Messages.model_validate(state, from_attributes=True) if state else None,
    )
    reason = trouble or (state.reason if state else None)
    if reason is None:
        response.headers["cache-control"] = "no-store"
        return found
    return answer(503, reason, **found.model_dump())


async def _newest(database: Database) -> tuple[int | None, int, str | None]:
    """When the newest commit was and what time it is, by the database's clock; or why the database can't say."""
    try:
        async with asyncio.timeout(PATIENCE):
            rows = await database.fetch(NEWEST)
    except TimeoutError:
        trouble = f"expected the database to answer within {PATIENCE:g} s, got nothing"
    except ProblemError as error:
        trouble = error.detail
    else:
        return rows[0][0], rows[0][1], None
    return None, time.time_ns() // 1000, trouble


def _says(told: Told) -> BrokerSays:
    return BrokerSays(
        at=milliseconds(told.at),
        version=told.version,
        uptime=told.uptime,
        clients=told.clients,
        queued=told.queued,
        stored_bytes=told.stored_bytes,
        retained=told.retained,
        dropped=told.dropped,
    )
