"""A match selects exactly the series whose `device/metric` it describes, whatever characters names are made of."""

import re
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.field import NOON, keep

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
