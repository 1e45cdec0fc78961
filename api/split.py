"""Divides windows among the tiers: whole hours, then whole minutes, and readings where an edge cuts a minute."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from api.moment import MICROSECONDS

Tier = Literal["raw", "minute", "hour"]
TIERS: tuple[Tier, ...] = ("hour", "minute", "raw")
"""The coarsest first."""
WIDTHS = (MICROSECONDS["h"], MICROSECONDS["m"], 1)
"""What one row of each tier holds, in microseconds, the coarsest tier first."""


class Horizon(NamedTuple):
    """The moments before which each tier is not kept any more: whole hours, and a coarser one's is never later."""

    hour: int
    minute: int
    raw: int


class Share(NamedTuple):
    """What is to be read of one tier: since ≤ at < until of each span, in order."""

    since: list[int]
    until: list[int]

    def add(self, since: int, until: int) -> None:
        if since >= until:
            return
        if self.until and self.until[-1] == since:
            self.until[-1] = until
        else:
            self.since.append(since)
            self.until.append(until)


class Split(NamedTuple):
    """Shares of hours, minutes and readings, which together hold each reading of the windows once.

    Not exact if a window needs what is not kept any more. A rollup that can't be divided then counts where it begins.
    """

    shares: tuple[Share, Share, Share]
    exact: bool

    @property
    def tier(self) -> Tier:
        """The coarsest that has a share."""
        return next((tier for tier, share in zip(TIERS, self.shares, strict=True) if share.since), "raw")


def split(edges: Sequence[int], since: int, until: int, horizon: Horizon) -> Split:
    """Share out what lies within since ≤ at < until of the windows between these edges."""
    shares = (Share([], []), Share([], []), Share([], []))
    exact = since >= horizon.hour
    for start, end in pairwise(edges):
        exact &= _divide(max(start, since), min(end, until), 0, shares, horizon)
    return Split(shares, exact)


def _divide(since: int, until: int, tier: int, shares: Sequence[Share], horizon: Horizon) -> bool:
    """Give the tier all that it holds whole, and what is left to the finer ones. Returns whether they still have it."""
    if since >= until:
        return True
    width = WIDTHS[tier]
    first, last, end = -(-since // width) * width, until // width * width, -(-until // width) * width
    if first == since and last == until:
        shares[tier].add(since, until)
        return True
    kept = horizon[tier + 1]
    head, tail = since >= kept, last >= kept
    if first > last and head:  # both edges in one row
        return _divide(since, until, tier + 1, shares, horizon)
    divided = not head or _divide(since, first, tier + 1, shares, horizon)
    shares[tier].add(first, last if tail else end)
    divided &= not tail or _divide(last, until, tier + 1, shares, horizon)
    return divided and (head or first == since) and (tail or last == until)
