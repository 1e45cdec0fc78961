"""The live stream as an iterator without an end: one connection after the other, and every reading once."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from ssl import SSLContext
from typing import Any, NamedTuple

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from fieldline.client.answers import SeriesName
from fieldline.client.backoff import Backoff
from fieldline.client.events import Committed, Error, Event, Gap, Readings, Subscribed, decode, subscribe
from fieldline.client.trouble import FOREIGN, Refused, Unreachable

LARGEST_FRAME = 64 * 2**20
"""Bytes: one frame holds what came within a moment, however much that was."""
LOST = (OSError, InvalidHandshake, ConnectionClosed)


class Door(NamedTuple):
    """Where the stream is, what its handshake says besides, and whom to trust there."""

    address: str
    headers: Mapping[str, str]
    tls: SSLContext | None

    def connect(self) -> connect:
        options: dict[str, Any] = {} if self.tls is None else {"ssl": self.tls}
        options |= {"max_size": LARGEST_FRAME, "compression": None, "additional_headers": self.headers}
        return _Connect(self.address, **options)


class _Connect(connect):
    """Goes nowhere else, as questions over HTTP don't: what the headers say is for one server alone."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def follow(door: Door, match: Sequence[str], after: str | None, rate: float | None) -> AsyncGenerator[Event]:
    """Events for ever; a lost connection is made again, and goes on behind the last event that was taken.

    Raises `Unreachable` if not even the first connection can be had, or once a frame is none of ours: the next connection
    would bring it again. Raises `Refused` if the server doesn't take the wish.
    """
    address = door.address
    names: dict[int, SeriesName] = {}
    backoff = Backoff()
    begun = False
    while True:
        try:
            async with door.connect() as connection:
                await connection.send(subscribe(match, after, rate))
                async for text in connection:
                    event = _event(text, names)
                    if event is not None:
                        begun, after = True, event.cursor
                        # A snapshot comes each time, also where what follows it fails.
                        if isinstance(event, Readings | Gap):
                            backoff.succeeded()
                        yield event
        except InvalidURI as error:
            raise Unreachable(f"expected the address of a live stream, got {address!r}") from error
        except FOREIGN as error:
            expected = f"expected the live stream of Fieldline at {address}"
            raise Unreachable(f"{expected}, got: {error} in {text[:100]!r}") from error
        except LOST as error:
            if not begun:
                raise Unreachable(f"expected Fieldline at {address}, got: {error or type(error).__name__}") from error
        await backoff.wait()


def _event(text: str | bytes, names: dict[int, SeriesName]) -> Event | None:
    """What a frame says; readings with the names that were told before."""
    match decode(text):
        case Subscribed() as subscribed:
            names |= {one.series: SeriesName(one.device, one.metric, one.unit) for one in subscribed.series}
            return subscribed
        case Committed(series=series, at=at, value=value, cursor=cursor):
            told = {number: names[number] for number in set(series)}
            return Readings(names=told, series=series, at=at, value=value, cursor=cursor)
        case Gap() as gap:
            return gap
        case Error(code=code, message=message):
            raise Refused(code, message)
    return None
