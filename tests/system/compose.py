"""A compose project of its own: built, brought up on free ports, and taken down with its volumes."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
import yaml

from fieldline.embedded import port

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"


def described() -> dict[str, Any]:
    """The compose file as it is written, its variables not yet filled in."""
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def command() -> list[str]:
    """`docker compose` or its predecessor, or skip the test that asks."""
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0:
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    pytest.skip("docker compose not found: apt-get install docker-compose")


class Project(NamedTuple):
    """A project by its name, the image that it builds, and the ports that it publishes."""

    name: str
    command: list[str]
    variables: dict[str, str]

    @property
    def image(self) -> str:
        return self.variables["FIELDLINE_IMAGE"]

    @property
    def address(self) -> str:
        """Of the api, as host and port."""
        return f"{port.LOOPBACK}:{self.variables['FIELDLINE_PORT']}"

    def run(self, *arguments: str, seconds: float = 60) -> str:
        """What compose says, once it has ended well."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("FIELDLINE_", "COMPOSE_"))}
        done = subprocess.run(
            [*self.command, "--project-name", self.name, *arguments],
            cwd=ROOT,
            env={**clean, **self.variables},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        said = f"{done.stdout}\n{done.stderr}".strip()
        assert done.returncode == 0, f"compose {' '.join(arguments)} ended with {done.returncode}:\n{said[-3000:]}"
        return done.stdout

    def await_health(self, service: str, since: float, seconds: int = 60) -> None:
        """Wait until Docker itself calls the service healthy, by its events since a moment."""
        labels = {"project": self.name, "service": service}
        filters = [f"--filter=label=com.docker.compose.{name}={value}" for name, value in labels.items()]
        span = [f"--since={since:.3f}", f"--until={time.time() + seconds:.3f}"]
        with subprocess.Popen(
            ["docker", "events", *filters, "--filter=event=health_status", "--format={{.Status}}", *span],
            stdout=subprocess.PIPE,
            text=True,
        ) as events:
            assert events.stdout is not None
            healthy = any(line.strip() == "health_status: healthy" for line in events.stdout)
            events.terminate()
        assert healthy, f"{service} is not healthy after {seconds} s:\n{self.run('logs', service)[-3000:]}"

    def containers(self) -> dict[str, dict[str, Any]]:
        """What Docker knows of the containers, by service."""
        ids = self.run("ps", "--quiet").split()
        done = subprocess.run(["docker", "inspect", *ids], capture_output=True, text=True, check=True)
        return {each["Config"]["Labels"]["com.docker.compose.service"]: each for each in json.loads(done.stdout)}


@contextmanager
def project(**variables: str) -> Iterator[Project]:
    """A project that is not yet up, with an image of its own."""
    name = f"fieldline-{uuid4().hex[:8]}"
    names = ("PORT", "MQTT_PORT", "MQTT_WEBSOCKET_PORT", "POSTGRES_PORT", "GRAFANA_PORT")
    ports = {f"FIELDLINE_{each}": str(number) for each, number in zip(names, port.free(len(names)), strict=True)}
    made = Project(name, command(), {"FIELDLINE_IMAGE": f"{name}:test", **ports, **variables})
    try:
        yield made
    finally:
        made.run("down", "--volumes", "--remove-orphans", "--timeout=5")
        subprocess.run(["docker", "image", "rm", made.image], capture_output=True, check=False)
