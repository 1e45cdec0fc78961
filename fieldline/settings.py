"""Every setting, from `FIELDLINE_…` variables or `fieldline.toml`. No other module reads the environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource


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
