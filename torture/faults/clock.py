"""Faults of clocks: the database's, the bridge's; those of devices are the stream's own."""

import asyncio
import tempfile
from pathlib import Path

from torture.disk import Skipped
from torture.fault import Scene
from torture.faults import bridge
from torture.settling import settle

LIBRARY = "*/faketime/libfaketime.so.1"
PLACES = ("/usr/lib", "/usr/lib64")
MOST = """
SELECT max(abs(extract(epoch FROM received_at - committed_at))) / 3600 FROM reject WHERE starts_with(topic, 'devices/' || $1)
"""
"""Hours between the bridge's clock and the database's."""
STEPS = ("+3600", "-3600", "+0", "-86400", "+43200", "+0")
"""Seconds. A day ahead is as far as a device's time may be ahead of the bridge's."""


async def commit_clock_ahead(scene: Scene) -> None:
    """As after a clock that was ahead and has stepped back: the next commits count on from there by microseconds."""
    await scene.house.query("UPDATE commit_clock SET last = last + interval '10 s' RETURNING 1")


async def bridge_clock_steps(scene: Scene) -> None:
    """While it runs, to and fro."""
    with tempfile.TemporaryDirectory(prefix="fieldline-") as folder:
        offset = Offset(Path(folder) / "offset")
        scene.house.variables = {
            "LD_PRELOAD": library(),
            "FAKETIME_TIMESTAMP_FILE": str(offset.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        await bridge.stopped(scene)
        for step in STEPS:
            offset.step(step)
            scene.stream.send(200)
            scene.stream.send(20, bad=True)
            await asyncio.sleep(0.2)
        await settle(scene.house, scene.stream)
        [(hours,)] = await scene.house.query(MOST, scene.stream.prefix)
        assert hours > 1, f"expected the bridge's clock to be off by hours, got {hours}"
        scene.house.variables = {}
        await bridge.stopped(scene)


class Offset:
    """How far a process under libfaketime is off the real time."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.step("+0")

    def step(self, seconds: str) -> None:
        self.file.write_text(seconds, encoding="ascii")


def library() -> str:
    """The library that bends a process's clock. `Skipped` where there is none."""
    for place in PLACES:
        for found in Path(place).glob(LIBRARY):
            return str(found)
    raise Skipped("no libfaketime here: apt-get install libfaketime")
