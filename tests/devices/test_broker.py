"""Broker addresses: read from one URL, and never shown with their password."""

import ssl

import pytest

from devices import broker


def test_a_url_names_host_port_user_and_password() -> None:
    found = broker.parse("mqtt://green%40house:s%3Acret@broker.example:1884")
    assert found == ("broker.example", 1884, "green@house", "s:cret", None)
    assert "cret" not in repr(found)


def test_mqtts_checks_the_brokers_certificate() -> None:
    found = broker.parse("mqtts://broker.example")
    assert found.port == 8883
    assert found.tls is not None
    assert found.tls.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize("url", ["http://user:secret@broker", "broker:1883", "mqtt://", "mqtt://:1883"])
def test_another_url_is_refused_without_showing_the_password(url: str) -> None:
    with pytest.raises(ValueError, match="expected mqtt://") as refused:
        broker.parse(url)
    assert "secret" not in str(refused.value)
