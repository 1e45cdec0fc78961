"""Turns whatever goes wrong into problem JSON (RFC 9457) that says what was expected and what was got."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError
from starlette.exceptions import HTTPException

SHOWN = 100
"""Characters of a refused value that are shown back: enough to recognise it."""


class Problem(BaseModel):
    """The body of every answer that is not a success. `type` is always about:blank: the status says which kind it is."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "example": {
                "type": "about:blank",
                "title": "Unprocessable Entity",
                "status": 422,
                "detail": "limit: expected a valid integer, got 'many'",
            }
        },
    )

    type: str = Field("about:blank", description="always about:blank")
    title: str = Field(description="the status in words")
    status: int = Field(description="the HTTP status")
    detail: str = Field(description="one line that says what was expected and what was got")


class ProblemError(Exception):
    """Ends a request with a problem. `extra` becomes further members of its body."""

    def __init__(self, status: int, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.status, self.detail, self.extra = status, detail, extra


class ProblemResponse(JSONResponse):
    media_type = "application/problem+json"


def answer(status: int, detail: str, *, headers: dict[str, str] | None = None, **extra: Any) -> ProblemResponse:
    """A problem as an answer. One that may pass by itself (503) says when to ask again."""
    problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)
    headers = {"cache-control": "no-store", **({"retry-after": "1"} if status == 503 else {}), **(headers or {})}
    return ProblemResponse({**problem.model_dump(), **extra}, status, headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses, for `responses=`, with their body in OpenAPI."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {ProblemResponse.media_type: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Let every error of this app be answered with a problem."""

    async def refused(_: Request, error: ProblemError) -> ProblemResponse:
        return answer(error.status, error.detail, **error.extra)

    async def invalid(_: Request, error: RequestValidationError) -> ProblemResponse:
        return answer(422, "; ".join(_sentence(one) for one in error.errors()))

    async def http(request: Request, error: HTTPException) -> ProblemResponse:
        headers = dict(error.headers or {})
        match error.status_code:
            case 400:  # FastAPI's, for bytes that are no text, and JSON that is too deep or has too long numbers
                return answer(422, "body: expected JSON, got what can't be read as such")
            case 404:
                detail = f"expected a path that exists, got {shown(request.url.path)}"
            case 405:
                detail = f"expected {headers.get('Allow', 'another method')}, got {request.method}"
            case _:
                detail = str(error.detail)
        return answer(error.status_code, detail, headers=headers)

    async def unforeseen(_: Request, error: Exception) -> ProblemResponse:
        return answer(500, f"unforeseen {type(error).__name__}; the server's log says more")

    app.exception_handler(ProblemError)(refused)
    app.exception_handler(RequestValidationError)(invalid)
    app.exception_handler(HTTPException)(http)
    app.exception_handler(Exception)(unforeseen)


@contextmanager
def expected() -> Iterator[None]:
    """Within a pydantic validator: let a `ValueError` that says expected and got be the whole sentence."""
    try:
        yield
    except ValueError as error:
        raise PydanticCustomError("expected", "{sentence}", {"sentence": str(error)}) from error


def read_by(parse: Callable[[str], object]) -> BeforeValidator:
    """Has a parameter read by a function that says expected and got in its `ValueError`."""

    def validated(value: object) -> object:
        with expected():
            return parse(str(value))

    return BeforeValidator(validated)


def shown(value: object) -> str:
    """A refused value in one short line: quoted, escaped, cut."""
    text = ascii(value) if isinstance(value, bytes) else repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _sentence(error: dict[str, Any]) -> str:
    where = _name(error["loc"])
    match error["type"]:
        case "missing":
            return f"{where}: expected a value, got none"
        case "json_invalid":
            return f"{where}: expected JSON, got a mistake at character {error['loc'][-1]}: {error['ctx']['error']}"
        case "extra_forbidden":
            return f"expected only known parameters, got {where}"
        case "expected":
            return f"{where}: {error['msg']}"
    wanted = str(error["msg"]).removeprefix("Input should be ").split(", unable to ")[0]
    return f"{where}: expected {wanted}, got {shown(error['input'])}"


def _name(location: Sequence[str | int]) -> str:
    """`("query", "match", 0)` is `match`: a caller knows the parameter, not our list."""
    return next((str(part) for part in location[1:] if isinstance(part, str)), "body")
