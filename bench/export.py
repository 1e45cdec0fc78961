"""How fast readings become a file, in each form, of many series and of one, beside a query that is written out row by row."""

import asyncio
from urllib.parse import quote

import asyncpg

from bench import cpu, flood, memory
from bench.contestants import Figures, patience
from bench.download import download, wait_until_served
from bench.fault import BenchError
from bench.fill import fill
from bench.packets import METRICS
from bench.parts import House, house, pid, program, running
from bench.report import Report, Row
from bench.size import Size
from tests import services

READINGS = 5_000_000
DEVICES = 500
SHARE_OF_NAIVE = 10
"""The naive export gets that part of the readings: it would take minutes for them all."""
FORMS = ("csv", "ndjson", "parquet", "arrow")
LIKE_FORMS = {"csv": "csv", "ndjson": "ndjson", "parquet": "ndjson", "arrow": "ndjson"}
"""Which naive export each is compared with."""
RATE, OF_NAIVE = "readings/s", "times naive"
OTHER = "/api/v1/config"

SPAN = "SELECT micros(min(at)) AS first, micros(max(at)) AS last FROM reading"
ONE = """
WITH device AS (INSERT INTO device (name) VALUES ('one') RETURNING id),
    series AS (INSERT INTO series (device_id, metric, kind) SELECT id, 'x', 'number' FROM device RETURNING id)
INSERT INTO reading (at, value, committed_at, series_id)
SELECT at, 20 + 10 * random(), at, series.id
FROM series, generate_series(1, $3::bigint) AS n CROSS JOIN LATERAL moment($1 + ($2::bigint - $1) * n / $3) AS at
"""


def measure(size: Size) -> Report:
    """Each form by a server of its own, so that its peak of memory is its own; the naive ones in turn with them."""
    series = DEVICES * len(METRICS)
    readings = max((size.messages or READINGS) // series, 1) * series
    groups = {"many": "bench-%", "one": "one"}
    rows: dict[str, list[Figures]] = {}
    with house() as made, services.fresh_database(made.server) as url:
        asyncio.run(_fill(url, readings))
        for _ in range(size.rounds):
            for group, like in groups.items():
                for form in ("csv", "ndjson"):
                    few = max(readings // SHARE_OF_NAIVE, 1)
                    rows.setdefault(f"naive {form}, {group}", []).append(_naive(made, url, form, like, few))
                for form in FORMS:
                    match = f"{like.replace('%', '*')}/*"
                    rows.setdefault(f"{form}, {group}", []).append(_fieldline(made, url, form, match, readings))
    found = {name: Row(name, figures) for name, figures in rows.items()}
    about = f"{readings:,} readings of {series:,} series, and of one, over HTTP; CPU a reading by process"
    return Report("export", about, [_beside(found, name) for name in found])


def _beside(found: dict[str, Row], name: str) -> Row:
    form, _, group = name.partition(", ")
    if form.startswith("naive"):
        return found[name]
    return found[name].beside(found[f"naive {LIKE_FORMS[form]}, {group}"], RATE, OF_NAIVE)


async def _fill(url: str, readings: int) -> None:
    """The one series has as many readings as the many together, in the same time."""
    names = [name for connection in flood.devices(DEVICES) for name in connection]
    await fill(url, readings, names)
    connection = await asyncpg.connect(url)
    try:
        [(first, last)] = await connection.fetch(SPAN)
        await connection.execute(ONE, first, last, readings)
        await connection.execute("VACUUM (FREEZE, ANALYZE)")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


def _fieldline(made: House, url: str, form: str, match: str, readings: int) -> Figures:
    """`fieldline api`, downloaded from by a client that drops everything."""
    with running("api", made.broker.url, url, said="") as api:
        wait_until_served(api.port, OTHER)
        path = f"/api/v1/readings?format={form}&match={quote(match)}"
        download(api.port, f"{path}&limit=1", OTHER)  # loads Arrow
        parts = {"server": api.pid, "postgres": pid(made.server)}
        before = cpu.used(parts)
        done = download(api.port, path, OTHER)
        used = cpu.since(before, parts)
        return {
            RATE: readings / done.seconds,
            **{f"{part} µs": seconds / readings * 1e6 for part, seconds in used.items()},
            "bytes/reading": done.size / readings,
            "peak MB": memory.peak(api.pid),
            "longest wait ms": done.longest_wait * 1e3,
        }


def _naive(made: House, url: str, form: str, devices: str, readings: int) -> Figures:
    parts = {"postgres": pid(made.server)}
    before = cpu.used(parts)
    with program("-m", "bench.naive_export", form, url, devices, str(readings)) as export:
        export.wait(patience(readings))
        said = export.last_line()
    if said["readings"] != readings:
        raise BenchError(f"naive: expected {readings:,} readings, got {said['readings']:,}")
    used = {"server": said["cpu"], **cpu.since(before, parts)}
    return {RATE: readings / said["seconds"], **{f"{part} µs": each / readings * 1e6 for part, each in used.items()}}
