"""Every setting, from `FIELDLINE_…` variables or `fieldline.toml`. No other module reads the environment."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

Span = Annotated[timedelta, Field(ge=timedelta(days=1), le=timedelta(days=36_500))]
"""A day at least: `90` without a unit would be seconds, and is refused. A century at most, so that no calendar ends."""


class Settings(BaseSettings):
    """Values as given; the environment wins over the file, the file over the defaults."""

    model_config = SettingsConfigDict(env_prefix="FIELDLINE_", toml_file="fieldline.toml", extra="forbid", frozen=True)

    database_url: str = Field(
        "postgresql://fieldline@127.0.0.1:5432/fieldline",
        description="Postgres, as postgresql://user:password@host:port/name",
    )
    broker_url: str = Field(
        "mqtt://fieldline@127.0.0.1:1883",
        description="MQTT broker, as mqtt://user:password@host:port, or mqtts:// for TLS; see operations for the user",
    )
    broker_ca: Path | None = Field(None, description="file of certificates that an mqtts:// broker is checked against")
    client_id: str = Field(
        "fieldline-bridge", description="the bridge's MQTT client id: its session and queue in the broker hang on it"
    )
    session_expiry: int = Field(
        7 * 86_400, ge=60, le=0xFFFFFFFE, description="seconds the broker keeps the bridge's session while it is away"
    )
    window: int = Field(
        20_000, ge=1, le=65_535, description="unacknowledged messages at most (MQTT Receive Maximum): the only buffer"
    )
    max_devices: int = Field(
        100_000, ge=0, description="devices at most; what others say becomes rejects, as with the next two"
    )
    max_series: int = Field(1_000_000, ge=0, description="series at most, of all devices together")
    max_series_per_device: int = Field(1_000, ge=0, description="series of one device at most")
    keep_raw: Span | None = Field(
        None, description="how long readings are kept, as 90d; whole weeks are dropped; none is for ever"
    )
    keep_minutes: Span | None = Field(
        None, description="how long the rollups of minutes are kept, at least as long as readings; by month"
    )
    keep_hours: Span | None = Field(
        None, description="how long the rollups of hours are kept, at least as long as those of minutes; by year"
    )
    keep_rejects: Span | None = Field(timedelta(days=90), description="how long rejects are kept, as 90d")
    max_rejects: int = Field(1_000_000, ge=1, description="rejects kept at most; the oldest go")
    max_reject_bytes: int = Field(2**30, ge=2**20, description="bytes in them at most; the oldest go")
    host: str = Field("127.0.0.1", description="address that the web app and API listen on")
    port: int = Field(8000, ge=1, le=65_535, description="port of the web app and API")
    allowed_hosts: tuple[str, ...] = Field(
        (),
        description="more names to answer under, as a JSON array; with none, localhost only on loopback and any elsewhere",
    )
    mqtt_websocket_url: str | None = Field(
        None, description="the broker's WebSocket listener as a browser reaches it, as ws://host:port"
    )
    mqtt_port: int = Field(1883, ge=1, le=65_535, description="port of the broker that `up` starts")
    mqtt_websocket_port: int = Field(
        9001, ge=1, le=65_535, description="port of that broker's MQTT over WebSockets, for browsers"
    )
    broker_warning: str | None = Field(None, description="what the broker can't promise, for /health; `up` sets it")
    postgres_programs: Path | None = Field(
        None, description="folder of the PostgreSQL programs that `up` runs, instead of those it finds"
    )
    devices: int = Field(12, ge=0, le=100_000, description="size of the simulated fleet; 0 is none")
    seed: int = Field(1, description="seed of the simulated fleet: the same seed gives the same devices and values")
    data: Path = Field(Path(".fieldline"), description="folder in which `up` keeps database, broker data and logs")
    reader_password: SecretStr | None = Field(
        None, description="lets the role fieldline_reader log in with this password, for Grafana; set by `migrate`"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level that is logged")
    log_format: Literal["console", "json"] = Field("console", description="form of a log line")

    @field_validator("keep_minutes", "keep_hours")
    @classmethod
    def _no_shorter_than_the_finer_tier(cls, longest: timedelta | None, info: ValidationInfo) -> timedelta | None:
        """A reading that is kept has its rollups: what comes late must find the minute and the hour that it belongs to."""
        finer = "keep_raw" if info.field_name == "keep_minutes" else "keep_minutes"
        if longest is not None and finer in info.data:
            least = info.data[finer]
            if least is None or least > longest:
                raise ValueError(f"expected no less than {finer}, which is {least or 'for ever'}")
        return longest

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  pydantic fixes the names
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
