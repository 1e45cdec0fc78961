"""`fieldline up` with all its real parts: it carries readings, and no part stays away."""

import json
import os
import stat
from collections.abc import Iterator
from signal import Signals

import psutil
import pytest
from paho.mqtt import publish

from fieldline.embedded import mosquitto
from tests.system.house import House, fieldline, running

pytestmark = pytest.mark.skipif(mosquitto.find() is None, reason="mosquitto not found: apt-get install mosquitto")

NAMES = {"http", "mqtt", "mqtt_websocket", "database_url", "broker", "pids"}
PARTS = {"supervisor", "broker", "postgres", "bridge", "api", "fleet"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("up") / "data", "--devices=3") as house:
        yield house


def test_it_says_what_it_started_and_where_it_is(house: House) -> None:
    started = [line.split()[1] for line in house.said if line.startswith("✓")]
    assert started == ["broker", "postgres", "schema", "server", "fleet"]
    assert house.said[-1] == f"Fieldline is at http://127.0.0.1:{house.port}"


def test_status_gives_scripts_the_addresses_and_processes(house: House) -> None:
    told = fieldline("status", "--json", f"--data={house.data}")
    assert told.returncode == 0
    assert told.stdout.count("\n") == 1
    now = house.status()
    assert now.keys() == NAMES
    assert now["pids"].keys() == PARTS
    assert now["http"] == f"http://127.0.0.1:{house.port}"
    assert now["mqtt"] == f"mqtt://127.0.0.1:{house.mqtt_port}"
    assert now["mqtt_websocket"] == f"ws://127.0.0.1:{house.mqtt_websocket_port}"
    assert now["pids"]["supervisor"] == house.process.pid
    assert all(psutil.pid_exists(pid) for pid in now["pids"].values())


def test_status_tells_people_the_same(house: House) -> None:
    told = fieldline("status", f"--data={house.data}")
    assert f"http://127.0.0.1:{house.port}" in told.stdout
    assert f"pid {house.process.pid}" in told.stdout


def test_what_holds_a_password_is_for_its_owner_only(house: House) -> None:
    for name in ("status.json", "postgres", "postgres/fieldline.password", "log"):
        assert stat.S_IMODE((house.data / name).stat().st_mode) & 0o077 == 0, name


@pytest.mark.parametrize("part", ["broker", "postgres", "bridge", "fleet"])
def test_a_part_that_is_killed_comes_back_and_readings_go_on(house: House, part: str) -> None:
    house.await_saved(b"fieldline-bridge")
    pid = house.status()["pids"][part]
    os.kill(pid, Signals.SIGKILL)
    spoken = {"bridge": "server"}.get(part, part)
    assert "SIGKILL" in house.says(f"! {spoken} was ended by")
    house.says(f"! {spoken} runs again")
    assert house.status()["pids"][part] != pid
    publish.single(f"devices/after-{part}/telemetry", '{"temperature": 21.5}', qos=1, port=house.mqtt_port)
    house.await_values(f"after-{part}", [21.5])


def test_a_second_start_on_the_same_data_names_the_first(house: House) -> None:
    second = fieldline("up", f"--data={house.data}")
    assert second.returncode == 1
    address = f"http://127.0.0.1:{house.port}"
    assert (
        second.stderr == f"✗ --data {house.data}: fieldline runs on it already at {address} (pid {house.process.pid})\n"
    )


def test_the_ledger_reads_the_running_database(house: House) -> None:
    publish.single("devices/counted/telemetry", '{"seq": 2}', qos=1, port=house.mqtt_port)
    house.await_values("counted", [2.0])
    told = fieldline("ledger", "counted", "--json", f"--data={house.data}")
    [device] = json.loads(told.stdout)["devices"]
    assert (told.returncode, device["sent"], device["stored"], device["ranges"]) == (1, 3, 1, [[0, 1]])


def test_the_doctor_finds_nothing_that_breaks_the_promise(house: House) -> None:
    told = fieldline("doctor", "--json", f"--data={house.data}")
    findings = json.loads(told.stdout)["findings"]
    assert [found for found in findings if found["level"] == "broken"] == []
    assert {"persistence", "max_queued_messages"} <= {found["name"] for found in findings}, "it reads the broker's file"
    assert told.returncode == 0
