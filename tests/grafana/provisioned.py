"""What Grafana is given, as it will read it: the files of `grafana/`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

GRAFANA = Path(__file__).parents[2] / "grafana"
FILES = sorted((GRAFANA / "dashboards").glob("*.json"))


class Query(NamedTuple):
    """One SQL text and where it stands. `format` is `variable` for the choices of a variable."""

    where: str
    sql: str
    format: str


def dashboard(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((GRAFANA / "dashboards" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def provisioning(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(
        (GRAFANA / "provisioning" / kind / "fieldline.yaml").read_text(encoding="utf-8")
    )
    return found


def rules() -> list[dict[str, Any]]:
    return [rule for group in provisioning("alerting")["groups"] for rule in group["rules"]]


def panels(name: str) -> list[dict[str, Any]]:
    """Also those inside collapsed rows."""
    top = dashboard(name)["panels"]
    return [panel for one in top for panel in (one, *one.get("panels", []))]


def targets(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for panel in panels(name):
        for target in panel.get("targets", []):
            yield f"{name}/{panel['title']}", target


def queries() -> list[Query]:
    """Every SQL text that Grafana will ever send for us."""
    found = []
    for name in (file.stem for file in FILES):
        found += [
            Query(where, target["rawSql"], target["format"]) for where, target in targets(name) if "rawSql" in target
        ]
        found += [
            Query(f"{name}/variable {variable['name']}", variable["query"], "variable")
            for variable in dashboard(name)["templating"]["list"]
            if variable["type"] == "query"
        ]
    for rule in rules():
        found += [
            Query(f"rule {rule['title']}", part["model"]["rawSql"], part["model"]["format"])
            for part in rule["data"]
            if "rawSql" in part["model"]
        ]
    return found
