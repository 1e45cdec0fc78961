"""Takes no longer body than any of ours has."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problem import answer

MOST = 2**20
"""Bytes. The longest order there is, to replay rejects, has a hundred topics of a thousand characters."""


class OnlySoMuchBody:
    """Refuses a longer body with 413, by its length if that is said, else once so much has come; no more is ever held.

    What a client sends beyond it is dropped by the server, so that the client gets to read why. A GET has no body: see
    `api.departure`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] == "GET":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")
        if int(length) > MOST:
            await _refuse(length)(scope, receive, send)
            return
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > MOST:
                await _refuse("more")(scope, receive, send)
                return
        whole: Message | None = {"type": "http.request", "body": bytes(body), "more_body": False}
        body.clear()

        async def receive_whole() -> Message:
            nonlocal whole
            message, whole = whole, None
            return message or await receive()

        await self._app(scope, receive_whole, send)


def _refuse(got: str) -> ASGIApp:
    return answer(413, f"body: expected at most {MOST} bytes, got {got}")
