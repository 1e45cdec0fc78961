"""`fieldline doctor` at real brokers and databases, good ones and bad ones."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fieldline.database import opened
from fieldline.doctor import postgres
from fieldline.embedded import mosquitto, port
from fieldline.embedded.iotcore import COST, Iotcore
from fieldline.embedded.part import Part
from tests import services
from tests.api.field import NOON, execute, keep
from tests.system.house import clean

pytestmark = pytest.mark.timeout(120)

BROKER = {"persistence", "autosave_interval", "max_queued_messages"}
"""What is wrong with a Mosquitto that nobody has configured."""


def doctor(database_url: str, broker_url: str, *options: str, **settings: str) -> tuple[int, Any]:
    """The code it ends with, and what it says."""
    given = {"database_url": database_url, "broker_url": broker_url, **settings}
    told = subprocess.run(
        (sys.executable, "-m", "fieldline", "doctor", "--json", *options),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd="/",
        env=clean() | {f"FIELDLINE_{name.upper()}": value for name, value in given.items()},
    )
    assert not told.stderr, told.stderr
    return told.returncode, json.loads(told.stdout)


def broken(told: Any, part: str) -> set[str]:
    return {found["name"] for found in told["findings"] if (found["level"], found["part"]) == ("broken", part)}


@contextmanager
def running(part: Part) -> Iterator[None]:
    local = services.Local(part)
    local.start()
    try:
        yield
    finally:
        local.remove()


@pytest.fixture
def careless(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A Mosquitto with nothing but a port: its URL and its configuration."""
    program = mosquitto.find()
    if program is None:
        pytest.skip("mosquitto not found: apt-get install mosquitto")
    [number] = port.free()
    file = tmp_path / "careless.conf"
    file.write_text(f"listener {number} {port.LOOPBACK}\nallow_anonymous true\n", encoding="utf-8")
    command = (str(program), "-c", str(file))
    with running(Part("broker", command, tmp_path / "log", lambda _: port.answers(port.LOOPBACK, number))):
        yield f"mqtt://fieldline@{port.LOOPBACK}:{number}", file


@pytest.fixture
def shipped() -> Path:
    return mosquitto.configuration() / "mosquitto.conf"


def test_ours_are_fine(broker: services.Broker, shipped: Path) -> None:
    with services.running_database(fsync=True) as database:
        services.make_template(database)
        code, told = doctor(database.url(services.TEMPLATE), broker.url, f"--broker-config={shipped}", "--rate=20")
    assert [found for found in told["findings"] if found["level"] == "broken"] == []
    assert code == 0
    limits = {limit["name"]: limit["seconds"] for limit in told["limits"]}
    assert limits["max_queued_messages"] == 100_000
    assert (told["covered"], told["exact"]) == (min(limits.values()), True)


def test_a_careless_broker_is_found_out_by_its_file(careless: tuple[str, Path], database_url: str) -> None:
    url, file = careless
    code, told = doctor(database_url, url, f"--broker-config={file}", "--rate=10")
    assert (code, broken(told, "broker")) == (1, BROKER)
    assert (told["limit"], told["covered"], told["exact"]) == ("max_queued_messages", 100, True)


def test_a_careless_broker_is_found_out_by_a_trial(careless: tuple[str, Path], database_url: str) -> None:
    url, _ = careless
    code, told = doctor(database_url, url, "--rate=10")
    assert code == 1
    assert "messages dropped" in {found["name"] for found in told["findings"]}, "it hears more than a window of counts"
    assert "queue of a session that is away" in broken(told, "broker")
    assert (told["limit"], told["exact"]) == ("queue, as tried", True)
    assert 100 <= told["covered"] < 120, "a thousand of 1,200, and what the broker counts as in flight"


def test_a_trial_of_our_broker_loses_nothing_and_leaves_nothing(broker: services.Broker, database_url: str) -> None:
    code, told = doctor(database_url, broker.url, "--rate=10")
    assert broken(told, "broker") == set()
    assert (told["covered"], told["exact"]) == (120, False)
    assert (code, broken(told, "database")) == (1, {"fsync", "full_page_writes"}), "the tests' Postgres runs without"
    if isinstance(broker, services.LocalBroker):
        broker.stop()  # which saves its sessions
        saved = broker.part.command[2].replace("mosquitto.conf", "mosquitto.db")
        assert b"doctor" not in Path(saved).read_bytes()


def test_a_database_that_commits_without_waiting_is_named(broker: services.Broker, database_url: str) -> None:
    name = database_url.rpartition("/")[2]
    services.execute(database_url, f"ALTER DATABASE {name} SET synchronous_commit = off")
    services.execute(database_url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    _, told = doctor(database_url, broker.url, "--no-trial")
    assert (told["covered"], told["limits"]) == (None, []), "nobody knows how much may wait"
    assert broken(told, "database") == {"fsync", "full_page_writes", "synchronous_commit", "writable"}


def test_the_fallback_broker_is_named_for_what_it_is(database_url: str, tmp_path: Path) -> None:
    number, websocket = port.free(2)
    with running(Iotcore(tmp_path / "iotcore", tmp_path / "log", number, websocket).prepare()):
        url = f"mqtt://fieldline@{port.LOOPBACK}:{number}"
        code, told = doctor(database_url, url, "--rate=100000", broker_warning=COST)
    assert code == 1
    assert "in memory" in broken(told, "broker")
    assert told["limit"] == "memory of the fallback broker"


async def test_what_is_away_or_not_migrated_is_a_finding(migrated: services.Database) -> None:
    [nobody] = port.free()
    nowhere = f"mqtt://fieldline@{port.LOOPBACK}:{nobody}"
    code, told = await asyncio.to_thread(doctor, "postgresql://127.0.0.1:1/none", nowhere)
    assert (code, broken(told, "broker"), broken(told, "database")) == (1, {"answer"}, {"answer"})
    _, told = await asyncio.to_thread(doctor, migrated.url("postgres"), nowhere)
    assert "schema" in broken(told, "database")


async def test_where_the_broker_counts_nothing_the_database_tells_the_rate(database_url: str) -> None:
    readings = [(NOON + n, float(n)) for n in range(120)]
    texts = [(NOON + n, "x") for n in range(120)]
    await keep(database_url, {("a", "x"): readings, ("a", "y"): readings, ("a", "z"): texts, ("b", "x"): readings})
    async with opened(database_url) as database:
        assert await postgres.rate(database) == 4, "messages, of two devices, in a minute"
    await execute(database_url, "UPDATE reading SET committed_at = committed_at - interval '61 s' WHERE value < 60")
    await execute(database_url, "DELETE FROM text_reading")
    async with opened(database_url) as database:
        assert await postgres.rate(database) == 2
