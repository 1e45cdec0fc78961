"""The promise of the live stream: whoever is cut off, whenever, has each reading once and in order, or is told of a gap."""

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import count

import asyncpg
import pytest

from tests.bridge.watching import BEGINNING, STORED, Writer
from tests.eventually import eventually
from tests.services import Broker
from tests.system.browser import publishing
from tests.system.reconnecting import Client, Door, Row
from tests.system.served import Served, serving

BRIDGES = 4
WANTS: list[tuple[Door, str]] = [
    ("socket", "*"),
    ("socket", "d1/*"),
    ("socket", "*/m2"),
    ("socket", "*"),
    ("events", "d2/*"),
    ("events", "*"),
]
RECONNECTS_A_RESTART = 60


@pytest.fixture
def reconnects(request: pytest.FixtureRequest) -> int:
    number: int = request.config.getoption("--reconnects")
    return number


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    seed = request.config.getoption("--seed")
    print(f"seed {seed}")  # noqa: T201  what a failure has to say
    return random.Random(seed)


@pytest.mark.timeout(900)  # the long form; the short one takes some ten seconds
@pytest.mark.parametrize("name", ["api", "server"])
async def test_what_each_client_has_got_is_what_was_committed_whenever_it_was_cut_off(
    name: str, broker: Broker, database_url: str, chance: random.Random, reconnects: int
) -> None:
    """Four bridges write all the while; where the hub is in the process of a fifth, a device speaks to that one, too."""
    writers = [Writer(database_url, None) for _ in range(BRIDGES)]
    first = await writers[0].write(("d0", "m0", BEGINNING, 0.0))
    done, numbers, spoken = threading.Event(), count(1), 0
    async with serving(name, broker, database_url) as served:
        clients = [
            Client(door, served.address, match, first.committed_at, random.Random(chance.random()))
            for door, match in WANTS
        ]
        async with asyncio.TaskGroup() as writing:
            for writer in writers:
                writing.create_task(_write(writer, chance, numbers, done))
            speaking = writing.create_task(asyncio.to_thread(_speak, broker, done)) if name == "server" else None
            try:
                async with asyncio.TaskGroup() as coming:
                    for client in clients:
                        coming.create_task(client.come_and_go(-(-reconnects // len(clients))))
                    coming.create_task(_strike(served, clients, reconnects))
            finally:
                done.set()
        for writer in writers:
            await writer.close()
        if speaking is not None:
            spoken = speaking.result()
            await eventually(lambda: _heard(database_url, spoken), within=30)
        stored = {match: await _stored(database_url, match) for _, match in WANTS}
        async with asyncio.TaskGroup() as finishing:
            for (_, match), client in zip(WANTS, clients, strict=True):
                finishing.create_task(client.finish(max(stored[match].values())))
    for (_, match), client in zip(WANTS, clients, strict=True):
        _check(client, {row: place for row, place in stored[match].items() if place > first.committed_at})
    assert served.restarts >= 1
    # Who answers each return with a gap keeps the promise, too, and is of no use.
    assert sum(len(client.gaps) for client in clients) * 10 <= reconnects
    print(_told(clients, stored["*"], spoken, served))  # noqa: T201  for a person who runs the long form with -s


def _check(client: Client, expected: dict[Row, int]) -> None:
    twice = [row for row, times in Counter(client.rows).items() if times > 1]
    assert twice == [], f"{client} got twice: {twice[:5]}"
    covered = {row for row, place in expected.items() if any(after < place <= until for after, until in client.gaps)}
    missing = expected.keys() - covered - set(client.rows)
    assert not missing, f"{client} lacks {len(missing)} of {len(expected)}, as {sorted(missing)[:5]}"
    assert set(client.rows) <= expected.keys(), f"{client} got what is not stored"
    places = [expected[row] for row in client.rows]
    assert places == sorted(places), f"{client} got readings in another order than they were committed in"


def _told(clients: list[Client], stored: dict[Row, int], spoken: int, served: Served) -> str:
    reconnects, refused, gaps = (
        sum(figures) for figures in zip(*((one.reconnects, one.refused, len(one.gaps)) for one in clients), strict=True)
    )
    return (
        f"{reconnects} reconnects, {refused} connections refused or lost, {served.restarts} restarts, {gaps} gaps, "
        f"{len(stored):,} readings, {spoken} of them by MQTT"
    )


async def _write(writer: Writer, chance: random.Random, numbers: Iterator[int], done: threading.Event) -> None:
    """Numbers, texts, late ones and new series, one batch after the other."""
    while not done.is_set():
        await writer.write(*[_reading(chance, next(numbers)) for _ in range(chance.randrange(1, 20))])


def _reading(chance: random.Random, n: int) -> tuple[str, str, int, float | str]:
    device, metric = f"d{chance.randrange(5)}", f"m{chance.randrange(5)}"
    at = BEGINNING + (n if chance.random() < 0.9 else -n)
    return device, metric, at, f"text {n}" if metric == "m3" else float(n)


def _speak(broker: Broker, done: threading.Event) -> int:
    """What a device says by MQTT; how many readings that were."""
    with publishing(broker) as publisher:
        for n in count(1):
            publisher.send("mqtt/telemetry", {"at": BEGINNING + n, "m2": n})
            if done.is_set():
                return n
    raise AssertionError


async def _strike(served: Served, clients: list[Client], reconnects: int) -> None:
    """Kill the server and start it again, a few times amid it all."""
    restarts = max(1, reconnects // RECONNECTS_A_RESTART)
    for number in range(1, restarts + 1):
        due = reconnects * number // (restarts + 1)
        await eventually(partial(_came, clients, due), within=300)
        await served.restart()


async def _came(clients: list[Client], due: int) -> bool:
    return sum(client.reconnects for client in clients) >= due


async def _heard(database_url: str, spoken: int) -> bool:
    """Whether all that was said by MQTT is stored: a bridge that was killed gets it again."""
    return len(await _stored(database_url, "mqtt/*")) == spoken


async def _stored(database_url: str, match: str) -> dict[Row, int]:
    """What the database holds of a match, in the order of commits."""
    connection = await asyncpg.connect(database_url)
    try:
        found = await connection.fetch(STORED, match.replace("*", "%"))
    finally:
        await connection.close()
    return {Row(series, at, value if text is None else text): place for series, at, value, text, place in found}
