"""The files that Grafana reads are the ones that the code writes, and they fit each other."""

import json
from typing import Any

import pytest

from devices import topic
from grafana import build, source
from grafana.sdk import dashboard, encoder, plugins, runtime
from tests.grafana import provisioned

UIDS = {source.POSTGRES.uid: source.POSTGRES.type_val, source.MQTT.uid: source.MQTT.type_val}


def _references(part: object) -> list[dict[str, str]]:
    """Every `datasource` anywhere in a dashboard."""
    match part:
        case dict():
            here = [part["datasource"]] if isinstance(part.get("datasource"), dict) else []
            return here + [found for inner in part.values() for found in _references(inner)]
        case list():
            return [found for inner in part for found in _references(inner)]
    return []


def _read_back(text: str) -> Any:
    """The dashboard as the SDK understands it: a key that it does not know is gone afterwards."""
    plugins.register_default_plugins()
    for kind, query in ((source.POSTGRES, source.Sql), (source.MQTT, source.Subscription)):
        runtime.register_dataquery_variant(runtime.DataqueryConfig(str(kind.type_val), query.from_json))
    understood = dashboard.Dashboard.from_json(json.loads(text))
    return json.loads(json.dumps(understood, cls=encoder.JSONEncoder))


def test_the_files_are_what_the_code_writes() -> None:
    written = {file: file.read_text(encoding="utf-8") for file in provisioned.FILES}
    assert written == build.dashboards(), "expected the output of `python -m grafana.build`"


@pytest.mark.parametrize("file", provisioned.FILES, ids=lambda file: file.stem)
def test_every_key_of_a_dashboard_is_known_to_the_sdk(file: Any) -> None:
    text = file.read_text(encoding="utf-8")
    assert _read_back(text) == json.loads(text)


def test_a_misspelt_key_does_not_come_back() -> None:
    misspelt = provisioned.FILES[0].read_text(encoding="utf-8").replace('"gridPos"', '"gridPosition"', 1)
    assert _read_back(misspelt) != json.loads(misspelt)


@pytest.mark.parametrize("file", provisioned.FILES, ids=lambda file: file.stem)
def test_a_dashboard_keeps_its_address_wherever_it_is_loaded(file: Any) -> None:
    read = provisioned.dashboard(file.stem)
    assert read["uid"] == f"fieldline-{file.stem}"
    assert "id" not in read
    ids = [panel["id"] for panel in provisioned.panels(file.stem)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("file", provisioned.FILES, ids=lambda file: file.stem)
def test_dashboards_ask_only_the_provisioned_sources(file: Any) -> None:
    references = _references(provisioned.dashboard(file.stem))
    assert references
    assert all(UIDS[reference["uid"]] == reference["type"] for reference in references)


def test_the_provisioned_sources_are_the_ones_that_the_code_names() -> None:
    assert {given["uid"]: given["type"] for given in provisioned.provisioning("datasources")["datasources"]} == UIDS


def test_no_secret_is_written_down() -> None:
    for given in provisioned.provisioning("datasources")["datasources"]:
        for value in given.get("secureJsonData", {}).values():
            assert value.startswith("${FIELDLINE_")


def test_rules_ask_provisioned_sources_and_lead_to_a_panel_that_exists() -> None:
    for rule in provisioned.rules():
        assert {part["datasourceUid"] for part in rule["data"]} <= {source.POSTGRES.uid, "__expr__"}
        refs = [part["refId"] for part in rule["data"]]
        assert rule["condition"] in refs
        assert all(part["model"].get("expression", "A") in refs for part in rule["data"])
        name = rule["annotations"]["__dashboardUid__"].removeprefix("fieldline-")
        assert int(rule["annotations"]["__panelId__"]) in {panel["id"] for panel in provisioned.panels(name)}


def test_provisioning_has_no_variables_but_those_of_the_environment() -> None:
    for file in (provisioned.GRAFANA / "provisioning").glob("*/*.yaml"):
        dollars = [line for line in file.read_text(encoding="utf-8").splitlines() if "$" in line.split("#")[0]]
        assert all("${FIELDLINE_" in line for line in dollars), f"Grafana would replace {dollars}"


def test_live_panels_listen_where_devices_speak() -> None:
    found = [
        target["topic"] for name in ("fleet", "live") for _, target in provisioned.targets(name) if "topic" in target
    ]
    assert found
    for given in found:
        assert topic.parse(given.replace("${device:raw}", "greenhouse-1")) == topic.Topic("greenhouse-1", "telemetry")


def test_a_dashboard_that_streams_is_never_refreshed() -> None:
    assert provisioned.dashboard("live")["refresh"] == ""
    assert provisioned.dashboard("fleet")["refresh"]
    assert not any("topic" in target for _, target in provisioned.targets("fleet"))
