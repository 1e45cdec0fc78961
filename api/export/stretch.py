"""How much of a span is read at once: so much that it holds about as many readings as are wanted. Pure."""

from typing import NamedTuple

START = 60_000_000
"""Microseconds of the first stretch, when nothing is known yet."""
STEP = 8
"""How many times as wide the next stretch may be at most: behind a gap of years there may be a million readings a second."""


class Stretch(NamedTuple):
    """Part of a span: `since` ≤ at < `until`, in microseconds."""

    since: int
    until: int

    @property
    def width(self) -> int:
        return self.until - self.since


def first(span: Stretch, width: int, *, descending: bool) -> Stretch:
    """The beginning of the span, in the order in which it is read."""
    if descending:
        return Stretch(max(span.since, span.until - width), span.until)
    return Stretch(span.since, min(span.until, span.since + width))


def rest(span: Stretch, done: Stretch, *, descending: bool) -> Stretch:
    return Stretch(span.since, done.since) if descending else Stretch(done.until, span.until)


def share(span: Stretch, done: Stretch, *, descending: bool) -> float:
    """How much of the span is behind us once this stretch is done."""
    return 1 - rest(span, done, descending=descending).width / span.width


def next_width(width: int, found: int, wanted: int) -> int:
    """Microseconds, after a stretch of this width has held so many readings."""
    return max(1, width * STEP if found * STEP <= wanted else width * wanted // found)


def narrower(width: int) -> int:
    """Microseconds, after a stretch has held more than can be had at once."""
    return max(1, width // STEP)
