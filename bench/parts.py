"""Runs one part of Fieldline as its users do, through the command line, on a free port."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from fieldline.embedded import port


class Part(NamedTuple):
    pid: int
    port: int


@contextmanager
def running(name: str, broker_url: str, database_url: str) -> Iterator[Part]:
    """The part, subscribed to the broker. Ended with the block."""
    [number] = port.free()
    environment = {
        "PATH": os.environ["PATH"],
        "FIELDLINE_BROKER_URL": broker_url,
        "FIELDLINE_DATABASE_URL": database_url,
        "FIELDLINE_PORT": str(number),
    }
    command = [sys.executable, "-m", "fieldline", name]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "session.subscribed" in line:
                break
        else:
            raise SystemExit(f"bench: fieldline {name} ended with status {process.wait()} before it subscribed")
        try:
            yield Part(process.pid, number)
        finally:
            process.terminate()
