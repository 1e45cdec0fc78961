"""The client: one method for each question, with plain values in and typed columns out."""

from collections.abc import AsyncGenerator, Mapping
from ssl import SSLContext
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import quote, urlsplit

import httpx

from fieldline.client import arrow, live
from fieldline.client.answers import (
    Changes,
    Chart,
    Columns,
    Device,
    Devices,
    Latest,
    Page,
    Series,
    SeriesList,
    SeriesName,
    Statistics,
)
from fieldline.client.ask import Api, Moment, moment
from fieldline.client.backoff import Backoff
from fieldline.client.events import Event
from fieldline.client.trouble import Problem, Unreachable

if TYPE_CHECKING:
    import pyarrow as pa

ADDRESS = "http://127.0.0.1:8000"
PREFIX = "/api/v1"
PAGE = 100_000
"""Readings asked for at once: the most that the server gives in one page."""
WAIT = 20.0
"""Seconds for which the server holds a question for changes until there are some."""
TIMEOUT = 40.0
"""Seconds in which the server must say something: it ends a question itself after 30."""
Order = Literal["asc", "desc"]


class Client:
    """Questions to one Fieldline. `match` selects series as everywhere: `device/metric`, `*` is anything, none is all.

    Every method raises `Problem` when the server can't answer and `Unreachable` when there is none, or when something else
    answers in its place. `changes` and `live` wait out what passes once they have begun.

    `headers` are what a proxy before the server asks for, and `ssl` says whom to trust at an `https://`. Both go with every
    question and with the live stream; they are never sent on to where a redirect leads.
    """

    def __init__(
        self, address: str = ADDRESS, *, headers: Mapping[str, str] | None = None, ssl: SSLContext | None = None
    ) -> None:
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ValueError(f"expected http://host:port, got {address!r}")
        if ssl is not None and parts.scheme != "https":
            raise ValueError(f"expected https:// with TLS settings, got {address!r}")
        base = address.rstrip("/") + PREFIX
        self._http = httpx.AsyncClient(base_url=base, timeout=TIMEOUT, headers=headers, verify=ssl or True)
        self._api = Api(self._http)
        self._stream = live.Door(base.replace("http", "ws", 1) + "/live", headers or {}, ssl)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def devices(self) -> list[Device]:
        return (await self._api.get("/devices", Devices)).devices

    async def device(self, name: str) -> Device:
        return await self._api.get(f"/devices/{quote(name, safe='')}", Device)

    async def series(self, *match: str) -> list[Series]:
        return (await self._api.get("/series", SeriesList, match=match)).series

    async def latest(self, *match: str) -> Latest:
        """The newest reading of each series, and the cursor behind them."""
        return await self._api.get("/latest", Latest, match=match)

    async def readings(
        self,
        *match: str,
        since: Moment | None = None,
        until: Moment | None = None,
        order: Order = "asc",
        limit: int | None = None,
    ) -> Columns:
        """All readings from `since` (included) to `until` (not included), or `limit` of them, in memory."""
        names: dict[int, SeriesName] = {}
        series: list[int] = []
        at: list[int] = []
        value: list[float | str] = []
        async for page in self.pages(*match, since=since, until=until, order=order, limit=limit):
            names |= page.names
            series += page.series
            at += page.at
            value += page.value
        return Columns(names=names, series=series, at=at, value=value)

    async def pages(
        self,
        *match: str,
        since: Moment | None = None,
        until: Moment | None = None,
        order: Order = "asc",
        limit: int | None = None,
    ) -> AsyncGenerator[Page]:
        """The same page by page, however many there are."""
        left = limit
        token: str | None = None
        while True:
            page = await self._api.get(
                "/readings",
                Page,
                match=match,
                since=moment(since),
                until=moment(until),
                order=order,
                limit=PAGE if left is None else min(left, PAGE),
                page=token,
            )
            yield page
            token = page.next
            left = None if left is None else left - len(page)
            if token is None or left == 0:
                return

    async def arrow(
        self,
        *match: str,
        since: Moment | None = None,
        until: Moment | None = None,
        order: Order = "asc",
        limit: int | None = None,
    ) -> "pa.Table":
        """The same as an Arrow table; needs pyarrow."""
        return await arrow.table(
            self._api.stream(
                "/readings",
                match=match,
                since=moment(since),
                until=moment(until),
                order=order,
                limit=limit,
                format="arrow",
            )
        )

    async def chart(
        self, *match: str, since: Moment | None = None, until: Moment | None = None, points: int | None = None
    ) -> Chart:
        """What a line chart of so many columns needs of each series: at most four readings a column."""
        return await self._api.get(
            "/chart", Chart, match=match, since=moment(since), until=moment(until), points=points
        )

    async def statistics(
        self, *match: str, since: Moment, every: str, until: Moment | None = None, timezone: str | None = None
    ) -> Statistics:
        """Count, mean, least, greatest, sum, first and last in windows of a length (`1h`, `1d`) in a time zone."""
        return await self._api.get(
            "/statistics",
            Statistics,
            match=match,
            since=moment(since),
            until=moment(until),
            every=every,
            timezone=timezone,
        )

    async def changes(self, *match: str, after: str | None = None) -> AsyncGenerator[Changes]:
        """Everything committed after a cursor, or since the beginning, and then what is committed, for ever.

        Each reading comes once, in commit order. Keep `next` with what you made of the readings, and go on there another
        day. An answer is empty where only other series were committed: keep its `next`, too, as retention overtakes an old
        one. A `Problem` of status 410 says that something after the cursor is gone.
        """
        backoff = Backoff()
        begun = False
        while True:
            try:
                found = await self._api.get("/changes", Changes, match=match, after=after, wait=WAIT)
            except Unreachable:
                if not begun:
                    raise
            except Problem as problem:
                if not (begun and problem.passes):
                    raise
            else:
                backoff.succeeded()
                moved = found.next != after
                begun, after = True, found.next
                if moved:
                    yield found
                continue
            await backoff.wait()

    def live(self, *match: str, after: str | None = None, rate: float | None = None) -> AsyncGenerator[Event]:
        """What is committed from now on, or after a cursor, for ever: `Subscribed` with the series, then `Readings`.

        A lost connection is made again and goes on where it ended. What could not be sent is a `Gap`. `rate` is how many
        events a second may come, 0.1 to 100, but what is 10,000 numbers or a megabyte of texts comes before.
        """
        return live.follow(self._stream, match, after, rate)
