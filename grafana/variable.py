"""The choices at the top of the dashboards. In SQL a choice of several arrives as a quoted list."""

from grafana.sdk import build, dashboard
from grafana.source import POSTGRES

DEVICES = "SELECT device FROM devices ORDER BY 1"

# `seq` counts messages, for the ledger; texts have no line.
METRICS = """\
SELECT DISTINCT metric FROM latest
WHERE device IN ($device) AND metric <> 'seq' AND value IS NOT NULL
ORDER BY 1"""


def devices() -> build.QueryVariable:
    return _every(_query("device", "Device", DEVICES))


def metrics() -> build.QueryVariable:
    return _every(_query("metric", "Metric", METRICS))


def some_devices() -> build.QueryVariable:
    """Without a choice of all: each device is a subscription and two panels."""
    return _query("device", "Device", DEVICES).current(dashboard.VariableOption(text=[], value=[]))


def _query(name: str, label: str, sql: str) -> build.QueryVariable:
    return (
        build.QueryVariable(name)
        .label(label)
        .datasource(POSTGRES)
        .query(sql)
        .definition(sql)
        .refresh(dashboard.VariableRefresh.ON_DASHBOARD_LOAD)
        .multi(multi=True)
    )


def _every(variable: build.QueryVariable) -> build.QueryVariable:
    """`All` puts the column's own name into `column IN (…)`: always true, where a list of thousands of names would be slow."""
    name = variable.build().name
    everything = dashboard.VariableOption(text=["All"], value=["$__all"])
    return variable.include_all(include_all=True).all_value(name).current(everything)
