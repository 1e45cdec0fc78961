"""One client of the hub: its subscriptions, and the box in which their frames wait to be sent."""

import asyncio
from collections.abc import Iterable
from typing import NamedTuple

from bridge.live import cursor, frames
from bridge.live.fanout import Fanout
from bridge.live.history import History
from bridge.live.match import Match
from bridge.live.outbox import Outbox, Sink
from bridge.live.subscription import Subscription

MOST_SUBSCRIPTIONS = 64
"""A page that shows more things than this wants a wider match."""
RATE = 50.0
"""Frames a second for who does not say: as good as at once to the eye, and a bound when it floods."""
SLOWEST = 0.1
"""Frames a second at least: who wants to hear less often asks `/latest`."""


class Refused(ValueError):  # noqa: N818  the answer, as the client gets it
    """What a client asked for can't be done. `code` is for programs, the text for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Wish(NamedTuple):
    """What to watch, from where on, and in how many frames a second at most."""

    match: Match
    after: int | None
    rate: float


def wish(match: Iterable[str], after: str | None = None, rate: float | None = None) -> Wish:
    """Understand what a client wants. Raises `Refused`."""
    try:
        wanted = Match(match)
    except ValueError as error:
        raise Refused("match", str(error)) from error
    try:
        place = None if after is None else cursor.decode(after)
    except ValueError as error:
        raise Refused("cursor", str(error)) from error
    return Wish(wanted, place, rate or RATE)


class Client:
    """Ask it for what to watch; frames go to its sink, or are taken from its `outbox`. Its tasks end with the task group."""

    def __init__(
        self, fanout: Fanout, history: History, tasks: asyncio.TaskGroup, capacity: int, sink: Sink | None
    ) -> None:
        self.outbox = Outbox(capacity, sink)
        self._fanout = fanout
        self._history = history
        self._tasks = tasks
        self._subscriptions: dict[str, tuple[Subscription, asyncio.Task[None]]] = {}

    def subscribe(self, identifier: str, wish: Wish) -> None:
        """Watch what is wished. A subscription of the same id is replaced. Raises `Refused` when there are too many."""
        if len(self._subscriptions) >= MOST_SUBSCRIPTIONS and identifier not in self._subscriptions:
            raise Refused("limit", f"expected at most {MOST_SUBSCRIPTIONS} subscriptions on one connection")
        if identifier in self._subscriptions:
            self.unsubscribe(identifier)
        subscription = Subscription(identifier, wish.match, wish.rate, self.outbox, self._fanout, self._history)
        task = self._tasks.create_task(subscription.run(wish.after), name=f"live subscription {identifier}")
        self._subscriptions[identifier] = subscription, task

    def unsubscribe(self, identifier: str) -> None:
        """Not another frame for this id is sent. Raises `Refused` if there is no such subscription."""
        if identifier not in self._subscriptions:
            raise Refused("unknown", f"expected the id of a subscription, got {identifier[:40]!r}")
        subscription, task = self._subscriptions.pop(identifier)
        task.cancel()
        subscription.leave()
        self.outbox.drop(identifier)

    def refuse(self, identifier: str | None, refused: Refused) -> bool:
        """Tell the client; `False` if even for that there is no room."""
        return self.outbox.offer(frames.error(identifier, refused.code, str(refused)))

    def leave(self) -> None:
        for identifier in tuple(self._subscriptions):
            self.unsubscribe(identifier)
