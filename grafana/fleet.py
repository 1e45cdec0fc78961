"""The dashboard *fleet*: who is there, what each said last, and the history of every metric, from Postgres."""

from grafana import look, variable
from grafana.sdk import build, common, dashboard, layout, stat, table, timeseries
from grafana.source import POSTGRES, Sql

COUNTS = """\
SELECT count(*) FILTER (WHERE online) AS online,
    count(*) FILTER (WHERE NOT online) AS offline,
    count(*) FILTER (WHERE online IS NULL) AS unknown,
    extract(epoch FROM now() - max(last_seen))::float8 AS "last heard"
FROM devices
WHERE device IN ($device)"""

DEVICES = """\
SELECT device, name, CASE WHEN online THEN 'online' WHEN NOT online THEN 'offline' ELSE 'unknown' END AS presence,
    last_seen AS "last seen", model, firmware
FROM devices
WHERE device IN ($device)
ORDER BY online NULLS LAST, device"""

NEWEST = """\
SELECT device, metric, value, text, unit, at
FROM latest
WHERE device IN ($device) AND metric <> 'seq'
ORDER BY device, metric"""

# For each device what its line needs at this width, however long the range. A star or backslash in a name stands for itself. A
# null ends the line where a device was silent for a quarter of an hour and five pixels: it must not look as if it had gone on.
HISTORY = r"""WITH line AS (
    SELECT point.at AS "time", point.device, point.metric, coalesce(point.unit, '') AS unit, point.value
    FROM (
        SELECT device, metric FROM latest WHERE device IN ($device) AND metric IN ($metric) AND value IS NOT NULL
    ) AS shown CROSS JOIN LATERAL chart(
        regexp_replace(shown.device || '/' || shown.metric, '[*\\]', '\\\&', 'g'),
        $__timeFrom(), $__timeTo(),
        least(greatest(extract(epoch FROM $__timeTo()::timestamptz - $__timeFrom()) * 1000 / $__interval_ms, 1), 10000)::integer
    ) AS point
), step AS (
    SELECT *, lead("time") OVER (PARTITION BY device, metric ORDER BY "time") - "time" AS silence FROM line
)
SELECT "time", device, metric, unit, value FROM line
UNION ALL
SELECT "time" + silence / 2, device, metric, unit, NULL FROM step
WHERE silence > greatest(interval '15 minutes', 5 * $__interval_ms * interval '1 millisecond')
ORDER BY 1"""
SILENCE = 15 * 60_000  # the same quarter of an hour, for nulls that only come from other devices' pixels


def fleet() -> build.Dashboard:
    return (
        build.Dashboard("Fieldline: fleet")
        .uid(look.FLEET)
        .tags(["fieldline"])
        .description("Presence, newest values and history, as stored in Postgres.")
        .time("now-6h", "now")
        .refresh("30s")
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .link(look.link("Live", f"/d/{look.LIVE}"))
        .with_variable(variable.devices())
        .with_variable(variable.metrics())
        .with_row(build.Row("Presence").id(1))
        .with_panel(_counts().id(2).span(6).height(9))
        .with_panel(_devices().id(3).span(18).height(9))
        .with_row(build.Row("Newest values").id(4))
        .with_panel(_newest().id(5).span(24).height(10))
        .with_row(build.Row("History").id(6))
        .with_panel(_history().id(7).span(12).height(9))
    )


def _counts() -> stat.Panel:
    return (
        stat.Panel()
        .title("Devices")
        .datasource(POSTGRES)
        .with_target(Sql(COUNTS))
        .reduce_options(layout.ReduceDataOptions().calcs(["lastNotNull"]).values(values=False))
        .graph_mode(common.BigValueGraphMode.NONE)
        .override_by_name("online", [look.color("green")])
        .override_by_name("offline", [look.color("red")])
        .override_by_name("unknown", [look.color("text")])
        .override_by_name("last heard", [look.color("text"), look.unit("s")])
    )


def _devices() -> table.Panel:
    leads = {
        "Live": f"/d/{look.LIVE}?var-device=${{__value.raw:percentencode}}",
        "Only this device": f"/d/{look.FLEET}?var-device=${{__value.raw:percentencode}}",
    }
    return (
        table.Panel()
        .title("Presence")
        .datasource(POSTGRES)
        .with_target(Sql(DEVICES))
        .filterable(filterable=True)
        .override_by_name("device", look.links(leads))
        .override_by_name("presence", look.presence())
        .override_by_name("last seen", look.ago())
    )


def _newest() -> table.Panel:
    return (
        table.Panel()
        .title("Newest values")
        .datasource(POSTGRES)
        .with_target(Sql(NEWEST))
        .filterable(filterable=True)
        .override_by_name("at", look.ago())
    )


def _history() -> timeseries.Panel:
    return (
        timeseries.Panel()
        .title("$metric")
        .datasource(POSTGRES)
        .with_target(Sql(HISTORY, "time_series"))
        .repeat("metric")
        .max_per_row(2)
        .display_name("${__field.labels.device} ${__field.labels.unit}")
        .line_width(1)
        .span_nulls(SILENCE)
        .legend(look.legend())
        .tooltip(look.every_line())
    )
