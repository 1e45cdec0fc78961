"""`fieldline up` as its users run it: what it says, where it is, and which processes it has."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from signal import Signals
from typing import Any

import httpx
import psutil

from fieldline.embedded import port
from fieldline.embedded.child import environment, launched
from fieldline.embedded.part import SAME

PATIENCE = 40  # seconds; a cold start takes four on a machine that does nothing else
FIELDLINE = (sys.executable, "-m", "fieldline")


def clean() -> dict[str, str]:
    """The environment without settings of whoever runs the tests."""
    return {name: value for name, value in environment({}).items() if not name.startswith("FIELDLINE_")}


def fieldline(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, where no fieldline.toml is."""
    command = [*FIELDLINE, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, cwd="/", env=clean())


class House:
    """A running `fieldline up` with ports of its own."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.port, self.mqtt_port, self.mqtt_websocket_port = port.free(3)
        self.said: list[str] = []
        self._lines: Queue[str | None] = Queue()
        ports = [f"--port={self.port}", f"--mqtt-port={self.mqtt_port}"]
        ports += [f"--mqtt-websocket-port={self.mqtt_websocket_port}"]
        self.process = subprocess.Popen(
            launched((*FIELDLINE, "up", f"--data={data}", *ports, *options), SAME, Signals.SIGTERM),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            env=clean(),
        )
        self._listener = threading.Thread(target=self._listen, name="what up says", daemon=True)
        self._listener.start()

    def says(self, text: str) -> str:
        """Wait for a line with this text, among those that were not yet waited for."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                line = self._lines.get(timeout=max(0, deadline - time.monotonic()))
            except Empty:
                line = None
            assert line is not None, f"{text!r} was never said, only:\n" + "\n".join(self.said)
            self.said.append(line)
            if text in line:
                return line

    def status(self) -> dict[str, Any]:
        """What `fieldline status --json` says, without the cost of another process."""
        found: dict[str, Any] = json.loads((self.data / "status.json").read_text())
        return found

    def family(self) -> list[psutil.Process]:
        """The supervisor and all processes below it."""
        supervisor = psutil.Process(self.process.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def get(self, path: str) -> Any:
        answer = httpx.get(f"http://127.0.0.1:{self.port}/api/v1/{path}", timeout=PATIENCE)
        return answer.raise_for_status().json()

    def values(self, device: str) -> list[float]:
        """All stored values of a device, oldest first."""
        page = self.get(f"readings?match={device}/*&from=-1h&to=now&order=asc")
        values: list[float] = page["value"]
        return values

    def await_values(self, device: str, expected: list[float]) -> None:
        deadline = time.monotonic() + PATIENCE
        while (found := self._values_by_now(device)) != expected:
            assert time.monotonic() < deadline, f"expected {expected} of {device}, got {found}"
            time.sleep(0.05)

    def await_saved(self, text: bytes) -> None:
        """Wait until the broker has something on disk, which takes it up to two seconds."""
        store = self.data / "broker" / "mosquitto.db"
        deadline = time.monotonic() + PATIENCE
        while not (store.exists() and text in store.read_bytes()):
            assert time.monotonic() < deadline, f"the broker has not saved {text!r}"
            time.sleep(0.05)

    def end(self, *signals: Signals) -> int:
        """Send signals, if any, and return the code it ends with."""
        for number in signals:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self._listener.join(PATIENCE)
        return code

    def _values_by_now(self, device: str) -> list[float]:
        try:
            return self.values(device)
        except httpx.HTTPError:  # a part is on its way back
            return []

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._lines.put(line.rstrip())
        self._lines.put(None)


@contextmanager
def running(data: Path, *options: str) -> Iterator[House]:
    """All parts up, until the block is left; then none."""
    house = House(data, *options)
    try:
        house.says("Fieldline is at")
        yield house
    finally:
        if house.process.poll() is None:
            family = house.family()
            assert house.end(Signals.SIGTERM) == 0
            assert not psutil.wait_procs(family, PATIENCE)[1]
