"""The proxy and its treatments: what arrives, what does not, and how a connection ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest

from torture.proxy import Proxy, standing_before
from torture.treatments import cut_amid_packet, late, sliced, stalled, swallowed, without_acknowledgements

TEXT = bytes(range(256)) * 100
PUBACK = b"\x40\x02\x00\x01"


@asynccontextmanager
async def echoing() -> AsyncIterator[tuple[Proxy, asyncio.StreamReader, asyncio.StreamWriter]]:
    """A client of a server that says everything back, by way of a proxy."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with standing_before("127.0.0.1", server.sockets[0].getsockname()[1]) as proxy, asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        try:
            yield proxy, reader, writer
        finally:
            writer.close()
            server.close()


async def test_an_untreated_connection_carries_everything() -> None:
    async with echoing() as (_, reader, writer):
        writer.write(TEXT)
        assert await reader.readexactly(len(TEXT)) == TEXT


async def test_slices_and_latency_change_nothing_of_what_arrives() -> None:
    async with echoing() as (proxy, reader, writer):
        proxy.up, proxy.down = sliced(Random(1), 100), late(0.01)
        writer.write(TEXT)
        assert await reader.readexactly(len(TEXT)) == TEXT


async def test_a_stalled_connection_goes_on_where_it_stopped() -> None:
    goes_on = asyncio.Event()
    async with echoing() as (proxy, reader, writer):
        proxy.up = stalled(goes_on)
        writer.write(TEXT)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.05)
        goes_on.set()
        assert await reader.readexactly(len(TEXT)) == TEXT


async def test_what_is_cut_amid_a_packet_arrives_in_part_and_ends_in_a_reset() -> None:
    async with echoing() as (proxy, reader, writer):
        proxy.down = cut_amid_packet(Random(1))
        writer.write(TEXT[:1_000])
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1_000)


async def test_a_half_open_connection_swallows_everything_and_does_not_end() -> None:
    async with echoing() as (proxy, reader, writer):
        proxy.up = swallowed
        writer.write(TEXT)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.05)
        assert len(proxy.links) == 1


async def test_nothing_follows_the_first_acknowledgement_that_is_held_back() -> None:
    seen = asyncio.Event()
    async with echoing() as (proxy, reader, writer):
        proxy.up = without_acknowledgements(seen)
        writer.write(b"\xc0\x00")
        assert await reader.readexactly(2) == b"\xc0\x00"
        writer.write(PUBACK)
        await seen.wait()
        proxy.calm()
        writer.write(b"end")
        assert await reader.readexactly(3) == b"end"


async def test_a_reset_ends_every_connection() -> None:
    async with echoing() as (proxy, reader, writer):
        writer.write(b"a")
        assert await reader.readexactly(1) == b"a"
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        assert writer.is_closing()
