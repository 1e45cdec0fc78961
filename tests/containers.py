"""The same services as containers, from the images that docker-compose.yml names."""

import asyncio
import secrets
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import asyncpg
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from fieldline.embedded import mosquitto, port
from tests.standins import images

PATIENCE = 30.0  # seconds for a container to serve
CONNECT = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x05\x00\x01x"  # client x, clean session; the answer is four bytes


class Container:
    """A container at fixed ports of the loopback address, so that it comes back where it was."""

    host = port.LOOPBACK

    def __init__(self, image: str, ports: dict[int, int]) -> None:
        testcontainers_config.ryuk_disabled = True  # its image would be pulled; containers end with their fixture
        images.provide(image)
        self.container = DockerContainer(image)
        for inside, outside in ports.items():
            self.container.ports[str(inside)] = (port.LOOPBACK, outside)  # type: ignore[assignment]  # docker takes pairs
        self._made = False

    def serves(self) -> bool:
        """Whether it answers in its own protocol: Docker's proxy accepts connections before."""
        raise NotImplementedError

    def start(self) -> None:
        if not self._made:
            self.container.start()
            self._made = True
        else:
            self.container.get_wrapped_container().start()
        _wait(self.serves)

    def stop(self) -> None:
        if self._made:
            self.container.get_wrapped_container().stop(timeout=10)

    def kill(self, signal: str = "SIGKILL") -> None:
        wrapped = self.container.get_wrapped_container()
        wrapped.kill(signal)
        wrapped.wait()

    def remove(self) -> None:
        if self._made:
            self.container.stop()


class Broker(Container):
    def __init__(self) -> None:
        self.port, self.websocket_port = port.free(2)
        super().__init__(images.MOSQUITTO, {1883: self.port, 9001: self.websocket_port})
        self.container.with_kwargs(user="1883:1883")  # as in compose: root would take over the configuration's files
        folder = mosquitto.configuration()
        for name in ("mosquitto.conf", "acl"):
            self.container.with_volume_mapping(folder / name, f"/mosquitto/config/{name}")

    @property
    def url(self) -> str:
        return f"mqtt://fieldline@{self.host}:{self.port}"

    def serves(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), timeout=1) as connection:
                connection.sendall(CONNECT)
                return connection.recv(4) == b"\x20\x02\x00\x00"
        except OSError:
            return False


class Database(Container):
    def __init__(self, *, fsync: bool) -> None:
        [self.port] = port.free()
        super().__init__(images.POSTGRES, {5432: self.port})
        self._password = secrets.token_hex(16)
        self.container.with_envs(POSTGRES_USER="fieldline", POSTGRES_PASSWORD=self._password, POSTGRES_DB="fieldline")
        self.container.with_command(["postgres", "-c", f"fsync={'on' if fsync else 'off'}"])

    def url(self, database: str = "fieldline") -> str:
        return f"postgresql://fieldline:{self._password}@{self.host}:{self.port}/{database}"

    def restart(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        if mode == "immediate":
            self.kill("SIGQUIT")
        else:
            self.stop()
        self.start()

    def serves(self) -> bool:
        async def connect() -> None:
            await (await asyncpg.connect(self.url(), timeout=1)).close()

        with ThreadPoolExecutor(1) as thread:
            error = thread.submit(lambda: asyncio.run(connect())).exception()
        return error is None


def _wait(serves: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not serves():
        assert time.monotonic() < deadline, f"a container does not serve after {PATIENCE} s"
        time.sleep(0.1)
