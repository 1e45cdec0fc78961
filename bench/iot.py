"""How fast are the twelve questions of TSBS's IoT use case answered, beside one plain table with an index on time."""

import asyncio
import contextlib
import math
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import numpy as np

from bench import iot_ours, iot_plain
from bench.fault import BenchError
from bench.iot_fill import fill
from bench.iot_questions import QUESTIONS, Question
from bench.iot_trucks import FLEETS, said, truck
from bench.report import Report, Row
from bench.size import Size
from tests import services

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
SEED = 1
SETTINGS = """
SET work_mem = '256MB';  -- what the plain table has to sort stays in memory
SET jit = off;
"""
PATIENCE = 300
"""Seconds for an answer; all take less than 20."""
OURS, PLAIN, RATIO, ROWS = "fieldline ms", "plain ms", "times faster", "rows"
ENOUGH = 200
"""Of so many, the default, some in each fleet are low on fuel, heavily laden or long on the road; of few, maybe none."""

Answer = Sequence[Sequence[object]]


def measure(size: Size) -> Report:
    """Store the same readings in both ways, then let both answer each question in turn, round by round."""
    return asyncio.run(_measure(size))


async def _measure(size: Size) -> Report:
    with services.running_database() as server:
        services.make_template(server)
        with services.fresh_database(server) as url:
            connection = await asyncpg.connect(url)
            try:
                readings = await _fill(connection, size.trucks)
                await connection.execute(SETTINGS)
                rounds = await _rounds(connection, size.rounds)
            finally:
                await connection.close()
    rows = [Row(question.name, figures) for question, figures in zip(QUESTIONS, rounds, strict=True)]
    if size.trucks >= ENOUGH:
        expect_answers(rows)
    means = [
        {RATIO: statistics.geometric_mean(figures[RATIO] for figures in done)} for done in zip(*rounds, strict=True)
    ]
    about = f"the 12 questions of TSBS's IoT use case, {readings:,} readings of {size.trucks} trucks in a day; answers equal"
    return Report("iot", about, [*rows, Row("geometric mean", means)])


def expect_answers(rows: Sequence[Row]) -> None:
    """A question that is wrong on both sides has equal answers, too, if these are empty."""
    if empty := [row.name for row in rows if not all(row.column(ROWS))]:
        raise BenchError(f"iot: expected rows in every answer, got none for {', '.join(empty)}")


async def _fill(connection: asyncpg.Connection, trucks: int) -> int:
    random = np.random.default_rng(SEED)
    fleet = [truck(number, random) for number in range(trucks)]
    start = int(START.timestamp()) * 1_000_000
    return await fill(connection, fleet, [said(number, one, start, random) for number, one in enumerate(fleet)])


async def _rounds(connection: asyncpg.Connection, rounds: int) -> list[list[dict[str, float]]]:
    """For each question the figures of each round. One round before them warms up and does not count."""
    random = np.random.default_rng(SEED)
    found: list[list[dict[str, float]]] = [[] for _ in QUESTIONS]
    for number in range(rounds + 1):
        for question, figures in zip(QUESTIONS, found, strict=True):
            done = await _ask_both(connection, question, _arguments(question, random))
            if number:
                figures.append(done)
    return found


def _arguments(question: Question, random: np.random.Generator) -> list[object]:
    """A fleet, and a span that begins at any microsecond."""
    length = timedelta(minutes=question.minutes)
    room = (DAY - length) // timedelta(microseconds=1)
    since = START + timedelta(microseconds=int(random.integers(room + 1)))
    until = since + length
    first = since + (START - since) % timedelta(minutes=1)
    last = until - (until - START) % timedelta(minutes=1)
    return [FLEETS[random.integers(len(FLEETS))], since, until, first, last]


async def _ask_both(connection: asyncpg.Connection, question: Question, arguments: list[object]) -> dict[str, float]:
    """The plain table first; a way to ask it that takes longer than the one before is given up."""
    plain, answer = math.inf, None
    for sql in dict.fromkeys(question.sql.format_map(way) for way in iot_plain.WAYS):
        with contextlib.suppress(TimeoutError):
            plain, answer = await _ask(connection, sql, arguments, within=plain)
    ours, found = await _ask(connection, question.sql.format_map(iot_ours.SOURCES), arguments)
    if answer is None or not same(found, answer):
        raise BenchError(f"iot: {question.name}: expected equal answers, got {found!r:.200} and {answer!r:.200}")
    return {PLAIN: plain * 1_000, OURS: ours * 1_000, RATIO: plain / ours, ROWS: len(found)}


async def _ask(
    connection: asyncpg.Connection, sql: str, arguments: list[object], within: float = math.inf
) -> tuple[float, Answer]:
    """Seconds from the question, planning included, to the last row of the answer, and its rows in an order of their own."""
    for number, value in enumerate(arguments, 1):
        sql = sql.replace(f"${number}", f"'{value}'")
    began = time.perf_counter()
    rows = await connection.fetch(sql, timeout=min(within, PATIENCE))
    return time.perf_counter() - began, sorted((tuple(row) for row in rows), key=repr)


def same(one: Answer, other: Answer) -> bool:
    """Equal up to the rounding of sums that were made in another order."""
    return len(one) == len(other) and all(
        len(row) == len(like) and all(map(_equal, row, like)) for row, like in zip(one, other, strict=True)
    )


def _equal(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9)
    return one == other
