"""`/devices`: who speaks, when it was last heard, what it says of itself, and what it measures."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from api import fields
from api.database import DatabaseDep
from api.match import NO_PARAMETERS
from api.moment import milliseconds
from api.problem import ProblemError, documented, shown
from api.series import NEWEST

router = APIRouter(tags=["devices"])

DEVICES = f"""
    SELECT d.name, d.online, d.status_at, d.info, s.id, s.metric, s.unit, s.kind, newest.at
    FROM device d
    LEFT JOIN series s ON s.device_id = d.id
    LEFT JOIN {NEWEST} ON true
    WHERE $1::text IS NULL OR d.name = $1
    ORDER BY d.name, s.metric
"""  # noqa: S608  constants


DeviceName = Annotated[str, Path(description="its name in the topic", examples=["greenhouse-1"])]


class Location(BaseModel):
    """Where it stands, WGS 84."""

    model_config = ConfigDict(frozen=True)

    lat: float = Field(description="degrees north", examples=[52.52])
    lon: float = Field(description="degrees east", examples=[13.405])


class DeviceSeries(BaseModel):
    """One of the metrics that a device has sent."""

    model_config = ConfigDict(frozen=True)

    series: fields.Number
    metric: fields.Metric
    unit: fields.Unit
    kind: fields.Kind


class Device(BaseModel):
    """One device: known from its first message on."""

    model_config = ConfigDict(frozen=True)

    device: fields.Device
    online: bool | None = Field(description="its last status; null if it never said one")
    last_seen: int | None = Field(description="its newest reading or status, ms", examples=[1760000000123])
    name: str = Field(description="what it calls itself, else `device`", examples=["Greenhouse, north"])
    model: str | None = Field(description="from its info", examples=["Fieldline Climate 2"])
    firmware: str | None = Field(description="from its info", examples=["1.4.0"])
    location: Location | None = Field(description="from its info")
    info: dict[str, Any] | None = Field(
        description="all that it said of itself", examples=[{"name": "Greenhouse, north", "interval": 10}]
    )
    series: list[DeviceSeries] = Field(description="ordered by metric")


class DevicesAnswer(BaseModel):
    model_config = ConfigDict(frozen=True)

    devices: list[Device] = Field(description="ordered by name")


@router.get("/devices", responses=documented(422, 503, 504), dependencies=[NO_PARAMETERS])
async def list_devices(database: DatabaseDep) -> DevicesAnswer:
    """All devices with presence, last seen, info and series, ordered by name."""
    return DevicesAnswer(devices=list(_devices(await database.fetch(DEVICES, None))))


# A name may hold a slash: not in our own topics, but in those of other dialects.
@router.get("/devices/{device:path}", responses=documented(404, 422, 503, 504), dependencies=[NO_PARAMETERS])
async def get_device(database: DatabaseDep, device: DeviceName) -> Device:
    """One device. Its name is percent-encoded in the path."""
    found = None if "\x00" in device else next(_devices(await database.fetch(DEVICES, device)), None)
    if found is None:
        raise ProblemError(404, f"expected the name of a device that has spoken, got {shown(device)}")
    return found


def _devices(rows: Iterable[Any]) -> Iterator[Device]:
    for _, of_device in groupby(rows, key=itemgetter(0)):
        yield _device(list(of_device))


def _device(rows: Sequence[Any]) -> Device:
    """What a device says of itself may be anything: what is not of the expected kind stays in `info` alone."""
    name, online, status_at, info, *_ = rows[0]
    said: Mapping[str, Any] = info if isinstance(info, dict) else {}
    heard = [at for at in (status_at, *(row[8] for row in rows)) if at is not None]
    return Device(
        device=name,
        online=online,
        last_seen=milliseconds(max(heard, default=None)),
        name=_text(said.get("name")) or name,
        model=_text(said.get("model")),
        firmware=_text(said.get("firmware")),
        location=_location(said.get("location")),
        info=info if isinstance(info, dict) else None,
        series=[
            DeviceSeries(series=number, metric=metric, unit=unit, kind=kind)
            for _, _, _, _, number, metric, unit, kind, _ in rows
            if number is not None
        ],
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _location(value: object) -> Location | None:
    match value:
        case {"lat": int() | float() as lat, "lon": int() | float() as lon}:
            return Location(lat=lat, lon=lon)
    return None
