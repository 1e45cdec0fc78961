"""Messages on the shortest way into the store."""

from collections.abc import Sequence

from bridge.decode import decode
from bridge.message import Message
from bridge.store.insert import Outcome
from bridge.store.store import Store


async def put(store: Store, messages: Sequence[Message]) -> list[Outcome]:
    """What `Store.keep` says of them."""
    return await store.keep(store.sort(decode(messages)))
