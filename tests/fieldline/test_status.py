"""What a run says of itself reaches its readers whole, and its owner only."""

import dataclasses
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldline.embedded import status
from fieldline.embedded.status import Status

NOW = Status(
    "http://127.0.0.1:8000", "mqtt://127.0.0.1:1883", None, "postgresql://…", "mosquitto 2.0.11", {"bridge": 1}
)


@pytest.fixture
def generous() -> Iterator[None]:
    """A user who lets others read whatever is not protected."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert status.read(tmp_path) is None
    status.write(tmp_path, NOW)
    assert status.read(tmp_path) == NOW
    status.remove(tmp_path)
    assert status.read(tmp_path) is None


def test_the_password_in_it_is_for_the_owner_only(tmp_path: Path, generous: None) -> None:
    status.write(tmp_path, NOW)
    assert stat.S_IMODE((tmp_path / "status.json").stat().st_mode) == 0o600


def test_a_reader_never_sees_half_of_it(tmp_path: Path) -> None:
    status.write(tmp_path, NOW)
    before = (tmp_path / "status.json").read_text()
    with (tmp_path / "status.json").open() as earlier:
        status.write(tmp_path, dataclasses.replace(NOW, broker="external"))
        assert earlier.read() == before
    assert [each.name for each in tmp_path.iterdir()] == ["status.json"]
