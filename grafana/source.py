"""The two data sources, by the uids under which they are provisioned, and how each is asked."""

from dataclasses import dataclass
from typing import Any, Literal, Self

from grafana.sdk import builder, common, variants

POSTGRES = common.DataSourceRef(type_val="grafana-postgresql-datasource", uid="fieldline-postgres")
MQTT = common.DataSourceRef(type_val="grafana-mqtt-datasource", uid="fieldline-mqtt")


@dataclass(frozen=True, slots=True)
class Sql(variants.Dataquery, builder.Builder["Sql"]):
    """`time_series` wants a column `time`, ascending, and turns text columns into labels; `table` shows columns as they are."""

    sql: str
    format: Literal["time_series", "table"] = "table"

    def build(self) -> Self:
        return self

    def to_json(self) -> dict[str, object]:
        return {
            "refId": "A",
            "datasource": POSTGRES,
            "format": self.format,
            "editorMode": "code",
            "rawQuery": True,
            "rawSql": self.sql,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(data["rawSql"], data["format"])


@dataclass(frozen=True, slots=True)
class Subscription(variants.Dataquery, builder.Builder["Subscription"]):
    """What the broker says from now on: a column for each key of the JSON objects on a topic."""

    topic: str

    def build(self) -> Self:
        return self

    def to_json(self) -> dict[str, object]:
        return {"refId": "A", "datasource": MQTT, "topic": self.topic}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(data["topic"])
