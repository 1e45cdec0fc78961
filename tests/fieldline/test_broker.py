"""The broker of `up` where there is no Mosquitto."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldline.embedded import broker, iotcore, mosquitto, port
from fieldline.embedded.child import Child
from fieldline.embedded.mosquitto import Mosquitto
from tests.fieldline.talking import connected


@pytest.fixture
def without_mosquitto(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(mosquitto, "FOLDERS", ())


@pytest.fixture
def fallback(tmp_path: Path, without_mosquitto: None) -> Iterator[int]:
    """The port of a running fallback broker."""
    mqtt, websocket = port.free(2)
    choice = broker.choose(tmp_path, tmp_path / "log", port.LOOPBACK, mqtt, websocket)
    assert (choice.name, choice.cost) == ("iotcore, in memory only", iotcore.COST)
    child = Child(choice.server.prepare())
    child.wait_until_ready()
    yield mqtt
    child.stop()


def test_where_there_is_a_mosquitto_it_is_the_broker_and_costs_nothing(tmp_path: Path) -> None:
    if mosquitto.find() is None:
        pytest.skip("mosquitto not found: apt-get install mosquitto")
    choice = broker.choose(tmp_path, tmp_path / "log", port.LOOPBACK, 1, 2)
    assert isinstance(choice.server, Mosquitto)
    assert choice.name.startswith("mosquitto 2.")
    assert choice.cost is None


def test_the_fallback_broker_carries_messages_and_does_not_log_each(fallback: int, tmp_path: Path) -> None:
    with connected(fallback) as one, connected(fallback) as two:
        assert one.subscribe("devices/#") == 1
        two.publish("devices/one/telemetry", "21.4")
        assert one.next() == ("devices/one/telemetry", b"21.4")
    assert (tmp_path / "log").read_text() == ""


def test_the_fallback_broker_carries_a_backlog_as_large_as_mosquitto_does(fallback: int) -> None:
    with connected(fallback) as one, connected(fallback) as two:
        one.subscribe("devices/#")
        two.publish("devices/one/telemetry", "x" * 1_000_000)
        assert len(one.next()[1]) == 1_000_000


def test_the_fallback_broker_listens_on_loopback_only(fallback: int) -> None:
    assert not port.answers("127.0.0.2", fallback)


def test_a_mosquitto_outside_the_path_of_the_user_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "mosquitto"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(mosquitto, "FOLDERS", (str(tmp_path),))
    assert mosquitto.find() == program
