"""The export that everybody writes first: one query ordered by time, and a line for each row.

`python -m bench.naive_export FORM DATABASE_URL DEVICES READINGS` writes to nowhere and prints one JSON line.
"""

import asyncio
import csv
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

import asyncpg

READ = "SELECT at, device, metric, unit, value FROM readings WHERE device LIKE $1 ORDER BY at LIMIT $2"


async def export(form: str, url: str, devices: str, readings: int, file: TextIO) -> int:
    connection = await asyncpg.connect(url)
    written = 0
    table = csv.writer(file)
    try:
        async with connection.transaction():
            async for row in connection.cursor(READ, devices, readings, prefetch=5_000):
                if form == "csv":
                    table.writerow([row["at"].isoformat(), *row[1:]])
                else:
                    file.write(json.dumps(line(row)) + "\n")
                written += 1
    finally:
        await connection.close()
    return written


def line(row: Any) -> dict[str, Any]:
    return {**row, "at": round(row["at"].timestamp() * 1_000)}


def main(form: str, url: str, devices: str, readings: int) -> None:
    with Path(os.devnull).open("w", encoding="utf-8") as file:
        began = time.perf_counter()
        written = asyncio.run(export(form, url, devices, readings, file))
        took = time.perf_counter() - began
    print(json.dumps({"readings": written, "seconds": took, "cpu": time.process_time()}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
