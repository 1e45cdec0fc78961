"""uvicorn's WebSocket, bounded where it is not: what a client neither reads nor ends costs no more memory than a message."""

from uvicorn._types import ASGIReceiveEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

MOST_FRAGMENTS = 4_096
"""Of one message: 64 KiB in pieces of 16 bytes. No limit of size counts empty pieces: they could go on for ever."""
LINGER = 2.0
"""Seconds in which a client that is closed for what it said may still read why."""


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """Who doesn't read what is written to it is not read from either: else each of its pings leaves a pong in memory."""

    failed = False
    """Whether it said what ends a connection; nothing more that it says is looked at."""

    def data_received(self, data: bytes) -> None:
        if not self.failed:
            super().data_received(data)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    async def receive(self) -> ASGIReceiveEvent:
        message = await super().receive()
        if not self.writable.is_set() and not self.transport.is_closing():
            self.transport.pause_reading()
        return message

    def handle_cont(self, event: Frame) -> None:
        if self.failed:
            return
        if len(self.frames) < MOST_FRAGMENTS:
            super().handle_cont(event)
            return
        self.frames = []
        self.conn.fail(CloseCode.MESSAGE_TOO_BIG, f"expected at most {MOST_FRAGMENTS} fragments of one message")
        self.handle_parser_exception()

    def handle_parser_exception(self) -> None:
        """Close, and read on for a moment: a socket that closes with something unread takes its last words back."""
        said = self.conn.close_sent
        if said is None:
            raise RuntimeError("expected to have said why, said nothing")
        self.failed = self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": said.code, "reason": said.reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.write_eof()
        self.transport.resume_reading()
        self.close_timer = self.loop.call_later(LINGER, self.transport.close)
