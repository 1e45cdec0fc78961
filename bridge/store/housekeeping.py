"""Makes partitions ahead, drops what is no longer kept, and bounds the rejects: now and then, beside the pipeline."""

import asyncio
from datetime import UTC, datetime
from typing import NoReturn

import asyncpg
import structlog

from bridge.store.rejects import Bounds, trim
from bridge.store.retention import Keep, retain
from bridge.trouble import TROUBLE, in_one_line

log = structlog.get_logger()

EVERY = 10.0
"""Seconds between two rounds, also after one that failed. Most find nothing to do, which takes milliseconds; but rejects may be
beyond their bounds by what a flood brings meanwhile."""
LOCK_TIMEOUT = "3s"
"""Longer than a batch, and than the second after which Postgres calls off an autovacuum that is in the way; short enough that
nobody who queues behind us minds."""
COMMAND_TIMEOUT = 300.0
"""Seconds after which a statement counts as lost with its connection. Many rejects go in many short ones."""

ONE_AT_A_TIME = "SELECT pg_try_advisory_lock(hashtext('fieldline housekeeping'))"
AHEAD = "SELECT ensure_partitions(now()), ensure_partitions(now() + interval '7 days')"


class Housekeeping:
    """Keeps house while `run` runs. With several bridges on one database, one of them at a time."""

    def __init__(self, database_url: str, keep: Keep, bounds: Bounds) -> None:
        self._url = database_url
        self._keep = keep
        self._bounds = bounds

    async def run(self) -> NoReturn:
        """A round at once and then regularly. Trouble is told and waits for the next round."""
        while True:
            try:
                await self.tidy()
            except TROUBLE as error:
                log.warning("housekeeping.waiting", reason=in_one_line(error), seconds=EVERY)
            await asyncio.sleep(EVERY)

    async def tidy(self) -> None:
        """One round, unless another bridge is at it. A connection of its own, for as long as that takes."""
        connection = await asyncpg.connect(
            self._url,
            timeout=10,
            command_timeout=COMMAND_TIMEOUT,
            server_settings={
                "application_name": "fieldline housekeeping",
                "timezone": "UTC",
                "lock_timeout": LOCK_TIMEOUT,
            },
        )
        try:
            if await connection.fetchval(ONE_AT_A_TIME):
                await connection.execute(AHEAD)
                await trim(connection, self._bounds, datetime.now(UTC))
                await retain(connection, self._keep, datetime.now(UTC))
            await connection.close()
        finally:
            connection.terminate()
