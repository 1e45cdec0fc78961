"""What the server says on the live stream, encoded: the part that all clients share once, then each one's `id`."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from bridge.live import cursor
from bridge.live.rows import Rows
from bridge.live.series import Latest

Reason = Literal["slow", "retention", "limit"]
Kind = Literal["subscribed", "readings", "gap", "error"]

WHOLE_TEXT = 0x81
"""First byte of a WebSocket frame that is a whole text message (RFC 6455, 5.2)."""

_encode = msgspec.json.Encoder().encode


class Frame(NamedTuple):
    """One text for the wire. A client that has read it can resume from `cursor`."""

    type: Kind
    id: str | None
    cursor: str | None
    wire: bytes
    """The text as a WebSocket frame, written once for all who get it: a server's frames are not masked."""

    @property
    def json(self) -> bytes:
        return self.wire[_head_length(self.wire[1]) :]


class Shared(NamedTuple):
    """A frame before it has an `id`: the JSON that comes behind it."""

    type: Kind
    cursor: str
    rest: bytes


def subscribed(latest: Sequence[Latest], committed_at: int) -> Shared:
    """Series with their newest readings as of the cursor."""
    series = [
        {
            "series": series.id,
            "device": series.device,
            "metric": series.metric,
            "unit": series.unit,
            "kind": series.kind,
            "at": None if at is None else at // 1000,
            "value": value,
        }
        for series, at, value in latest
    ]
    return _shared("subscribed", committed_at, {"series": series})


def readings(rows: Rows, start: int, committed_at: int) -> Shared:
    """The rows from `start` on."""
    series, at, value = rows.series, rows.at, rows.value
    if start:
        series, at, value = series[start:], at[start:], value[start:]
    return _shared("readings", committed_at, {"series": series, "at": at, "value": value})


def gap(after: int, committed_at: int, reason: Reason) -> Shared:
    """What lies between the two was not sent."""
    return _shared("gap", committed_at, {"after": cursor.encode(after), "reason": reason})


def error(identifier: str | None, code: str, message: str) -> Frame:
    said = {"type": "error", "id": identifier, "code": code, "message": message}
    return Frame("error", identifier, None, _wire(_encode(said)))


def addressed(shared: Shared, identifier: str) -> Frame:
    """The frame for the subscription of this id: its own head before the text that others have too."""
    head = b'{"type":"%b","id":%b,' % (shared.type.encode(), _encode(identifier))
    return Frame(shared.type, identifier, shared.cursor, _wire(head, shared.rest))


def _shared(kind: Kind, committed_at: int, rest: dict[str, object]) -> Shared:
    place = cursor.encode(committed_at)
    return Shared(kind, place, _encode({"cursor": place, **rest})[1:])


def _wire(*text: bytes) -> bytes:
    length = sum(map(len, text))
    if length < 126:
        head = bytes((WHOLE_TEXT, length))
    elif length < 2**16:
        head = bytes((WHOLE_TEXT, 126)) + length.to_bytes(2, "big")
    else:
        head = bytes((WHOLE_TEXT, 127)) + length.to_bytes(8, "big")
    return b"".join((head, *text))


def _head_length(length: int) -> int:
    return {126: 4, 127: 10}.get(length, 2)
