"""Publishes messages that carry their own time of publish, so many a second, from a process of its own.

`python -m bench.steady PORT DEVICE RATE MESSAGES` prints one JSON line when the broker has acknowledged the last one.
"""

import socket
import sys
import time

import mqtt5
import msgspec

from devices import payload, topic

PATIENCE = 30
"""Seconds for the broker to answer."""


def publish(port: int, device: str, rate: float, messages: int) -> float:
    """Publish on schedule; how many a second it came to. `at` is in microseconds, taken as the bytes are handed over."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(mqtt5.ConnectPacket(f"steady-{device}", clean_start=True).write())
        mqtt5.read(memoryview(connection.recv(1_024)))
        began = time.perf_counter()
        for seq in range(messages):
            time.sleep(max(0.0, began + seq / rate - time.perf_counter()))
            connection.sendall(_packet(device, seq))
            if seq:
                _await_answer(connection, seq - 1)  # one stays in flight, so that its answer holds up nothing
        _await_answer(connection, messages - 1)
        return (messages - 1) / (time.perf_counter() - began)


def _packet(device: str, seq: int) -> bytes:
    body = payload.encode({"temperature": 20.5, "humidity": 40.5}, at=time.time_ns() // 1_000, seq=seq)
    return mqtt5.PublishPacket(
        topic.telemetry(device), body, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=_packet_id(seq)
    ).write()


def _packet_id(seq: int) -> int:
    return seq % 65_535 + 1


def _await_answer(connection: socket.socket, seq: int) -> None:
    expected = mqtt5.PubAckPacket(_packet_id(seq)).write()
    got = connection.recv(len(expected), socket.MSG_WAITALL)
    if got != expected:
        raise SystemExit(f"expected PUBACK {expected.hex(' ')}, got {got.hex(' ') or 'the end of the connection'}")


if __name__ == "__main__":
    achieved = publish(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
    print(msgspec.json.encode({"rate": achieved}).decode())
