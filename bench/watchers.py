"""Many WebSocket clients in one process, as cheap as they can be: they look at the times in each frame and drop it.

`python -m bench.watchers PORT SERVER SOCKETS SECONDS STALLED [distinct]` says in one line of JSON what they saw of the
server, by its pid; then once more beside so many sockets that ask for everything and read none of it.
"""

import asyncio
import base64
import json
import os
import socket
import sys
import time
from collections import Counter
from typing import NamedTuple, cast

import msgspec
import uvloop

from bench import cpu, memory

MATCH = ["chorus-*/temperature"]
EVERYTHING = ["chorus-*"]
RATE = 10.0
SETTLING = 5.0
"""Seconds after the last socket has its first frame: by then those who read nothing have got all they are to get."""
STARTING = 60.0
AT_ONCE = 50
"""Handshakes under way at a time."""
UPGRADE = (
    b"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n\r\n"
)


class Times(msgspec.Struct):
    type: str
    at: list[int] = []


_times = msgspec.json.Decoder(Times).decode


class Tally:
    """Of all frames in the time that counts: how many there were, and the age of the oldest reading in each."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.counting = False
        self.frames = 0
        self.bytes = 0
        self.ages: Counter[int] = Counter()
        self.others: Counter[str] = Counter()

    def take(self, text: memoryview) -> bool:
        """Look at a frame; whether it brings readings."""
        times = _times(text)
        if times.type != "readings":
            self.others[times.type] += 1
            return False
        if self.counting:
            self.frames += 1
            self.bytes += len(text)
            self.ages[int(time.time() * 1_000) - min(times.at)] += 1
        return True

    def age(self, percent: int) -> int | None:
        """The age in ms that the oldest reading does not exceed in so many of all frames."""
        rank = -(-self.ages.total() * percent // 100)
        for age, number in sorted(self.ages.items()):
            rank -= number
            if rank <= 0:
                return age
        return None


class Watcher(asyncio.Protocol):
    def __init__(self, tally: Tally, subscribe: bytes, *, stalls: bool) -> None:
        self.watching = asyncio.get_running_loop().create_future()
        self._tally = tally
        self._subscribe = subscribe
        self._stalls = stalls
        self._buffer = bytearray()
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(UPGRADE % base64.b64encode(os.urandom(16)))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._upgraded = True
            self._buffer = rest
            self._transport.write(_masked(self._subscribe))
            if self._stalls:
                self._transport.pause_reading()
                self.watching.set_result(None)
                return
        self._read()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._stalls:
            raise SystemExit(f"watchers: expected a socket that stays open, got {error or 'the end of it'}")

    def _read(self) -> None:
        """Take all whole frames. A server's are not masked (RFC 6455, 5.1)."""
        view, start = memoryview(self._buffer), 0
        while len(view) >= start + 2:
            length, body = view[start + 1], start + 2
            if length >= 126:
                body += 2 if length == 126 else 8
                length = int.from_bytes(view[start + 2 : body], "big")
            if len(view) < body + length:
                break
            if view[start] == 0x89:
                self._transport.write(_masked(bytes(view[body : body + length]), 0x8A))
            elif view[start] == 0x81 and self._tally.take(view[body : body + length]) and not self.watching.done():
                self.watching.set_result(None)
            start = body + length
        view.release()
        del self._buffer[:start]


def _masked(text: bytes, first: int = 0x81) -> bytes:
    """A client's frame, with a mask of zeros."""
    length = bytes((0x80 | len(text),)) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
    return bytes((first,)) + length + bytes(4) + text


class Figures(NamedTuple):
    """Of one stretch of time. CPU and memory are the server's."""

    frames: float
    bytes: float
    median: int | None
    p99: int | None
    cpu: float
    resident: float
    others: dict[str, int]


class Crowd:
    """Sockets of one server. They are never closed: the process ends."""

    def __init__(self, port: int, server: int, seconds: float) -> None:
        self._port = port
        self._server = {"server": server}
        self._seconds = seconds
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._tally = Tally()
        self._watchers: list[Watcher] = []

    async def grow(self, sockets: int, *, stalls: bool = False, distinct: bool = False) -> None:
        async with asyncio.timeout(STARTING):
            await asyncio.gather(*(self._connect(number, stalls, distinct) for number in range(sockets)))
        await asyncio.sleep(SETTLING)

    async def _connect(self, number: int, stalls: bool, distinct: bool) -> None:  # noqa: FBT001  called once, right above
        match = EVERYTHING if stalls else [*MATCH, f"nobody-{number}/*"] if distinct else MATCH
        name = f"s{number}" if stalls else "a"  # those who stall share no bytes
        wanted = json.dumps({"type": "subscribe", "id": name, "match": match, "rate": RATE}).encode()
        end = socket.socket()
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        end.setblocking(False)  # noqa: FBT003  as its C namesake takes it
        loop = asyncio.get_running_loop()
        async with self._gate:
            await loop.sock_connect(end, ("127.0.0.1", self._port))
            _, watcher = await loop.create_connection(lambda: Watcher(self._tally, wanted, stalls=stalls), sock=end)
            await watcher.watching
        self._watchers.append(watcher)

    async def measure(self) -> Figures:
        self._tally.reset()
        self._tally.counting = True
        before, began = cpu.used(self._server), time.perf_counter()
        await asyncio.sleep(self._seconds)
        self._tally.counting = False
        took = time.perf_counter() - began
        tally = self._tally
        return Figures(
            frames=tally.frames / took,
            bytes=tally.bytes / max(tally.frames, 1),
            median=tally.age(50),
            p99=tally.age(99),
            cpu=cpu.since(before, self._server)["server"] / took,
            resident=memory.resident(self._server["server"]),
            others=dict(tally.others),
        )


async def watch(port: int, server: int, sockets: int, seconds: float, stalled: int, *, distinct: bool) -> list[Figures]:
    """What the sockets saw, and once more beside some that read nothing."""
    crowd = Crowd(port, server, seconds)
    await crowd.grow(sockets, distinct=distinct)
    found = [await crowd.measure()]
    if stalled:
        await crowd.grow(stalled, stalls=True)
        found.append(await crowd.measure())
    return found


if __name__ == "__main__":
    port, server, sockets, seconds, stalled = map(int, sys.argv[1:6])
    told = uvloop.run(watch(port, server, sockets, seconds, stalled, distinct="distinct" in sys.argv))
    print(msgspec.json.encode([figures._asdict() for figures in told]).decode(), flush=True)
    os._exit(0)  # a thousand sockets need no farewell
