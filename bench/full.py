"""How fast a bridge stores into a database of many weeks, beside an empty one on the same server."""

import asyncio

from bench import flood
from bench.contestants import RATE, Figures, carried
from bench.fill import check_room, fill
from bench.parts import House, house, running
from bench.report import Report, Row
from bench.size import Size
from tests import services

MESSAGES = 200_000
DEVICES = 500


def measure(size: Size) -> Report:
    """Fill one database, then alternate it with one that is new in each round. The same devices publish to both."""
    check_room(size.stored)
    messages = size.messages or MESSAGES
    runs: list[tuple[Figures, Figures]] = []
    with house() as made, services.fresh_database(made.server) as full:
        names = [name for connection in flood.devices(DEVICES) for name in connection]
        stored = asyncio.run(fill(full, size.stored, names))
        for _ in range(size.rounds):
            with services.fresh_database(made.server) as empty:
                runs.append((_flooded(made, empty, messages), _flooded(made, full, messages)))
    before, after = (Row(name, rounds) for name, rounds in zip(("empty", "full"), zip(*runs, strict=True), strict=True))
    about = f"{messages:,} messages into {size.stored:,} readings ({stored / 1e9:.1f} GB with index), beside none"
    return Report("full", about, [before, after.beside(before, RATE, "of empty")])


def _flooded(made: House, url: str, messages: int) -> Figures:
    with running("bridge", made.broker.url, url) as bridge:
        return asyncio.run(carried(made, url, bridge, messages, DEVICES))
