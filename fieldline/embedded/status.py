"""What a running `up` says of itself in its data folder, for `fieldline status` and scripts."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "status.json"


@dataclass(frozen=True, slots=True)
class Status:
    """Addresses and processes. Holds the database's password, so the file is for its owner only."""

    http: str
    mqtt: str
    mqtt_websocket: str | None
    """None where the broker is someone else's and nobody said where its WebSocket listener is."""
    database_url: str
    broker: str
    pids: Mapping[str, int]


def write(folder: Path, status: Status) -> None:
    """Replace it in one step: a reader sees the old or the new one, whole."""
    new = folder / (FILE + ".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(asdict(status), indent=2) + "\n")
    new.rename(folder / FILE)


def read(folder: Path) -> Status | None:
    """The last one written; None before the first."""
    try:
        return Status(**json.loads((folder / FILE).read_text()))
    except FileNotFoundError:
        return None


def remove(folder: Path) -> None:
    (folder / FILE).unlink(missing_ok=True)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
