"""An answer that is made while it is sent, and that is cut when it can't be finished; so many at once."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Protocol, Self

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.problem import ProblemError

log = structlog.get_logger()

MOST = 20
"""Answers under way: each holds a few megabytes, for as long as its reader takes."""


class Piece(Protocol):
    @property
    def data(self) -> bytes: ...


class Streams:
    """All that are under way, so that one too many can be refused before it begins."""

    def __init__(self) -> None:
        self.under_way = 0

    async def bounded(self, pieces: AsyncGenerator[Piece, None]) -> AsyncGenerator[Piece, None]:
        """The same pieces. Instead of the first there may be a refusal."""
        if self.under_way >= MOST:
            raise ProblemError(
                503, f"expected fewer than {MOST} files under way, got {self.under_way}: ask again later"
            )
        self.under_way += 1
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    yield piece
        finally:
            self.under_way -= 1


class Stream(Response):
    """Pieces in chunks. Trouble amid them ends the connection without the last chunk: a client sees that it has not got all."""

    def __init__(
        self, first: Piece, pieces: AsyncGenerator[Piece, None], media_type: str, headers: Mapping[str, str]
    ) -> None:
        super().__init__(media_type=media_type, headers=headers)
        del self.headers["content-length"]
        self._first = first
        self._pieces = pieces

    @classmethod
    async def begun(cls, pieces: AsyncGenerator[Piece, None], media_type: str, headers: Mapping[str, str]) -> Self:
        """Wait for the first piece, there is one at least: trouble up to there is still answered with a problem."""
        return cls(await anext(pieces), pieces, media_type, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  ASGI's signature
        async with aclosing(self._pieces) as pieces:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": self._first.data, "more_body": True})
            try:
                async for piece in pieces:
                    await send({"type": "http.response.body", "body": piece.data, "more_body": True})
            except ProblemError as error:
                log.warning("export.cut", path=scope["path"], reason=error.detail)
                return
        await send({"type": "http.response.body", "body": b"", "more_body": False})
