"""What it takes to run one child process, to know that it is ready, and to end it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals


class PartError(Exception):
    """A part can't run: one line that says what was expected and what was found."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a part runs as, where that is not simply the user who started it."""

    namespace: bool
    """User 1000 of a user namespace of its own: root's files, none of root's rights."""
    user: int | None = None
    group: int | None = None

    def options(self) -> list[str]:
        drop = [] if self.user is None else [f"--user={self.user}", f"--group={self.group}"]
        return ["--namespace"] if self.namespace else drop


SAME = Account(namespace=False)


@dataclass(frozen=True, slots=True)
class Part:
    """A child process to be."""

    name: str
    command: tuple[str, ...]
    log: Path
    """Where its output goes, appended."""
    ready: Callable[[int], bool]
    """Whether the process of this id serves; asked often, so it must be cheap and must not wait."""
    account: Account = SAME
    environment: Mapping[str, str] = field(default_factory=dict)
    stop: Signals = Signals.SIGTERM
    """Asks for a clean end."""
    orphaned: Signals = Signals.SIGKILL
    """What it gets when the supervisor dies: only who loses something by SIGKILL gets less, as that always works."""
    hard: Signals = Signals.SIGKILL
    """Ends it without delay."""
    grace: float = 10
    """Seconds between `stop` and `hard`."""
    patience: float | None = 20
    """Seconds from start to ready before it counts as broken; None: as long as it lives."""
