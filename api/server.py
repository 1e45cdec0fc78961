"""Runs the app in the event loop that is there: uvicorn without its own loop, signals and log."""

import asyncio
import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from api.wire import Wire

BACKLOG = 2048  # a thousand browsers that come back at once
LAST_SECONDS = 2  # for answers under way at the end; a live client's has no end of its own
PONG = 90  # seconds for a live client's: it reads a ping behind all that waits for it
LARGEST_FRAME = 64 * 1024  # of what a live client sends: subscriptions


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_started: Callable[[], object]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_started()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # signals are for whoever owns the loop


async def serve(app: FastAPI, host: str, port: int, *, on_started: Callable[[int], object] = lambda _: None) -> None:
    """Serve until cancelled, then end gracefully. `on_started` gets the port once it answers; port 0 takes a free one.

    Raises `OSError` with one line that names host and port if they can't be had, and whatever ends the app itself.
    """
    with listen(host, port) as listener:
        config = uvicorn.Config(
            app,
            ws=Wire,
            ws_max_size=LARGEST_FRAME,
            ws_ping_timeout=PONG,
            ws_per_message_deflate=False,  # half a megabyte a client
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",  # run here: uvicorn would end the process when it fails
            timeout_graceful_shutdown=LAST_SECONDS,
        )
        taken = listener.getsockname()[1]
        server = _Server(config, lambda: on_started(taken))
        async with app.router.lifespan_context(app):
            running = asyncio.create_task(server.serve([listener]), name="http server")
            try:
                await asyncio.shield(running)
            except asyncio.CancelledError:
                server.should_exit = True
                await running
                raise


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `OSError` with one line that names host and port."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        reason = "it is taken" if error.errno == errno.EADDRINUSE else error.strerror
        raise OSError(f"expected port {port} of {host} to be free, but {reason}") from error
    # asyncio does this for sockets that it made itself; without it every second answer waits 40 ms for the client's ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # a client that reads no more, not even the end, keeps nothing for ever
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 90_000)
    return listener
