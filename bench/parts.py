"""Runs what a benchmark is made of: broker, database, one part of Fieldline as its users do, and programs of its own."""

import os
import select
import sys
import tempfile
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from bench.fault import BenchError
from fieldline.embedded import child, log, part, port
from tests import services

PATIENCE = 60
"""Seconds for a program to say that it is ready; it takes one where nothing else runs."""


class House(NamedTuple):
    """A broker and a database server of a benchmark's own, on free ports; gone with the block that asked for them."""

    broker: services.Broker
    server: services.Database

    def pids(self) -> dict[str, int]:
        return {"broker": pid(self.broker), "postgres": pid(self.server)}


@contextmanager
def house() -> Iterator[House]:
    with services.running_broker() as broker, services.running_database(fsync=True) as server:
        services.make_template(server)
        yield House(broker, server)


def pid(service: services.Service) -> int:
    if not isinstance(service, services.Local):
        raise BenchError("expected broker and database as local processes, as CPU is told by pid; got containers")
    return service.pid


class Running(NamedTuple):
    """A process, ended with the block that started it, and with this process however that ends."""

    child: child.Child
    port: int
    """Of its web server, if it has one."""

    @property
    def pid(self) -> int:
        return self.child.pid

    def last_line(self) -> Any:
        """What it said last, read as JSON. Waits for nothing."""
        line = log.last_line(self.child.part.log)
        try:
            return msgspec.json.decode(line)
        except msgspec.DecodeError:
            raise BenchError(f"{self.child.part.name}: expected its figures, got {line!r:.200}") from None

    def wait(self, within: float) -> None:
        """Wait until it has ended well; to the microsecond, where `Popen.wait` with a timeout looks every 50 ms."""
        with os.fdopen(os.pidfd_open(self.pid)) as handle:
            if not select.select([handle], [], [], within)[0]:
                raise BenchError(f"{self.child.part.name}: expected an end within {within:.0f} s, got none")
        if self.child.process.wait():
            raise BenchError(f"{self.child.part.name} {self.child.ending()}")


@contextmanager
def running(name: str, broker_url: str, database_url: str, said: str = "session.subscribed") -> Iterator[Running]:
    """A part of Fieldline, run through the command line, once it has logged this event."""
    [number] = port.free()
    settings = {
        "FIELDLINE_BROKER_URL": broker_url,
        "FIELDLINE_DATABASE_URL": database_url,
        "FIELDLINE_PORT": str(number),
    }
    with program("-m", "fieldline", name, said=said, environment=settings, port=number) as part:
        yield part


@contextmanager
def program(
    *command: str,
    said: str = "",
    silent: bool = False,
    environment: Mapping[str, str] = types.MappingProxyType({}),
    port: int = 0,
) -> Iterator[Running]:
    """A Python module (`-m` and what it takes) or any other program, once it has said something on its output."""
    with tempfile.TemporaryDirectory(prefix="fieldline-") as folder:
        output = Path(os.devnull) if silent else Path(folder) / "output"
        name = next(word for word in command if word != "-m")
        made = child.Child(
            part.Part(
                name=name,
                command=(sys.executable, *command) if command[0] == "-m" else command,
                log=output,
                ready=lambda _: said in output.read_text(errors="replace"),
                environment=environment,
                patience=PATIENCE,
            )
        )
        try:
            made.wait_until_ready()
            yield Running(made, port)
        except BenchError:
            if not made.alive and made.process.returncode:  # then that is why
                raise BenchError(f"{name} {made.ending()}") from None
            raise
        finally:
            made.stop()
