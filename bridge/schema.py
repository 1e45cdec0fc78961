"""The tables. Partitions, views, functions and roles are SQL in the migrations; a test holds both to each other."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

Moment = DateTime(timezone=True)


class Device(SQLModel, table=True):
    """What speaks: known from its first message on. `info` is what it last said of itself, `online` its last status."""

    __table_args__ = (UniqueConstraint("name"),)
    id: int = Field(sa_column=Column(Integer, Identity(always=True), primary_key=True))
    name: str = Field(sa_type=Text)
    online: bool | None = None
    status_at: datetime | None = Field(default=None, sa_type=Moment)
    info: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    created_at: datetime = Field(sa_column=Column(Moment, nullable=False, server_default=text("now()")))


class Series(SQLModel, table=True):
    """One metric of one device. Its first reading decides `kind` for good: number, boolean or text."""

    __table_args__ = (
        UniqueConstraint("device_id", "metric"),
        CheckConstraint("kind IN ('number', 'boolean', 'text')", name="series_kind_check"),
    )
    id: int = Field(sa_column=Column(Integer, Identity(always=True), primary_key=True))
    device_id: int = Field(sa_column=Column(Integer, ForeignKey("device.id"), nullable=False))
    metric: str = Field(sa_type=Text)
    unit: str | None = Field(default=None, sa_type=Text)
    kind: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_column=Column(Moment, nullable=False, server_default=text("now()")))


class Reading(SQLModel, table=True):
    """A number, or a state as 0 and 1. Partitioned by week of `at`; `committed_at` is the cursor.

    No foreign key: checking it for every row costs more than the row, and series are never deleted while readings remain.
    """

    __table_args__ = (
        Index("reading_committed_at_idx", "committed_at", postgresql_using="brin"),
        {"postgresql_partition_by": "RANGE (at)"},
    )
    at: datetime = Field(sa_type=Moment, primary_key=True)
    value: float
    committed_at: datetime = Field(sa_type=Moment)
    series_id: int = Field(primary_key=True)


class TextReading(SQLModel, table=True):
    """What a series of kind text said. Partitioned and numbered as `reading`."""

    __tablename__ = "text_reading"
    __table_args__ = (
        Index("text_reading_committed_at_idx", "committed_at", postgresql_using="brin"),
        {"postgresql_partition_by": "RANGE (at)"},
    )
    at: datetime = Field(sa_type=Moment, primary_key=True)
    committed_at: datetime = Field(sa_type=Moment)
    series_id: int = Field(primary_key=True)
    value: str = Field(sa_type=Text)


class Rollup(SQLModel):
    """What the readings of a series in one span of time come to; `at` is where the span begins.

    Kept by the transaction that inserts readings, from those really inserted: late and repeated messages can't make it wrong.
    """

    at: datetime = Field(sa_type=Moment, primary_key=True)
    sum: float
    min: float
    max: float
    first: float
    first_at: datetime = Field(sa_type=Moment)
    last: float
    last_at: datetime = Field(sa_type=Moment)
    count: int
    series_id: int = Field(primary_key=True)


class RollupMinute(Rollup, table=True):
    """Partitioned by month."""

    __tablename__ = "rollup_minute"
    __table_args__ = {"postgresql_partition_by": "RANGE (at)"}


class RollupHour(Rollup, table=True):
    """Partitioned by year."""

    __tablename__ = "rollup_hour"
    __table_args__ = (
        Index("rollup_hour_at_idx", "at", postgresql_using="brin"),
        {"postgresql_partition_by": "RANGE (at)"},
    )


class Reject(SQLModel, table=True):
    """A message, or a part of one, that could not be stored; kept whole, with the reason, to be looked at and replayed."""

    __table_args__ = (Index("reject_committed_at_idx", "committed_at"),)
    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    received_at: datetime = Field(sa_type=Moment)
    committed_at: datetime = Field(sa_type=Moment)
    topic: str = Field(sa_type=Text)
    payload: bytes
    reason: str = Field(sa_type=Text)
    detail: str = Field(sa_type=Text)


class CommitClock(SQLModel, table=True):
    """The last `committed_at` given out. Its one row is locked from a batch's start to its commit: that orders the writers.

    All are multiples of 100 µs after `born`, the first.
    """

    __tablename__ = "commit_clock"
    __table_args__ = (CheckConstraint("id", name="commit_clock_one_row"),)
    id: bool = Field(sa_column=Column(Boolean, primary_key=True, server_default=text("true")))
    last: datetime = Field(sa_type=Moment)
    born: datetime = Field(sa_type=Moment)


class Horizon(SQLModel, table=True):
    """The moments before which retention has dropped each tier, in one row. They never go back.

    `dropped` is the newest `committed_at` of a reading that was dropped.
    """

    __tablename__ = "horizon"
    __table_args__ = (CheckConstraint("id", name="horizon_one_row"),)
    id: bool = Field(sa_column=Column(Boolean, primary_key=True, server_default=text("true")))
    raw: datetime = Field(sa_type=Moment)
    minute: datetime = Field(sa_type=Moment)
    hour: datetime = Field(sa_type=Moment)
    dropped: datetime = Field(sa_type=Moment)
