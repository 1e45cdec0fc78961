"""Carries each announced batch to the channels that want some of it. Knows no database and never waits."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice

from bridge.committed import Committed
from bridge.live.channel import Channel, Member
from bridge.live.match import Match
from bridge.live.recent import Recent
from bridge.live.rows import Batch, Rows
from bridge.live.series import Series

AT_ONCE = 2_000
"""Series that are learned again in one go, in some 10 ms of the event loop."""


class Fanout:
    """Batches wait in `recent` until all before them are there and their series are known."""

    def __init__(self, capacity: int) -> None:
        self.seen = 0
        """The last batch that went to the channels."""
        self.told = 0
        """The newest commit that is known of, announced or not."""
        self.generation = 0
        """What was told of series in an earlier one may be of a database that is no more."""
        self._complete = 0
        self.recent = Recent(capacity)
        self._channels: dict[tuple[Match, float], Channel] = {}
        self._catalogue: dict[int, Series | None] = {}
        self._stale: set[int] = set()
        self._arriving = 0

    @property
    def idle(self) -> bool:
        """Nobody is live and nobody is on the way."""
        return not self._channels and not self._arriving

    @contextmanager
    def arriving(self) -> Iterator[None]:
        """Keep what is announced meanwhile: someone is reading the store and will join with what is kept."""
        self._arriving += 1
        try:
            yield
        finally:
            self._arriving -= 1

    def announce(self, batch: Committed) -> None:
        if 0 < batch.previous < self.seen < batch.committed_at:  # what was seen is not in the database that this is of
            self.relearn(None)
        if self.idle:
            self.skip(batch.committed_at)
        elif batch.committed_at > self.seen:
            self.recent.add(batch)

    def skip(self, cursor: int) -> None:
        """What was committed up to here will not be announced: who is live and lacks it reads it from the store."""
        carried, self.seen = self.seen, max(self.seen, cursor)
        self.recent.forget(cursor)
        for channel in tuple(self._channels.values()):
            channel.vouch(carried)
            for member in tuple(channel.members):
                if member.cursor < cursor:
                    member.interrupt()

    def tell(self, committed_at: int) -> None:
        """Say that this was committed, and may never be announced."""
        self.told = max(self.told, committed_at)
        if self.idle:
            self.skip(committed_at)

    def hole(self) -> int | None:
        """Up to where something is missing before the next batch for the channels, or before what is told of."""
        batch = self.recent.first_after(self.seen)
        until = self.told if batch is None else batch.previous
        return until if until > max(self.seen, self._complete) else None

    def fill(self, until: int, batches: Iterable[Committed]) -> None:
        """Take what the store holds from `seen` to there."""
        for batch in batches:
            if batch.committed_at > self.seen:
                self.recent.add(batch)
        self._complete = max(self._complete, until)

    def waiting(self) -> Committed | None:
        """The next batch for the channels."""
        if self.recent.floor > self.seen:  # what waited became too much
            self.skip(self.recent.floor)
        return self.recent.first_after(self.seen)

    def unknown(self, batch: Committed) -> set[int]:
        """Series of the batch that have to be learned before it can be carried on."""
        return set(batch.series) - self._catalogue.keys()

    def relearn(self, numbers: Iterable[int] | None) -> None:
        """These series, or all, may not be what they were: they have to be learned again before the next batch."""
        if self.idle:  # nobody was told of any: whoever comes learns what is
            self._catalogue.clear()
        self._stale.update(self._catalogue if numbers is None else self._catalogue.keys() & set(numbers))

    def stale(self) -> set[int]:
        """Some series that have to be learned again, and count as learned from now on; none once there are no more."""
        some = set(islice(self._stale, AT_ONCE))
        self._stale -= some
        return some

    def learn(self, found: Mapping[int, Series | None], generation: int) -> None:
        """Take what the store, asked in that generation, says of some series; `None` is one that it does not know.

        One that has changed is learned once more: of two answers that crossed, the older may be the later one. Where one has
        another name, the database was set back to an older backup, and nothing that was known holds.
        """
        known = self._catalogue
        if generation != self.generation:
            return
        if any(_is_another(before, found[number]) for number in found if (before := known.get(number))):
            self._begin_anew()
            return
        new = [series for number, series in found.items() if series and known.get(number) is None]
        changed = [series for number, series in found.items() if series and known.get(number) not in (None, series)]
        known.update(found)
        self._stale.update(series.id for series in changed)
        for channel in tuple(self._channels.values()) if new or changed else ():
            channel.admit(new)
            channel.renew(changed)

    def _begin_anew(self) -> None:
        """Know no series, and have all members ask the store. What is kept may speak of series that are no more."""
        self.generation += 1
        self._catalogue.clear()
        self._stale.clear()
        self.seen = max(self.seen, self.recent.clear())
        for channel in tuple(self._channels.values()):
            for member in tuple(channel.members):
                member.interrupt()

    def carry(self, committed: Committed) -> None:
        """Give a batch, all of whose series are known, to the channels."""
        batch = Batch(committed)
        for channel in tuple(self._channels.values()):
            channel.feed(batch)
        self.seen = batch.committed_at
        if not self._arriving:
            self.recent.forget(self.seen)

    def join(self, member: Member, match: Match, rate: float, told: Iterable[int], highest: int) -> Channel:
        """Make a member live, in the channel for its match and rate, that was told all it wants up to the highest number."""
        channel = self._channels.get((match, rate))
        if channel is None:
            channel = self._channels[match, rate] = Channel(match, rate, told, highest)
            channel.admit(series for series in self._catalogue.values() if series)
        channel.members[member] = None
        return channel

    def untold(self, channel: Channel, told: Mapping[int, Series]) -> list[Series]:
        """Series of the channel that a member who was told these has yet to hear of, or of what they are by now."""
        return [
            series
            for number in channel.wanted
            if (series := self._catalogue.get(number)) and series != told.get(number)
        ]

    def missed(self, member: Member, channel: Channel) -> Rows:
        """What the channel was given after the member's cursor, before the member joined it."""
        rows = Rows()
        for committed in self.recent.after(member.cursor):
            if committed.committed_at <= self.seen:
                rows.add(Batch(committed), channel.wanted)
        return rows

    def leave(self, member: Member, channel: Channel) -> None:
        """Let a member go, and the channel with its last one."""
        channel.members.pop(member, None)
        key = (channel.match, channel.rate)
        if not channel.members and self._channels.get(key) is channel:
            channel.close()
            del self._channels[key]


def _is_another(before: Series, now: Series | None) -> bool:
    return now is None or (now.device, now.metric) != (before.device, before.metric)
