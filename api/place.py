"""The cursor of `/changes`: a place in the order of commits, which may be amid a batch."""

from typing import NamedTuple

from api.moment import LATEST
from bridge.live import cursor

WHOLE = (2**31 - 1, 0)
"""Behind every reading of a batch: no series has this number."""
SEPARATOR = "."
EXPECTED = "expected `next` of an answer, or a cursor of `/latest` or of the live stream"


class Place(NamedTuple):
    """Behind one reading of a batch, or behind all of it. Readings of a batch are told in order of `(series, at)`."""

    committed_at: int
    within: tuple[int, int] = WHOLE
    horizon: int | None = None
    """Said by a reader that began when readings before it were gone already: it misses none of them."""

    @property
    def before(self) -> tuple[int, int, int]:
        """The `(committed_at, series, at)` behind which everything is still to be told, none of it of a batch that was told."""
        if self.within == WHOLE:
            return self.committed_at + 1, -1, 0
        return self.committed_at, *self.within


def encode(place: Place) -> str:
    """The cursor of the live stream, where that says it all; else that and what it can't say."""
    committed_at = cursor.encode(place.committed_at)
    if place.within == WHOLE and place.horizon is None:
        return committed_at
    return SEPARATOR.join([committed_at, *map(cursor.encode, (*place.within, place.horizon or 0))])


def decode(text: str) -> Place:
    """Raises `ValueError`, with expected and got, for what `encode` never says."""
    head, *rest = text.split(SEPARATOR)
    try:
        committed_at, *more = map(cursor.decode, (head, *rest))
        place = Place(committed_at, (more[0], more[1]), more[2] or None) if more else Place(committed_at)
    except (ValueError, IndexError):
        raise ValueError(f"{EXPECTED}, got {text[:40]!r}") from None
    if encode(place) != text or place.within > WHOLE or place.within[1] > LATEST:
        raise ValueError(f"{EXPECTED}, got {text[:40]!r}")
    return place
