"""Which parts `up` runs, and with which settings."""

import http.client
import sys
from dataclasses import dataclass
from pathlib import Path

from fieldline.embedded import broker
from fieldline.embedded.part import Part, PartError
from fieldline.embedded.port import LOOPBACK, bracketed, free, near, refusal
from fieldline.embedded.postgres import Postgres


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked for. A URL that is given means: use that service and start none."""

    data: Path
    host: str
    port: int
    mqtt_port: int
    mqtt_websocket_port: int
    devices: int
    database_url: str | None = None
    broker_url: str | None = None
    mqtt_websocket_url: str | None = None
    postgres_programs: Path | None = None
    command: tuple[str, ...] = (sys.executable, "-P", "-m", "fieldline")
    """Runs one part of our own, its name added. `-P`: a folder `api` where the user stands is none of our packages."""

    @property
    def address(self) -> str:
        """Where a browser on this machine finds it."""
        return f"http://{bracketed(near(self.host))}:{self.port}"

    def check_ports(self) -> None:
        """A `PartError` that names port and option if one can't be had: asked before anything is started."""
        options = [(self.port, "--port")]
        if self.broker_url is None:
            options += [(self.mqtt_port, "--mqtt-port"), (self.mqtt_websocket_port, "--mqtt-websocket-port")]
        given: dict[int, str] = {}
        for number, option in options:
            why = f"it is {given[number]} too" if number in given else refusal(self.host, number)
            if why is not None:
                other = ", or use the broker that has it: --broker-url" if option == "--mqtt-port" else ""
                raise PartError(
                    f"{option} {number}: can't listen on {self.host}: {why}; choose another {option}{other}"
                )
            given[number] = option

    def choose_broker(self) -> broker.Choice:
        """The broker to start."""
        folder, log = self.data / "broker", self.log("broker")
        return broker.choose(folder, log, self.host, self.mqtt_port, self.mqtt_websocket_port)

    def choose_postgres(self) -> Postgres:
        """The database to start, on a port that is free now. Always on loopback, whatever the host."""
        [number] = free()
        return Postgres(self.data / "postgres", self.log("postgres"), number, self.postgres_programs)

    def migrate(self, environment: dict[str, str]) -> Part:
        return Part("migrate", (*self.command, "migrate"), self.log("migrate"), lambda _: True, environment=environment)

    def server(self, environment: dict[str, str]) -> Part:
        """Bridge, live hub, API and web pages in one process. Nothing is lost when it is killed, so it may be."""
        return Part(
            name="server",
            command=(*self.command, "server"),
            log=self.log("server"),
            ready=lambda _: carries(near(self.host), self.port),
            environment=environment,
            patience=60,  # a cold start reads hundreds of Python files
        )

    def fleet(self, environment: dict[str, str]) -> Part:
        return Part("fleet", (*self.command, "simulate"), self.log("fleet"), lambda _: True, environment=environment)

    def mqtt_urls(self) -> tuple[str, str | None]:
        """Over TCP for programs, over WebSockets for browsers."""
        if self.broker_url is not None:
            return self.broker_url, self.mqtt_websocket_url
        host = bracketed(near(self.host))
        return f"mqtt://{host}:{self.mqtt_port}", self.mqtt_websocket_url or f"ws://{host}:{self.mqtt_websocket_port}"

    def log(self, name: str) -> Path:
        return self.data / "log" / f"{name}.log"

    def is_open(self) -> bool:
        """Whether others in the network can reach it."""
        return self.host not in {LOOPBACK, "localhost", "::1"}


def carries(host: str, port: int) -> bool:
    """Whether the server says that readings flow: from the first one on, none that is sent is lost."""
    connection = http.client.HTTPConnection(host, port, timeout=1)
    try:
        connection.request("GET", "/api/v1/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
