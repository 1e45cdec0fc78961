"""The links of the API's description lead on from an answer to the next."""

import json
from typing import Any

import httpx
import pytest

from api.app import PREFIX
from fieldline.commands.openapi import document
from tests.api.field import NOON, keep
from tests.api.test_rejects import reject

OPERATIONS = {
    operation["operationId"]: (path, operation)
    for path, methods in json.loads(document())["paths"].items()
    for operation in methods.values()
}
LINKS = [
    (name, link)
    for name, (_, operation) in OPERATIONS.items()
    for link in operation["responses"]["200"].get("links", {}).values()
]
ASKED: dict[str, Any] = {
    "readings": {"match": "a/*", "from": NOON // 1000, "order": "desc", "limit": 1},
    "latest": {"match": "a/*"},
    "changes": {"match": "a/*", "limit": 1},
    "rejects": {"topic": "devices/*", "limit": 1},
}
PAGES = {"readings": ("value", [2.0], [1.0]), "changes": ("value", [1.0], [2.0])}


def value(expression: str, asked: dict[str, Any], answer: Any) -> Any:
    """Of a runtime expression of OpenAPI; `None` where there is nothing to find."""
    place, _, member = expression.partition("#/")
    if place != "$response.body":
        return asked.get(expression.removeprefix("$request.query."))
    for step in member.split("/"):
        answer = answer[int(step) if step.isdigit() else step]
    return answer


def test_there_are_links_to_follow() -> None:
    assert {name for name, _ in LINKS} == {"list_devices", *ASKED}


@pytest.mark.parametrize(("name", "link"), LINKS)
def test_a_link_leads_to_a_question_that_has_its_parameters(name: str, link: dict[str, Any]) -> None:
    known = {given["name"] for given in OPERATIONS[link["operationId"]][1]["parameters"]}
    assert set(link["parameters"]) <= known
    before = {given["name"] for given in OPERATIONS[name][1].get("parameters", ())}
    assert {said.rpartition(".")[2] for said in link["parameters"].values() if "query" in said} <= before


@pytest.mark.parametrize(("name", "link"), [one for one in LINKS if one[1]["operationId"] != "events"])
async def test_a_link_leads_to_what_comes_next(
    client: httpx.AsyncClient, database_url: str, name: str, link: dict[str, Any]
) -> None:
    await keep(database_url, {("a", "x"): [(NOON, 1.0), (NOON + 1_000_000, 2.0)], ("b", "x"): [(NOON, 3.0)]})
    await reject(database_url, b"1{", b"2{")
    asked = ASKED.get(name, {})
    first = (await client.get(OPERATIONS[name][0].removeprefix(PREFIX), params=asked)).json()
    said = {parameter: value(expression, asked, first) for parameter, expression in link["parameters"].items()}
    assert None not in {said[parameter] for parameter in said if parameter not in {"from", "to", "reason"}}
    path = OPERATIONS[link["operationId"]][0].removeprefix(PREFIX).format(device=said.pop("device", None))
    answer = await client.get(path, params={parameter: one for parameter, one in said.items() if one is not None})
    assert answer.status_code == 200, answer.text
    if name in PAGES:
        column, before, after = PAGES[name]
        assert (first[column], answer.json()[column]) == (before, after)
