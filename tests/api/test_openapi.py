"""The API's description is complete, and the copy that the web app's types are made from is current."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from api.description import JSON, example, operations
from fieldline.commands.openapi import document

KEPT = Path(__file__).parents[2] / "web" / "openapi.json"
DESCRIBED: dict[str, Any] = json.loads(document())
SCHEMAS = DESCRIBED["components"]["schemas"]
OPERATIONS = {operation["operationId"]: operation for operation in operations(DESCRIBED)}
PROBLEM = "application/problem+json"


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
    assert expected <= set(operation["responses"])
    for status, response in operation["responses"].items():
        if not status.startswith("2"):
            assert set(response["content"]) == {PROBLEM}, status
            assert response["content"][PROBLEM]["example"]["status"] == int(status)


def bodies(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is sent with an operation and what is answered, as JSON."""
    operation = OPERATIONS[name]
    for body in (operation.get("requestBody", {}), *operation["responses"].values()):
        yield from ((kind, content) for kind, content in body.get("content", {}).items() if kind in {JSON, PROBLEM})


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_body_has_an_example_of_its_shape(name: str) -> None:
    found = list(bodies(name))
    assert found
    for kind, content in found:
        shape = {**content["schema"], "components": DESCRIBED["components"]}
        jsonschema_rs.validate(shape, content["example"])
        assert content["example"], kind


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
    ],
)
def test_an_example_is_made_of_the_examples_of_fields(schema: dict[str, Any], value: Any) -> None:
    one = {"type": "object", "properties": {"a": {"type": "number", "examples": [1.5]}}}
    assert example(schema, {"One": one}) == value
