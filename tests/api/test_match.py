"""A match selects exactly the series whose `device/metric` it describes, whatever characters names are made of."""

import re
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.dialects.plain import LONGEST_NAME
from bridge.live.match import LONGEST
from tests.api.field import NOON, keep
from tests.api.streaming import Served, hear, say
from tests.bridge.watching import BEGINNING

NAMES = [
    ("greenhouse-1", "temperature"),
    ("greenhouse-10", "temperature"),
    ("100%", "cpu_load"),
    ("100x", "cpuXload"),
    ("back\\slash", "a\\*b"),
    ("Gewächshaus ☂", "Größe"),
    ("'; DROP TABLE reading; --", "x' OR '1'='1"),
    ("star*", "*"),
    ("dots", "deep/er/metric"),
    ("[a-z]", "(.*)$"),
    ("new\nline", "tab\t"),
]


async def selected(client: httpx.AsyncClient, *match: str) -> set[tuple[str, str]]:
    answer = await client.get("/series", params={"match": list(match)})
    assert answer.status_code == 200, answer.text
    return {(one["device"], one["metric"]) for one in answer.json()["series"]}


@pytest.fixture
async def kept(database_url: str) -> None:
    await keep(database_url, {name: [(NOON, 1.0)] for name in NAMES})


async def test_a_name_selects_itself_alone(client: httpx.AsyncClient, kept: None) -> None:
    for name in NAMES:
        assert await selected(client, re.sub(r"([\\*])", r"\\\1", "/".join(name))) == {name}


@pytest.mark.parametrize(
    ("match", "metrics"),
    [
        ("greenhouse-1/*", {"temperature"}),
        ("dots/*", {"deep/er/metric"}),
        ("100_/*", set()),
        ("%", None),
        ("100%/cpu%load", set()),
        ("*\\\\*", {"a\\*b"}),
        ("back\\slash/*", {"a\\*b"}),
        ("*/\\*", {"*"}),
        ("star*/*", {"*"}),
        ("nobody/*", set()),
        ("*☂/Gr*ße", {"Größe"}),
        ("*'1'='1", {"x' OR '1'='1"}),
        ("*\n*", {"tab\t"}),
    ],
)
async def test_only_the_star_is_special(
    client: httpx.AsyncClient, kept: None, match: str, metrics: set[str] | None
) -> None:
    if metrics is None:
        assert (await client.get("/series", params={"match": match})).status_code == 422
    else:
        assert {metric for _, metric in await selected(client, match)} == metrics


async def test_several_matches_select_what_any_of_them_does(client: httpx.AsyncClient, kept: None) -> None:
    found = await selected(client, "greenhouse-1/*", "dots/*", "dots/deep*")
    assert found == {("greenhouse-1", "temperature"), ("dots", "deep/er/metric")}


async def test_no_match_selects_all(client: httpx.AsyncClient, kept: None) -> None:
    assert await selected(client) == await selected(client, "*") == set(NAMES)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    match=st.lists(st.sampled_from(["*", "/", "%", "_", "\\", "1", "e", "-", "greenhouse", "temp", "'"]), min_size=1)
)
async def test_the_database_and_a_regular_expression_agree(
    client: httpx.AsyncClient, kept: None, match: list[str]
) -> None:
    pattern = "".join(match)
    if "*" not in pattern and "/" not in pattern:
        pattern += "*"
    parts = re.findall(r"\\[*\\]|.", pattern)
    accepts = re.compile("".join(".*" if part == "*" else re.escape(part[-1]) for part in parts), re.DOTALL).fullmatch
    assert await selected(client, pattern) == {name for name in NAMES if accepts("/".join(name))}


async def test_a_device_is_found_under_its_escaped_name(client: httpx.AsyncClient, kept: None) -> None:
    for device, metric in NAMES[:-1]:  # a line break in a path is no route
        answer = await client.get(f"/devices/{quote(device, safe='')}")
        assert answer.status_code == 200, device
        assert (answer.json()["device"], answer.json()["series"][0]["metric"]) == (device, metric)


@pytest.mark.parametrize("letter", ["*", "\\", "n", "😀"])
async def test_the_longest_names_are_selected_by_themselves_alone(served: Served, letter: str) -> None:
    name, other = letter * LONGEST_NAME, letter * (LONGEST_NAME - 1)
    exact = re.sub(r"([\\*])", r"\\\1", f"{name}/{name}")
    writer = served.live.writer()
    await writer.write((name, name, BEGINNING, 1.0), (name, other, BEGINNING, 2.0), (other, name, BEGINNING, 3.0))
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}/api/v1") as client,
        served.socket() as socket,
    ):
        answer = await client.get("/readings", params={"match": exact})
        assert (answer.status_code, answer.json().get("value")) == (200, [1.0])
        await say(socket, type="subscribe", id="a", match=[exact])
        told = await hear(socket)
        assert [(one["device"], one["metric"], one["value"]) for one in told["series"]] == [(name, name, 1.0)]
        await writer.write((name, other, BEGINNING + 1, 4.0), (name, name, BEGINNING + 1, 5.0))
        assert (await hear(socket))["value"] == [5.0]


@pytest.mark.timeout(20)
async def test_as_many_stars_as_a_pattern_holds_are_answered_by_the_database_at_once(
    client: httpx.AsyncClient, database_url: str
) -> None:
    await keep(database_url, {("a" * LONGEST_NAME, "a" * LONGEST_NAME): [(NOON, 1.0)]})
    assert await selected(client, "*a" * (LONGEST // 2) + "c") == set()


async def test_ten_series_of_the_longest_and_oddest_names_are_one_message(served: Served) -> None:
    async with served.socket() as socket:
        rest = "😀" * (LONGEST_NAME - 1)  # twelve characters each in JSON
        await say(socket, type="subscribe", id="a", match=[f"{n}{rest}/{n}{rest}" for n in range(10)])
        assert (await hear(socket))["type"] == "subscribed"
