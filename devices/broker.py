"""Where the broker is and how to get in: one URL, read the same way by the fleet and by the bridge."""

import ssl
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit


class Broker(NamedTuple):
    host: str
    port: int
    username: str | None
    password: str | None
    tls: ssl.SSLContext | None

    def __repr__(self) -> str:
        """Without the password: this lands in logs."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"


def parse(url: str, ca: Path | None = None) -> Broker:
    """Read `mqtt://user:password@host:port` or `mqtts://…`. `ca` replaces the system's certificates.

    Raises `ValueError` with what was expected and what was got, never showing the password.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise ValueError(
            f"broker URL: expected mqtt://host:port or mqtts://host:port, got {parts.scheme}://{parts.hostname or ''}"
        )
    tls = _context(ca) if parts.scheme == "mqtts" else None
    return Broker(
        host=parts.hostname,
        port=parts.port or (8883 if tls else 1883),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=tls,
    )


def _context(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(ca) if ca else None)
    except OSError as error:  # ssl.SSLError is one of these; neither names the file
        raise ValueError(f"broker CA: expected a file of certificates, got {ca}: {error.strerror or error}") from error
