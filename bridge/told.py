"""What a broker says of itself, as far as it does."""

from typing import NamedTuple


class Told(NamedTuple):
    """What the broker has said over the present connection; `None` where it has not."""

    at: int | None = None
    """When it last said something, in microseconds since the epoch. Mosquitto does every 10 s."""
    version: str | None = None
    uptime: int | None = None
    """Seconds."""
    stored: int | None = None
    """Messages that it keeps for clients, sent and not yet acknowledged ones too, and retained ones."""
    stored_bytes: int | None = None
    """Their payloads."""
    retained: int | None = None
    dropped: int | None = None
    """Messages that it has dropped since it started because a queue was full."""
    clients: int | None = None
    """Connected just now."""

    @property
    def queued(self) -> int | None:
        """Messages that it keeps for clients, each counted once however many clients want it."""
        return None if self.stored is None or self.retained is None else max(self.stored - self.retained, 0)
