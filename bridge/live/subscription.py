"""One subscription's way from the store's past to the live stream, and back there whenever it has lost touch."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NoReturn

from bridge.committed import Committed
from bridge.live import frames
from bridge.live.fanout import Fanout
from bridge.live.frames import Frame, Reason, Shared
from bridge.live.history import History
from bridge.live.match import Match
from bridge.live.outbox import Outbox
from bridge.live.rows import FULL, Batch, Rows
from bridge.live.series import Latest, Series

if TYPE_CHECKING:
    from bridge.live.channel import Channel

MOST_RESUMED = 100_000
"""Readings that a resume brings at most: some seconds of a browser's work. More is a gap, to be had from `/changes`."""
MOST_TEXT = 10_000_000
"""Bytes of texts that a resume brings at most. JSON may write each as six, and `fieldline.client` takes frames of 64 MiB: even
where all was committed at once, it can read it."""
LARGEST_FRAME = 32 * 2**20
"""Bytes of a frame that comes live: half of what `fieldline.client` takes. More is left to a resume with its own bound."""
FRAME_SERIES = 4_000
"""Series in one `subscribed`, unless their texts fill it before: about 500 kB."""

SET_BACK = 0.2
"""Seconds between two looks at a database whose clock is behind what was announced, as after a restore."""


class Subscription:
    """A member of at most one channel. Whatever happens, the client is told of each reading once, or of a gap."""

    __slots__ = ("_channel", "_fanout", "_history", "_interrupted", "_match", "_outbox", "_rate", "cursor", "id")

    def __init__(
        self, identifier: str, match: Match, rate: float, outbox: Outbox, fanout: Fanout, history: History
    ) -> None:
        self.id = identifier
        self.cursor = 0
        self._match = match
        self._rate = rate
        self._outbox = outbox
        self._fanout = fanout
        self._history = history
        self._channel: Channel | None = None
        self._interrupted: asyncio.Future[Reason | None]

    async def run(self, after: int | None) -> NoReturn:
        """Bring everything committed after a cursor, or first what is now, then go on live until cancelled."""
        reason: Reason | None = None
        while True:
            await self._arrive(after, reason)
            reason = await self._interrupted
            after = self.cursor
            if reason == "slow":
                await self._outbox.emptied()

    def leave(self) -> None:
        """Be live no more."""
        if self._channel is not None:
            self._fanout.leave(self, self._channel)
            self._channel = None

    def deliver(self, frame: Frame, cursor: int) -> bool:
        """Queue a frame. Without room for it the subscription falls back on the store, once its client has caught up.

        One that is too large for any client falls back on the store at once.
        """
        if len(frame.wire) > LARGEST_FRAME:
            self.interrupt()
            return False
        if self._outbox.offer(frame):
            self.cursor = cursor
            return True
        self._end("slow")
        return False

    def reassure(self, frame: Frame, cursor: int) -> None:
        if self._outbox.spare(frame):
            self.cursor = cursor

    def interrupt(self) -> None:
        self._end(None)

    def _end(self, reason: Reason | None) -> None:
        self.leave()
        if not self._interrupted.done():
            self._interrupted.set_result(reason)

    async def _arrive(self, after: int | None, reason: Reason | None) -> None:
        with self._fanout.arriving():
            self._join(*await self._catch_up(after, reason))

    def _join(self, told: Mapping[int, Series], highest: int) -> None:
        self._interrupted = asyncio.get_running_loop().create_future()
        channel = self._channel = self._fanout.join(self, self._match, self._rate, told, highest)
        if untold := self._fanout.untold(channel, told):
            channel.tell(self, untold)
        if self._channel and (missed := self._fanout.missed(self, channel)):
            frame = frames.readings(missed, 0, self._fanout.seen)
            self.deliver(frames.addressed(frame, self.id), self._fanout.seen)

    async def _catch_up(self, after: int | None, reason: Reason | None) -> tuple[Mapping[int, Series], int]:
        """Read the store until what is announced meanwhile goes on from there.

        Returns the series as they were told, and the highest number of all that there were.
        """
        told: Mapping[int, Series] = {}
        highest = 0
        begun, generation = False, self._fanout.generation
        while not begun or self._fanout.recent.floor > self.cursor or self._fanout.generation != generation:
            generation = self._fanout.generation
            snapshot = await self._history.snapshot(self._match.likes)
            wanted = {latest.series.id: latest.series for latest in snapshot.latest}
            self._fanout.learn(wanted, generation)
            missed: list[Committed] | None = None
            if after is not None:
                if reason is None and after <= snapshot.cursor:
                    missed = await self._history.since(after, snapshot.cursor, MOST_RESUMED, list(wanted), MOST_TEXT)
                # asked last: what was dropped meanwhile is missing, too
                if reason is None and not (await self._history.extent()).holds(after, snapshot.cursor):
                    reason, missed = "retention", None
                if missed is None:
                    await self._put(frames.gap(after, snapshot.cursor, reason or "limit"))
            if missed is None:
                await self._tell(snapshot.latest, snapshot.cursor)
            else:
                new = [latest for latest in snapshot.latest if told.get(latest.series.id) != latest.series]
                if new or not begun:
                    await self._tell(new, after or 0)
                await self._send(missed)
            if begun and after == snapshot.cursor:  # the database was set back: nothing helps but its next commit
                await asyncio.sleep(SET_BACK)
            self.cursor = after = snapshot.cursor
            told, highest = wanted, snapshot.highest
            reason, begun = None, True
        return told, highest

    async def _tell(self, latest: Sequence[Latest], cursor: int) -> None:
        for some in _parts(latest):
            await self._put(frames.subscribed(some, cursor))

    async def _send(self, batches: Iterable[Committed]) -> None:
        """Batches that hold nothing else than what is wanted, some to a frame."""
        rows = Rows()
        for committed in batches:
            batch = Batch(committed)
            rows.add(batch, batch.present)
            if rows.full:
                await self._put(frames.readings(rows, 0, committed.committed_at))
                rows.clear()
        if rows:
            await self._put(frames.readings(rows, 0, committed.committed_at))

    async def _put(self, frame: Shared) -> None:
        await self._outbox.put(frames.addressed(frame, self.id))


def _parts(latest: Sequence[Latest]) -> Iterator[list[Latest]]:
    """As many to a frame as fit, and for none at all an empty one."""
    some: list[Latest] = []
    texts = 0
    for one in latest:
        some.append(one)
        texts += len(one.value) if isinstance(one.value, str) else 0
        if len(some) >= FRAME_SERIES or texts >= FULL:
            yield some
            some, texts = [], 0
    if some or not latest:
        yield some
