"""The live stream as a WebSocket, whose client says what it wants to see."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from api import patience
from api.origin import is_ours
from api.patience import Patience
from api.wire import EXTENSION, Wire
from bridge.live.client import SLOWEST, Client, Refused, wish
from bridge.live.hub import Hub

LONGEST = 65_536
"""Characters in one message of a client: a hundred patterns of 600 letters each, or ten with the longest and oddest names."""
MESSAGES_AT_ONCE = 200
MESSAGES_A_SECOND = 20
"""A client may say this much; nobody who clicks around a page comes near."""

TOO_LARGE, POLICY, TRY_AGAIN_LATER = 1009, 1008, 1013
"""Close codes of RFC 6455 and IANA's list."""

PATH = "/api/v1/live"


class Subscribe(msgspec.Struct, tag="subscribe", tag_field="type", forbid_unknown_fields=True, frozen=True):
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    match: list[str] = []
    after: str | None = None
    rate: Annotated[float, msgspec.Meta(ge=SLOWEST, le=100)] | None = None


class Unsubscribe(msgspec.Struct, tag="unsubscribe", tag_field="type", forbid_unknown_fields=True, frozen=True):
    id: str


_decode = msgspec.json.Decoder(Subscribe | Unsubscribe).decode


async def live(websocket: WebSocket) -> None:
    """Frames to the client, wishes from it, until one of them goes. The upgrade is refused with 403 to pages of other hosts."""
    if not is_ours(websocket):
        await websocket.close(POLICY)
        return
    await websocket.accept()
    hub: Hub = websocket.app.state.hub
    wire: Wire = websocket.scope["extensions"][EXTENSION]
    farewell: tuple[int, str] | None = TRY_AGAIN_LATER, f"nothing was read for {patience.STALL:g} s"
    with suppress(TimeoutError):
        async with asyncio.timeout(None) as limit, hub.client(wire) as client:
            with _listening(wire, client, patience.Patience(wire, limit)):
                farewell = await _receive(websocket, client)
    if farewell is not None:
        await _close(websocket, *farewell)


@contextmanager
def _listening(wire: Wire, client: Client, patience: Patience) -> Iterator[None]:
    """Let what waits for the client follow when its socket has room again."""

    def resume() -> None:
        patience.end()
        client.outbox.drain()

    wire.on_pause, wire.on_resume = patience.begin, resume
    try:
        yield
    finally:
        patience.end()
        wire.on_pause = wire.on_resume = lambda: None


async def _receive(websocket: WebSocket, client: Client) -> tuple[int, str] | None:
    """Do what the client says, until it leaves or says too much: then code and reason of the end."""
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
            return TOO_LARGE, f"expected at most {LONGEST} characters, got {len(text)}"
        if allowance < 0 or not _obey(client, text):
            return POLICY, f"expected at most {MESSAGES_A_SECOND} messages a second"


def _obey(client: Client, text: str | None) -> bool:
    """Do what one message says, or tell the client why not; `False` if there is no room to tell."""
    if text is None:
        return client.refuse(None, Refused("message", "expected a text frame, got a binary one"))
    try:
        said = _decode(text)
    except (msgspec.DecodeError, RecursionError) as error:  # the latter for what is nested some 1,000 levels deep
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
    except (msgspec.DecodeError, RecursionError, AttributeError):
        return None
    return identifier[:100] if isinstance(identifier, str) else None


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    """Close, if the client reads on for so long; else the socket is closed without a word."""
    with suppress(TimeoutError, WebSocketDisconnect):
        async with asyncio.timeout(patience.LAST_WORD):
            await websocket.close(code, reason)
