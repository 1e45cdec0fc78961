"""Stops working on an answer when the client that asked has left."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

NO_BODY: Message = {"type": "http.request", "body": b"", "more_body": False}


class StopWhenClientLeaves:
    """Cancels the handling of a GET, and with it its query in the database, once nobody waits for the answer.

    To hear of that, all that the client sends is read. A body means nothing in a GET (RFC 9110, 9.3.1) and is dropped, however
    long it is. Other methods change something: they run to their end, and read their body themselves.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        inbox: asyncio.Queue[Message] = asyncio.Queue()
        inbox.put_nowait(NO_BODY)

        async def watch() -> None:
            while (message := await receive())["type"] != "http.disconnect":
                del message  # else it would be held until the next has come
            inbox.put_nowait(message)

        answering = asyncio.ensure_future(self._app(scope, inbox.get, send))
        watching = asyncio.ensure_future(watch())
        try:
            await asyncio.wait((answering, watching), return_when=asyncio.FIRST_COMPLETED)
        finally:
            left = not answering.done()
            answering.cancel()
            watching.cancel()
            await asyncio.wait((answering, watching))
        if not (left and answering.cancelled()):
            answering.result()
