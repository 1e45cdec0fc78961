"""One line of the ledger: a device, what it sent, and what became of it."""

from collections.abc import Sequence
from typing import NamedTuple


class Entry(NamedTuple):
    """A device within the window."""

    device: str
    runs: int
    sent: int
    """Numbers that it gave out: of each run from its beginning to the largest that is stored."""
    stored: int
    """Different numbers that are stored; `sent` less `missing`."""
    duplicate: int
    """Readings beyond the first of their number: the same number at another time."""
    missing: int
    ranges: Sequence[tuple[int, int]]
    """The missing numbers as first and last of each hole, in order; the first few of `holes`."""
    holes: int
    late: int
    """Readings that were committed noticeably after they were measured."""
    cut: bool
    """Whether its first run began before the window: this one is counted from its first number in it."""


class Foreign(NamedTuple):
    """A device whose `seq` is no sequence number."""

    device: str
    reason: str


class Ledger(NamedTuple):
    """All devices that stamp `seq`, by name."""

    since: int
    """Where the window begins, in microseconds: where it was asked to, or with the oldest week in the store."""
    until: int | None
    entries: Sequence[Entry]
    foreign: Sequence[Foreign]

    def total(self) -> Entry:
        return Entry(
            "all",
            sum(entry.runs for entry in self.entries),
            sum(entry.sent for entry in self.entries),
            sum(entry.stored for entry in self.entries),
            sum(entry.duplicate for entry in self.entries),
            sum(entry.missing for entry in self.entries),
            (),
            sum(entry.holes for entry in self.entries),
            sum(entry.late for entry in self.entries),
            any(entry.cut for entry in self.entries),
        )
