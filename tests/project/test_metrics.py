"""The table of metrics in the documents is what a running bridge tells Prometheus."""

import re

import httpx
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.eventually import eventually
from tests.project.documents import read, rows, section
from tests.services import Broker
from tests.system.command import running

OPERATIONS = read("docs/operations.md")
DOCUMENTED = {cells[0].strip("`"): cells[1] for cells in rows(section(OPERATIONS, "Metrics"))}
SUFFIX = {"counter": "_total", "histogram": "_count", "info": "_info", "gauge": ""}


async def test_the_table_of_metrics_is_what_a_running_bridge_tells(broker: Broker, database_url: str) -> None:
    async with (
        running("server", broker_url=broker.url, database_url=database_url) as server,
        httpx.AsyncClient(base_url=f"http://{server.address}") as client,
    ):
        await server.says("session.subscribed")

        async def told() -> dict[str, Metric]:
            """Ours by name, once the broker has told all that it tells."""
            found = text_string_to_metric_families((await client.get("/metrics")).text)
            ours = {
                family.name.removesuffix("_info"): family for family in found if family.name.startswith("fieldline")
            }
            return ours if "fieldline_broker_clients" in ours else {}

        found = await eventually(told)
    assert sorted(found) == sorted(DOCUMENTED)
    # The classic text format knows no infos: they come as gauges of value 1.
    types = {
        name: "info" if family.samples[0].name.endswith("_info") else family.type for name, family in found.items()
    }
    assert types == DOCUMENTED
    assert [family.name for family in found.values() if not family.documentation.endswith(".")] == []


def test_every_alarm_is_about_metrics_that_there_are() -> None:
    expressions = [cells[1] for cells in rows(section(OPERATIONS, "Alarms"))]
    assert expressions
    told = {name + SUFFIX[kind] for name, kind in DOCUMENTED.items()}
    assert {name for text in expressions for name in re.findall(r"fieldline_\w+", text)} <= told
