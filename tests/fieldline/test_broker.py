"""The broker of `up` where there is no Mosquitto."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bridge.decode import SUBSCRIPTIONS
from bridge.session import Session
from bridge.watch import Watch
from devices.broker import parse
from fieldline.embedded import broker, iotcore, mosquitto, port
from fieldline.embedded.child import Child
from fieldline.embedded.mosquitto import Mosquitto
from tests.eventually import eventually
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


async def test_the_fallback_broker_says_nothing_of_itself_and_the_session_does_not_notice(fallback: int) -> None:
    url = parse(f"mqtt://fieldline@127.0.0.1:{fallback}")
    session, watch = Session(url, "bridge", SUBSCRIPTIONS, 100, expiry=3600), Watch(url, "bridge")

    async def tried_and_subscribed() -> bool:
        return session.trouble is None and any(line["event"] == "watch.failed" for line in log)

    with capture_logs() as log:
        running = [asyncio.create_task(session.run()), asyncio.create_task(watch.run())]
        try:
            await eventually(tried_and_subscribed)
            assert (session.connects, watch.told) == (1, None)
        finally:
            for task in running:
                task.cancel()
            await asyncio.wait(running)


def test_the_fallback_broker_listens_on_loopback_only(fallback: int) -> None:
    assert not port.answers("127.0.0.2", fallback)


def test_a_mosquitto_outside_the_path_of_the_user_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "mosquitto"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(mosquitto, "FOLDERS", (str(tmp_path),))
    assert mosquitto.find() == program
