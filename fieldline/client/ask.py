"""The door to the API: a question becomes an answer of a type, a problem an exception, a page of pages a stream."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import httpx
import msgspec

from fieldline.client.trouble import FOREIGN, Problem, Unreachable

Answer = TypeVar("Answer")
Moment = int | str | datetime
"""Milliseconds since the epoch, a text as the API takes it (`-1h`, `now`, RFC 3339), or an aware `datetime`."""
Parameter = str | int | float | None | Sequence[str]


def moment(value: Moment | None) -> str | int | None:
    """A time as the API takes it. Raises `ValueError` for a `datetime` without a zone."""
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError(f"expected a datetime with a zone, got {value!r}")
    return value.isoformat()


class Api:
    """Questions to one server. What it can't answer raises `Problem`, and `Unreachable` if there is none, or another."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def get(self, path: str, kind: type[Answer], **parameters: Parameter) -> Answer:
        try:
            response = await self._http.get(path, params=given(parameters))
        except httpx.RequestError as error:
            raise Unreachable(unreachable(self._http, error)) from error
        if not response.is_success:
            raise problem(response)
        try:
            return msgspec.json.decode(response.content, type=kind)
        except FOREIGN as error:
            raise Unreachable(f"{unreachable(self._http, error)} in {response.text[:100]!r}") from error

    async def stream(self, path: str, **parameters: Parameter) -> AsyncIterator[bytes]:
        """The bytes of an answer of any length, as they come."""
        try:
            async with self._http.stream("GET", path, params=given(parameters)) as response:
                if not response.is_success:
                    await response.aread()
                    raise problem(response)
                async for piece in response.aiter_bytes():
                    yield piece
        except httpx.RequestError as error:
            raise Unreachable(unreachable(self._http, error)) from error


def given(parameters: Mapping[str, Parameter]) -> dict[str, str | int | float | Sequence[str]]:
    """Those that were said. `since` and `until` are `from` and `to` outside of Python, where `from` is a word of its own."""
    names = {"since": "from", "until": "to"}
    return {names.get(name, name): value for name, value in parameters.items() if value is not None}


def problem(response: httpx.Response) -> Problem:
    """What the server says was wrong; a proxy before it may say something else than a problem."""
    try:
        detail = str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"expected a problem in JSON, got {response.text[:100]!r}"
    return Problem(response.status_code, detail)


def unreachable(http: httpx.AsyncClient, error: Exception) -> str:
    return f"expected Fieldline at {http.base_url}, got: {str(error) or type(error).__name__}"
