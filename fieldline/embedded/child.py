"""Starts and ends the process of a part. It dies with this process, however this process dies."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from signal import Signals

from fieldline.embedded import log
from fieldline.embedded.part import Account, Part, PartError

LAUNCHER = Path(__file__).with_name("launcher.py")
POLL = 0.02  # seconds between two looks at a part that starts


def launched(command: tuple[str, ...], account: Account, orphaned: Signals, pipe: int | None = None) -> list[str]:
    """The command line that runs `command` bound to the life of this process; `pipe` where the kernel can't do it."""
    bond = [f"--parent={os.getpid()}", f"--signal={int(orphaned)}", *([] if pipe is None else [f"--pipe={pipe}"])]
    return [sys.executable, "-I", "-S", str(LAUNCHER), *bond, *account.options(), "--", *command]


def environment(more: dict[str, str]) -> dict[str, str]:
    """The environment of this process without PG…, which would bend what Postgres's programs do, plus `more`."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | more


class Child:
    """A running part. Start it from the main thread: on Linux its life hangs on the thread that started it."""

    def __init__(self, part: Part, *, inherit: tuple[int, ...] = (), pipe: bool = sys.platform != "linux") -> None:
        """`inherit` are file descriptors the child keeps open; `pipe` chooses the bond that needs no Linux."""
        self.part = part
        self.started = time.monotonic()
        self.overdue = False
        log.rotate(part.log)
        reads, writes = os.pipe() if pipe else (None, None)
        self._bond = writes
        with part.log.open("ab") as output:
            self.process = subprocess.Popen(
                launched(part.command, part.account, part.orphaned, reads),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment(dict(part.environment)),
                pass_fds=inherit if reads is None else (*inherit, reads),
                start_new_session=True,  # Ctrl-C in the terminal is for the supervisor, which knows the right order
            )
        if reads is not None:
            os.close(reads)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def ready(self) -> bool:
        """Whether it serves. A `PartError` with its last line if it has ended, or takes too long: then it is ended."""
        if self.alive and self.part.ready(self.pid):
            return True
        patience = self.part.patience
        if self.alive and patience is not None and time.monotonic() > self.started + patience:
            self.overdue = True
            self.kill()
        if not self.alive:
            raise PartError(f"{self.part.name} {self.ending()}")
        return False

    def wait_until_ready(self) -> None:
        """Wait, blocking, for what `ready` says."""
        while not self.ready():
            time.sleep(POLL)

    def send(self, number: Signals) -> None:
        if self.alive:
            self.process.send_signal(number)

    def stop(self) -> None:
        """Ask it to end, wait, and insist when its time is over."""
        self.send(self.part.stop)
        try:
            self.process.wait(self.part.grace)
        except subprocess.TimeoutExpired:
            self.send(self.part.hard)
            self.process.wait()
        self.release()

    def kill(self) -> None:
        """As `kill -9` by someone else."""
        self.send(Signals.SIGKILL)
        self.process.wait()
        self.release()

    def release(self) -> None:
        """Let go of the bond with a process that has ended. Behind a pipe it was only the launcher: end its command too."""
        if self._bond is None:
            return
        os.close(self._bond)
        self._bond = None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, Signals.SIGKILL)

    def ending(self) -> str:
        """How it ended and what it said last, for one line on the screen."""
        code = self.process.returncode
        if self.overdue:
            how = f"was not ready after {self.part.patience:.0f} s"
        else:
            how = f"was ended by {Signals(-code).name}" if code < 0 else f"ended with code {code}"
        line = log.last_line(self.part.log)
        return f"{how}: {line} (log: {self.part.log})" if line else f"{how} (log: {self.part.log})"
