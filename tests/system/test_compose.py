"""Fieldline as containers: what docker-compose.yml promises, and a real run of it without Grafana."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from devices.sequence import RUN
from tests.standins import images
from tests.system.compose import FILE, ROOT, Project, described, project

SERVICES: dict[str, dict[str, Any]] = described()["services"]
PASSING = {"migrate"}  # ends by itself
UNSEEN = {"devices"}  # serves nobody that could be asked
PARTS = ("mosquitto", "postgres", "bridge", "api", "devices")

needs_minutes = pytest.mark.timeout(240)  # building the image may take two of them


def test_all_published_ports_are_on_loopback() -> None:
    ports = [each for service in SERVICES.values() for each in service.get("ports", [])]
    assert len(ports) == 5
    assert all(each.startswith("127.0.0.1:") for each in ports), ports


def test_every_foreign_image_names_its_version() -> None:
    foreign = [service["image"] for service in SERVICES.values() if "build" not in service]
    assert foreign
    assert all(re.fullmatch(r"[a-z/-]+:\d+(\.\d+)*", each) for each in foreign), foreign


def test_every_service_that_stays_has_a_health_check_and_comes_back() -> None:
    checked = {name for name, service in SERVICES.items() if "healthcheck" in service}
    lasting = {name for name, service in SERVICES.items() if service["restart"] == "unless-stopped"}
    assert checked == SERVICES.keys() - PASSING - UNSEEN
    assert lasting == SERVICES.keys() - PASSING


def test_every_variable_has_a_default() -> None:
    variables = re.findall(r"(?<!\$)\$\{?([A-Z_]+)(:-[^}]+)?", FILE.read_text(encoding="utf-8"))
    assert variables
    assert not [name for name, default in variables if not default]


def test_the_stand_ins_bear_the_names_that_compose_and_the_dockerfile_ask_for() -> None:
    assert SERVICES["mosquitto"]["image"] == images.MOSQUITTO
    assert SERVICES["postgres"]["image"] == images.POSTGRES
    stages = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(stages) == {images.PYTHON}


@pytest.fixture(scope="module")
def fleet() -> Iterator[Project]:
    """Broker, database, bridge, api and five devices, all up and healthy."""
    images.provide(*images.RECIPES)
    with project(FIELDLINE_DEVICES="5") as made:
        made.run("build", "migrate", seconds=200)
        start = time.time()
        made.run("up", "--detach", "--no-build", *PARTS, seconds=120)
        made.await_health("api", since=start)
        yield made


@needs_minutes
def test_the_image_runs_without_privileges(fleet: Project) -> None:
    run = ["docker", "run", "--rm", "--entrypoint=id", fleet.image, "--user"]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip() != "0"
    writable = {name for name, each in fleet.containers().items() if not each["HostConfig"]["ReadonlyRootfs"]}
    assert writable == {"mosquitto", "postgres"}


@needs_minutes
def test_readings_of_the_devices_arrive(fleet: Project) -> None:
    with httpx.Client(base_url=f"http://{fleet.address}") as client:
        await_readings(fleet)
        assert client.get("/api/v1/health").status_code == 200
        answer = client.get("/api/v1/readings", params={"match": "*/seq", "from": "-1h"}).json()
        assert len(answer["at"]) > 0
        assert client.get("/").headers["content-type"].startswith("text/html")
        assert client.get("/", headers={"host": "elsewhere.example"}).status_code == 421


@needs_minutes
def test_a_crash_of_the_database_costs_no_reading(fleet: Project) -> None:
    await_readings(fleet)
    crash = time.time()
    fleet.run("restart", "--timeout=0", "postgres")
    fleet.await_health("postgres", since=crash)
    await_readings(fleet, after=time.time())
    assert_gapless(fleet)
    assert {name for name, each in fleet.containers().items() if each["RestartCount"]} == set()


@needs_minutes
def test_a_restart_of_the_broker_while_the_bridge_is_away_costs_no_reading(fleet: Project) -> None:
    await_readings(fleet)
    fleet.run("stop", "bridge")
    fleet.run("restart", "mosquitto")
    fleet.run(
        "exec", "-T", "mosquitto", "mosquitto_sub", "-t", "devices/+/telemetry", "-C", "20", "-W", "60", seconds=70
    )
    back = time.time()
    fleet.run("start", "bridge")
    await_readings(fleet, after=back)
    assert_gapless(fleet)


def assert_gapless(fleet: Project) -> None:
    """Every device's numbers are stored from the first one on."""
    for numbers in sequences(fleet).values():
        assert numbers == [numbers[0] // RUN * RUN + count for count in range(len(numbers))]


def await_readings(fleet: Project, after: float = 0) -> None:
    """Wait for the live stream to bring a reading that a device has made since a moment."""
    with connect(f"ws://{fleet.address}/api/v1/live") as live:
        live.send(json.dumps({"type": "subscribe", "id": "a", "match": ["*"], "after": None, "rate": 10}))
        end = time.monotonic() + 60
        while True:
            frame = json.loads(live.recv(timeout=end - time.monotonic()))
            if frame["type"] == "readings" and max(frame["at"]) >= after * 1000:
                return


def sequences(fleet: Project) -> dict[str, list[int]]:
    """The sequence numbers that each device has stamped, in order, as far as they are stored."""
    query: dict[str, str | int] = {"match": "*/seq", "from": "-1h", "limit": 10_000}
    answer = httpx.get(f"http://{fleet.address}/api/v1/readings", params=query).raise_for_status().json()
    assert answer["next"] is None
    found: dict[str, list[int]] = {}
    for series, value in zip(answer["series"], answer["value"], strict=True):
        found.setdefault(answer["names"][str(series)]["device"], []).append(int(value))
    return {device: sorted(numbers) for device, numbers in found.items()}
