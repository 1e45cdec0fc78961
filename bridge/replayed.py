"""Another try for rejects, as the outside asks for it and is told of it."""

from collections.abc import Sequence
from typing import NamedTuple

from bridge.record import Reason


class Wanted(NamedTuple):
    """Which rejects: those of these numbers, or all that fit what is not `None`. Times are of their receipt, microseconds."""

    ids: Sequence[int] | None = None
    reasons: Sequence[Reason] | None = None
    topics: Sequence[str] | None = None
    """LIKE patterns."""
    since: int | None = None
    until: int | None = None
    after: int = 0
    """Only those with a higher number."""
    most: int = 1_000


class Replayed(NamedTuple):
    """What became of them, in messages."""

    stored: int
    """All of it is stored now; the reject is gone."""
    rejected: int
    """The reject stays, with what is wrong now."""
    next: int | None
    """The number behind which there are more, if there are."""


class ReplayError(Exception):
    """It could not be done, and nothing is lost; the text says why in one line."""
