"""Where our tables have the numbers that the questions ask for: the view `latest`, both rollups, and readings by series."""

from collections.abc import Mapping

VIEWS = """
CREATE VIEW truck AS
    SELECT id, name, info ->> 'fleet' AS fleet, info ->> 'driver' AS driver, info ->> 'model' AS model,
        number(info -> 'load_capacity') AS load_capacity, number(info -> 'nominal_fuel_consumption') AS nominal_fuel_consumption
    FROM device;
CREATE VIEW spoken AS
    SELECT truck.name, fleet, metric, device_id, series.id AS series_id FROM series JOIN truck ON truck.id = device_id;
"""
"""What everybody with such a fleet would make: names for what is in the infos."""


def _newest(metric: str) -> str:
    return f"(SELECT device AS name, value FROM latest WHERE metric = '{metric}') AS {metric}"  # noqa: S608


def _of_each(metric: str, parts: str, which: str = "") -> str:
    """A series at a time: what a sum needs of one lies together in its key."""
    return f"""(
        SELECT name, part.* FROM spoken CROSS JOIN LATERAL ({parts}) AS part WHERE metric = '{metric}'{which}
    ) AS {metric}"""  # noqa: S608


def _tens(metric: str) -> str:
    """Of the whole fleet: one look at each minute."""
    return f"""(
        SELECT name, date_bin('10 minutes', at, 'epoch') AS ten, sum(sum) / sum(count) AS mean
        FROM spoken JOIN rollup_minute USING (series_id) WHERE metric = '{metric}' GROUP BY 1, 2
    ) AS {metric}"""  # noqa: S608


# Both of one moment, as a row of TSBS's table has them.
NEWEST_LOCATION = """
    SELECT latitude.value AS latitude, longitude.value AS longitude
    FROM series AS other JOIN reading AS longitude ON longitude.series_id = other.id JOIN reading AS latitude USING (at)
    WHERE other.device_id = spoken.device_id AND other.metric = 'longitude' AND latitude.series_id = spoken.series_id
    ORDER BY at DESC LIMIT 1
"""
# Whole minutes, and the readings at both edges: exact, as `/statistics` is.
TENS_IN_SPAN = """
    SELECT date_bin('10 minutes', at, 'epoch'), sum(sum) / sum(count) AS mean
    FROM (
        SELECT at, sum, count FROM rollup_minute AS r WHERE r.series_id = spoken.series_id AND at >= $4 AND at < $5
        UNION ALL
        SELECT at, value, 1 FROM reading AS r WHERE r.series_id = spoken.series_id AND at >= $2 AND at < $4
        UNION ALL
        SELECT at, value, 1 FROM reading AS r WHERE r.series_id = spoken.series_id AND at >= $5 AND at < $3
    ) AS minutes GROUP BY 1
"""
MEAN_IN_SPAN = """
    SELECT avg(value) AS mean FROM reading AS r WHERE r.series_id = spoken.series_id AND at >= $2 AND at < $3
"""
MEAN_LOAD = """(
    SELECT name, sum(sum) / sum(count) AS mean
    FROM spoken JOIN rollup_hour USING (series_id) WHERE metric = 'current_load' GROUP BY 1
) AS current_load"""
# How many readings are above 0 is in a rollup only if all are or none is; else in the readings of that minute.
TENS_BROKEN = """(
    SELECT name, date_bin('10 minutes', at, 'epoch') AS ten, sum(above)::float8 / sum(count) >= 0.5 AS broken
    FROM (
        SELECT name, at, count, CASE WHEN min > 0 THEN count ELSE 0 END AS above
        FROM spoken JOIN rollup_minute USING (series_id) WHERE metric = 'status' AND (min > 0 OR max <= 0)
        UNION ALL
        SELECT name, mixed.at, 1, (value > 0)::int
        FROM spoken JOIN rollup_minute AS mixed USING (series_id) JOIN reading AS r
        ON r.series_id = mixed.series_id AND r.at >= mixed.at AND r.at < mixed.at + interval '1 minute'
        WHERE metric = 'status' AND min <= 0 AND max > 0
    ) AS minutes GROUP BY 1, 2
) AS status"""
# Two series at the same time: no rollup holds that.
WHILE_MOVING = """
    SELECT used.value
    FROM series AS speed
    CROSS JOIN LATERAL (
        SELECT used.value FROM reading AS used JOIN reading AS moving USING (at)
        WHERE used.series_id = spoken.series_id AND moving.series_id = speed.id AND moving.value > 1
    ) AS used
    WHERE speed.device_id = spoken.device_id AND speed.metric = 'velocity'
"""

SOURCES: Mapping[str, str] = {
    "truck": "truck",
    **{f"newest_{metric}": _newest(metric) for metric in ("fuel_state", "current_load")},
    "newest_location": _of_each("latitude", NEWEST_LOCATION, " AND fleet = $1"),
    "tens_velocity": _tens("velocity"),
    "tens_status": _tens("status"),
    "tens_broken": TENS_BROKEN,
    "tens_in_span_velocity": _of_each("velocity", TENS_IN_SPAN, " AND fleet = $1"),
    "mean_in_span_velocity": _of_each("velocity", MEAN_IN_SPAN, " AND fleet = $1"),
    "mean_current_load": MEAN_LOAD,
    "fuel_consumption_while_moving": _of_each("fuel_consumption", WHILE_MOVING),
}
