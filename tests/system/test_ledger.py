"""The ledger of a simulated fleet that the bridge was not always there for, and of a store that has lost something."""

import asyncio
import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests import services
from tests.api.field import NOON, execute, keep
from tests.devices.observer import Heard, Observer, telemetry
from tests.eventually import eventually
from tests.system import stored
from tests.system.command import running, running_bridge
from tests.system.house import fieldline

pytestmark = pytest.mark.timeout(120)

OUTAGE = 2000
"""Milliseconds that the bridge is away at least; readings are late after one second."""
FLEET = ("greenhouse-1", "meter-1", "pump-1")

LAST = "SELECT max(value)::bigint FROM readings WHERE metric = 'seq' AND device = $1"
LOSE = """
DELETE FROM reading USING series JOIN device ON device.id = series.device_id
WHERE series_id = series.id AND metric = 'seq' AND name = $1 AND mod(value::bigint, 1000000) = ANY ($2)
"""


async def ledger(database_url: str, *options: str) -> tuple[int, Any]:
    """The code it ends with, and what it says."""
    told = await asyncio.to_thread(fieldline, "ledger", "--json", f"--database-url={database_url}", *options)
    assert not told.stderr, told.stderr
    return told.returncode, json.loads(told.stdout)


async def test_an_outage_of_the_bridge_makes_readings_late_and_a_lost_row_is_missing(
    broker: services.Broker, database_url: str
) -> None:
    async with running_bridge(broker, database_url) as bridge:
        assert await bridge.end() == 0, "it leaves a session behind that the broker queues for"
    async with running("simulate", "--rate=50", broker_url=broker.url, devices=len(FLEET)) as fleet:
        async with running_bridge(broker, database_url) as bridge:
            await stored.await_messages(database_url, 200)
            assert await bridge.end() == 0
        with Observer(broker) as observer:
            awaited = time.time() * 1000 + OUTAGE
            await observer.until(lambda heard: bool(heard) and measured(heard[-1:]) >= awaited)
            async with running_bridge(broker, database_url) as bridge:
                assert await fleet.end() == 0
                for device in FLEET:
                    await observer.until_status(device, b"online", b"offline")
                    last = telemetry(observer.heard, device)[-1]["seq"]
                    await eventually(partial(is_stored, database_url, device, last), within=30)
                assert await bridge.end() == 0

    code, found = await ledger(database_url, "--late=1")
    assert (code, found["missing"], found["duplicate"]) == (0, 0, 0), found
    assert [device["device"] for device in found["devices"]] == list(FLEET)
    assert all(device["late"] > 0 for device in found["devices"]), found

    sent = found["devices"][0]["sent"]
    await execute(database_url, LOSE, FLEET[0], [0, 5, 6, 7, 20])
    code, found = await ledger(database_url)
    lossy, *others = found["devices"]
    run = lossy["ranges"][0][0]
    assert run % 1_000_000 == 0
    assert lossy["ranges"] == [[run, run], [run + 5, run + 7], [run + 20, run + 20]]
    assert (code, lossy["sent"], lossy["missing"], found["missing"]) == (1, sent, 5, 5)
    assert all(device["missing"] == 0 for device in others)


def measured(heard: list[Heard]) -> float:
    """When the telemetry among these was measured, by the device's clock; 0 if there is none."""
    return max((each["at"] for device in FLEET for each in telemetry(heard, device)), default=0)


async def is_stored(database_url: str, device: str, last: int) -> bool:
    [(found,)] = await stored.query(database_url, LAST, device)
    return bool(found and found >= last)


async def test_people_are_told_in_a_table(database_url: str) -> None:
    run = NOON // 1_000_000 * 1_000_000
    readings = [(NOON + n, float(run + n)) for n in range(20) if n not in (3, 4, 7)]
    await keep(database_url, {("a\x1b[2J", "seq"): readings, ("b", "seq"): readings[:3], ("c", "seq"): [(NOON, "x")]})
    told = await asyncio.to_thread(fieldline, "ledger", f"--database-url={database_url}")
    assert (told.returncode, told.stderr) == (1, "")
    lines = [line.replace("│", " ").split() for line in told.stdout.splitlines()]
    assert ["a\\x1b[2J", "1", "20", "17", "0", "3", "17", f"{run + 3}-{run + 4},", f"{run + 7}"] in lines
    assert ["b", "1", "3", "3", "0", "0", "3"] in lines
    assert ["all", "2", "23", "20", "0", "3", "20"] in lines
    assert "c: not a sequence: expected numbers, got the kind text" in told.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--database-url=postgresql://127.0.0.1:1/none"],
            "expected the database at 127.0.0.1:1/none to answer, got: ",
        ),
        (["--from=yesterday"], "got 'yesterday'"),
        (["--data={folder}"], "fieldline does not run on {folder}"),
    ],
)
def test_what_can_not_be_told_is_one_line_and_another_code(options: list[str], said: str, tmp_path: Path) -> None:
    told = fieldline("ledger", *[option.format(folder=tmp_path) for option in options])
    assert (told.returncode, told.stdout) == (2, "")
    assert said.format(folder=tmp_path) in told.stderr
    assert told.stderr.count("\n") == 1
