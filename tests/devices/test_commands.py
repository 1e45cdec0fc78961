"""Commands: each is answered, also one that makes no sense."""

import pytest

from devices.commands import obey
from devices.fleet import fleet

DEVICE = fleet(1, 1)[0]


def test_identify_says_who_it_is_and_changes_nothing() -> None:
    device, reply = obey(DEVICE, "identify", b"")
    assert device is DEVICE
    assert reply == {"name": "greenhouse-1", "model": "Hygro 200", "firmware": "2.4.1"}


def test_set_interval_changes_how_often_it_reports() -> None:
    device, reply = obey(DEVICE, "set-interval", b'{"interval": 2}')
    assert device.interval == pytest.approx(2)
    assert reply == {"interval": 2}


@pytest.mark.parametrize(
    "argument", [b"", b"nonsense", b"[]", b"7", b'{"interval": true}', b'{"interval": 0}', b'{"interval": "2"}', b"{}"]
)
def test_an_interval_that_makes_no_sense_is_answered_with_what_was_expected(argument: bytes) -> None:
    device, reply = obey(DEVICE, "set-interval", argument)
    assert device is DEVICE
    assert "expected" in reply["error"]
    assert "got" in reply["error"]


def test_an_unknown_command_is_answered_with_the_known_ones() -> None:
    assert obey(DEVICE, "explode", b"").reply == {"error": "expected identify or set-interval, got 'explode'"}
