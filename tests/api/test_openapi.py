"""The API's description is complete, and the copy that the web app's types are made from is current."""

import json
from pathlib import Path
from typing import Any

import pytest

from fieldline.commands.openapi import document

KEPT = Path(__file__).parents[2] / "web" / "openapi.json"


@pytest.fixture(scope="module")
def described() -> Any:
    return json.loads(document())


def test_the_kept_copy_is_current() -> None:
    assert KEPT.read_text(encoding="utf-8") == document(), "run `fieldline openapi --out web/openapi.json`"


def test_every_route_says_what_it_does_what_it_takes_and_what_can_go_wrong(described: Any) -> None:
    operations = [(path, method) for path, methods in described["paths"].items() for method in methods.values()]
    assert len({operation["operationId"] for _, operation in operations}) == len(operations)
    for path, operation in operations:
        assert path.startswith("/api/v1/")
        assert operation["description"], path
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description") or parameter["in"] == "path", (path, parameter["name"])
        for status, response in operation["responses"].items():
            if status != "200":
                assert set(response["content"]) == {"application/problem+json"}, (path, status)


def test_every_field_says_what_it_is(described: Any) -> None:
    for name, schema in described["components"]["schemas"].items():
        for field, value in schema["properties"].items():
            assert value.get("description"), (name, field)
