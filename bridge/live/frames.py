"""What the server says on the live stream, encoded: the part that all clients share once, then each one's `id`."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from bridge.live import cursor
from bridge.live.rows import Rows
from bridge.live.series import Latest

Reason = Literal["slow", "retention", "limit"]

_encode = msgspec.json.Encoder().encode


class Frame(NamedTuple):
    """One text for the wire. A client that has read it can resume from `cursor`."""

    type: str
    id: str | None
    cursor: str | None
    text: str


def subscribed(latest: Sequence[Latest], committed_at: int) -> Frame:
    """Series with their newest readings as of the cursor; without an id yet."""
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


def readings(rows: Rows, start: int, committed_at: int) -> Frame:
    """The rows from `start` on; without an id yet."""
    series, at, value = rows.series, rows.at, rows.value
    if start:
        series, at, value = series[start:], at[start:], value[start:]
    return _shared("readings", committed_at, {"series": series, "at": at, "value": value})


def gap(after: int, committed_at: int, reason: Reason) -> Frame:
    """What lies between the two was not sent; without an id yet."""
    return _shared("gap", committed_at, {"after": cursor.encode(after), "reason": reason})


def error(identifier: str | None, code: str, message: str) -> Frame:
    text = _encode({"type": "error", "id": identifier, "code": code, "message": message}).decode()
    return Frame("error", identifier, None, text)


def addressed(shared: Frame, identifier: str) -> Frame:
    """The frame for the subscription of this id: its own head before the text that others have too."""
    head = f'{{"type":"{shared.type}","id":{_encode(identifier).decode()},'
    return shared._replace(id=identifier, text=head + shared.text)


def _shared(kind: str, committed_at: int, rest: dict[str, object]) -> Frame:
    place = cursor.encode(committed_at)
    return Frame(kind, None, place, _encode({"cursor": place, **rest}).decode()[1:])
