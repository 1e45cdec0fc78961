"""What the live stream says, as typed values, and what is said to it."""

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from fieldline.client.answers import Columns, Kind, SeriesName


class LiveSeries(SeriesName, frozen=True, kw_only=True):
    """A series and its newest reading; `at` and `value` are `None` where it is told without one."""

    series: int
    kind: Kind
    at: int | None
    value: float | str | None


class Subscribed(Struct, frozen=True, tag="subscribed"):
    """Series that are watched: all at the start and after each new connection, else those that are new or have another unit.

    The latter come without a reading, which says nothing of those that there are.
    """

    series: list[LiveSeries]
    cursor: str


class Gap(Struct, frozen=True, tag="gap"):
    """What was committed after `after` up to `cursor` was not sent, and the stream goes on behind it.

    `reason` is `slow` (this client did not read fast enough), `retention` (the cursor is too old, or of another database)
    or `limit` (too much to send). After `slow` and `limit`, `Client.changes` from `after` on has what was missed; after
    `retention`, what was dropped is gone, and what is left is in `Client.readings`.
    """

    after: str
    cursor: str
    reason: str


class Readings(Columns, frozen=True, kw_only=True):
    """Readings that were committed since the event before, in commit order; who has taken them resumes at `cursor`.

    While what is watched is quiet and other series are not, there comes one without readings about once a minute: keep its
    cursor, too, as an old one may be overtaken by retention.
    """

    cursor: str


class Committed(Struct, frozen=True, tag="readings"):
    """`Readings` as it comes over the wire: the names were told before."""

    series: list[int]
    at: list[int]
    value: list[float | str]
    cursor: str


class Error(Struct, frozen=True, tag="error"):
    code: str
    message: str


Event = Subscribed | Readings | Gap
Frame = Subscribed | Committed | Gap | Error


class Head(Struct, frozen=True):
    type: str


_decode: Callable[[str | bytes], Frame] = msgspec.json.Decoder(Frame).decode
_head = msgspec.json.Decoder(Head).decode
KNOWN = {"subscribed", "readings", "gap", "error"}


def decode(text: str | bytes) -> Frame | None:
    """A frame; `None` for one of a kind that only a newer server knows. Raises one of `FOREIGN` for what is none."""
    try:
        return _decode(text)
    except msgspec.ValidationError:
        if _head(text).type in KNOWN:
            raise
        return None


def subscribe(match: Sequence[str], after: str | None, rate: float | None) -> str:
    wish: dict[Literal["type", "id", "match", "after", "rate"], object] = {
        "type": "subscribe",
        "id": "client",
        "match": list(match),
        "after": after,
        "rate": rate,
    }
    return msgspec.json.encode(wish).decode()
