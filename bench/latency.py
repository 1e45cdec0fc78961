"""How long after its publish a reading reaches a browser: one device at 10 Hz, stored on the way."""

import asyncio
import json
import statistics
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from websockets.asyncio.client import connect

from bench.parts import running
from bench.report import Report, Row
from devices import payload, topic
from tests import services

DEVICE = "bench-latency"
INTERVAL = 0.1
UNCOUNTED = 10
"""Readings at the beginning: they make the series known."""


def measure(rounds: int = 5, readings: int = 100) -> Report:
    """Publish at QoS 1 with an independent client and time each frame; a round is a hundred readings."""
    found = [delay for _ in range(rounds) for delay in _round(readings)]
    centiles = statistics.quantiles(found, n=100)
    figures = {"median ms": statistics.median(found), "p99 ms": centiles[98], "most ms": max(found)}
    return Report("latency", f"publish to WebSocket frame, {len(found)} readings at 10 Hz", [Row("fieldline", figures)])


def _round(readings: int) -> list[float]:
    with services.running_broker() as broker, services.running_database(fsync=True) as server:
        services.make_template(server)
        with services.fresh_database(server) as url, running("server", broker.url, url) as part:
            client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
            client.connect(broker.host, broker.port)
            client.loop_start()
            try:
                return asyncio.run(_delays(client, part.port, readings))
            finally:
                client.disconnect()
                client.loop_stop()


async def _delays(client: mqtt.Client, port: int, readings: int) -> list[float]:
    """Milliseconds from each publish to the frame that shows it."""
    sent: dict[int, float] = {}
    delays: list[float] = []

    async def publish() -> None:
        for seq in range(readings + UNCOUNTED):
            body = payload.encode({"temperature": 20.5}, at=time.time_ns() // 1_000_000, seq=seq)
            sent[seq] = time.perf_counter()
            client.publish(topic.telemetry(DEVICE), body, qos=1)
            await asyncio.sleep(INTERVAL)

    async with connect(f"ws://127.0.0.1:{port}/api/v1/live", compression=None) as socket:
        await socket.send(json.dumps({"type": "subscribe", "id": "a", "match": [f"{DEVICE}/seq"], "rate": 100}))
        publishing = asyncio.create_task(publish())
        async with asyncio.timeout(readings * INTERVAL + 30):
            while len(delays) < readings:
                frame = json.loads(await socket.recv())
                now = time.perf_counter()
                if frame["type"] == "readings":
                    delays += [(now - sent[int(seq)]) * 1_000 for seq in frame["value"] if seq >= UNCOUNTED]
        await publishing
    return delays
