"""Lets the processes of Postgres that answer questions give way to those that store."""

import os
from contextlib import suppress
from pathlib import Path

NICE = 10
"""A tenth of the weight of others where all want a processor, and no less of it where one is free."""


def give_way(pid: int, port: int | None) -> None:
    """Lower the priority of a process that serves us on this port of ours; nothing happens if it is on another machine.

    Its title tells: `postgres: user database 127.0.0.1(54321) idle`. It can't be had where others own the process.
    """
    with suppress(OSError):
        title = Path(f"/proc/{pid}/cmdline").read_bytes()
        if title.startswith(b"postgres: ") and port is not None and f"({port})".encode() in title:
            os.setpriority(os.PRIO_PROCESS, pid, NICE)
