"""Three that receive the same flood: `mosquitto_sub`, which drops it, Fieldline, and the bridge that everybody writes first."""

import asyncio
import resource
import time
from collections.abc import Mapping

from bench import cpu, memory
from bench.commits import listening
from bench.flood import Flood
from bench.packets import METRICS
from bench.parts import House, Running, house, pid, program, running
from tests import services

Figures = Mapping[str, float]
RATE = "messages/s"
SLOWEST = 300
"""Messages a second: whoever takes fewer has stopped."""


def mosquitto_sub(messages: int, devices: int) -> Figures:
    """The roofline: nothing can be faster than what the broker delivers."""
    with services.running_broker() as broker:
        subscribe = ("mosquitto_sub", "-p", str(broker.port), "-i", "roofline", "-c", "-q", "1", "-t", "devices/#")
        with program(*subscribe, "-E") as subscribing:  # leaves a session behind, so that no message can come too early
            subscribing.wait(within=10)
        with program(*subscribe, "-C", str(messages), silent=True) as receiver:
            parts = {"broker": pid(broker)}
            before = cpu.used(parts)
            flood = published(broker, messages, devices)
            reaped = _reaped()
            receiver.wait(patience(messages))
            ended = time.time_ns() // 1_000
            used = {"receiver": _reaped() - reaped, **cpu.since(before, parts), "load": flood.cpu}
        return figures(messages, flood.began, ended, used)


def fieldline(messages: int, devices: int) -> Figures:
    """`fieldline bridge`: committed, rollups included, and acknowledged."""
    with (
        house() as made,
        services.fresh_database(made.server) as url,
        running("bridge", made.broker.url, url) as bridge,
    ):
        return asyncio.run(carried(made, url, bridge, messages, devices))


async def carried(made: House, url: str, bridge: Running, messages: int, devices: int) -> Figures:
    """Flood a bridge that waits for it, until the commit of the last message is heard."""
    parts = {"receiver": bridge.pid, **made.pids()}
    async with listening(url) as commits:
        before = cpu.used(parts)
        flood = await asyncio.to_thread(published, made.broker, messages, devices)
        await commits.until_stored(messages * len(METRICS))
        used = cpu.since(before, parts) | {"load": flood.cpu}
        peak = {"peak MB": memory.peak(bridge.pid)}
        return figures(messages, flood.began, commits.at[-1], used) | peak | await commits.bounds()


def naive(messages: int, devices: int) -> Figures:
    """aiomqtt, an SQLModel session a message, a commit a message."""
    with house() as made:
        services.execute(made.server.url("postgres"), "CREATE DATABASE naive")
        command = ("-m", "bench.naive", str(made.broker.port), made.server.url("naive"), str(messages))
        with program(*command, said="subscribed") as receiver:
            before = cpu.used(made.pids())
            flood = published(made.broker, messages, devices)
            receiver.wait(patience(messages))
            said = receiver.last_line()
            used = {"receiver": said["cpu"], **cpu.since(before, made.pids()), "load": flood.cpu}
            return figures(messages, flood.began, said["ended"], used)


def published(broker: services.Broker, messages: int, devices: int) -> Flood:
    """Publish them all, from a process of its own."""
    command = ("-m", "bench.flood", str(broker.port), f"--messages={messages}", f"--devices={devices}")
    with program(*command) as load:
        load.wait(patience(messages))
        return Flood(**load.last_line())


def figures(messages: int, began: int, ended: int, used: Mapping[str, float]) -> dict[str, float]:
    """Times in microseconds, CPU in seconds by process."""
    each = {f"{part} µs": seconds / messages * 1e6 for part, seconds in used.items()}
    return {RATE: messages / (ended - began) * 1e6, **each}


def patience(messages: int) -> float:
    """Seconds after which a benchmark that handles so many gives up."""
    return 60 + messages / SLOWEST


def _reaped() -> float:
    """CPU seconds of all children that have ended and been waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
