"""How soon a thousand sockets have what was published, at what cost; beside the server that everybody writes first."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from bench import cpu, memory
from bench.fault import BenchError
from bench.parts import House, Running, house, program, running
from bench.report import Report, Row
from bench.size import Size
from fieldline.embedded import port
from tests import services

SOCKETS, DEVICES, HERTZ = 1_000, 50, 10
STALLED = 100
SECONDS = 10
PATIENCE = 150
"""Seconds for all sockets to connect, and for the time that is measured."""
UNWATCHED = 3
"""Seconds for which the server is looked at before anybody watches."""
A_CORE, TIMES, TIMES_UNCOMPRESSED = "frames a core", "times naive", "times uncompressed"
SENT, TIMES_SENT = "sent a core", "times naive, sending"
UNCOMPRESSED = "uncompressed"
FLAT_OUT = 100
"""Frames a second and socket: more than one processor can send."""
OURS, OTHERS = {0}, {1}
"""The server has one core; broker, database, publisher and clients share the other."""


def measure(size: Size) -> Report:
    """Alternate all of them, so that a machine that grows slower slows them all."""
    rounds = [
        (
            *_fieldline(stalled=STALLED),
            *_fieldline("distinct"),
            *_naive(HERTZ),
            *_naive(HERTZ, UNCOMPRESSED),
            *_fieldline("flat-out"),
            *_naive(FLAT_OUT, way="flat-out"),
            *_naive(FLAT_OUT, UNCOMPRESSED, way="flat-out"),
        )
        for _ in range(size.rounds)
    ]
    names = (
        "fieldline",
        f"beside {STALLED} stalled",
        "each its own match",
        "naive",
        "naive, uncompressed",
        "fieldline, flat out",
        "naive, flat out",
        "naive, uncompressed, flat out",
    )
    plain, stalled, distinct, naive, uncompressed, flat_out, naive_flat_out, uncompressed_flat_out = (
        Row(name, found) for name, found in zip(names, zip(*rounds, strict=True), strict=True)
    )
    rows = [
        _beside(plain, naive, uncompressed),
        stalled.beside(plain, "p99 ms", "of p99 without"),
        _beside(distinct, naive, uncompressed),
        naive,
        uncompressed,
        _beside(flat_out, naive_flat_out, uncompressed_flat_out),
        naive_flat_out,
        uncompressed_flat_out,
    ]
    about = f"{SOCKETS:,} sockets, {DEVICES} devices at {HERTZ} Hz to each, {HERTZ} frames a second; the server has one core"
    return Report("fanout", about, rows)


def _beside(ours: Row, naive: Row, uncompressed: Row) -> Row:
    every = ours.beside(naive, A_CORE, TIMES).beside(uncompressed, A_CORE, TIMES_UNCOMPRESSED)
    return every.beside(naive, SENT, TIMES_SENT)


def _fieldline(way: str = "", *, stalled: int = 0) -> list[Mapping[str, float]]:
    with (
        house() as made,
        services.fresh_database(made.server) as url,
        running("server", made.broker.url, url) as server,
    ):
        return _watched(made, server, way, stalled=stalled)


def _naive(hertz: int, *said: str, way: str = "") -> list[Mapping[str, float]]:
    with house() as made:
        [number] = port.free()
        command = ("-m", "bench.naive_live", str(made.broker.port), str(number), str(hertz), *said)
        with program(*command, port=number) as server:
            _await_answer(number)
            return _watched(made, server, way)


def _watched(made: House, server: Running, way: str, *, stalled: int = 0) -> list[Mapping[str, float]]:
    chorus = ("-m", "bench.chorus", str(made.broker.port), str(DEVICES), str(HERTZ))
    numbers = (server.port, server.pid, SOCKETS, SECONDS, stalled)
    watchers = ("-m", "bench.watchers", *map(str, numbers), way)
    others = (os.getpid(), *made.pids().values())
    with _on(OURS, server.pid), _on(OTHERS, *others), program(*chorus, said="publishing"):
        unwatched = _unwatched(server)
        before = memory.resident(server.pid)
        with program(*watchers) as clients:
            clients.wait(PATIENCE)
            found: list[dict[str, Any]] = clients.last_line()
    rows: list[Mapping[str, float]] = []
    for more, seen in zip((SOCKETS, stalled), found, strict=False):
        rows.append(_figures(seen, unwatched) | {"kB a client": (seen["resident"] - before) / more * 1_000})
        before = seen["resident"]
    return rows


def _unwatched(server: Running) -> float:
    """Of a core, that it takes while it receives, and ours stores, and nobody watches."""
    pids = {"server": server.pid}
    before, began = cpu.used(pids), time.perf_counter()
    time.sleep(UNWATCHED)
    return cpu.since(before, pids)["server"] / (time.perf_counter() - began)


def _figures(seen: Mapping[str, Any], unwatched: float) -> dict[str, float]:
    if not seen["frames"]:
        raise BenchError(f"fanout: expected frames with readings, got none; others: {seen['others']}")
    return {
        "frames/s": seen["frames"],
        "median ms": seen["median"],
        "p99 ms": seen["p99"],
        "CPU µs a frame": seen["cpu"] / seen["frames"] * 1e6,
        A_CORE: seen["frames"] / seen["cpu"],
        SENT: seen["frames"] / (seen["cpu"] - unwatched),
        "core %": seen["cpu"] * 100,
        "unwatched %": unwatched * 100,
        "frame bytes": seen["bytes"],
    }


@contextmanager
def _on(cores: set[int], *pids: int) -> Iterator[None]:
    """Keep processes, and what they start, on some cores while the block runs; where there is only one, all share it."""
    allowed = {number: os.sched_getaffinity(number) for number in pids}
    for number, may in allowed.items():
        os.sched_setaffinity(number, cores & may or may)
    try:
        yield
    finally:
        for number, may in allowed.items():
            os.sched_setaffinity(number, may)


def _await_answer(number: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            httpx.get(f"http://127.0.0.1:{number}/")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise BenchError("fanout: expected the naive server to answer within 30 s, got nothing")
