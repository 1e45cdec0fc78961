"""How long after its publish a reading reaches a browser: one device at 10 Hz, stored on the way."""

import asyncio
import json
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from websockets.asyncio.client import connect

from bench.parts import house, running
from bench.report import Report, Row
from bench.size import Size
from bench.spread import delays
from devices import payload, topic
from tests import services

DEVICE = "bench-latency"
READINGS = 100
INTERVAL = 0.1
UNCOUNTED = 10
"""Readings at the beginning: they make the series known."""


def measure(size: Size) -> Report:
    """Publish at QoS 1 with an independent client and time each frame."""
    rounds = [delays(_round()) for _ in range(size.rounds)]
    about = f"publish to WebSocket frame, {READINGS} readings at 10 Hz, in each of {size.rounds} rounds"
    return Report("latency", about, [Row("fieldline", rounds)])


def _round() -> list[float]:
    with (
        house() as made,
        services.fresh_database(made.server) as url,
        running("server", made.broker.url, url) as part,
    ):
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        client.connect(made.broker.host, made.broker.port)
        client.loop_start()
        try:
            return asyncio.run(_delays(client, part.port))
        finally:
            client.disconnect()
            client.loop_stop()


async def _delays(client: mqtt.Client, port: int) -> list[float]:
    """Milliseconds from each publish to the frame that shows it."""
    sent: dict[int, float] = {}
    found: list[float] = []

    async def publish() -> None:
        for seq in range(READINGS + UNCOUNTED):
            body = payload.encode({"temperature": 20.5}, at=time.time_ns() // 1_000_000, seq=seq)
            sent[seq] = time.perf_counter()
            client.publish(topic.telemetry(DEVICE), body, qos=1)
            await asyncio.sleep(INTERVAL)

    async with connect(f"ws://127.0.0.1:{port}/api/v1/live", compression=None) as socket:
        await socket.send(json.dumps({"type": "subscribe", "id": "a", "match": [f"{DEVICE}/seq"], "rate": 100}))
        publishing = asyncio.create_task(publish(), name="publishing")
        async with asyncio.timeout(READINGS * INTERVAL + 30):
            while len(found) < READINGS:
                frame = json.loads(await socket.recv())
                now = time.perf_counter()
                if frame["type"] == "readings":
                    found += [(now - sent[int(seq)]) * 1_000 for seq in frame["value"] if seq >= UNCOUNTED]
        await publishing
    return found
