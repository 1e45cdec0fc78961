"""All subscriptions with the same match and rate: what they get is gathered and encoded once."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Protocol

from bridge.live import frames
from bridge.live.frames import Frame, Shared
from bridge.live.match import Match
from bridge.live.rows import Batch, Rows
from bridge.live.series import Latest, Series

QUIET = 60.0
"""Seconds without a frame after which one without readings tells the newest cursor: who comes back then need not look through
hours for nothing, and retention does not overtake who lacks nothing."""


class Member(Protocol):
    """A live subscription, as its channel sees it."""

    id: str
    cursor: int
    """Everything committed up to here was delivered."""

    def deliver(self, frame: Frame, cursor: int) -> bool:
        """Queue a frame; `False` if it found no room, and then the member has left the channel."""

    def reassure(self, frame: Frame, cursor: int) -> None:
        """Take a frame that only says that nothing is missing up to the cursor, or leave it out if others wait."""

    def interrupt(self) -> None:
        """Leave the channel and read from the store what it will not bring."""


class Channel:
    """Sends the first readings at once and further ones `1 / rate` seconds apart, all since the last in one frame.

    One that is full goes before its time: a low rate keeps no more than that.
    """

    def __init__(self, match: Match, rate: float, wanted: Iterable[int], highest: int) -> None:
        """`wanted`: the series that match, of all up to the highest number. Patterns are dear: only later ones are tried."""
        self.match = match
        self.rate = rate
        self.members: dict[Member, None] = {}
        self.wanted = set(wanted)
        self._highest = highest
        self._rows = Rows()
        self._fed = 0
        self._loop = asyncio.get_running_loop()
        self._next = 0.0
        self._quiet_until = self._loop.time() + QUIET
        self._timer: asyncio.TimerHandle | None = None

    def admit(self, series: Iterable[Series]) -> None:
        """Take those series, known only now, that the members want, and tell them."""
        new = [one for one in series if self._wants(one)]
        self.wanted.update(one.id for one in new)
        self._tell(new, self.members)

    def _wants(self, series: Series) -> bool:
        """Whether it is wanted, and was not before."""
        later = series.id > self._highest and series.id not in self.wanted
        return later and self.match.accepts(series.device, series.metric)

    def renew(self, series: Iterable[Series]) -> None:
        """Tell the members of those series, known before, that are not what they were."""
        self._tell([one for one in series if one.id in self.wanted], self.members)

    def tell(self, member: Member, series: Sequence[Series]) -> None:
        """Say what series are, and nothing of their readings."""
        self._tell(series, [member])

    def _tell(self, series: Sequence[Series], members: Iterable[Member]) -> None:
        """As of each member's cursor, and encoded once for all who have the same."""
        shared: dict[int, Shared] = {}
        for member in tuple(members) if series else ():
            if member.cursor not in shared:
                shared[member.cursor] = frames.subscribed([Latest(one) for one in series], member.cursor)
            member.deliver(frames.addressed(shared[member.cursor], member.id), member.cursor)

    def feed(self, batch: Batch) -> None:
        """Take what the members want of a batch that is later than all before."""
        self._rows.add(batch, self.wanted)
        self._fed = batch.committed_at
        now = self._loop.time()
        if not self._rows:
            if now >= self._quiet_until:
                self._reassure(now)
            return
        wait = self._next - now
        if wait <= 0 or self._rows.full:
            self._flush()
        elif self._timer is None:
            self._timer = self._loop.call_later(wait, self._flush)

    def vouch(self, cursor: int) -> None:
        """Say to the members that nothing up to here is lacked, if nothing waits: so they need not look for it in the store."""
        if not self._rows:
            for member in self.members:
                member.cursor = max(member.cursor, cursor)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _flush(self) -> None:
        self.close()
        self._timer = None
        now = self._loop.time()
        self._next, self._quiet_until = now + 1 / self.rate, now + QUIET
        written = _Written(self._rows, self._fed)
        place, identifier, frame = -1, "", None
        for member in tuple(self.members):
            if member.cursor != place or member.id != identifier:  # nearly all have the same of both
                place, identifier = member.cursor, member.id
                frame = written.frame(place, identifier)
            if frame is not None:
                member.deliver(frame, self._fed)
        self._rows.clear()

    def _reassure(self, now: float) -> None:
        self._quiet_until = now + QUIET
        written = _Written(self._rows, self._fed)
        for member in tuple(self.members):
            if member.cursor < self._fed:
                member.reassure(written.rest(0, member.id), self._fed)


class _Written:
    """The frames of one moment: each is encoded once for all who lack the same, and written once for all of one `id`."""

    def __init__(self, rows: Rows, committed_at: int) -> None:
        self._rows = rows
        self._committed_at = committed_at
        self._shared: dict[int, Shared] = {}
        self._whole: dict[tuple[int, str], Frame] = {}

    def frame(self, cursor: int, identifier: str) -> Frame | None:
        """What was committed after the cursor; `None` if nothing was."""
        start = self._rows.start(cursor)
        return None if start == len(self._rows) else self.rest(start, identifier)

    def rest(self, start: int, identifier: str) -> Frame:
        """The rows from `start` on, also if these are none."""
        if start not in self._shared:
            self._shared[start] = frames.readings(self._rows, start, self._committed_at)
        if (start, identifier) not in self._whole:
            self._whole[start, identifier] = frames.addressed(self._shared[start], identifier)
        return self._whole[start, identifier]
