"""The real Mosquitto and Postgres that tests run against: local processes, or containers.

`FIELDLINE_TEST_SERVICES=containers` opens the second door. Both doors hand out the same two shapes, `Broker` and
`Database`, that can be killed and started again at the same address.
"""

import asyncio
import itertools
import os
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

import asyncpg
import pytest

from fieldline.embedded import mosquitto, port
from fieldline.embedded.child import Child
from fieldline.embedded.mosquitto import Mosquitto
from fieldline.embedded.part import Part, PartError
from fieldline.embedded.postgres import Postgres

CONTAINERS = os.environ.get("FIELDLINE_TEST_SERVICES") == "containers"
ATTEMPTS = 5  # a port that was free may be taken by the time it is used
TEMPLATE = "migrated"
_number = itertools.count(1)
Kind = TypeVar("Kind", bound="Service")


class Service(Protocol):
    """Something real that tests may end and start again; it keeps its data and its address."""

    def start(self) -> None:
        """Start unless it runs, and wait until it serves."""

    def stop(self) -> None:
        """End it cleanly."""

    def kill(self) -> None:
        """End it as a crash would: `kill -9`."""

    def remove(self) -> None:
        """End it and leave nothing behind; it can't be started again."""


class Broker(Service, Protocol):
    host: str
    port: int
    websocket_port: int

    @property
    def url(self) -> str: ...


class Database(Service, Protocol):
    def url(self, database: str = ...) -> str: ...

    def restart(self, mode: Literal["fast", "immediate"] = ...) -> None:
        """Stop and start; `immediate` is what a crash would leave behind."""


class Local:
    """A part as a child of the test process."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.child: Child | None = None

    @property
    def pid(self) -> int:
        assert self.child is not None
        return self.child.pid

    def start(self) -> None:
        if self.child is None or not self.child.alive:
            self.child = Child(self.part)
            self.child.wait_until_ready()

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop()

    def kill(self) -> None:
        if self.child is not None:
            self.child.kill()

    def remove(self) -> None:
        self.stop()


class LocalBroker(Local):
    host = port.LOOPBACK

    def __init__(self, folder: Path) -> None:
        program = mosquitto.find()
        if program is None:
            pytest.skip("mosquitto not found: apt-get install mosquitto")
        self.port, self.websocket_port = port.free(2)
        self.server = Mosquitto(program, folder / "mosquitto", folder / "broker.log", self.port, self.websocket_port)
        super().__init__(self.server.prepare())

    @property
    def url(self) -> str:
        return f"mqtt://fieldline@{self.host}:{self.port}"


class LocalDatabase(Local):
    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        self.server = Postgres(folder / "postgres", folder / "postgres.log", port.free()[0], fsync=fsync)
        super().__init__(self.server.prepare())

    def url(self, database: str = "fieldline") -> str:
        return self.server.url(database)

    def restart(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        if mode == "immediate" and self.child is not None:
            self.child.send(self.part.hard)
            self.child.process.wait()
        self.stop()
        self.start()


@contextmanager
def running_broker() -> Iterator[Broker]:
    """A Mosquitto of its own, empty."""
    if CONTAINERS:
        from tests import containers  # noqa: PLC0415  the second door needs Docker's library, the first doesn't

        with _running(containers.Broker) as container:
            yield container
    else:
        with _folder() as folder, _running(lambda: LocalBroker(folder)) as local:
            yield local


@contextmanager
def running_database(*, fsync: bool = False) -> Iterator[Database]:
    """A Postgres of its own. Without fsync it is faster and still survives `kill -9`, though no power cut."""
    if CONTAINERS:
        from tests import containers  # noqa: PLC0415  as above

        with _running(lambda: containers.Database(fsync=fsync)) as container:
            yield container
    else:
        with _folder() as folder, _running(lambda: LocalDatabase(folder, fsync=fsync)) as local:
            yield local


@contextmanager
def fresh_database(server: Database) -> Iterator[str]:
    """The URL of a new database with the current schema, cloned from a template that is migrated once per server."""
    server.start()  # in case a test has left it stopped
    name = f"test_{next(_number)}"
    execute(server.url("postgres"), f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    try:
        yield server.url(name)
    finally:
        server.start()
        execute(server.url("postgres"), f"DROP DATABASE {name} WITH (FORCE)")


def make_template(server: Database) -> None:
    from bridge.migrate import migrate  # noqa: PLC0415  tests that need no schema must not need this

    execute(server.url("postgres"), f"CREATE DATABASE {TEMPLATE}")
    in_thread(lambda: migrate(server.url(TEMPLATE)))


def execute(url: str, statement: str) -> None:
    """Run one statement, whether or not the test has an event loop running."""

    async def run() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    in_thread(run)


def in_thread(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine to its end beside whatever event loop the test has."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(work())).result()


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fieldline-") as folder:
        yield Path(folder)


@contextmanager
def _running(make: Callable[[], Kind]) -> Iterator[Kind]:
    service = make()
    for _ in range(ATTEMPTS - 1):
        try:
            service.start()
            break
        except PartError:
            service.remove()
            service = make()
    else:
        service.start()
    try:
        yield service
    finally:
        service.remove()
