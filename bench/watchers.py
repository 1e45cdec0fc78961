"""Many WebSocket clients in one process, and what they see of a server.

`python -m bench.watchers PORT SERVER SOCKETS SECONDS STALLED [distinct | flat-out]` says it in one line of JSON, with CPU and
memory of the server, by its pid; then once more beside so many sockets that ask for everything and read none of it. Distinct
sockets have no two the same match; flat out they ask for more than can be had.
"""

import asyncio
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec
import uvloop

from bench import cpu, memory
from bench.watcher import Manner, Tally, Watcher

MATCH = ["chorus-*/temperature"]
EVERYTHING = ["chorus-*"]
RATE, MOST = 10.0, 100.0
"""Frames a second that a socket asks for, and the most that it may ask for."""
LOOKING = 20
"""Sockets that look at their frames flat out: all get the same, and the others leave the processor to broker and database."""
SETTLING = 5.0
"""Seconds after the last socket has its first frame: by then those who read nothing have got all they are to get."""
STARTING = 60.0
AT_ONCE = 50
"""Handshakes under way at a time."""


Wish = Callable[[int], Mapping[str, object]]
"""What the socket of this number subscribes to."""


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

    async def grow(self, sockets: int, wish: Wish, manner: Manner = "looks") -> None:
        async with asyncio.timeout(STARTING):
            await asyncio.gather(*(self._connect(wish(number), manner) for number in range(sockets)))
        await asyncio.sleep(SETTLING)

    async def _connect(self, wish: Mapping[str, object], manner: Manner) -> None:
        subscribe = json.dumps({"type": "subscribe", **wish}).encode()
        end = socket.socket()
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        end.setblocking(False)  # noqa: FBT003  as its C namesake takes it
        loop = asyncio.get_running_loop()
        async with self._gate:
            await loop.sock_connect(end, ("127.0.0.1", self._port))
            _, watcher = await loop.create_connection(lambda: Watcher(self._tally, subscribe, manner), sock=end)
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


def alike(_: int) -> Mapping[str, object]:
    return {"id": "a", "match": MATCH, "rate": RATE}


def distinct(number: int) -> Mapping[str, object]:
    return {"id": "a", "match": [*MATCH, f"nobody-{number}/*"], "rate": RATE}


def stalled(number: int) -> Mapping[str, object]:
    return {"id": f"s{number}", "match": EVERYTHING, "rate": RATE}  # who stalls shares no bytes


def flat_out(_: int) -> Mapping[str, object]:
    return {"id": "a", "match": MATCH, "rate": MOST}


async def watch(crowd: Crowd, sockets: int, stalls: int, way: str) -> list[Figures]:
    """What the sockets saw, and once more beside some that read nothing."""
    if way == "flat-out":
        await crowd.grow(sockets - LOOKING, flat_out, "drops")
        await crowd.grow(LOOKING, flat_out)
        seen = await crowd.measure()
        return [seen._replace(frames=seen.frames * sockets / LOOKING)]
    await crowd.grow(sockets, distinct if way == "distinct" else alike)
    found = [await crowd.measure()]
    if stalls:
        await crowd.grow(stalls, stalled, "stalls")
        found.append(await crowd.measure())
    return found


if __name__ == "__main__":
    port, server, sockets, seconds, stalls = map(int, sys.argv[1:6])
    way = "".join(sys.argv[6:])
    told = uvloop.run(watch(Crowd(port, server, seconds), sockets, stalls, way))
    print(msgspec.json.encode([figures._asdict() for figures in told]).decode(), flush=True)
    os._exit(0)  # a thousand sockets need no farewell
