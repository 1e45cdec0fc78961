"""uvicorn's side of a WebSocket, with a door for frames that were written once for many clients."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, cast

from websockets.http11 import Request

from api.websocket import BoundedWebSocket
from bridge.live.frames import Frame

EXTENSION = "fieldline.wire"
"""In the scope's `extensions` an app finds the socket's `Wire` under this name."""

SEND_BUFFER = 128 * 1024
"""Bytes that the kernel keeps for a client, doubled. Left alone it keeps up to 4 MB: minutes of a slow client's past."""


class Wire(BoundedWebSocket):
    """Beside what ASGI offers, it takes whole frames and puts them on the socket without a task or a copy."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.ready = True
        """Whether what was written before has left for the client, but for some 64 KiB."""
        self.on_pause: Callable[[], object] = _nothing
        self.on_resume: Callable[[], object] = _nothing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        end: socket.socket = transport.get_extra_info("socket")
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    @property
    def waiting(self) -> int:
        """Bytes that the client has yet to make room for."""
        return self.transport.get_write_buffer_size()

    def write(self, frame: Frame) -> None:
        """Send a frame, unless the socket is closing."""
        if not self.close_sent and not self.transport.is_closing():
            self.transport.write(frame.wire)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:  # the handshake made sense: the app will run
            cast("dict[str, Any]", self.scope["extensions"])[EXTENSION] = self

    def pause_writing(self) -> None:
        super().pause_writing()
        self.ready = False
        self.on_pause()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.ready = True
        self.on_resume()


def _nothing() -> None:
    pass
