"""Compresses answers for clients on other machines: on the same one it costs both sides more than it saves."""

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send

HERE = frozenset({"127.0.0.1", "::1"})
FORWARDED = frozenset({"forwarded", "x-forwarded-for", "via"})
"""What a proxy says of those for whom it asks."""


class CompressForOthers(GZipMiddleware):
    """Who asks from this machine gets all answers as they are, unless it is a proxy that asks for somebody else."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _is_here(scope):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _is_here(scope: Scope) -> bool:
    client = scope.get("client")  # a server need not tell
    return client is not None and client[0] in HERE and FORWARDED.isdisjoint(Headers(scope=scope).keys())
