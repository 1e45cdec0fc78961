"""Cuts the connection between the bridge and Postgres at the worst moments: around a COMMIT."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from torture.proxy import Cut, Link, Proxy, standing_before

When = Literal["before", "after"]

BRIDGE = b"fieldline bridge"
"""How the store names itself in a connection's first packet; other connections are left alone."""
COMMIT = b"COMMIT;\0"
"""The end of the statement with which a large batch is committed. A small one is committed by the statement that stores it."""
PARSE, BIND = b"P", b"B"
"""Begin what a client says to name a statement, and to run it by its name: after the length, `BIND` has an empty name first."""
STORES_ALL = (b"INSERT INTO reading ", b"pg_notify(")
COMMITTED = b"Z\0\0\0\5I"
"""Postgres is ready for more, with no transaction open."""


class CommitCut:
    """Cuts as many commits as it is told to: `before` Postgres hears of one, or `after` it has said that it is done.

    Clear `let_go` to have it hold such a commit, with the transaction open or done, and cut only when that is set again.
    """

    def __init__(self, when: When, cuts: int) -> None:
        self.cuts_left = cuts
        self.held = asyncio.Event()
        self.let_go = asyncio.Event()
        self.let_go.set()
        self._when = when
        self._doomed: set[Link] = set()
        self._named: dict[Link, bytes] = {}

    def treat(self, proxy: Proxy) -> None:
        proxy.up, proxy.down = self._up, self._down

    async def _up(self, link: Link, data: bytes) -> AsyncIterator[bytes]:
        if BRIDGE in link.greeting and self._commits(link, data) and self.cuts_left:
            self.cuts_left -= 1
            if self._when == "before":
                await self._cut()
            self._doomed.add(link)
        yield data

    async def _down(self, link: Link, data: bytes) -> AsyncIterator[bytes]:
        if link in self._doomed and COMMITTED in data:
            self._doomed.discard(link)
            await self._cut()
        yield data

    def _commits(self, link: Link, data: bytes) -> bool:
        if data.startswith(PARSE) and all(part in data for part in STORES_ALL):
            self._named[link] = data[5:].partition(b"\0")[0]
        name = self._named.get(link)
        return data.endswith(COMMIT) or (
            name is not None and data.startswith(BIND) and data[5:].startswith(b"\0%b\0" % name)
        )

    async def _cut(self) -> None:
        self.held.set()
        await self.let_go.wait()
        raise Cut


@asynccontextmanager
async def cut(database_url: str, when: When, cuts: int) -> AsyncIterator[tuple[CommitCut, str]]:
    """A proxy before the database that cuts commits, and the URL that leads through it."""
    parts = urlsplit(database_url)
    assert parts.hostname
    assert parts.port
    async with standing_before(parts.hostname, parts.port) as proxy:
        cutting = CommitCut(when, cuts)
        cutting.treat(proxy)
        yield cutting, through(proxy, database_url)


def through(proxy: Proxy, url: str) -> str:
    """The same URL, by way of the proxy."""
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{proxy.port}"))
