"""Claims a data folder for one `up`, and knows when the parts of a killed one have gone."""

import fcntl
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fieldline.embedded.part import PartError

LOCK = "up.lock"
PARTS = "parts.lock"
PATIENCE = 60  # seconds; a database that loses its supervisor writes a checkpoint before it ends
POLL = 0.1


class ClaimedError(PartError):
    """Another process has the folder."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"runs already (pid {pid})")
        self.pid = pid


@dataclass(frozen=True, slots=True)
class Claim:
    """Both locks end with the processes that hold them, however these end."""

    lock: int
    """File descriptor that only this process holds."""
    parts: int
    """File descriptor that every part inherits: nobody else gets its lock before the last of them has ended."""


def claim(folder: Path, waiting: Callable[[], None]) -> Claim:
    """Take the folder, made if need be. `ClaimedError` if it is taken; calls `waiting` if parts of a killed `up` still end."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        parts = os.open(folder / PARTS, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise PartError(f"--data {folder} can't be used: {error.strerror}") from None
    if not _locked(lock):
        raise ClaimedError(holder(folder))
    os.truncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    if not _locked(parts):
        waiting()
        deadline = time.monotonic() + PATIENCE
        while not _locked(parts):
            if time.monotonic() > deadline:
                raise PartError(f"parts of a killed run on {folder} still run after {PATIENCE} s: end them first")
            time.sleep(POLL)
    return Claim(lock, parts)


def claimed(folder: Path) -> bool:
    """Whether an `up` has the folder just now."""
    try:
        lock = os.open(folder / LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise PartError(f"--data {folder} can't be read: {error.strerror}") from None
    try:
        return not _locked(lock, fcntl.LOCK_SH)
    finally:
        os.close(lock)


def holder(folder: Path) -> int:
    """Process id of the `up` that has, or last had, the folder."""
    written = (folder / LOCK).read_text().strip()
    return int(written) if written else 0


def _locked(file: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
