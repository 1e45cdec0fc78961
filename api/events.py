"""The live stream of one match as server-sent events, which a browser resumes by itself."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from pydantic import Field
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Send

from api import patience
from api.match import MatchQuery
from api.origin import is_ours
from api.problem import ProblemError, documented
from bridge.live.client import SLOWEST, Client, Refused, Wish, wish
from bridge.live.frames import Frame
from bridge.live.hub import Hub

HEARTBEAT = 15.0
"""Seconds of silence after which the stream says a comment: proxies cut quiet connections after 30 and more."""

router = APIRouter(tags=["live"])


class EventStream(StreamingResponse):
    """One subscription: `event` is the frame's type, `id` the cursor to resume from."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, wanted: Wish) -> None:
        super().__init__((), headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        self._hub = hub
        self._wish = wanted

    async def stream_response(self, send: Send) -> None:
        async def say(message: Message) -> None:
            async with asyncio.timeout(patience.STALL):
                await send(message)

        async with self._hub.client() as client:
            client.subscribe("events", self._wish)
            try:
                await say({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                while True:
                    await say({"type": "http.response.body", "body": await _event(client), "more_body": True})
            except OSError:  # it is gone, or reads nothing: a timeout is one of these
                return


async def _event(client: Client) -> bytes:
    try:
        async with asyncio.timeout(HEARTBEAT):
            frame = await client.outbox.take()
    except TimeoutError:
        return b":\n\n"
    return encode(frame)


def encode(frame: Frame) -> bytes:
    """A frame as an event: the JSON of the WebSocket as its one line of data."""
    place = f"id: {frame.cursor}\n" if frame.cursor else ""
    return b"event: %b\n%bdata: %b\n\n" % (frame.type.encode(), place.encode(), frame.json)


class EventsQuery(MatchQuery):
    """What to watch, from where on, and how often at most."""

    after: str | None = Field(None, description="Resumes behind this cursor", examples=["hog053ancw"])
    rate: float | None = Field(None, ge=SLOWEST, le=100, description="Most frames a second", examples=[10])


# A schema of OpenAPI 3.1 can't be of a whole stream: as is usual, it is that of each event.
@router.get(
    "/live/events",
    response_class=Response,
    responses={
        200: {"content": {EventStream.media_type: {"schema": {"$ref": "#/components/schemas/LiveEvent"}}}},
        **documented(403, 422),
    },
)
async def events(
    request: Request,
    query: Annotated[EventsQuery, Query()],
    last_event_id: Annotated[
        str | None, Header(description="what a browser resumes behind by itself", examples=["hog053ancw"])
    ] = None,
) -> Response:
    """The live stream of one match, as server-sent events named by `type`. A browser that was cut off resumes by itself."""
    if not is_ours(request):
        raise ProblemError(403, f"expected a page of this host, got {request.headers['origin'][:100]!r}")
    try:
        wanted = wish(query.match, last_event_id or query.after, query.rate)
    except Refused as refused:
        raise ProblemError(422, f"{refused.code}: {refused}") from refused
    return EventStream(request.app.state.hub, wanted)
