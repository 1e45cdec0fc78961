"""The twelve questions of TSBS's IoT use case, in words that both share: `{…}` is where each has the numbers."""

from typing import NamedTuple


class Question(NamedTuple):
    """$1 is a fleet, $2 to $3 a span of so many minutes, $4 to $5 the whole minutes in it."""

    name: str
    sql: str
    minutes: int = 0


LONG_SESSIONS = """
    SELECT name, driver FROM {truck} JOIN {tens_in_span_velocity} USING (name)
    WHERE fleet = $1 AND mean > 1 GROUP BY name, driver HAVING count(*) > %d
"""

QUESTIONS = (
    Question(
        "last location per truck",
        "SELECT name, driver, latitude, longitude FROM {truck} JOIN {newest_location} USING (name) WHERE fleet = $1",
    ),
    Question(
        "low fuel",
        """
        SELECT name, driver, fuel_state.value FROM {truck} JOIN {newest_fuel_state} USING (name)
        WHERE fleet = $1 AND fuel_state.value < 0.1
        """,
    ),
    Question(
        "high load",
        """
        SELECT name, driver, current_load.value FROM {truck} JOIN {newest_current_load} USING (name)
        WHERE fleet = $1 AND current_load.value / load_capacity > 0.9
        """,
    ),
    Question(
        "stationary trucks",
        "SELECT name, driver FROM {truck} JOIN {mean_in_span_velocity} USING (name) WHERE fleet = $1 AND mean < 1",
        minutes=10,
    ),
    # Driving for all but 5 minutes an hour, and for all but 35, in tens of minutes.
    Question("long driving sessions", LONG_SESSIONS % 22, minutes=4 * 60),
    Question("long daily sessions", LONG_SESSIONS % 60, minutes=24 * 60),
    Question(
        "average and projected fuel consumption",
        """
        SELECT fleet, avg(value), avg(nominal_fuel_consumption) FROM {truck} JOIN {fuel_consumption_while_moving} USING (name)
        WHERE fleet IS NOT NULL GROUP BY fleet
        """,
    ),
    Question(
        "average daily driving duration",
        """
        SELECT fleet, name, driver, avg(hours) FROM {truck} JOIN (
            SELECT name, date_bin('1 day', ten, 'epoch'), count(*) / 6.0 AS hours
            FROM {tens_velocity} WHERE mean > 1 GROUP BY 1, 2
        ) AS daily USING (name)
        GROUP BY fleet, name, driver
        """,
    ),
    Question(
        "average daily driving session",
        """
        WITH change AS (
            SELECT name, ten, driving, lead(ten) OVER (PARTITION BY name ORDER BY ten) AS until
            FROM (
                SELECT name, ten, mean > 5 AS driving, lag(mean > 5) OVER (PARTITION BY name ORDER BY ten) AS before
                FROM {tens_velocity}
            ) AS tens
            WHERE driving <> before
        )
        SELECT name, date_bin('1 day', ten, 'epoch'), extract(epoch FROM avg(until - ten))
        FROM change WHERE driving GROUP BY 1, 2
        """,
    ),
    Question(
        "average load",
        """
        SELECT fleet, model, load_capacity, avg(mean / load_capacity) FROM {truck} JOIN {mean_current_load} USING (name)
        GROUP BY fleet, model, load_capacity
        """,
    ),
    Question(
        "daily activity",
        """
        SELECT fleet, model, date_bin('1 day', ten, 'epoch'), count(*) / 6.0 FROM {truck} JOIN {tens_status} USING (name)
        WHERE mean < 1 GROUP BY 1, 2, 3
        """,
    ),
    Question(
        "breakdown frequency",
        """
        SELECT model, count(*) FROM {truck} JOIN (
            SELECT name, broken, lead(broken) OVER (PARTITION BY name ORDER BY ten) AS next FROM {tens_broken}
        ) AS tens USING (name)
        WHERE NOT broken AND next GROUP BY model
        """,
    ),
)
