"""A message that is a reject already, and gets another try."""

from bridge.message import Message


class Kept(Message, frozen=True, gc=False):
    id: int
    committed_at: int
    """When it became a reject: it does not grow younger by being refused again."""
