"""Where a command finds the database and the broker: its options, then the settings, then the running `up`."""

from pathlib import Path
from typing import NamedTuple

from fieldline.embedded import claim, iotcore
from fieldline.embedded import status as written
from fieldline.embedded.part import PartError
from fieldline.embedded.run import EXTERNAL, USER
from fieldline.embedded.status import Status
from fieldline.settings import Settings


def read_running(folder: Path) -> Status:
    """What the `up` on this folder says of itself. `PartError` if none runs, or not all of it yet."""
    if not claim.claimed(folder):
        raise PartError(f"fieldline does not run on {folder}: start it with `fieldline up`, or give its --data")
    now = written.read(folder)
    if now is None:
        raise PartError(f"fieldline is starting or stopping on {folder} (pid {claim.holder(folder)})")
    return now


def find_running(data: Path | None, settings: Settings, setting: str) -> Status | None:
    """The `up` to ask: the one of `data`, or, where nobody has set `setting`, the one of this folder, if it runs."""
    if data is not None:
        return read_running(data)
    if setting in settings.model_fields_set or not claim.claimed(settings.data):
        return None
    return read_running(settings.data)


def database_url(given: str | None, data: Path | None, settings: Settings) -> str:
    """The database of a command. `PartError` if `data` is given and nothing runs there."""
    if given is not None:
        return given
    now = find_running(data, settings, "database_url")
    return now.database_url if now else settings.database_url


class Found(NamedTuple):
    """A broker, with what is known of it besides its address."""

    url: str
    configuration: Path | None
    """Its configuration file, if an `up` has written it."""
    warning: str | None
    """What it can't promise, if that is known."""


def broker_of(now: Status | None, data: Path, settings: Settings) -> Found:
    """The broker of the running `up` on `data`, or else of the settings."""
    if now is None:
        return Found(settings.broker_url, None, settings.broker_warning)
    if now.broker == EXTERNAL:
        return Found(now.mqtt, None, settings.broker_warning)
    url = now.mqtt.replace("//", f"//{USER}@", 1)
    if now.broker.startswith("mosquitto"):
        return Found(url, data / "broker" / "mosquitto.conf", None)
    return Found(url, None, iotcore.COST)
