"""The live server that everybody writes first: ten times a second, `for ws in clients: await ws.send_json(…)`.

`python -m bench.naive_live MQTT_PORT PORT HERTZ [uncompressed]`. It stores nothing, resumes nothing, and waits for the slowest
client. What browsers offer to take compressed, uvicorn compresses for each of them, unless it is told not to.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiomqtt
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

PERIOD = 1 / float(sys.argv[3])

clients: set[WebSocket] = set()


@asynccontextmanager
async def carrying(_: FastAPI) -> AsyncIterator[None]:
    task = asyncio.create_task(carry(int(sys.argv[1])))
    yield
    task.cancel()


app = FastAPI(lifespan=carrying)


@app.websocket("/api/v1/live")
async def live(websocket: WebSocket) -> None:
    await websocket.accept()
    clients.add(websocket)
    try:
        while True:
            await websocket.receive_text()
    except WebSocketDisconnect:
        clients.discard(websocket)


async def carry(port: int) -> None:
    series: list[str] = []
    at: list[int] = []
    value: list[float] = []

    async def send() -> None:
        while True:
            await asyncio.sleep(PERIOD)
            if at:
                frame = {"type": "readings", "id": "a", "series": series[:], "at": at[:], "value": value[:]}
                for column in (series, at, value):
                    column.clear()
                for ws in list(clients):
                    await ws.send_json(frame)

    async with aiomqtt.Client("127.0.0.1", port) as client, asyncio.TaskGroup() as tasks:
        await client.subscribe("devices/+/telemetry")
        tasks.create_task(send())
        async for message in client.messages:
            fields = json.loads(bytes(message.payload))
            if "temperature" in fields:
                series.append(message.topic.value.split("/")[1])
                at.append(fields["at"])
                value.append(fields["temperature"])


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", ws_per_message_deflate="uncompressed" not in sys.argv)
