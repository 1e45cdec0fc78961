"""The bridge put together: a session, a store, the pipeline between them, and the housekeeping beside it."""

import asyncio
from collections.abc import Callable

from bridge.committed import Committed
from bridge.decode import SUBSCRIPTIONS
from bridge.pipeline import carry
from bridge.session import Session
from bridge.state import BridgeState
from bridge.store.housekeeping import Housekeeping
from bridge.store.limits import Limits
from bridge.store.rejects import Bounds
from bridge.store.retention import Keep
from bridge.store.store import Store
from bridge.tally import Tally
from bridge.watch import Watch
from devices.broker import Broker


class Bridge:
    """Carries messages while `run` runs. Neither a broker nor a database has to be there when it starts."""

    def __init__(
        self,
        broker: Broker,
        database_url: str,
        *,
        client_id: str,
        window: int,
        expiry: int,
        limits: Limits,
        keep: Keep,
        bounds: Bounds,
        announce: Callable[[Committed], None] = lambda _: None,
        doubt: Callable[[], None] = lambda: None,
    ) -> None:
        self._session = Session(broker, client_id, SUBSCRIPTIONS, window, expiry)
        self._store = Store(database_url, doubt, limits)
        self._housekeeping = Housekeeping(database_url, keep, bounds)
        self._tally = Tally()
        self._watch = Watch(broker, client_id, lambda: self._session.connected)
        self._announce = announce

    async def run(self) -> None:
        """Run until cancelled. What is in flight then is not acknowledged, and comes again at the next start."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._session.run(), name="session")
                tasks.create_task(carry(self._session, self._store, self._announce, self._tally), name="pipeline")
                tasks.create_task(self._watch.run(), name="watch")
                tasks.create_task(self._housekeeping.run(), name="housekeeping")
        finally:
            await self._store.close()

    @property
    def backend(self) -> int | None:
        """The process in Postgres that commits what this bridge announces."""
        return self._store.backend

    def state(self) -> BridgeState:
        """How it is doing, as of now."""
        session, store, tally = self._session, self._store, self._tally
        oldest = tally.oldest
        if oldest is None and session.pending:
            oldest = session.pending[0].received_at
        return BridgeState(
            connected=session.connected,
            trouble=store.trouble or session.trouble,
            oldest_unacknowledged=oldest,
            received=tally.received,
            stored=tally.stored,
            duplicate=tally.duplicate,
            rejects=dict(tally.rejects),
            in_flight=tally.in_flight,
            pending=len(session.pending),
            readings=tally.readings,
            connects=session.connects,
            retries=store.retries,
            batch_messages=tally.batch_messages.look(),
            commit_seconds=store.commit_seconds.look(),
            acknowledge_seconds=tally.acknowledge_seconds.look(),
            broker=self._watch.told,
        )
