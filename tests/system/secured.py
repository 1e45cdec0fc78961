"""A broker as it should stand in the open: with passwords, and with a listener for TLS."""

import base64
import hashlib
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import Signals

import pytest

from fieldline.embedded import port
from tests.services import LocalBroker


class SecuredBroker(LocalBroker):
    """Mosquitto with the shipped configuration, but nobody gets in without a password."""

    def __init__(self, folder: Path, passwords: dict[str, str]) -> None:
        super().__init__(folder)
        self._folder = folder
        [self.tls_port] = port.free()
        self.certificate = certificate(folder, "broker")
        self._write(passwords)
        configuration = folder / "mosquitto" / "mosquitto.conf"
        text = configuration.read_text(encoding="utf-8")
        closed = text.replace("allow_anonymous true", f"allow_anonymous false\npassword_file {folder / 'passwords'}")
        assert closed != text
        tls = f"listener {self.tls_port} {self.host}\ncertfile {self.certificate}\nkeyfile {folder / 'broker.key'}\n"
        configuration.write_text(closed + tls, encoding="utf-8")

    def admit(self, passwords: dict[str, str]) -> None:
        """Take other passwords from now on, as after `mosquitto_passwd` and a reload."""
        self._write(passwords)
        assert self.child is not None
        self.child.send(Signals.SIGHUP)

    def _write(self, passwords: dict[str, str]) -> None:
        lines = [f"{user}:{_hashed(password)}\n" for user, password in passwords.items()]
        (self._folder / "passwords").write_text("".join(lines), encoding="utf-8")


def certificate(folder: Path, name: str) -> Path:
    """A certificate for loopback that vouches for itself; its key lies beside it. Skips the test without openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl not found: apt-get install openssl")
    made = folder / f"{name}.pem"
    kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    about = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=IP:{port.LOOPBACK}"]
    use = ["-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
    files = ["-keyout", str(folder / f"{name}.key"), "-out", str(made)]
    subprocess.run(["openssl", *kind, *about, *use, *files], check=True, capture_output=True)
    return made


def _hashed(password: str) -> str:
    """As mosquitto_passwd writes it: PBKDF2 with SHA-512."""
    rounds, salt = 101, secrets.token_bytes(12)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds)
    return f"$7${rounds}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


@contextmanager
def secured_broker(folder: Path, **passwords: str) -> Iterator[SecuredBroker]:
    broker = SecuredBroker(folder, passwords)
    broker.start()
    try:
        yield broker
    finally:
        broker.remove()
