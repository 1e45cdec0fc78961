"""What a session says when it begins: CONNECT and SUBSCRIBE, and what it accepts as an answer."""

from collections.abc import Sequence
from typing import NamedTuple

import mqtt5

from bridge.connection import Connection, Lost
from devices.broker import Broker

KEEP_ALIVE = 20
"""Seconds. A dead broker is noticed after one and a half times that, by either side (MQTT-3.1.2-22)."""


class Welcome(NamedTuple):
    """What the broker grants (MQTT-3.2.2.3)."""

    resumed: bool
    """Whether it still had the session."""
    expiry: int
    """Seconds that it keeps the session for: the asked ones, or what it says instead."""
    receive_max: int
    max_qos: int
    max_packet_size: int | None
    retain: bool
    wildcards: bool


async def connect(connection: Connection, broker: Broker, client_id: str, window: int, expiry: int) -> Welcome:
    """Begin or resume the session, and say what is granted. Raises `Lost` if it is refused.

    Without an expiry it begins anew and ends with the connection.
    """
    packet = mqtt5.ConnectPacket(
        client_id,
        username=broker.username,
        password=broker.password.encode() if broker.password is not None else None,
        clean_start=expiry == 0,
        keep_alive=KEEP_ALIVE,
        session_expiry_interval=expiry,
        receive_max=window,
    )
    answer = await connection.ask(packet, mqtt5.ConnAckPacket)
    if answer.reason_code is not mqtt5.ConnAckReasonCode.SUCCESS:
        raise Lost(f"refused: {answer.reason_str or _words(answer.reason_code)}")
    return Welcome(
        answer.session_present,
        expiry if answer.session_expiry_interval is None else answer.session_expiry_interval,
        answer.receive_max,
        int(answer.max_qos),
        answer.max_packet_size,
        answer.retain_available,
        answer.wildcard_subscription_available,
    )


async def subscribe(connection: Connection, patterns: Sequence[str]) -> None:
    """Subscribe at QoS 1. Waits behind all that a resumed session sends first, so for as long as the store is away.

    Retained messages are sent for new subscriptions only: without a time of their own they would count as new readings.
    """
    filters = [
        mqtt5.TopicFilter(
            pattern,
            max_qos=mqtt5.QoS.AT_LEAST_ONCE,
            retain_as_published=False,
            retain_handling=mqtt5.RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS,
        )
        for pattern in patterns
    ]
    answer = await connection.ask(mqtt5.SubscribePacket(1, filters), mqtt5.SubAckPacket)
    for pattern, code in zip(patterns, answer.reason_codes, strict=True):
        if code is not mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE:
            raise Lost(f"subscription {pattern}: expected QoS 1, got {_words(code)}")


def _words(code: mqtt5.ConnAckReasonCode | mqtt5.SubAckReasonCode) -> str:
    return code.name.lower().replace("_", " ")
