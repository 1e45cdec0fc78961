"""For how long an outage of the bridge is covered: the first of the broker's limits that what waits would reach."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

OVERHEAD = 450
"""Bytes that Mosquitto takes for a waiting message besides its payload, in memory: two million took 0.9 GB."""
MIB = 2**20
LEAST_RATE = 1.0
"""Messages a second that are reckoned with at least: a fleet that is silent now will speak again."""
SIZE = 200
"""Bytes of a payload where the broker doesn't tell: an object of a few metrics."""


class Load(NamedTuple):
    """What comes in."""

    rate: float
    """Messages a second."""
    size: float
    """Bytes of a payload, in the mean."""
    source: str
    """Who says so."""

    @property
    def reckoned(self) -> float:
        return max(self.rate, LEAST_RATE)


class Limit(NamedTuple):
    """What ends the cover, by its name, and after how many seconds of outage it does."""

    name: str
    amount: str
    """How much it lets wait, in words."""
    seconds: float
    exact: bool = True
    """False where the broker holds at least so much."""


def by_count(name: str, messages: int, load: Load, *, exact: bool = True) -> Limit:
    return Limit(name, f"{messages:,} messages", messages / load.reckoned, exact)


def by_bytes(name: str, size: float, load: Load, overhead: int = 0) -> Limit:
    return Limit(name, f"{size / MIB:,.0f} MiB", size / (load.reckoned * (load.size + overhead)))


def by_time(name: str, seconds: float) -> Limit:
    return Limit(name, duration(seconds), seconds)


def first(limits: Sequence[Limit]) -> Limit | None:
    """The limit that is reached first; nothing is known if there is none."""
    return min(limits, key=lambda limit: limit.seconds, default=None)


def sentence(limit: Limit | None, load: Load) -> str:
    """The answer in words."""
    if limit is None:
        return "For how long an outage of the bridge is covered is not known: no limit of the broker could be read."
    least = "" if limit.exact else "at least "
    source = load.source if load.rate >= LEAST_RATE else "the least that is reckoned with"
    rate = f"{load.reckoned:,.3g}" if load.reckoned < 100 else f"{load.reckoned:,.0f}"
    return (
        f"An outage of the bridge is covered for {least}{duration(limit.seconds)} at {rate} messages/s "
        f"(limit: {limit.name}; rate: {source})."
    )


def duration(seconds: float) -> str:
    """The two largest units of it: 3 h 12 min."""
    units = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
    if seconds < 10:
        return f"{seconds:.2g} s"
    for (name, size), (below, small) in pairwise(units):
        if seconds >= size:
            rest = int(seconds % size // small)
            return f"{int(seconds // size)} {name}" + (f" {rest} {below}" if rest else "")
    return f"{seconds:.0f} s"
