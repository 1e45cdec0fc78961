"""One configuration for compose, `up` and the tests, and what it promises."""

import base64
import socket
from pathlib import Path

from paho.mqtt import publish

from fieldline.embedded import mosquitto
from tests.eventually import eventually
from tests.fieldline.talking import connected
from tests.services import Broker, LocalBroker

REFUSED = 0x87  # MQTT 5: not authorized
TAKEN = {0, 0x10}  # success, with and without someone to send it to


def words_of_difference(local: str, shipped: str) -> set[str]:
    """First words of the lines that only one of both has."""
    return {line.split()[0] for line in set(local.splitlines()) ^ set(shipped.splitlines())}


def test_the_local_copy_differs_from_the_shipped_file_in_its_local_lines_only(tmp_path: Path) -> None:
    shipped = (mosquitto.configuration() / "mosquitto.conf").read_text()
    local = mosquitto.localized(shipped, ["2883 127.0.0.1", "2901 127.0.0.1"], tmp_path)
    assert words_of_difference(local, shipped) - {"user"} == {"listener", "acl_file", "persistence_location"}
    assert "\nlistener 2883 127.0.0.1\n" in local
    assert "\nlistener 2901 127.0.0.1\nprotocol websockets\n" in local


def test_the_shipped_file_has_the_paths_and_ports_of_the_official_image() -> None:
    lines = (mosquitto.configuration() / "mosquitto.conf").read_text().splitlines()
    assert {"listener 1883", "listener 9001"} <= set(lines)
    assert {"acl_file /mosquitto/config/acl", "persistence_location /mosquitto/data/"} <= set(lines)


def test_a_session_that_is_away_misses_nothing_however_much_there_is(broker: Broker) -> None:
    """Mosquitto's default drops all but 1000, after acknowledging them."""
    with connected(broker.port, "away", durable=True) as away:
        assert away.subscribe("devices/#") == 1
    numbers = [str(number).encode() for number in range(3000)]
    publish.multiple([("devices/one/telemetry", number, 1, False) for number in numbers], port=broker.port)
    broker.stop()
    broker.start()
    with connected(broker.port, "away", durable=True) as away:
        assert [away.next()[1] for _ in numbers] == numbers


async def test_what_waits_survives_a_kill_of_the_broker_once_it_is_saved(tmp_path: Path) -> None:
    broker = LocalBroker(tmp_path)
    broker.start()
    with connected(broker.port, "away", durable=True) as away:
        away.subscribe("devices/#")
    with connected(broker.port) as device:
        device.publish("devices/one/telemetry", "kept")

    async def saved() -> bool:
        store = tmp_path / "mosquitto" / "mosquitto.db"
        return store.exists() and b"kept" in store.read_bytes()

    await eventually(saved, within=5)
    broker.kill()
    broker.start()
    with connected(broker.port, "away", durable=True) as away:
        assert away.next() == ("devices/one/telemetry", b"kept")
    broker.stop()


def test_a_client_without_a_name_speaks_for_devices_and_for_nothing_else(broker: Broker) -> None:
    with connected(broker.port) as client:
        assert client.publish("devices/one/telemetry") in TAKEN
        assert client.publish("elsewhere") == REFUSED
        assert client.publish("$SYS/broker/uptime") == REFUSED


def test_a_device_that_logs_in_with_its_name_speaks_only_for_itself(broker: Broker) -> None:
    with connected(broker.port, user="one") as device:
        assert device.publish("devices/one/telemetry") in TAKEN
        assert device.publish("devices/two/telemetry") == REFUSED


def test_a_device_that_logs_in_with_its_name_hears_only_its_own_commands(broker: Broker) -> None:
    with connected(broker.port, user="one") as device, connected(broker.port) as other:
        device.subscribe("#")
        for topic in (
            "devices/two/telemetry",
            "devices/one/telemetry",
            "devices/two/commands/a",
            "devices/one/commands/b",
        ):
            assert other.publish(topic) in TAKEN
        assert device.next() == ("devices/one/commands/b", b"1")


def test_the_bridge_that_logs_in_hears_all_devices(broker: Broker) -> None:
    with connected(broker.port, user="fieldline") as bridge, connected(broker.port, user="one") as device:
        bridge.subscribe("devices/#")
        device.publish("devices/one/telemetry", "21.4")
        assert bridge.next() == ("devices/one/telemetry", b"21.4")


def test_a_browser_with_many_cookies_is_let_in(broker: Broker) -> None:
    """Cookies go to every port of a host, so a browser on localhost brings those of all other programs along."""
    lines = [
        "GET /mqtt HTTP/1.1",
        f"Host: 127.0.0.1:{broker.websocket_port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: mqtt",
        f"Cookie: session={'x' * 4000}",
    ]
    with socket.create_connection((broker.host, broker.websocket_port), timeout=10) as browser:
        browser.sendall("\r\n".join([*lines, "", ""]).encode())
        assert browser.recv(100).startswith(b"HTTP/1.1 101")


def test_a_path_with_spaces_does_no_harm(tmp_path: Path) -> None:
    broker = LocalBroker(tmp_path / "my data")
    (tmp_path / "my data").mkdir(exist_ok=True)
    broker.start()
    with connected(broker.port) as client:
        assert client.publish("elsewhere") == REFUSED
    broker.stop()
    assert (tmp_path / "my data" / "mosquitto" / "mosquitto.db").exists()
