"""One WebSocket client, as cheap as it can be: it looks at the times in each frame and drops it, or doesn't even look."""

import asyncio
import base64
import os
import time
import zlib
from collections import Counter
from typing import Literal, cast

import msgspec

Manner = Literal["looks", "drops", "stalls"]
"""What a client does with frames once it watches: look at each, drop all as they come, or read none."""

UPGRADE = (
    b"GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n"
    b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
)
"""With the offer that every browser makes; what of it a server takes up is the server's choice."""

PING, TEXT, COMPRESSED_TEXT = 0x89, 0x81, 0xC1
"""First bytes of whole frames (RFC 6455, 5.2; RFC 7692, 6)."""


class Times(msgspec.Struct):
    type: str
    at: list[int] = []


_times = msgspec.json.Decoder(Times).decode


class Tally:
    """Of all frames in the time that counts: how many there were, and the age of the oldest reading in each."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.counting = False
        self.frames = 0
        self.bytes = 0
        self.ages: Counter[int] = Counter()
        self.others: Counter[str] = Counter()

    def take(self, text: bytes, size: int) -> bool:
        """Look at a frame, of so many bytes on the wire; whether it brings readings."""
        times = _times(text)
        if times.type != "readings":
            self.others[times.type] += 1
            return False
        if self.counting:
            self.frames += 1
            self.bytes += size
            self.ages[int(time.time() * 1_000) - min(times.at)] += 1
        return True

    def age(self, percent: int) -> int | None:
        """The age in ms that the oldest reading does not exceed in so many of all frames."""
        rank = -(-self.ages.total() * percent // 100)
        for age, number in sorted(self.ages.items()):
            rank -= number
            if rank <= 0:
                return age
        return None


class Watcher(asyncio.Protocol):
    def __init__(self, tally: Tally, subscribe: bytes, manner: Manner) -> None:
        self.watching = asyncio.get_running_loop().create_future()
        self._tally = tally
        self._subscribe = subscribe
        self._manner = manner
        self._buffer = bytearray()
        self._upgraded = False
        self._inflate: zlib._Decompress | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(UPGRADE % base64.b64encode(os.urandom(16)))

    def data_received(self, data: bytes) -> None:
        if self._manner == "drops" and self.watching.done():
            return
        self._buffer += data
        if not self._upgraded:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._upgraded = True
            self._buffer = rest
            self._transport.write(_masked(self._subscribe))
            if self._manner == "stalls":
                self._transport.pause_reading()
                self.watching.set_result(None)
                return
        self._read()

    def connection_lost(self, error: Exception | None) -> None:
        if self._manner != "stalls":
            raise SystemExit(f"watchers: expected a socket that stays open, got {error or 'the end of it'}")

    def _read(self) -> None:
        """Take all whole frames. A server's are not masked (RFC 6455, 5.1)."""
        view, start = memoryview(self._buffer), 0
        while len(view) >= start + 2:
            length, body = view[start + 1], start + 2
            if length >= 126:
                body += 2 if length == 126 else 8
                length = int.from_bytes(view[start + 2 : body], "big")
            if len(view) < body + length:
                break
            first, said = view[start], bytes(view[body : body + length])
            if first == PING:
                self._transport.write(_masked(said, 0x8A))
            elif first in (TEXT, COMPRESSED_TEXT):
                text = said if first == TEXT else self._inflated(said)
                if self._tally.take(text, length) and not self.watching.done():
                    self.watching.set_result(None)
            start = body + length
        view.release()
        del self._buffer[:start]

    def _inflated(self, text: bytes) -> bytes:
        """A server leaves out the end of each text's last block, and goes on from the text before it (RFC 7692, 7.2)."""
        if self._inflate is None:
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        return self._inflate.decompress(text + b"\0\0\xff\xff")


def _masked(text: bytes, first: int = 0x81) -> bytes:
    """A client's frame, with a mask of zeros."""
    length = bytes((0x80 | len(text),)) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
    return bytes((first,)) + length + bytes(4) + text
