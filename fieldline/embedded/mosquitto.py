"""Runs Mosquitto from the one configuration that compose and the tests use too."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

from fieldline.embedded.part import Part, PartError
from fieldline.embedded.port import LOOPBACK, answers, near

FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")  # where packages put it, often not on a user's PATH
LOCAL = re.compile(r"^(listener|acl_file|persistence_location)\b.*$", re.MULTILINE)


def find() -> Path | None:
    """The mosquitto program, if this machine has one."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path=os.pathsep.join(FOLDERS))
    return Path(found) if found else None


def version(program: Path) -> str:
    """For example 2.0.11."""
    said = subprocess.run([program, "-h"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"mosquitto version (\S+)", said)
    return found.group(1) if found else "of unknown version"


def configuration() -> Path:
    """The folder with mosquitto.conf and acl: beside this package in a wheel, in the repository otherwise."""
    package = Path(__file__).parent.parent
    for folder in (package / "mosquitto", package.parent / "mosquitto"):
        if (folder / "mosquitto.conf").is_file():
            return folder
    raise PartError(f"mosquitto.conf is neither in {package}/mosquitto nor beside it: the installation is not complete")


def localized(text: str, listeners: list[str], folder: Path) -> str:
    """The shipped configuration with only its local lines replaced."""
    places = iter(listeners)

    def local(line: re.Match[str]) -> str:
        match line[1]:
            case "listener":
                return f"listener {next(places)}"
            case "acl_file":
                return f"acl_file {folder / 'acl'}"
            case _:
                return f"persistence_location {folder}/"

    # As root it would drop to the user `mosquitto`, which can't write in root's folder.
    user = "user root\n" if os.geteuid() == 0 else ""
    return LOCAL.sub(local, text) + user


@dataclass(frozen=True, slots=True)
class Mosquitto:
    """A Mosquitto with its own folder: configuration, and the queues and retained messages that survive restarts."""

    program: Path
    folder: Path
    log: Path
    port: int
    websocket_port: int
    host: str = LOOPBACK

    def prepare(self) -> Part:
        """Write the configuration and say how to run it."""
        folder = self.folder.absolute()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        shipped = configuration()
        self._write(folder / "acl", (shipped / "acl").read_text())
        listeners = [f"{self.port} {self.host}", f"{self.websocket_port} {self.host}"]
        self._write(folder / "mosquitto.conf", localized((shipped / "mosquitto.conf").read_text(), listeners, folder))
        close = near(self.host)
        return Part(
            name="broker",
            command=(str(self.program), "-c", str(folder / "mosquitto.conf")),
            log=self.log,
            ready=lambda _: answers(close, self.port) and answers(close, self.websocket_port),
            orphaned=Signals.SIGTERM,  # saves its queues
        )

    @staticmethod
    def _write(path: Path, text: str) -> None:
        path.touch(mode=0o600)
        path.write_text(text)
