"""A message as MQTT delivered it."""

import msgspec


class Message(msgspec.Struct, frozen=True, gc=False):
    topic: str
    payload: bytes
    packet_id: int | None
    """What its acknowledgement must name; `None` at QoS 0, which knows no acknowledgement. Valid on its connection only."""
    received_at: int
    """The bridge's clock, in microseconds since the epoch."""
