"""Prometheus gets the figures of the process, and of its bridge and live side where it has them."""

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bridge.histogram import Histogram
from tests.api.field import asking
from tests.api.states import TOLD, WELL

METRICS = "http://localhost/metrics"


def figures(text: str) -> dict[tuple[str, ...], float]:
    """Every figure by its name and the values of its labels."""
    return {
        (each.name, *each.labels.values()): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


async def test_a_process_without_a_bridge_tells_of_itself_and_its_live_side(client: httpx.AsyncClient) -> None:
    answer = await client.get(METRICS)
    assert answer.status_code == 200
    found = figures(answer.text)
    assert found["fieldline_live_clients",] == 0
    assert found["process_resident_memory_bytes",] > 0
    assert not any(name.startswith("fieldline_messages") for name, *_ in found)


async def test_openmetrics_is_spoken_to_who_asks_for_it(database_url: str) -> None:
    async with asking(database_url, bridge=lambda: WELL._replace(broker=TOLD)) as client:
        answer = await client.get(METRICS, headers={"accept": "application/openmetrics-text"})
    assert answer.text.endswith("# EOF\n")
    assert 'fieldline_messages_total{fate="rejected"} 1.0\n' in answer.text


async def test_two_apps_in_one_process_have_figures_of_their_own(database_url: str) -> None:
    async with (
        asking(database_url, bridge=lambda: WELL) as one,
        asking(database_url, bridge=lambda: WELL._replace(received=99)) as other,
    ):
        received = [
            figures((await app.get(METRICS)).text)["fieldline_messages_received_total",] for app in (one, other)
        ]
    assert received == [9, 99]


async def test_a_bridge_is_looked_at_once_a_scrape(database_url: str) -> None:
    looks = iter((WELL, WELL._replace(received=99)))
    async with asking(database_url, bridge=lambda: next(looks)) as client:
        found = figures((await client.get(METRICS)).text)
    assert found["fieldline_messages_received_total",] == 9


async def test_a_histogram_is_cumulative_as_prometheus_wants_it(database_url: str) -> None:
    seconds = Histogram(0.01, 0.1)
    for value in (0.001, 0.01, 0.05, 7.0):
        seconds.observe(value)
    async with asking(database_url, bridge=lambda: WELL._replace(commit_seconds=seconds.look())) as client:
        found = figures((await client.get(METRICS)).text)
    buckets = {
        bound: count
        for (name, *labels), count in found.items()
        for bound in labels
        if name.endswith("commit_seconds_bucket")
    }
    assert buckets == {"0.01": 2, "0.1": 3, "+Inf": 4}
    assert found["fieldline_commit_seconds_count",] == 4
    assert found["fieldline_commit_seconds_sum",] == 7.061


async def test_what_the_broker_does_not_say_is_left_out(database_url: str) -> None:
    async with asking(database_url, bridge=lambda: WELL._replace(broker=TOLD)) as client:
        found = figures((await client.get(METRICS)).text)
    told = {name: value for (name, *_), value in found.items() if name.startswith("fieldline_broker_")}
    assert told == {
        "fieldline_broker_info": 1,
        "fieldline_broker_queued_messages": 10,
        "fieldline_broker_stored_bytes": 500,
        "fieldline_broker_retained_messages": 50,
        "fieldline_broker_uptime_seconds": 12,
    }
