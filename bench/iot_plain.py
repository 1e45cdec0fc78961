"""The table that everybody makes first, and where it has the numbers that the questions ask for."""

from collections.abc import Mapping

TABLES = """
CREATE TABLE plain_truck AS
    SELECT name, fleet, driver, model, load_capacity, nominal_fuel_consumption FROM truck;
CREATE TABLE plain (time timestamptz NOT NULL, device text NOT NULL, metric text NOT NULL, value float8 NOT NULL);
INSERT INTO plain
SELECT reading.at, device.name, series.metric, reading.value
FROM reading JOIN series ON series.id = reading.series_id JOIN device ON device.id = series.device_id;
CREATE INDEX ON plain (time);
"""
"""Rows as they arrived, which is how the partitions of `reading` hold them. The index is made afterwards, so it is dense."""


def _sorted(metric: str) -> str:
    return f"""(
        SELECT DISTINCT ON (device) device AS name, value FROM plain
        WHERE metric = '{metric}' AND device IN (SELECT name FROM plain_truck WHERE fleet = $1) ORDER BY device, time DESC
    ) AS {metric}"""  # noqa: S608


def _walked(metric: str) -> str:
    return f"""(
        SELECT plain_truck.name, newest.value FROM plain_truck CROSS JOIN LATERAL (
            SELECT value FROM plain WHERE device = plain_truck.name AND metric = '{metric}' ORDER BY time DESC LIMIT 1
        ) AS newest
        WHERE fleet = $1
    ) AS {metric}"""  # noqa: S608


JOINED_LOCATION = """(
    SELECT DISTINCT ON (device) device AS name, latitude.value AS latitude, longitude.value AS longitude
    FROM plain AS latitude JOIN plain AS longitude USING (device, time)
    WHERE latitude.metric = 'latitude' AND longitude.metric = 'longitude'
        AND device IN (SELECT name FROM plain_truck WHERE fleet = $1)
    ORDER BY device, time DESC
) AS location"""
GROUPED_LOCATION = """(
    SELECT DISTINCT ON (device) device AS name, max(value) FILTER (WHERE metric = 'latitude') AS latitude,
        max(value) FILTER (WHERE metric = 'longitude') AS longitude
    FROM plain
    WHERE metric IN ('latitude', 'longitude') AND device IN (SELECT name FROM plain_truck WHERE fleet = $1)
    GROUP BY device, time HAVING count(*) = 2 ORDER BY device, time DESC
) AS location"""
WALKED_LOCATION = """(
    SELECT plain_truck.name, newest.* FROM plain_truck CROSS JOIN LATERAL (
        SELECT latitude.value AS latitude, longitude.value AS longitude
        FROM plain AS latitude JOIN plain AS longitude USING (device, time)
        WHERE device = plain_truck.name AND latitude.metric = 'latitude' AND longitude.metric = 'longitude'
        ORDER BY time DESC LIMIT 1
    ) AS newest
    WHERE fleet = $1
) AS location"""


def _tens(metric: str) -> str:
    return f"""(
        SELECT device AS name, date_bin('10 minutes', time, 'epoch') AS ten, avg(value) AS mean
        FROM plain WHERE metric = '{metric}' GROUP BY 1, 2
    ) AS {metric}"""  # noqa: S608


COMMON: Mapping[str, str] = {
    "truck": "plain_truck",
    **{f"tens_{metric}": _tens(metric) for metric in ("velocity", "status")},
    "mean_in_span_velocity": """(
        SELECT device AS name, avg(value) AS mean FROM plain
        WHERE metric = 'velocity' AND time >= $2 AND time < $3 GROUP BY 1
    ) AS velocity""",
    "tens_in_span_velocity": """(
        SELECT device AS name, date_bin('10 minutes', time, 'epoch'), avg(value) AS mean FROM plain
        WHERE metric = 'velocity' AND time >= $2 AND time < $3 GROUP BY 1, 2
    ) AS velocity""",
    "fuel_consumption_while_moving": """(
        SELECT used.device AS name, used.value FROM plain AS used JOIN plain AS moving USING (device, time)
        WHERE used.metric = 'fuel_consumption' AND moving.metric = 'velocity' AND moving.value > 1
    ) AS used""",
    "mean_current_load": """(
        SELECT device AS name, avg(value) AS mean FROM plain WHERE metric = 'current_load' GROUP BY 1
    ) AS current_load""",
    "tens_broken": """(
        SELECT device AS name, date_bin('10 minutes', time, 'epoch') AS ten, avg((value > 0)::int) >= 0.5 AS broken
        FROM plain WHERE metric = 'status' GROUP BY 1, 2
    ) AS status""",
}
NEWEST = ("fuel_state", "current_load")
SORTED = {**COMMON, **{f"newest_{metric}": _sorted(metric) for metric in NEWEST}}
WALKED = {**COMMON, **{f"newest_{metric}": _walked(metric) for metric in NEWEST}}
WAYS: tuple[Mapping[str, str], ...] = (
    {**SORTED, "newest_location": GROUPED_LOCATION},
    {**SORTED, "newest_location": JOINED_LOCATION},
    {**WALKED, "newest_location": WALKED_LOCATION},
)
"""Ways to the newest reading: sort all that there are, or walk back the index for each truck. The fastest one counts."""
