"""Clients of the live stream that are cut off at random moments and resume, and what each of them has got."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any, Literal, NamedTuple

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from bridge.live import cursor

Door = Literal["socket", "events"]
LONGEST = 0.2
"""Seconds that a connection lives at most: from before its first frame to amid the stream."""
RETRY = 0.05
"""Seconds after a refused connection, as while the server starts again."""


class Row(NamedTuple):
    series: int
    at: int
    value: float | str


class Client:
    """Keeps what it was told over all its connections."""

    def __init__(self, door: Door, address: str, match: str, place: int, chance: random.Random) -> None:
        self.place = place
        """Everything up to here was brought, or is in a gap."""
        self.rows: list[Row] = []
        self.gaps: list[tuple[int, int]] = []
        self.reconnects = 0
        self.refused = 0
        self._door = door
        self._address = address
        self._match = match
        self._chance = chance
        self._told: set[int] = set()

    def __str__(self) -> str:
        return f"the client of {self._match} by {self._door}"

    async def come_and_go(self, times: int) -> None:
        """Connect so many times, each time for a moment."""
        while self.reconnects < times:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._chance.uniform(0, LONGEST)):
                    await self._connect(until=None)
            self.reconnects += 1

    async def finish(self, until: int) -> None:
        """Stay until everything up to there was brought."""
        while self.place < until:
            await self._connect(until)

    async def _connect(self, until: int | None) -> None:
        frames = self._socket() if self._door == "socket" else self._events()
        try:
            async with aclosing(frames):
                async for frame in frames:
                    self._take(frame)
                    if until is not None and self.place >= until:
                        return
        except (OSError, WebSocketException, httpx.TransportError):
            self.refused += 1
            await asyncio.sleep(RETRY)

    def _take(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "subscribed":
                self._told.update(one["series"] for one in frame["series"])
            case "readings":
                place = cursor.decode(frame["cursor"])
                assert place > self.place, f"{self}: expected a cursor beyond {self.place}, got {place}"
                assert set(frame["series"]) <= self._told, f"{self}: readings of a series that was not announced"
                self.rows += map(Row, frame["series"], frame["at"], frame["value"])
                self.place = place
            case "gap":
                assert cursor.decode(frame["after"]) == self.place, f"{self}: a gap that begins elsewhere: {frame}"
                self.gaps.append((self.place, cursor.decode(frame["cursor"])))
                self.place = cursor.decode(frame["cursor"])
            case _:
                raise AssertionError(f"{self}: {frame}")

    async def _socket(self) -> AsyncGenerator[dict[str, Any]]:
        async with connect(f"ws://{self._address}/api/v1/live", max_size=None) as connection:
            try:
                await connection.send(
                    json.dumps(
                        {
                            "type": "subscribe",
                            "id": "a",
                            "match": [self._match],
                            "after": cursor.encode(self.place),
                            "rate": self._chance.choice((5, 20, 100)),
                        }
                    )
                )
                async for text in connection:
                    yield json.loads(text)
            finally:
                connection.transport.abort()  # no farewell

    async def _events(self) -> AsyncGenerator[dict[str, Any]]:
        url, parameters = f"http://{self._address}/api/v1/live/events", {"match": self._match, "rate": "100"}
        headers = {"last-event-id": cursor.encode(self.place)}
        async with (
            httpx.AsyncClient(timeout=20) as client,
            client.stream("GET", url, params=parameters, headers=headers) as response,
        ):
            assert response.status_code == 200, f"{self}: {response.status_code}"
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))
