"""The door to the dashboard SDK. It warns that Classic JSON is its older form; that is the form every Grafana provisions."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.builders import common as layout
    from grafana_foundation_sdk.builders import dashboard as build
    from grafana_foundation_sdk.builders import stat, table, timeseries
    from grafana_foundation_sdk.cog import builder, encoder, plugins, runtime, variants
    from grafana_foundation_sdk.models import common, dashboard

__all__ = [
    "build",
    "builder",
    "common",
    "dashboard",
    "encoder",
    "layout",
    "plugins",
    "runtime",
    "stat",
    "table",
    "timeseries",
    "variants",
]
