"""What the bridge says of itself, for `/health` and the metrics."""

from collections.abc import Mapping
from typing import NamedTuple

from bridge.histogram import Distribution
from bridge.record import Reason
from bridge.told import Told


class BridgeState(NamedTuple):
    """One consistent look at a running bridge, counted in messages since the process started.

    At every moment received = stored + duplicate + rejected + in flight.
    """

    connected: bool
    trouble: str | None
    """Why nothing is being received or stored just now, in one line; `None` while all is well."""
    oldest_unacknowledged: int | None
    """When the oldest message that is received but not yet acknowledged arrived, in microseconds since the epoch."""
    received: int
    stored: int
    duplicate: int
    rejects: Mapping[Reason, int]
    """Messages by the reason that they were rejected for; every reason is there."""
    in_flight: int
    pending: int
    """Messages that have arrived and wait for the batch before them to be taken; not yet counted as received."""
    readings: int
    """Readings stored, which a message holds any number of."""
    connects: int
    """How often the session got a connection."""
    retries: int
    """Tries to store a batch that failed, and were made again."""
    batch_messages: Distribution
    commit_seconds: Distribution
    acknowledge_seconds: Distribution
    broker: Told | None
    """What the broker says of itself; `None` if it says nothing or is not connected."""

    @property
    def reason(self) -> str | None:
        """Why messages can't flow from the broker into the database; `None` while they can."""
        return self.trouble or (None if self.connected else "the bridge is not connected to the broker")

    @property
    def rejected(self) -> int:
        return sum(self.rejects.values())
