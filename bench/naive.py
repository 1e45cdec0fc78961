"""The bridge that everybody writes first: take a message, write its values, commit, next.

`python -m bench.naive MQTT_PORT DATABASE_URL MESSAGES` ends after so many messages and prints one JSON line. It is a
baseline for the speed only: paho acknowledges each message when it hands it over, so what waits here when it dies is lost.
"""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime

import aiomqtt
from sqlalchemy import BigInteger, Column, DateTime
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession


class NaiveReading(SQLModel, table=True):
    __tablename__ = "naive_reading"
    id: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True))
    device: str
    metric: str
    at: datetime = Field(sa_type=DateTime(timezone=True))
    value: float


async def carry(port: int, database_url: str, messages: int) -> None:
    engine = create_async_engine(database_url.replace("postgresql:", "postgresql+asyncpg:", 1))
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    began = 0.0
    async with aiomqtt.Client("127.0.0.1", port, identifier="naive") as client:
        await client.subscribe("devices/+/telemetry", qos=1)
        print("subscribed", flush=True)
        async for message in client.messages:
            began = began or time.process_time()
            device = message.topic.value.split("/")[1]
            fields = json.loads(bytes(message.payload))
            at = datetime.fromtimestamp(fields.pop("at") / 1_000, UTC)
            async with AsyncSession(engine) as session:
                session.add_all(
                    NaiveReading(device=device, metric=metric, at=at, value=value) for metric, value in fields.items()
                )
                await session.commit()
            messages -= 1
            if messages == 0:
                break
    print(json.dumps({"ended": time.time_ns() // 1_000, "cpu": time.process_time() - began}))
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(carry(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
