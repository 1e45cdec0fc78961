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
        self._full = False
        """Whether more than some 64 KiB of what was written before has yet to leave for the client."""
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

    def write(self, frame: Frame) -> bool:
        """Send a frame, if there is room. A socket that is closing has room for all, and drops them."""
        if self._full:
            return False
        if not self.close_sent and not self.transport.is_closing():
            self.transport.write(frame.wire)
        return True

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:  # the handshake made sense: the app will run
            cast("dict[str, Any]", self.scope["extensions"])[EXTENSION] = self

    def pause_writing(self) -> None:
        super().pause_writing()
        self._full = True
        self.on_pause()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._full = False
        self.on_resume()


def _nothing() -> None:
    pass
