"""Chooses the broker of `up`: Mosquitto where there is one, else the fallback, with what that costs."""

from dataclasses import dataclass
from pathlib import Path

from fieldline.embedded import iotcore, mosquitto
from fieldline.embedded.iotcore import Iotcore
from fieldline.embedded.mosquitto import Mosquitto


@dataclass(frozen=True, slots=True)
class Choice:
    """A broker to run, what it is called, and what it costs if it is not the right one."""

    server: Mosquitto | Iotcore
    name: str
    cost: str | None = None


def choose(folder: Path, log: Path, host: str, port: int, websocket_port: int) -> Choice:
    """The best broker this machine has, not started."""
    program = mosquitto.find()
    if program is None:
        return Choice(Iotcore(folder, log, port, websocket_port, host), "iotcore, in memory only", iotcore.COST)
    server = Mosquitto(program, folder, log, port, websocket_port, host)
    return Choice(server, f"mosquitto {mosquitto.version(program)}")
