"""The path of a message: receive → decode → store → acknowledge → announce."""

from collections.abc import Callable
from typing import NoReturn

from bridge.committed import Committed
from bridge.decode import decode
from bridge.session import Session
from bridge.store.store import Store
from bridge.tally import Tally


async def carry(session: Session, store: Store, announce: Callable[[Committed], None], tally: Tally) -> NoReturn:
    """Carry messages into the store for ever.

    A message is acknowledged only after the transaction that holds it has committed. Whatever fails before that, this
    process included, makes the broker send it again, and storing it again changes nothing. The next batch gathers in the
    session while this one commits; when the session's window is full, the broker waits.
    """
    while True:
        batch = await session.receive()
        tally.receive(batch.messages)
        outcomes = await store.keep(decode(batch.messages))
        batch.acknowledge()
        tally.settle(outcomes)
        for outcome in outcomes:
            announce(outcome.committed)
