"""The client asks for what the API describes, and reads answers of the described shapes."""

import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, get_args, get_type_hints

import httpx
import msgspec
import pyarrow as pa
import pytest

from fieldline import client as public
from fieldline.client import Client, Problem, answers, ask, events
from fieldline.client.client import Order
from fieldline.commands.openapi import document

DESCRIBED = json.loads(document())
PREFIX = "/api/v1"
WHEN: dict[str, Any] = {"since": "-1h", "until": "now"}

CALLS: dict[str, tuple[Callable[[Client], Any], type]] = {
    "/devices": (lambda client: client.devices(), answers.Devices),
    "/devices/{device}": (lambda client: client.device("a"), answers.Device),
    "/series": (lambda client: client.series("a/*"), answers.SeriesList),
    "/latest": (lambda client: client.latest("a/*"), answers.Latest),
    "/readings": (lambda client: client.readings("a/*", **WHEN, order="desc", limit=5), answers.Page),
    "/chart": (lambda client: client.chart("a/*", **WHEN, points=500), answers.Chart),
    "/statistics": (
        lambda client: client.statistics("a/*", **WHEN, every="1d", timezone="Europe/Berlin"),
        answers.Statistics,
    ),
    "/changes": (lambda client: client.changes("a/*", after="0"), answers.Changes),
}
"""Each question with all that can be said with it, and the shape of its answer."""


def operation(route: str) -> dict[str, Any]:
    """What the API says of a route."""
    found: dict[str, Any] = DESCRIBED["paths"][PREFIX + route]["get"]
    return found


@pytest.mark.parametrize("route", CALLS)
async def test_a_question_says_only_what_its_route_takes(route: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = {one["name"] for one in operation(route)["parameters"]} if "parameters" in operation(route) else set()
    request = await asked(CALLS[route][0], monkeypatch)
    assert request.method == "GET"
    assert request.url.path == (PREFIX + route).replace("{device}", "a")
    assert set(request.url.params) <= parameters - {"device"}


async def asked(call: Callable[[Client], Any], monkeypatch: pytest.MonkeyPatch) -> httpx.Request:
    """The request that a call makes; its answer is a problem, which ends it."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(418, json={"detail": "a teapot"})

    monkeypatch.setattr(httpx.AsyncClient, "_transport_for_url", lambda *_: httpx.MockTransport(answer))
    async with Client() as client:
        with pytest.raises(Problem, match="418: a teapot"):
            await first(call(client))
    [request] = requests
    return request


async def first(answer: Awaitable[Any] | AsyncIterator[Any]) -> Any:
    return await (anext(answer) if isinstance(answer, AsyncIterator) else answer)


@pytest.mark.parametrize("route", CALLS)
def test_an_answer_has_every_field_that_the_client_reads(route: str) -> None:
    theirs = operation(route)["responses"]["200"]["content"]["application/json"]["schema"]
    [ours], components = msgspec.json.schema_components([CALLS[route][1]], ref_template="#/components/schemas/{name}")
    assert list(misfits((ours, {"components": {"schemas": components}}), (theirs, DESCRIBED), route)) == []


def test_a_device_has_every_field_of_the_answer() -> None:
    described = set(DESCRIBED["components"]["schemas"]["Device"]["properties"])
    assert set(answers.Device.__struct_fields__) == described


def test_whatever_a_method_takes_or_answers_has_a_public_name() -> None:
    """A program that says the types of what it keeps or hands on must not look for them in our modules."""
    methods = [method for name, method in vars(Client).items() if inspect.isfunction(method) and name[0] != "_"]
    hints = [get_type_hints(method, localns={"pa": pa}) for method in methods]
    named = {one for hint in hints for one in ours(*hint.values())}
    assert {answers.Device, answers.Location, events.LiveSeries} <= named
    assert {one.__name__ for one in named} - set(public.__all__) == set()
    aliases = {"Event": events.Event, "Moment": ask.Moment, "Order": Order}
    assert {name: getattr(public, name) for name in aliases} == aliases


def ours(*hints: Any) -> set[type]:
    """The structs that types speak of, and those that these are made of."""
    named = {hint for hint in hints if isinstance(hint, type) and issubclass(hint, msgspec.Struct)}
    inner = [argument for hint in hints for argument in get_args(hint)]
    inner += [hint for one in named for hint in get_type_hints(one).values()]
    return named | (ours(*inner) if inner else set())


Schema = tuple[Any, Any]
"""A schema, and the document that its references are into."""


def misfits(ours: Schema, theirs: Schema, where: str) -> Iterator[str]:
    """What an answer may hold that we don't expect, and what we expect that it may lack."""
    known = dict(alternatives(ours))
    for kind, schema in alternatives(theirs):
        if kind not in known:
            yield f"{where}: expected {', '.join(map(str, known))}, may be {kind}"
            continue
        mine, (_, document) = known[kind], theirs
        if not set(schema.get("enum", ())) <= set(mine.get("enum", schema.get("enum", ()))):
            yield f"{where}: expected {mine['enum']}, may be one of {schema['enum']}"
        if kind == "array":
            yield from misfits((mine["items"], ours[1]), (schema["items"], document), f"{where}[]")
        for name, inner in mine.get("properties", {}).items():
            if name in schema.get("required", ()):
                yield from misfits((inner, ours[1]), (schema["properties"][name], document), f"{where}.{name}")
            else:
                yield f"{where}.{name}: expected it always, may be missing"
        if kind == "object" and "additionalProperties" in mine and "properties" not in mine:
            pair = (mine["additionalProperties"], ours[1]), (schema["additionalProperties"], document)
            yield from misfits(*pair, f"{where}.*")


def alternatives(schema: Schema) -> Iterator[tuple[str, Any]]:
    """The types that a schema allows, each with what it says of it. An integer may be where a number is expected."""
    said, document = schema
    if "$ref" in said:
        yield from alternatives((document["components"]["schemas"][said["$ref"].rpartition("/")[2]], document))
    elif "anyOf" in said:
        for one in said["anyOf"]:
            yield from alternatives((one, document))
    elif "enum" in said or "const" in said:
        yield "string", said
    else:
        yield said["type"], said
        if said["type"] == "number":
            yield "integer", said


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"type": "string"}, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        ({"type": "integer"}, {"type": "number"}),
        ({"type": "array", "items": {"type": "integer"}}, {"type": "array", "items": {"type": "string"}}),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, {"type": "object", "properties": {}}),
        ({"enum": ["raw"]}, {"type": "string", "enum": ["raw", "minute"]}),
    ],
)
def test_another_shape_is_noticed(ours: Any, theirs: Any) -> None:
    assert list(misfits((ours, {}), (theirs, {}), "answer"))


def test_the_same_shape_is_none() -> None:
    shape = {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"anyOf": [{"type": "number"}, {"type": "null"}]}},
    }
    assert list(misfits((shape, {}), (shape, {}), "answer")) == []
