"""How many messages a second a flood becomes committed readings, beside what `mosquitto_sub` receives and drops."""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from typing import NamedTuple

import asyncpg
import msgspec

from bench import cpu
from bench.parts import running
from bench.report import Report, Row
from tests import services

METRICS = 3
SETTLED = 0.5
"""Seconds without a commit after which the flood counts as stored; the rows are counted then."""


class Run(NamedTuple):
    """One flood, received to its end."""

    seconds: float
    cpu: dict[str, float]
    messages: int

    @property
    def rate(self) -> float:
        return self.messages / self.seconds


def measure(rounds: int = 5, messages: int = 200_000, devices: int = 500) -> Report:
    """Alternate both, so that a machine that grows slower slows both."""
    runs: dict[str, list[Run]] = {"mosquitto_sub": [], "fieldline": []}
    for _ in range(rounds):
        runs["mosquitto_sub"].append(_roofline(messages, devices))
        runs["fieldline"].append(_fieldline(messages, devices))
    return _report(runs, messages)


def _roofline(messages: int, devices: int) -> Run:
    with services.running_broker() as broker:
        command = ["mosquitto_sub", "-p", str(broker.port), "-i", "roofline", "-c", "-q", "1", "-t", "devices/#"]
        with subprocess.Popen([*command, "-C", str(messages)], stdout=subprocess.DEVNULL) as subscriber:
            time.sleep(0.5)  # it says nothing when it has subscribed
            parts = {"broker": _pid(broker)}
            before = cpu.used(parts)
            began = _flood(broker.port, messages, devices)
            _, _, usage = os.wait4(subscriber.pid, 0)
            ended = time.time_ns() // 1_000
            subscriber.returncode = 0  # it is reaped already: wait4 alone tells what an ended process has used
        used = {"receiver": usage.ru_utime + usage.ru_stime, "broker": cpu.used(parts)["broker"] - before["broker"]}
        return Run((ended - began) / 1e6, used, messages)


def _fieldline(messages: int, devices: int) -> Run:
    with services.running_broker() as broker, services.running_database(fsync=True) as server:
        services.make_template(server)
        with services.fresh_database(server) as url, running("bridge", broker.url, url) as bridge:
            parts = {"receiver": bridge.pid, "broker": _pid(broker), "postgres": _pid(server)}
            before = cpu.used(parts)
            began = _flood(broker.port, messages, devices)
            ended, stored = asyncio.run(_stored(url))
            after = cpu.used(parts)
            if stored != messages * METRICS:
                raise SystemExit(f"ingest: expected {messages * METRICS} readings, got {stored}")
        return Run((ended - began) / 1e6, {name: after[name] - before[name] for name in parts}, messages)


def _pid(service: services.Service) -> int:
    assert isinstance(service, services.Local), "expected local processes: CPU is measured by pid"
    return service.pid


def _flood(port: int, messages: int, devices: int) -> int:
    """Publish all, and return when it began."""
    command = [sys.executable, "-m", "bench.flood", str(port), str(messages), str(devices)]
    done = subprocess.run(command, check=True, capture_output=True, timeout=120)
    began: int = msgspec.json.decode(done.stdout)["began"]
    return began


async def _stored(url: str) -> tuple[int, int]:
    """Wait for the last commit; when it was, and how many readings there are."""
    connection = await asyncpg.connect(url)
    try:
        last = 0
        while True:
            now = await connection.fetchval("SELECT micros(last) FROM commit_clock")
            if now == last:
                return last, await connection.fetchval("SELECT count(*) FROM reading")
            last = now
            await asyncio.sleep(SETTLED)
    finally:
        await connection.close()


def _report(runs: dict[str, list[Run]], messages: int) -> Report:
    rows = []
    for name, done in runs.items():
        parts = {
            f"{part} µs": statistics.median(run.cpu[part] / messages * 1e6 for run in done) for part in done[0].cpu
        }
        rates = [run.rate for run in done]
        rows.append(
            Row(name, {"messages/s": statistics.median(rates), "least": min(rates), "most": max(rates), **parts})
        )
    return Report("ingest", f"{messages:,} QoS 1 messages of {METRICS} metrics, CPU per message by process", rows)
