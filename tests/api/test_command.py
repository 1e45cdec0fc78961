"""`fieldline api` as an operator starts it: it serves, stops cleanly, and says in one line why it can't start."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from api.app import create_health_app
from tests.api.field import client_of
from tests.api.states import WELL
from tests.eventually import eventually


@contextmanager
def fieldline_api(database_url: str, port: int) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "FIELDLINE_DATABASE_URL": database_url, "FIELDLINE_PORT": str(port)}
    command = [sys.executable, "-m", "fieldline", "api"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_serves_and_stops_cleanly(database_url: str, number: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    async def healthy() -> bool:
        try:
            return (await client.get(f"http://127.0.0.1:{port}/api/v1/health")).status_code == 200
        except httpx.TransportError:
            return False

    with fieldline_api(database_url, port) as process:
        async with httpx.AsyncClient() as client:
            await eventually(healthy, within=30)
        process.send_signal(number)
        assert process.wait(10) == 0


def test_a_taken_port_ends_it_with_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with fieldline_api("postgresql://nobody@127.0.0.1:1/none", port) as process:
            _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert said == f"fieldline: expected port {port} of 127.0.0.1 to be free, but it is taken\n"


async def test_a_bridge_alone_tells_its_health_and_nothing_else(database_url: str) -> None:
    app = create_health_app(database_url, lambda: WELL)
    async with app.router.lifespan_context(app), client_of(app) as client:
        health = await client.get("/health")
        assert (health.status_code, health.json()["broker"]["connected"]) == (200, True)
        assert (await client.get("http://localhost/metrics")).status_code == 200
        assert (await client.get("/readings")).headers["content-type"] == "application/problem+json"
