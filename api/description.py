"""Completes the OpenAPI document that FastAPI makes: problems, a summary of each operation, an example of each body."""

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from api.frames import LiveEvent, Refusal
from api.links import links
from api.problem import Problem, ProblemResponse

JSON, EVENTS = "application/json", "text/event-stream"
OWN = (Problem, LiveEvent, Refusal)
"""FastAPI knows the models of JSON answers only."""
A_SERIES = "17"
"""The only keys that are no names of fields are numbers of series; so many have the examples of fields."""
DETAILS = {
    403: "expected a page of this host, got 'http://elsewhere.example'",
    404: "expected the name of a device that has spoken, got 'nobody'",
    406: "accept: expected application/json, text/csv (or format=json|csv), got 'text/html'",
    410: "after: expected a cursor from 2025-10-09T00:00:00Z on, as what is older was dropped, got one of 2025-09-01T00:00:00Z",
    413: "body: expected at most 1048576 bytes, got 2000000",
    421: "host: expected one of 127.0.0.1, [::1], localhost, got 'elsewhere.example'; FIELDLINE_ALLOWED_HOSTS adds to them",
    422: "limit: expected a valid integer, got 'many'",
    500: "unforeseen ZeroDivisionError; the server's log says more",
    503: "expected a database connection within 5 s, got none",
    504: "expected an answer of the database within 30 s, got none: ask for less",
}
"""What a problem of a status may say."""


def install(app: FastAPI) -> None:
    """Let the app describe itself completely."""
    described = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            complete(described())
        return described()

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend the document


def complete(document: dict[str, Any]) -> None:
    """Add what can be said of every operation alike, and the models that FastAPI doesn't know."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    _, own = models_json_schema([(model, "validation") for model in OWN], ref_template="#/components/schemas/{model}")
    schemas |= own["$defs"]
    for operation in operations(document):
        operation["summary"] = operation.get("description", "").split(". ")[0].split(".\n")[0].strip(" .\n")
        if followed := links(operation["operationId"]):
            operation["responses"]["200"]["links"] = followed
        for status, body in (("", operation.get("requestBody", {})), *operation["responses"].items()):
            for media_type, content in body.get("content", {}).items():
                if media_type == ProblemResponse.media_type:
                    content["example"] = problem(int(status))
                elif media_type == JSON:
                    content.setdefault("example", example(content["schema"], schemas))
                elif media_type == EVENTS:
                    content["example"] = event(example(content["schema"], schemas))


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def problem(status: int) -> dict[str, Any]:
    known = HTTPStatus(status)
    return Problem(title=known.phrase, status=status, detail=DETAILS.get(status, known.description)).model_dump()


def event(fields: Mapping[str, str]) -> str:
    """An event as it goes over the wire."""
    return "".join(f"{name}: {value}\n" for name, value in fields.items()) + "\n"


def example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """A value of this schema, made of the examples of its fields; null where there is nothing to make it of."""
    match schema:
        case {"examples": [first, *_]} | {"enum": [first, *_]} | {"const": first} | {"default": first}:
            return first
        case {"$ref": str(name)}:
            return example(schemas[name.rpartition("/")[2]], schemas)
        case {"contentSchema": inner}:
            return json.dumps(example(inner, schemas), ensure_ascii=False, separators=(",", ":"))
        case {"anyOf": alternatives} | {"oneOf": alternatives}:
            found = (example(one, schemas) for one in alternatives)
            return next((value for value in found if value is not None), None)
        case {"properties": properties}:
            return {name: example(inner, schemas) for name, inner in properties.items()}
        case {"additionalProperties": dict(inner)}:
            return {A_SERIES: example(inner, schemas)}
        case {"items": inner}:
            return [example(inner, schemas)]
        case {"type": "boolean"}:
            return True
    return None
