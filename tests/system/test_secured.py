"""A broker that asks for a password and speaks TLS: who is wrong gets one clear line and another try."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system import stored
from tests.system.command import running
from tests.system.device import connected, disconnected
from tests.system.secured import SecuredBroker, certificate, secured_broker

PASSWORD = "p@ss:w/rd é"  # noqa: S105  characters that a URL would take for something else
QUOTED = "p%40ss%3Aw%2Frd%20%C3%A9"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[SecuredBroker]:
    with secured_broker(tmp_path, fieldline=PASSWORD, greenhouse="seeds") as broker:
        yield broker


def publish(broker: SecuredBroker, payload: str) -> None:
    """As a device that logs in with its own name."""
    client = connected(broker, user=("greenhouse", "seeds"))
    client.publish("devices/greenhouse/telemetry", payload, qos=1).wait_for_publish(5)
    disconnected(client)


async def test_a_wrong_password_is_one_clear_line_a_try_until_it_is_right(
    broker: SecuredBroker, database_url: str
) -> None:
    url = f"mqtt://fieldline:wrong-one@{broker.host}:{broker.port}"
    async with running("bridge", broker_url=url, database_url=database_url) as bridge:
        line = await bridge.says("session.lost", times=3)
        assert line["reason"] == "broker: refused: not authorized"
        assert [each["event"] for each in bridge.log] == ["session.lost"] * len(bridge.log)
        broker.admit({"fieldline": "wrong-one", "greenhouse": "seeds"})
        await bridge.says("session.subscribed")
        publish(broker, '{"at":1760000000000,"seq":1}')
        await stored.await_messages(database_url, 1)
        assert "wrong-one" not in str(bridge.log)


async def test_a_password_with_characters_of_a_url_lets_in(broker: SecuredBroker, database_url: str) -> None:
    url = f"mqtt://fieldline:{QUOTED}@{broker.host}:{broker.port}"
    async with running("bridge", broker_url=url, database_url=database_url) as bridge:
        await bridge.says("session.subscribed")
        assert not bridge.said("session.lost")


async def test_readings_are_carried_over_tls_when_the_certificate_is_known(
    broker: SecuredBroker, database_url: str
) -> None:
    url = f"mqtts://fieldline:{QUOTED}@{broker.host}:{broker.tls_port}"
    async with running("bridge", broker_url=url, broker_ca=broker.certificate, database_url=database_url) as bridge:
        await bridge.says("session.subscribed")
        publish(broker, '{"at":1760000000000,"seq":1}')
        await stored.await_messages(database_url, 1)
        assert await bridge.end() == 0


async def test_a_broker_whose_certificate_is_not_known_is_refused(
    broker: SecuredBroker, database_url: str, tmp_path: Path
) -> None:
    url = f"mqtts://fieldline:{QUOTED}@{broker.host}:{broker.tls_port}"
    for known in ({"broker_ca": certificate(tmp_path, "stranger")}, {}):
        async with running("bridge", broker_url=url, database_url=database_url, **known) as bridge:
            line = await bridge.says("session.lost")
            assert "certificate verify failed" in line["reason"]
            assert not bridge.said("session.connected")


async def test_a_file_of_certificates_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate", encoding="utf-8")
    for wrong in (tmp_path / "missing.pem", broken):
        async with running("bridge", broker_url="mqtts://127.0.0.1:1", broker_ca=wrong) as bridge:
            assert await bridge.ends() == 1
            [line] = bridge.strays
            bridge.strays.clear()
            assert str(wrong) in line
