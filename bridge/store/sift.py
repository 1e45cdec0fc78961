"""Finds the messages of a refused batch that Postgres can't store, and stores the others."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import asyncpg

from bridge.decode import Decoded, decode
from bridge.message import Message
from bridge.record import Refusal
from bridge.store.insert import Outcome
from bridge.store.registry import Registry
from bridge.trouble import PERMANENT, in_one_line, is_permanent

MOST = 200
"""Messages that are tried piece by piece in one transaction. It holds the commit clock, and a try takes about a millisecond."""

Write = Callable[[Decoded], Awaitable[Outcome]]


class Sifted(NamedTuple):
    outcomes: list[Outcome]
    refused: list[tuple[Message, Refusal]]
    """Messages that are kept as rejects now, because Postgres takes them as nothing else."""


async def sift(connection: asyncpg.Connection, registry: Registry, messages: Sequence[Message], write: Write) -> Sifted:
    """Try pieces in one transaction: half as many messages after one that is refused, twice as many after a stored one.

    So a bad message among good ones costs a few tries, and bad ones in a row cost one try each.
    """
    done = Sifted([], [])
    start, size = 0, len(messages)
    async with connection.transaction():
        while start < len(messages):
            piece = messages[start : start + size]
            known = registry.size
            try:
                async with connection.transaction():
                    done.outcomes.append(await write(decode(piece)))
                size = 2 * len(piece)
            except PERMANENT as error:
                if not is_permanent(error):
                    raise
                if registry.size != known:
                    registry.forget()  # what it learned was rolled back
                size = len(piece) // 2 or 1
                if len(piece) > 1:
                    continue
                done.refused.append((piece[0], Refusal("store", in_one_line(error))))
            start += len(piece)
        if done.refused:
            done.outcomes.append(await write(_as_rejects(done.refused)))
    return done


def _as_rejects(refused: Sequence[tuple[Message, Refusal]]) -> Decoded:
    refusals = [(index, refusal) for index, (_, refusal) in enumerate(refused)]
    return Decoded([message for message, _ in refused], [], [], refusals, {}, {})
