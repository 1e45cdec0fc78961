"""Answers only under the names it should be asked by."""

from collections.abc import Collection
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from api.problem import answer, shown


class OnlyUnderItsNames:
    """Refuses a request whose Host is none of the names.

    A page anywhere on the web may let its own name resolve to 127.0.0.1 and then read what is served there
    (DNS rebinding); it can't make the browser say another Host.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        if name.lower() in self._names:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(1008)(scope, receive, send)
        else:
            detail = f"host: expected one of {', '.join(sorted(self._names))}, got {shown(host)}"
            await answer(421, f"{detail}; FIELDLINE_ALLOWED_HOSTS adds to them")(scope, receive, send)


def names_of(host: str, more: Collection[str] = ()) -> frozenset[str] | None:
    """The names to answer under when listening at `host`; `None`, for any, where that is not the loopback.

    `more` are added, as for a proxy before it; said for another address they limit it, too.
    """
    if not is_loopback(host) and not more:
        return None
    return frozenset({"localhost", "127.0.0.1", "[::1]", host.lower(), *(name.lower() for name in more)})


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
