"""Reads a mosquitto.conf as Mosquitto does, as far as the promise hangs on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULTS: Mapping[str, str] = {
    "persistence": "false",
    "autosave_interval": "1800",
    "autosave_on_changes": "false",
    "max_queued_messages": "1000",
    "max_queued_bytes": "0",
    "memory_limit": "0",
    "max_packet_size": "0",
    "message_size_limit": "0",
    "persistent_client_expiration": "",
    "persistence_location": "",
    "sys_interval": "10",
}
"""What 2.0 and 2.1 take where the file is silent."""
SYNONYMS = {"retained_persistence": "persistence"}
UNITS = {"h": 3600, "d": 86_400, "w": 604_800, "m": 30 * 86_400, "y": 365 * 86_400}
"""Seconds; of a month and a year as Mosquitto has them."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings of a file; of one that is given twice the last."""

    path: Path
    given: Mapping[str, str]
    folders: tuple[str, ...] = ()
    """Of `include_dir`, whose files are not read."""

    def __getitem__(self, name: str) -> str:
        return self.given.get(name, DEFAULTS[name])

    def number(self, name: str) -> int:
        """Raises `ValueError` with what was expected and what was got."""
        try:
            return int(self[name])
        except ValueError:
            raise ValueError(f"{self.path}: {name}: expected a number, got {self[name]!r}") from None

    def is_on(self, name: str) -> bool:
        return self[name] in {"true", "1"}

    def seconds(self, name: str) -> int | None:
        """A time such as 14d; None is for ever."""
        text = self[name]
        if not text:
            return None
        if text[-1] not in UNITS or not text[:-1].isdecimal():
            raise ValueError(f"{self.path}: {name}: expected a number and one of h d w m y, got {text!r}")
        return int(text[:-1]) * UNITS[text[-1]]

    def shown(self, name: str, unit: str = "") -> str:
        """The value, and whether anyone has set it."""
        return f"{self[name]}{unit}" + ("" if name in self.given else " (default)")


def parse(text: str, path: Path) -> Configuration:
    given: dict[str, str] = {}
    folders = []
    for line in text.splitlines():
        name, _, value = line.strip().partition(" ")
        name, value = SYNONYMS.get(name, name), value.strip()
        if name == "include_dir":
            folders.append(value)
        elif name in DEFAULTS:
            given[name] = value
    return Configuration(path, given, tuple(folders))
