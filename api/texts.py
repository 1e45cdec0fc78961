"""Texts of readings, which are weighed before they are read: so a page is bounded in bytes, not only in rows."""

from collections.abc import AsyncIterator, Sequence

from api.database import Database
from api.merge import Row, Unread

PAGE_BYTES = 8 * 2**20
"""Of texts, with which a page ends: as much as 100,000 numbers weigh with all that is made of them."""

# The OFFSET keeps the planner from anything but one look into the key for each.
TEXTS = """
    SELECT r.at, r.series_id, r.value
    FROM unnest($1::int[], $2::timestamptz[]) one (series, at)
    CROSS JOIN LATERAL (
        SELECT at, series_id, value FROM text_reading WHERE series_id = one.series AND at = one.at OFFSET 0
    ) r
"""


async def page(runs: AsyncIterator[list[Row]], most: int) -> tuple[list[Row], bool]:
    """So many rows of these runs, or fewer with `PAGE_BYTES` of text but one at least; and whether there are more."""
    rows: list[Row] = []
    size = 0
    async for run in runs:
        for row in run:
            if len(rows) == most or size >= PAGE_BYTES:
                return rows, True
            rows.append(row)
            if isinstance(row.value, str):
                size += len(row.value.encode())
            elif isinstance(row.value, Unread):
                size += row.value
    return rows, False


async def read(database: Database, rows: Sequence[Row]) -> Sequence[Row]:
    """The same rows with all their texts. One that retention has dropped since is left out."""
    unread = [row for row in rows if isinstance(row.value, Unread)]
    if not unread:
        return rows
    found = await database.fetch(TEXTS, [row.series for row in unread], [row.at for row in unread])
    texts = {(at, series): value for at, series, value in found}
    return [
        row._replace(value=texts[row[:2]]) if isinstance(row.value, Unread) else row
        for row in rows
        if not isinstance(row.value, Unread) or row[:2] in texts
    ]
