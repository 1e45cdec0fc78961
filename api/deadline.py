"""Ends a question whose answer does not begin in time."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problem import answer

SECONDS = 90.0
"""More than a page may wait for a commit, and than its statements take that each have an end of their own."""


class AnswerInTime:
    """Ends a GET with 504 when its answer has not begun after so many seconds, waiting for its turn included.

    An answer that has begun may take as long as its reader: exports and the live stream have no end of their own.
    """

    def __init__(self, app: ASGIApp, seconds: float = SECONDS) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        begun = False

        async def say(message: Message) -> None:
            nonlocal begun
            if not begun:
                begun = True
                limit.reschedule(None)
            await send(message)

        try:
            async with asyncio.timeout(self._seconds) as limit:
                await self._app(scope, receive, say)
        except TimeoutError:
            if begun:
                raise
            detail = f"expected an answer within {self._seconds:g} s, got none: ask for less"
            await answer(504, detail)(scope, receive, send)
