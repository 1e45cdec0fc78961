"""The load: publishes QoS 1 messages of three metrics as fast as the broker takes them, from a process of its own.

`python -m bench.flood PORT` prints one JSON line when the broker has acknowledged the last one.
"""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Annotated, NamedTuple

import msgspec
import typer

from bench.packets import Block
from bench.publisher import Publisher

CONNECTIONS = 4


class Flood(NamedTuple):
    """What was published. Times are microseconds since the epoch."""

    began: int
    ended: int
    messages: int
    cpu: float
    """Seconds of this process, preparation left out."""


def device(connection: int, number: int) -> str:
    return f"bench-{connection}-{number}"


def devices(count: int) -> list[list[str]]:
    """The names of all devices that publish, by connection."""
    per_connection = max(count // CONNECTIONS, 1)
    return [[device(connection, number) for number in range(per_connection)] for connection in range(CONNECTIONS)]


async def flood(port: int, count: int, messages: int | None, seconds: float) -> Flood:
    """Publish so many messages, or for so long. Times are in the past and never repeat, also in the next flood."""
    loop = asyncio.get_running_loop()
    start = time.time_ns() // 1_000_000 - (messages or 0) // count - 60_000
    publishers = []
    async with AsyncExitStack() as connections:
        for number, names in enumerate(devices(count)):
            share = None if messages is None else messages // CONNECTIONS + (number < messages % CONNECTIONS)
            publisher = Publisher(f"bench-flood-{number}", Block(names), start, share)
            transport, _ = await loop.create_connection(lambda publisher=publisher: publisher, "127.0.0.1", port)  # type: ignore[misc]
            connections.callback(transport.abort)
            publishers.append(publisher)
        await asyncio.gather(*(publisher.connected for publisher in publishers))
        began, cpu = time.time_ns() // 1_000, time.process_time()
        for publisher in publishers:
            publisher.fill()
            if messages is None:
                loop.call_later(seconds, publisher.stop)
        await asyncio.gather(*(publisher.done for publisher in publishers))
        ended = time.time_ns() // 1_000
        return Flood(began, ended, sum(publisher.sent for publisher in publishers), time.process_time() - cpu)


def main(
    port: int,
    messages: Annotated[int | None, typer.Option(help="how many in all")] = None,
    seconds: Annotated[float, typer.Option(help="for how long, if no number is given")] = 10,
    devices: Annotated[int, typer.Option(help="how many say it, in turn")] = 500,
) -> None:
    done = asyncio.run(flood(port, devices, messages, seconds))
    print(msgspec.json.encode(done._asdict()).decode())


if __name__ == "__main__":
    typer.run(main)
