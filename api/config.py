"""`/config`: what the web app has to know before it can start."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from api.match import NO_PARAMETERS
from api.problem import documented

router = APIRouter(tags=["web app"])


class Config(BaseModel):
    model_config = ConfigDict(frozen=True)

    mqtt_websocket_url: str | None = Field(
        description="the broker's own WebSocket listener, for MQTT from the browser; null if there is none",
        examples=["ws://127.0.0.1:9001"],
    )


@router.get("/config", responses=documented(422), dependencies=[NO_PARAMETERS])
async def config(request: Request) -> Config:
    """Addresses that the web app needs."""
    return Config(mqtt_websocket_url=request.app.state.mqtt_websocket_url)
