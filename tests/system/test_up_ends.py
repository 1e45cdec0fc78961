"""`fieldline up` ends as a whole, however it ends, and its data is there the next time."""

import time
from pathlib import Path
from signal import Signals

import psutil
import pytest
from paho.mqtt import publish

from fieldline.embedded import mosquitto
from tests.system.house import PATIENCE, running

pytestmark = pytest.mark.skipif(mosquitto.find() is None, reason="mosquitto not found: apt-get install mosquitto")


def test_a_killed_supervisor_leaves_nothing_running_and_loses_nothing(tmp_path: Path) -> None:
    with running(tmp_path, "--devices=1") as house:
        publish.single("devices/one/telemetry", '{"temperature": 21.5}', qos=1, port=house.mqtt_port)
        house.await_values("one", [21.5])
        family = house.family()
        assert len(family) > 5
        house.end(Signals.SIGKILL)
        _, alive = psutil.wait_procs(family, PATIENCE)
        assert not alive
    with running(tmp_path, "--devices=0") as house:
        house.await_values("one", [21.5])


@pytest.mark.parametrize("signal", [Signals.SIGINT, Signals.SIGHUP])  # SIGTERM ends all other tests
def test_it_stops_cleanly_in_seconds(tmp_path: Path, signal: Signals) -> None:
    with running(tmp_path, "--devices=2") as house:
        family = house.family()
        began = time.monotonic()
        assert house.end(signal) == 0
        assert time.monotonic() - began < 10
        assert not psutil.wait_procs(family, 1)[1]
        assert house.says("stopped") == "stopped"
    assert "database system is shut down" in (tmp_path / "log" / "postgres.log").read_text()
    assert not (tmp_path / "status.json").exists()


def test_a_second_request_to_stop_does_not_wait_for_a_part_that_hangs(tmp_path: Path) -> None:
    with running(tmp_path, "--devices=1") as house:
        family = house.family()
        fleet = psutil.Process(house.status()["pids"]["fleet"])
        psutil.Process(house.status()["pids"]["bridge"]).suspend()
        house.process.send_signal(Signals.SIGINT)
        fleet.wait(PATIENCE)  # the first to go; next in turn is the one that hangs
        began = time.monotonic()
        assert house.end(Signals.SIGINT) == 0
        assert time.monotonic() - began < 5
        assert not psutil.wait_procs(family, 1)[1]
