"""What the bridge says of itself, for `/health` and the metrics."""

from typing import NamedTuple


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
    rejected: int
    in_flight: int
