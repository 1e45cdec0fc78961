"""The API's description is complete, and the copy that the web app's types are made from is current."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import numpy as np
import pytest

from api import events
from api.description import EVENTS, example, operations
from api.export.lines import Csv, Ndjson
from api.export.run import Run
from api.match import Series
from bridge.live import cursor, frames
from bridge.live import series as live
from fieldline.commands.openapi import document

KEPT = Path(__file__).parents[2] / "web" / "openapi.json"
DESCRIBED: dict[str, Any] = json.loads(document())
SCHEMAS = DESCRIBED["components"]["schemas"]
OPERATIONS = {operation["operationId"]: operation for operation in operations(DESCRIBED)}
PROBLEM = "application/problem+json"
BINARY = {"application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"}
"""There is nothing to show of these."""


def test_the_kept_copy_is_current() -> None:
    assert KEPT.read_text(encoding="utf-8") == document(), "run `fieldline openapi --out web/openapi.json`"


def test_every_operation_has_a_name_of_its_own_below_one_prefix() -> None:
    assert len(OPERATIONS) == sum(map(len, DESCRIBED["paths"].values()))
    assert [path for path in DESCRIBED["paths"] if not path.startswith("/api/v1/")] == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_says_what_it_does_in_a_line_and_at_length(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation["description"]
    assert 0 < len(operation["summary"]) <= 120
    assert "\n" not in operation["summary"]
    assert operation["tags"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_parameter_says_what_it_is_and_shows_it(name: str) -> None:
    for parameter in OPERATIONS[name].get("parameters", ()):
        assert parameter.get("description"), parameter["name"]
        schema = parameter["schema"]
        assert "default" in schema or example(schema, SCHEMAS) is not None, parameter["name"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_can_go_wrong_is_a_problem_with_an_example(name: str) -> None:
    operation = OPERATIONS[name]
    places = {parameter["in"] for parameter in operation.get("parameters", ())}
    expected = {"421", "500"} | ({"422"} if places or "requestBody" in operation else set())
    expected |= {"404"} if "path" in places else set()
    expected |= {"413"} if "requestBody" in operation else set()
    assert expected <= set(operation["responses"])
    for status, response in operation["responses"].items():
        if not status.startswith("2"):
            assert set(response["content"]) == {PROBLEM}, status
            assert response["content"][PROBLEM]["example"]["status"] == int(status)


def bodies(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is sent with an operation and what is answered, by media type, as far as it can be shown."""
    operation = OPERATIONS[name]
    for body in (operation.get("requestBody", {}), *operation["responses"].values()):
        yield from ((kind, content) for kind, content in body.get("content", {}).items() if kind not in BINARY)


def said(kind: str, content: dict[str, Any]) -> list[Any]:
    """What the schema of a body describes, in its example: of events it is each of them."""
    if kind != EVENTS:
        return [content["example"]]
    return [
        dict(line.split(": ", 1) for line in event.split("\n"))
        for event in content["example"].removesuffix("\n\n").split("\n\n")
    ]


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_body_has_an_example_of_its_shape(name: str) -> None:
    found = list(bodies(name))
    assert [kind for kind, _ in found if kind != PROBLEM], "expected more than what can go wrong"
    for kind, content in found:
        shape = {**content["schema"], "components": DESCRIBED["components"]}
        for value in said(kind, content):
            jsonschema_rs.validate(shape, value)
            assert value, kind


def test_the_event_that_is_shown_is_as_it_is_written() -> None:
    shown = OPERATIONS["events"]["responses"]["200"]["content"][EVENTS]["example"]
    series = live.Series(17, "greenhouse-1", "temperature", "°C", "number")
    snapshot = frames.subscribed([live.Latest(series, 1_760_000_000_123_000, 21.4)], cursor.decode("hog053ancw"))
    assert shown.encode() == events.encode(frames.addressed(snapshot, "events"))


@pytest.mark.parametrize(("kind", "encoder"), [("text/csv", Csv), ("application/x-ndjson", Ndjson)])
def test_the_files_that_are_shown_are_as_they_are_written(kind: str, encoder: type[Csv | Ndjson]) -> None:
    lines = encoder([Series(17, "greenhouse-1", "temperature", "°C", "number")], exact=False)
    run = Run(np.array([1_760_000_000_123_000]), np.array([0], np.int32), np.array([21.4]), None)
    shown = OPERATIONS["readings"]["responses"]["200"]["content"][kind]["example"]
    assert shown.encode() == lines.head() + lines.encode(run) + lines.tail()


def test_every_field_says_what_it_is() -> None:
    for name, schema in SCHEMAS.items():
        for field, value in schema.get("properties", {}).items():
            assert value.get("description"), (name, field)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer"}, None),
        ({"type": "integer", "examples": [3]}, 3),
        ({"type": "string", "enum": ["asc", "desc"]}, "asc"),
        ({"anyOf": [{"type": "null"}, {"type": "integer", "examples": [3]}]}, 3),
        ({"type": "array", "items": {"$ref": "#/components/schemas/One"}}, [{"a": 1.5}]),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, {"17": True}),
        ({"type": "boolean", "default": False}, False),
        ({"oneOf": [{"$ref": "#/components/schemas/One"}, {"type": "null"}]}, {"a": 1.5}),
        ({"type": "string", "contentSchema": {"$ref": "#/components/schemas/One"}}, '{"a":1.5}'),
    ],
)
def test_an_example_is_made_of_the_examples_of_fields(schema: dict[str, Any], value: Any) -> None:
    one = {"type": "object", "properties": {"a": {"type": "number", "examples": [1.5]}}}
    assert example(schema, {"One": one}) == value
