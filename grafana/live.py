"""The dashboard *live*: what chosen devices say at this moment, straight from the broker.

Of its own, because a refresh (which the fleet wants) would cut every stream, and a longer range would show it as a speck.
"""

from devices import topic
from grafana import look, variable
from grafana.sdk import build, common, dashboard, layout, stat, timeseries
from grafana.source import MQTT, Subscription

TELEMETRY = Subscription(topic.telemetry("${device:raw}"))

# Every key of a message becomes a field; these two are about the message, not about what was measured.
ONLY_METRICS = dashboard.DataTransformerConfig(
    id_val="filterFieldsByName", options={"exclude": {"pattern": "/^(at|seq)$/"}}
)


def live() -> build.Dashboard:
    return (
        build.Dashboard("Fieldline: live")
        .uid(look.LIVE)
        .tags(["fieldline"])
        .description("What the broker says now, stored or not. Times are those of Grafana's clock; nothing is kept.")
        .time("now-5m", "now")
        .refresh("")
        .timepicker(build.TimePicker().refresh_intervals([]))
        .link(look.link("Fleet", f"/d/{look.FLEET}?${{device:queryparam}}"))
        .with_variable(variable.some_devices())
        .with_row(build.Row("$device").id(1).repeat("device"))
        .with_panel(_lines().id(2).span(18).height(8))
        .with_panel(_newest().id(3).span(6).height(8))
    )


def _lines() -> timeseries.Panel:
    return (
        timeseries.Panel()
        .title("Since opened")
        .datasource(MQTT)
        .with_target(TELEMETRY)
        .with_transformation(ONLY_METRICS)
        .interval("1s")
        .line_width(1)
        .span_nulls(span_nulls=True)
        .legend(look.legend())
        .tooltip(look.every_line())
    )


def _newest() -> stat.Panel:
    return (
        stat.Panel()
        .title("Newest")
        .datasource(MQTT)
        .with_target(TELEMETRY)
        .with_transformation(ONLY_METRICS)
        .interval("1s")
        .graph_mode(common.BigValueGraphMode.NONE)
        .text_mode(common.BigValueTextMode.VALUE_AND_NAME)
        .reduce_options(layout.ReduceDataOptions().calcs(["lastNotNull"]).values(values=False))
    )
