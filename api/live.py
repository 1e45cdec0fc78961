"""The live stream: a WebSocket whose client says what it wants to see, and the same for one match as server-sent events."""

import asyncio
from contextlib import suppress
from typing import Annotated

import msgspec
from fastapi import APIRouter, Header, Query, Request, WebSocket
from starlette.requests import HTTPConnection
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Send
from starlette.websockets import WebSocketDisconnect

from api.problem import ProblemError, documented
from bridge.live.client import Client, Refused, Wish, wish
from bridge.live.frames import Frame
from bridge.live.hub import Hub

STALL = 30.0
"""Seconds in which a client must read something of what was sent to it; else it is gone, and only its socket doesn't know."""
PATIENCE = 60.0
"""Seconds in which a client that was given up may still read why."""
HEARTBEAT = 15.0
"""Seconds of silence after which an event stream says a comment: proxies cut quiet connections after 30 and more."""
LONGEST = 65_536
"""Characters in one message of a client: a hundred patterns of full length are less."""
MESSAGES_AT_ONCE = 200
MESSAGES_A_SECOND = 20
"""A client may say this much; nobody who clicks around a page comes near."""

TOO_LARGE, POLICY, TRY_AGAIN_LATER = 1009, 1008, 1013
"""Close codes of RFC 6455 and IANA's list."""

router = APIRouter(prefix="/api/v1", tags=["live"])


class Subscribe(msgspec.Struct, tag="subscribe", tag_field="type", forbid_unknown_fields=True, frozen=True):
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    match: list[str] = []
    after: str | None = None
    rate: Annotated[float, msgspec.Meta(gt=0, le=100)] | None = None


class Unsubscribe(msgspec.Struct, tag="unsubscribe", tag_field="type", forbid_unknown_fields=True, frozen=True):
    id: str


_decode = msgspec.json.Decoder(Subscribe | Unsubscribe).decode


@router.websocket("/live")
async def live(websocket: WebSocket) -> None:
    """Frames to the client, wishes from it, until one of them goes. The upgrade is refused with 403 to pages of other hosts."""
    if not _same_host(websocket):
        await websocket.close(POLICY)
        return
    await websocket.accept()
    hub: Hub = websocket.app.state.hub
    async with hub.client() as client:
        work = (
            asyncio.create_task(_send(websocket, client), name="live send"),
            asyncio.create_task(_receive(websocket, client), name="live receive"),
        )
        try:
            await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in work:
                task.cancel()
        results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
            raise result


async def _send(websocket: WebSocket, client: Client) -> None:
    """Send what the client is to get, until it reads no more of it."""
    try:
        while True:
            frame = await client.outbox.take()
            async with asyncio.timeout(STALL):
                await websocket.send_text(frame.text)
    except TimeoutError:
        await _close(websocket, TRY_AGAIN_LATER, f"nothing was read for {STALL:g} s")


async def _receive(websocket: WebSocket, client: Client) -> None:
    """Do what the client says, until it leaves or says too much."""
    loop = asyncio.get_running_loop()
    allowance, checked = float(MESSAGES_AT_ONCE), loop.time()
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return None
        now = loop.time()
        allowance = min(MESSAGES_AT_ONCE, allowance + (now - checked) * MESSAGES_A_SECOND) - 1
        checked = now
        text = message.get("text")
        if text is not None and len(text) > LONGEST:
            return await _close(websocket, TOO_LARGE, f"expected at most {LONGEST} characters, got {len(text)}")
        if allowance < 0 or not _obey(client, text):
            return await _close(websocket, POLICY, f"expected at most {MESSAGES_A_SECOND} messages a second")


def _obey(client: Client, text: str | None) -> bool:
    """Do what one message says, or tell the client why not; `False` if there is no room to tell."""
    if text is None:
        return client.refuse(None, Refused("message", "expected a text frame, got a binary one"))
    try:
        said = _decode(text)
    except msgspec.DecodeError as error:
        return client.refuse(_identifier(text), Refused("message", str(error)))
    try:
        if isinstance(said, Subscribe):
            client.subscribe(said.id, wish(said.match, said.after, said.rate))
        else:
            client.unsubscribe(said.id)
    except Refused as refused:
        return client.refuse(said.id, refused)
    return True


def _identifier(text: str) -> str | None:
    """The id that an invalid message was about, if it has one."""
    try:
        identifier = msgspec.json.decode(text).get("id")
    except (msgspec.DecodeError, AttributeError):
        return None
    return identifier[:100] if isinstance(identifier, str) else None


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    """Close, if the client reads on for so long; else the socket is closed without a word."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await websocket.close(code, reason)


def _same_host(connection: HTTPConnection) -> bool:
    """Whether this is a page that we served, or no page at all: others must not read along with a visitor's rights."""
    origin = connection.headers.get("origin")
    return origin is None or origin.partition("://")[2] == connection.headers.get("host")


class EventStream(StreamingResponse):
    """One subscription as server-sent events: `event` is the frame's type, `id` the cursor to resume from."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, wanted: Wish) -> None:
        super().__init__((), headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        self._hub = hub
        self._wish = wanted

    async def stream_response(self, send: Send) -> None:
        async def say(message: Message) -> None:
            async with asyncio.timeout(STALL):
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
    return f"event: {frame.type}\n{place}data: {frame.text}\n\n".encode()


@router.get("/live/events", status_code=200, response_class=EventStream, responses=documented(403, 422))
async def events(
    request: Request,
    match: Annotated[list[str], Query(description="Selects series by `device/metric`; `*` matches anything")] = [],  # noqa: B006
    after: Annotated[str | None, Query(description="Resumes behind this cursor")] = None,
    rate: Annotated[float | None, Query(gt=0, le=100, description="Most frames a second")] = None,
    last_event_id: Annotated[str | None, Header(description="what a browser resumes behind by itself")] = None,
) -> Response:
    """The live stream of one match, as server-sent events named by `type`. A browser that was cut off resumes by itself."""
    if not _same_host(request):
        raise ProblemError(403, f"expected a page of this host, got {request.headers['origin'][:100]!r}")
    try:
        wanted = wish(match, last_event_id or after, rate)
    except Refused as refused:
        raise ProblemError(422, f"{refused.code}: {refused}") from refused
    return EventStream(request.app.state.hub, wanted)
