"""Publishes readings of many devices at a steady rate, five at a time, until it is ended.

`python -m bench.chorus PORT DEVICES HERTZ` says "publishing" once the broker has heard of all. Beside `chorus-0`, `chorus-1`, …
there is `chorus-log`, whose `line` is a text of 60 kB, for clients that should get more than they can take.
"""

import socket
import sys
import time
from itertools import count

import mqtt5

from devices import payload, topic

TOGETHER = 5
LINE = "x" * 60_000


def publish(port: int, devices: int, hertz: float) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(mqtt5.ConnectPacket("chorus", clean_start=True).write())
        mqtt5.read(memoryview(connection.recv(1_024)))
        began = time.perf_counter()
        for beat in count():
            time.sleep(max(0.0, began + beat * TOGETHER / (devices * hertz) - time.perf_counter()))
            first = beat * TOGETHER % devices
            packets = [
                _packet(f"chorus-{first + n}", {"temperature": beat % 1_000 / 10}, beat) for n in range(TOGETHER)
            ]
            if first == 0:
                packets.append(_packet("chorus-log", {"line": f"{beat} {LINE}"}, beat))
            if beat == devices:
                print("publishing", flush=True)
            connection.sendall(b"".join(packets))


def _packet(device: str, values: dict[str, float | str], seq: int) -> bytes:
    body = payload.encode(values, at=time.time_ns() // 1_000_000, seq=seq)
    return mqtt5.PublishPacket(topic.telemetry(device), body, qos=mqtt5.QoS.AT_MOST_ONCE).write()


if __name__ == "__main__":
    publish(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
