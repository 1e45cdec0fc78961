"""Serves the built web app: its files, and its first page for every path that the app itself knows."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

BUILT = Path(__file__).parent / "web"
NOT_BUILT = """\
The web app was not built into this installation; the API under /api/v1 works without it.
To build it, install again without FIELDLINE_SKIP_WEB: `uv sync --reinstall-package fieldline` or `pip install .`
"""
HASHED = re.compile(r"[-.][A-Z0-9]{8,}\.\w+$")  # main-5MZJ3QWA.js: another content has another name
FOREVER = "public, max-age=31536000, immutable"


class Pages:
    """What is answered where no route is: a file of the app, its first page, or 404 for what can be neither."""

    def __init__(self, folder: Path = BUILT, mqtt_websocket_url: str | None = None) -> None:
        self._folder = folder
        self._files = StaticFiles(directory=folder, check_dir=False)
        self._headers = {
            "content-security-policy": _policy(mqtt_websocket_url),
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
            return
        path = scope["path"]
        if path == "/api" or path.startswith("/api/"):
            raise HTTPException(404)
        response = await self._response(path, scope)
        response.headers.update(self._headers)
        await response(scope, receive, send)

    async def _response(self, path: str, scope: Scope) -> Response:
        if not (self._folder / "index.html").is_file():
            return PlainTextResponse(NOT_BUILT, 503)
        try:
            response = await self._files.get_response(self._files.get_path(scope), scope)
        except HTTPException as error:
            # A name with an ending is a file that is missing; a device may well be called pump-1.2.
            if error.status_code != 404 or ("." in path.rsplit("/", 1)[-1] and path.count("/") == 1):
                raise
            response = await self._files.get_response("index.html", scope)
            path = "/"
        response.headers["cache-control"] = FOREVER if HASHED.search(path) else "no-cache"
        return response


def _policy(mqtt_websocket_url: str | None) -> str:
    """Only our own scripts, none inline. Styles may be: that is how Angular brings a component's own."""
    connect = "'self'"
    if mqtt_websocket_url:
        parts = urlsplit(mqtt_websocket_url)
        connect += f" {parts.scheme}://{parts.netloc}"
    return (
        f"default-src 'self'; connect-src {connect}; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
        "object-src 'none'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
    )
