"""What Postgres does for a chart: lookups in the keys of the partitions shown, also where no table was ever analyzed."""

import re

import asyncpg
import pytest

from tests.api.charting import BEGIN, DAY, HOUR, MINUTE, SECOND, fill

LOGGED = """
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_nested_statements = on;
SET auto_explain.log_analyze = on;
SET client_min_messages = log;
"""


@pytest.mark.parametrize(
    ("since", "span", "points", "most"),
    [(BEGIN, HOUR, 100, 2_000), (BEGIN + 17 * SECOND, DAY, 100, 4_000), (BEGIN + 17 * SECOND, 8 * DAY, 20, 2_000)],
    ids=["raw", "minute", "hour"],
)
async def test_a_chart_reads_by_key_what_it_needs_and_not_all_that_is_shown(
    database_url: str, since: int, span: int, points: int, most: int
) -> None:
    await fill(database_url, BEGIN, BEGIN + 9 * DAY, MINUTE // 6)
    plans: list[str] = []
    connection = await asyncpg.connect(database_url)
    connection.add_log_listener(lambda _, message: plans.append(str(message)))
    await connection.execute(LOGGED)
    await connection.execute(
        "SELECT * FROM chart_lines(ARRAY[1], moment($1), moment($2), $3)", since, since + span, points
    )
    await connection.close()
    text = "\n".join(plans)
    ways = set(re.findall(r"(\w+(?: \w+)*? Scan)(?: Backward)?(?: using \w+)? on (?:reading|rollup)_", text))
    assert ways <= {"Index Scan", "Index Only Scan"}, text
    read = re.findall(r"Scan .* on (?:reading|rollup)_.*actual time=\S+ rows=([\d.]+) loops=(\d+)", text)
    assert read, text
    assert sum(float(rows) * int(loops) for rows, loops in read) < most, text
