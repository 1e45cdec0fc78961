"""What the live stream says, for the OpenAPI document: its frames, and the events that carry them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, Json

from api import fields
from bridge.live.frames import Reason


class Announced(BaseModel):
    """A series and its newest reading. Without one, it is new or has another unit: then nothing is said of its readings."""

    model_config = ConfigDict(frozen=True)

    series: fields.Number
    device: fields.Device
    metric: fields.Metric
    unit: fields.Unit
    kind: fields.KindOfValue
    at: int | None = Field(description="when it was, by the device's clock, ms", examples=[1760000000123])
    value: float | str | None = Field(description="of the kind that `kind` says", examples=[21.4])


Id = Annotated[str, Field(description="which subscription it is for; of events always `events`", examples=["events"])]
Cursor = Annotated[str, Field(description="who has read this frame can resume here", examples=["hog053ancw"])]


class Subscribed(BaseModel):
    """The snapshot: the series and their newest readings as of the cursor; later also what is new or changed among them."""

    model_config = ConfigDict(frozen=True)

    type: Literal["subscribed"] = Field(description="which frame it is")
    id: Id
    cursor: Cursor
    series: list[Announced] = Field(description="those that match")


class LiveReadings(BaseModel):
    """Committed readings in commit order, as columns of equal length: empty ones while other series alone are committed."""

    model_config = ConfigDict(frozen=True)

    type: Literal["readings"] = Field(description="which frame it is")
    id: Id
    cursor: Cursor
    series: fields.Numbers
    at: fields.Times
    value: fields.Values


class Gap(BaseModel):
    """Readings between the two cursors were not sent."""

    model_config = ConfigDict(frozen=True)

    type: Literal["gap"] = Field(description="which frame it is")
    id: Id
    cursor: Cursor
    after: str = Field(description="where it begins", examples=["hog053anbk"])
    reason: Reason = Field(description="why they were not sent")


class Refusal(BaseModel):
    """What a client asked for on the WebSocket can't be done. Events have no such frame: 422 is their answer."""

    model_config = ConfigDict(frozen=True)

    type: Literal["error"] = Field(description="which frame it is")
    id: str | None = Field(description="which subscription it is about, if that is known", examples=["a"])
    code: str = Field(description="for programs", examples=["match"])
    message: str = Field(description="one line that says what was expected and what was got")


class LiveEvent(BaseModel):
    """One of the events that `/live/events` consists of, by its fields. What begins with a colon is no event."""

    model_config = ConfigDict(frozen=True)

    event: Literal["subscribed", "readings", "gap"] = Field(description="`type` of the frame")
    id: str = Field(description="`cursor` of the frame, which a browser resumes behind", examples=["hog053ancw"])
    data: Json[Annotated[Subscribed | LiveReadings | Gap, Field(discriminator="type")]] = Field(
        description="the frame, as JSON in one line"
    )
