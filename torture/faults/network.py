"""Faults of the network, on the way to the broker and on the way to Postgres."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Literal

from tests.eventually import eventually
from torture.commits import BRIDGE
from torture.fault import Scene
from torture.house import CLIENT_ID, PATIENCE
from torture.proxy import Link, Proxy
from torture.settling import settle
from torture.treatments import cut_amid_packet, late, sliced, stalled, swallowed

Target = Literal["broker", "database"]
Strike = Callable[[Scene], Awaitable[None]]


WAITED_FOR = 0.8
"""Of the connections to Postgres; the others are hit while they are made."""
MORE = 500
"""Messages on their way when the other side goes."""


def slow(target: Target) -> Strike:
    async def strike(scene: Scene) -> None:
        proxy = _way(scene, target)
        proxy.up = proxy.down = late(scene.dice.uniform(0.01, 0.1))
        await asyncio.sleep(1)
        proxy.calm()

    return strike


def stuck(target: Target) -> Strike:
    async def strike(scene: Scene) -> None:
        proxy, goes_on = _way(scene, target), asyncio.Event()
        proxy.up = proxy.down = stalled(goes_on)
        await asyncio.sleep(scene.dice.uniform(0.1, 1.0))
        proxy.calm()
        goes_on.set()

    return strike


def reset(target: Target) -> Strike:
    async def strike(scene: Scene) -> None:
        async with _struck(scene, target) as proxy:
            await _link(scene, proxy)
            proxy.reset()
        await asyncio.sleep(scene.dice.uniform(0.0, 0.2))  # the next one may hit a handshake or a first batch

    return strike


def in_slices(target: Target) -> Strike:
    """A few bytes at a time, so that every packet and every message of the protocol is cut somewhere."""

    async def strike(scene: Scene) -> None:
        proxy = _way(scene, target)
        proxy.up = proxy.down = sliced(scene.dice, scene.dice.choice((7, 100, 1_000)))
        await asyncio.sleep(0.5)
        proxy.calm()

    return strike


def cut_amid(target: Target) -> Strike:
    async def strike(scene: Scene) -> None:
        async with _struck(scene, target) as proxy:
            link = await _link(scene, proxy)
            cutting = cut_amid_packet(scene.dice)
            if scene.dice.random() < 0.5:
                proxy.up = cutting
            else:
                proxy.down = cutting
            scene.stream.mark()
            await eventually(lambda: _ended(proxy, link), PATIENCE)
            proxy.calm()

    return strike


def half_open(target: Target) -> Strike:
    """The other side is gone and nobody says so: the bridge must notice by itself."""

    async def strike(scene: Scene) -> None:
        async with _struck(scene, target) as proxy:
            await settle(scene.house, scene.stream)  # so that it is no connection which is only just being made
            link = await _link(scene, proxy)
            scene.stream.send(MORE)
            proxy.up = proxy.down = swallowed
            await eventually(lambda: _ended(proxy, link), PATIENCE * 2)
            proxy.calm()

    return strike


@asynccontextmanager
async def _struck(scene: Scene, target: Target) -> AsyncIterator[Proxy]:
    """Around what ends a connection. Most of them are waited for to work again; else the pauses between tries would grow."""
    if target == "broker":
        async with scene.house.bridge_cut_off():
            yield scene.house.to_broker
    else:
        yield scene.house.to_database
        if scene.dice.random() < WAITED_FOR:
            await settle(scene.house, scene.stream)


async def _link(scene: Scene, proxy: Proxy) -> Link:
    """The connection that carries messages: there is one, or the bridge makes it as soon as it has something to store."""

    async def carrying() -> Link | None:
        found = [link for link in proxy.links if _carries(link)]
        if not found:
            scene.stream.mark()
        return next(iter(found), None)

    link = await eventually(carrying, PATIENCE)
    assert link
    return link


def _carries(link: Link) -> bool:
    """Beside the session the bridge watches the broker, and beside the store it keeps house and answers for its health."""
    session = CLIENT_ID.encode()
    return BRIDGE in link.greeting or (session in link.greeting and session + b"-watch" not in link.greeting)


async def _ended(proxy: Proxy, link: Link) -> bool:
    return link not in proxy.links


def _way(scene: Scene, target: Target) -> Proxy:
    return scene.house.to_broker if target == "broker" else scene.house.to_database
