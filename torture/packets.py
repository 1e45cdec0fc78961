"""The few MQTT 3.1.1 packets that a publisher needs, by hand: at 20,000 a second a library would be the slowest part."""

PUBACK, PUBREC, PUBCOMP, CONNACK = 0x40, 0x50, 0x70, 0x20
"""First byte of what a broker says to a publisher; each such packet has four bytes."""
ANSWER = 4
DISCONNECT = b"\xe0\x00"
DUP = 0x08
CLEAN_WITH_NAME = 0x82
USER = b"fieldline"
"""A session with a name keeps its rights over a restart of the broker (decision 10)."""


def connect(client_id: str) -> bytes:
    """A clean session without keep-alive: a broker that is frozen by a fault is no reason to leave."""
    body = b"\x00\x04MQTT\x04" + bytes([CLEAN_WITH_NAME]) + b"\x00\x00" + _text(client_id.encode()) + _text(USER)
    return b"\x10" + _length(len(body)) + body


def publish(topic: str, payload: bytes, qos: int, packet_id: int) -> bytes:
    number = packet_id.to_bytes(2, "big") if qos else b""
    body = _text(topic.encode()) + number + payload
    return bytes([0x30 | qos << 1]) + _length(len(body)) + body


def again(packet: bytes) -> bytes:
    """The same PUBLISH, marked as one that may have been sent before (MQTT-3.3.1-1)."""
    return bytes([packet[0] | DUP]) + packet[1:]


def pubrel(packet_id: int) -> bytes:
    return b"\x62\x02" + packet_id.to_bytes(2, "big")


def _text(text: bytes) -> bytes:
    return len(text).to_bytes(2, "big") + text


def _length(rest: int) -> bytes:
    """As in MQTT-2.2.3: seven bits a byte, the lowest first."""
    digits = bytearray()
    while True:
        rest, digit = divmod(rest, 128)
        digits.append(digit | (0x80 if rest else 0))
        if not rest:
            return bytes(digits)
