"""Counts every message from its arrival to its fate, and how long that took."""

from collections import Counter, deque
from collections.abc import Sequence
from typing import get_args

from bridge import clock
from bridge.histogram import Histogram
from bridge.message import Message
from bridge.record import Reason
from bridge.store.insert import Outcome


class Tally:
    """At every moment received = stored + duplicate + rejected + in flight, in messages since the process started."""

    def __init__(self) -> None:
        self.received = 0
        self.stored = 0
        self.duplicate = 0
        self.rejects: Counter[Reason] = Counter(dict.fromkeys(get_args(Reason), 0))
        self.readings = 0
        self.batch_messages = Histogram(1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)
        # From a lone message on a fast disk to one that waited out an outage.
        self.acknowledge_seconds = Histogram(
            0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300
        )
        self._deliveries: deque[Sequence[Message]] = deque()

    @property
    def in_flight(self) -> int:
        return sum(map(len, self._deliveries))

    @property
    def oldest(self) -> int | None:
        """When the first message in flight arrived."""
        return self._deliveries[0][0].received_at if self._deliveries else None

    def receive(self, messages: Sequence[Message]) -> None:
        """A delivery begins its way. It has messages, in order of arrival."""
        self.received += len(messages)
        self._deliveries.append(messages)

    def settle(self, deliveries: int, outcomes: Sequence[Outcome]) -> None:
        """So many that have been on their way for longest are committed as one, and their acknowledgements are written."""
        received = [message.received_at for _ in range(deliveries) for message in self._deliveries.popleft()]
        for outcome in outcomes:
            self.stored += outcome.stored
            self.duplicate += outcome.duplicate
            self.rejects.update(outcome.rejects)
            self.readings += len(outcome.committed.series)
        self.batch_messages.observe(len(received))
        self.acknowledge_seconds.observe_ages(received, clock.now())
