"""What a fault is, and what it has at hand when it strikes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from torture.disk import Disk
from torture.house import House
from torture.stream import Stream


class Scene(NamedTuple):
    """Where a fault strikes."""

    house: House
    stream: Stream
    dice: Random


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong amid the stream. `strike` returns when it is over; what it did to the house is mended then."""

    name: str
    strike: Callable[[Scene], Awaitable[None]]
    times: int = 1
    """Strikes in a round: the stream is sent in as many parts, and each is struck once."""
    within: float = 1.0
    """Each strike comes at a random moment within this share of its part."""
    scale: float = 1.0
    """More or fewer messages than other rounds."""
    shift: int = 0
    """Milliseconds by which the devices' times move from part to part."""
    bad: bool = False
    """Nothing in the stream can be stored."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """Of the bridge, in this round."""
    disk: Disk | None = None
    """What of the database is on a small disk; such a round has a house of its own."""
    slow: bool = False
    """Takes more than a few seconds: not in the short form."""
