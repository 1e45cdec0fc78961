"""`fieldline tail`: live readings in the terminal."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
import typer
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from fieldline.printable import printable
from fieldline.settings import Settings

LARGEST_FRAME = 64 * 2**20
"""Bytes: one frame holds what came within a moment, however much that was."""
LONGEST_WAIT = 5.0
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def tail(
    match: Annotated[list[str] | None, typer.Argument(help="device/metric, * matches anything [default: *]")] = None,
    url: Annotated[str | None, typer.Option(help="where Fieldline is [default: from the settings]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,  # noqa: FBT002  Typer's way
) -> None:
    """Print readings as they are stored, from now on. When the connection is lost, go on where it ended."""
    address = _address(url) if url else _own_address()
    try:
        asyncio.run(_print(address, match or ["*"], as_json=as_json))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except BrokenPipeError:  # as in `fieldline tail | head`; what is left in the buffer goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def _print(address: str, match: list[str], *, as_json: bool) -> None:
    series: dict[int, dict[str, Any]] = {}
    async for frame in _frames(address, match):
        match frame["type"]:
            case "subscribed":
                series.update((one["series"], one) for one in frame["series"])
            case "readings":
                columns = zip(frame["series"], frame["at"], frame["value"], strict=True)
                lines = [_line(series[number], at, value, as_json=as_json) for number, at, value in columns]
                sys.stdout.write("".join(lines))
                sys.stdout.flush()
            case "gap":
                _say(
                    f"gap ({frame['reason']}): what was stored after {frame['after']} up to {frame['cursor']} is not shown"
                )
            case "error":
                raise ValueError(frame["message"])


async def _frames(address: str, match: list[str]) -> AsyncIterator[dict[str, Any]]:
    """Frames for ever, over one connection after the other. Raises `OSError` if not even the first can be had."""
    after: str | None = None
    wait = 0.1
    while True:
        try:
            async with connect(address, max_size=LARGEST_FRAME, compression=None, proxy=None) as connection:
                await connection.send(
                    msgspec.json.encode({"type": "subscribe", "id": "tail", "match": match, "after": after}).decode()
                )
                async for text in connection:
                    frame = msgspec.json.decode(text)
                    yield frame
                    if after is None:
                        _say(f"watching {len(frame.get('series', ()))} series at {address}")
                    after = frame.get("cursor") or after
                    wait = 0.1
            reason = "the server closed it"
        except (OSError, InvalidHandshake, InvalidURI, ConnectionClosed) as error:
            reason = str(error) or type(error).__name__
            if after is None:
                raise OSError(f"expected Fieldline at {address}, got: {reason}") from error
        _say(f"connection lost ({reason}); trying again")
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)


def _line(series: dict[str, Any], at: int, value: Any, *, as_json: bool) -> str:
    moment = (EPOCH + timedelta(milliseconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if as_json:
        names = {name: series[name] for name in ("device", "metric", "unit")}
        return msgspec.json.encode({"at": at, **names, "value": value}).decode() + "\n"
    if series["kind"] == "boolean":
        value = "true" if value else "false"
    elif isinstance(value, float):
        value = repr(value).removesuffix(".0")
    words = [moment, series["device"], series["metric"], str(value), series["unit"] or ""]
    return " ".join(printable(word) for word in words).rstrip() + "\n"


def _say(text: str) -> None:
    print(f"fieldline: {printable(text)}", file=sys.stderr, flush=True)  # noqa: T201  readings alone go to stdout


def _own_address() -> str:
    settings = Settings()
    host = settings.host
    with suppress(ValueError):
        parsed = ip_address(host)
        if parsed.is_unspecified:  # it listens everywhere; here is the nearest
            host = "127.0.0.1" if parsed.version == 4 else "::1"
        if ":" in host:
            host = f"[{host}]"
    return f"ws://{host}:{settings.port}/api/v1/live"


def _address(url: str) -> str:
    """The socket of a Fieldline whose pages are at this URL."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise typer.BadParameter(f"expected http://host:port, got {url!r}", param_hint="--url")
    return parts._replace(
        scheme=parts.scheme.replace("http", "ws"), path=f"{parts.path.rstrip('/')}/api/v1/live", query="", fragment=""
    ).geturl()
