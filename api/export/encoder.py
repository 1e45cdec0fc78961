"""What turns runs of readings into a file, piece by piece."""

from typing import Protocol

from api.export.run import Run


class Encoder(Protocol):
    """One file of one form. Not for concurrent use; what has been handed out is forgotten."""

    rows: int
    """Readings in each run but the last, so that the same readings make the same file."""

    def head(self) -> bytes:
        """What comes before the first reading."""

    def encode(self, run: Run) -> bytes:
        """The next readings; may be nothing yet."""

    def tail(self) -> bytes:
        """What makes the file whole."""
