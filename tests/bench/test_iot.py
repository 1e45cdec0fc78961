"""The twelve questions: both ways of storing answer them alike, over readings that are late and missing."""

import json
from pathlib import Path

import asyncpg
import numpy as np
import pytest

from bench import iot_ours, iot_plain
from bench.fault import BenchError
from bench.iot import ROWS, expect_answers, same
from bench.iot_fill import fill
from bench.iot_questions import QUESTIONS
from bench.iot_trucks import DAY, INTERVAL, METRICS, Said, batches, said, truck
from bench.report import Row
from tests.bench.test_command import PATIENCE, bench

START = 1_772_409_600_000_000


@pytest.mark.timeout(PATIENCE)
def test_twelve_questions_are_answered_alike_with_rows_and_compared(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    # Twenty are the fewest of whom some answer each question of both rounds, one of which warms up.
    done = bench("iot", "--rounds=1", "--trucks=20", f"--json={figures}")
    assert done.returncode == 0, done.stderr
    [report] = json.loads(figures.read_text())
    *questions, mean = report["rows"]
    assert [row["name"] for row in questions] == [question.name for question in QUESTIONS]
    assert len(questions) == 12
    for row in questions:
        [round_] = row["rounds"]
        assert round_[ROWS] > 0, row["name"]
        assert round_["times faster"] == round_["plain ms"] / round_["fieldline ms"]
    product = np.prod([row["rounds"][0]["times faster"] for row in questions])
    assert mean["rounds"][0]["times faster"] == pytest.approx(product ** (1 / 12))


def test_questions_without_rows_are_named() -> None:
    rows = [
        Row(name, [{ROWS: 3}, {ROWS: last}]) for name, last in (("low fuel", 0), ("high load", 2), ("average load", 0))
    ]
    with pytest.raises(BenchError, match="got none for low fuel, average load"):
        expect_answers(rows)
    expect_answers(rows[1:2])


@pytest.mark.parametrize(
    ("other", "equal"),
    [
        ([("a", 0.1 + 0.2, None)], True),
        ([("a", 0.3001, None)], False),
        ([("b", 0.3, None)], False),
        ([("a", 0.3, 1.0)], False),
        ([], False),
        ([("a", 0.3, None)] * 2, False),
        ([("a", 0.3)], False),
    ],
)
def test_answers_are_equal_but_for_rounding(other: list[tuple[object, ...]], equal: bool) -> None:  # noqa: FBT001
    assert same([("a", 0.3, None)], other) is equal


async def test_the_last_location_is_of_one_moment(database_url: str) -> None:
    about = truck(0, np.random.default_rng(7))
    at = START + np.arange(3) * INTERVAL
    values = np.full((3, len(METRICS)), np.nan)
    values[:, METRICS.index("latitude")] = 50, 51, np.nan
    values[:, METRICS.index("longitude")] = 10, 11, 12
    [question] = [question for question in QUESTIONS if question.name == "last location per truck"]
    connection = await asyncpg.connect(database_url)
    try:
        await fill(connection, [about], [Said(at, at, values)])
        for where in (iot_ours.SOURCES, *iot_plain.WAYS):
            [row] = await connection.fetch(question.sql.format_map(where), about.fleet)
            assert tuple(row) == (about.name, about.driver, 51, 11)
    finally:
        await connection.close()


async def test_readings_lie_in_the_order_of_arrival(database_url: str) -> None:
    about = truck(0, np.random.default_rng(7))
    at = START + np.arange(4) * INTERVAL
    arrived = at + np.array([0, INTERVAL * 3 // 2, 0, 0])
    connection = await asyncpg.connect(database_url)
    try:
        await fill(connection, [about], [Said(at, arrived, np.ones((4, len(METRICS))))])
        for rows in ("SELECT micros(at) FROM reading ORDER BY ctid", "SELECT micros(time) FROM plain ORDER BY ctid"):
            lie = [moment for (moment,) in await connection.fetch(rows)]
            assert list(dict.fromkeys(lie)) == at[[0, 2, 1, 3]].tolist()
    finally:
        await connection.close()


def test_trucks_say_the_same_for_the_same_seed_and_much_of_it_late_or_never() -> None:
    random = [np.random.default_rng(7) for _ in range(2)]
    one, again = (said(number := 1, truck(number, seeded), START, seeded) for seeded in random)
    for columns in zip(one, again, strict=True):
        np.testing.assert_array_equal(*columns)
    steps = DAY // INTERVAL
    assert 0.9 * steps < len(one.at) < steps, "some never come"
    assert 0.02 < np.mean(one.arrived > one.at) < 0.1, "some come late"
    assert 0.005 < np.mean(np.isnan(one.values)) < 0.02, "some lack a value"
    assert len(np.unique(one.at)) == len(one.at)
    arrived = [at for batch in batches([one]) for _, part in batch for at in part.at]
    assert sorted(arrived) == one.at.tolist()
    assert arrived != sorted(arrived)


def test_when_the_day_begins_some_trucks_drive_and_some_stand_or_are_broken() -> None:
    random = np.random.default_rng(7)
    first = np.stack([said(number, truck(number, random), START, random).values[0] for number in range(100)])
    driving = first[:, METRICS.index("velocity")] > 0
    assert 0.4 < np.mean(driving) < 0.8
    broken = first[:, METRICS.index("status")] > 0
    assert 0 < np.mean(broken) < 0.1
    assert not np.any(driving & broken)


def test_one_truck_in_25_has_been_silent_for_hours() -> None:
    random = np.random.default_rng(7)
    quiet = said(0, truck(0, random), START, random)
    assert quiet.at[-1] < START + DAY - 2 * 3_600_000_000
