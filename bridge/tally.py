"""Counts every message from its arrival to its fate."""

from collections.abc import Sequence

from bridge.message import Message
from bridge.store.insert import Outcome


class Tally:
    """At every moment received = stored + duplicate + rejected + in flight, in messages since the process started."""

    def __init__(self) -> None:
        self.received = 0
        self.stored = 0
        self.duplicate = 0
        self.rejected = 0
        self.in_flight: Sequence[Message] = ()
        self.committed_at: int | None = None

    def receive(self, messages: Sequence[Message]) -> None:
        """A batch begins its way. One at a time: the batch before it has been settled."""
        self.received += len(messages)
        self.in_flight = messages

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        """The batch is committed and acknowledged."""
        for outcome in outcomes:
            self.stored += outcome.stored
            self.duplicate += outcome.duplicate
            self.rejected += outcome.rejected
            self.committed_at = outcome.committed.committed_at
        self.in_flight = ()
