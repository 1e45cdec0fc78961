"""Runs all of Fieldline on this machine until it is told to stop."""

import asyncio
import contextlib
import os
from signal import Signals
from typing import Protocol

from fieldline.embedded import claim, status
from fieldline.embedded.part import PartError
from fieldline.embedded.plan import Plan
from fieldline.embedded.status import Status
from fieldline.embedded.supervisor import Supervisor

USER = "fieldline"
"""The name of our own sessions. Mosquitto gives a nameless one no rights after a restart, and drops its messages in silence
(its issue 384), although its access list allows them."""
EXTERNAL = "external"
"""A broker that was there already."""
STOPPING = (Signals.SIGINT, Signals.SIGTERM, Signals.SIGHUP)


class Screen(Protocol):
    """Where the progress is told."""

    def doing(self, what: str) -> None: ...

    def done(self, part: str, what: str) -> None: ...

    def warn(self, line: str) -> None: ...

    def up(self, now: Status) -> None: ...


def run(plan: Plan, screen: Screen) -> None:
    """Start everything, keep it running, and return once it is stopped; `PartError` if something can't start.

    The first signal stops cleanly, the second at once. To be called in the main thread.
    """
    held = _claim(plan, screen)
    plan.check_ports()
    (plan.data / "log").mkdir(mode=0o700, exist_ok=True)
    status.remove(plan.data)
    asyncio.run(_run(_House(plan, screen, held)))


async def _run(house: "_House") -> None:
    work = asyncio.create_task(house.start_and_keep(), name="up")
    stopping = False

    def stop() -> None:
        nonlocal stopping
        if stopping:
            house.supervisor.hurry()
        stopping = True
        work.cancel()

    for number in STOPPING:
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await work
    finally:
        stopping = True
        house.screen.doing("stopping")
        await house.supervisor.stop()
        status.remove(house.plan.data)


def _claim(plan: Plan, screen: Screen) -> claim.Claim:
    try:
        return claim.claim(plan.data, lambda: screen.doing("waiting for the parts of a killed run to end"))
    except claim.ClaimedError as error:
        at = status.read(plan.data)
        where = f" at {at.http}" if at else ""
        raise PartError(f"--data {plan.data}: fieldline runs on it already{where} (pid {error.pid})") from None


class _House:
    """The parts of one run, and what is known of them so far."""

    def __init__(self, plan: Plan, screen: Screen, held: claim.Claim) -> None:
        self.plan = plan
        self.screen = screen
        self.supervisor = Supervisor(screen.warn, self.write_status, (held.parts,))
        self.mqtt, self.mqtt_websocket = plan.mqtt_urls()
        self.broker = EXTERNAL
        self.database_url = plan.database_url or ""
        self.environment = {
            "FIELDLINE_BROKER_URL": plan.broker_url or self.mqtt.replace("//", f"//{USER}@", 1),
            "FIELDLINE_HOST": plan.host,
            "FIELDLINE_PORT": str(plan.port),
            "FIELDLINE_DEVICES": str(plan.devices),
        }
        if self.mqtt_websocket:
            self.environment["FIELDLINE_MQTT_WEBSOCKET_URL"] = self.mqtt_websocket

    async def start_and_keep(self) -> None:
        if self.plan.broker_url is None:
            await self.start_broker()
        if self.plan.database_url is None:
            await self.start_postgres()
        self.environment["FIELDLINE_DATABASE_URL"] = self.database_url
        self.screen.doing("bringing the database to the current schema")
        await self.supervisor.complete(self.plan.migrate(self.environment))
        self.screen.done("schema", "current")
        self.screen.doing("starting bridge, API and web app")
        await self.supervisor.start(self.plan.server(self.environment))
        self.screen.done("server", "bridge, API and web app")
        if self.plan.devices:
            await self.supervisor.start(self.plan.fleet(self.environment))
            self.screen.done("fleet", f"{self.plan.devices} simulated devices")
        self.screen.up(self.write_status())
        await self.supervisor.keep()

    async def start_broker(self) -> None:
        self.screen.doing("starting the broker")
        choice = self.plan.choose_broker()
        self.broker = choice.name
        if choice.cost is not None:
            self.screen.warn(choice.cost)
            self.environment["FIELDLINE_BROKER_WARNING"] = choice.cost
        if self.plan.is_open():
            self.screen.warn(f"the broker listens on {self.plan.host} and asks nobody for a password")
        await self.supervisor.start(choice.server.prepare())
        self.screen.done("broker", f"{self.broker} at {self.mqtt}")

    async def start_postgres(self) -> None:
        self.screen.doing("starting Postgres")
        postgres = self.plan.choose_postgres()
        await self.supervisor.start(postgres.prepare())
        self.database_url = postgres.url()
        self.screen.done("postgres", f"data in {postgres.folder}")

    def write_status(self) -> Status:
        pids = {"supervisor": os.getpid()} | self.supervisor.pids
        server = pids.pop("server", None)
        if server is not None:
            pids |= {"bridge": server, "api": server}  # one process is both here
        now = Status(self.plan.address, self.mqtt, self.mqtt_websocket, self.database_url, self.broker, pids)
        status.write(self.plan.data, now)
        return now
