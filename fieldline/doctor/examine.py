"""The examination: what is asked of broker and database, and what follows for an outage of the bridge."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from bridge import migrate
from devices.broker import Broker
from fieldline.database import DatabaseError, opened
from fieldline.doctor import broker as brokers
from fieldline.doctor import configuration as configurations
from fieldline.doctor import outage as outages
from fieldline.doctor import postgres, waiting
from fieldline.doctor.configuration import Configuration
from fieldline.doctor.finding import Finding, check
from fieldline.doctor.outage import Limit, Load
from fieldline.doctor.talk import DROPPED, VERSION, Told, talk
from fieldline.doctor.waiting import Room

FALLBACK_LOG = 10 * 104_857_600
"""Bytes that the fallback broker keeps of a topic filter, before it drops the oldest."""
SMALL_WINDOW = 2_000
"""Messages: a smaller window keeps a busy bridge waiting for the broker."""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined, and what it is to bear."""

    broker: Broker
    database_url: str
    session_expiry: int
    window: int
    outage: float
    """Seconds that are to be covered."""
    configuration: Path | None
    """The broker's, if it can be read."""
    warning: str | None
    """What is known to be wrong with the broker: it is the fallback."""
    rate: float | None = None
    """Messages a second to reckon with, instead of those that come in now."""
    trial: bool = True


class Report(NamedTuple):
    findings: Sequence[Finding]
    limits: Sequence[Limit]
    load: Load

    @property
    def first(self) -> Limit | None:
        """What ends the cover."""
        return outages.first(self.limits)


@dataclass(slots=True)
class _Case:
    """What is known of a patient so far."""

    findings: list[Finding] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    stored: float | None = None
    """Messages a second that are committed."""


async def examine(patient: Patient) -> Report:
    """Everything that can be asked is; what can't be had is a finding."""
    case = _Case()
    await _ask_database(patient, case)
    told = await _ask_broker(patient, case)
    load = _load(patient, told, case.stored)
    _weigh(patient, case, told, load)
    return Report(case.findings, case.limits, load)


async def _ask_database(patient: Patient, case: _Case) -> None:
    try:
        async with opened(patient.database_url) as database:
            facts = await postgres.ask(database)
            case.findings += postgres.judge(facts, migrate.current(), _free(facts.folder, facts.address))
            if facts.schema is not None:
                case.stored = await postgres.rate(database)
    except DatabaseError as error:
        change = "start it, or FIELDLINE_DATABASE_URL"
        case.findings.append(Finding("broken", "database", "answer", str(error), "an answer", change))


async def _ask_broker(patient: Patient, case: _Case) -> Told | None:
    trial = patient.trial and patient.configuration is None and patient.warning is None
    try:
        told = await talk(patient.broker, patient.session_expiry, trial=trial)
    except OSError as error:
        got = str(error) or type(error).__name__
        case.findings.append(
            Finding("broken", "broker", "answer", got, "an answer", "start it, or FIELDLINE_BROKER_URL")
        )
        return None
    case.findings.append(Finding("fine", "broker", "answer", told.counts.get(VERSION, f"from {patient.broker}")))
    case.findings += brokers.judge_welcome(told.welcome, patient.session_expiry)
    if DROPPED in told.counts:
        case.findings.append(brokers.judge_dropped(int(told.counts[DROPPED])))
    return told


def _load(patient: Patient, told: Told | None, stored: float | None) -> Load:
    counted = told.load(outages.SIZE) if told else None
    size = counted.size if counted else outages.SIZE
    if patient.rate is not None:
        return Load(patient.rate, size, "as given")
    if counted:
        return counted
    if stored is not None:
        return Load(stored, size, "the database, last minute")
    return Load(0, size, "unknown")


def _weigh(patient: Patient, case: _Case, told: Told | None, load: Load) -> None:
    """What the limits come to at this load."""
    if patient.warning is not None:
        change = "apt-get install mosquitto"
        case.findings.append(Finding("broken", "broker", "in memory", patient.warning, "queues on disk", change))
        case.limits.append(outages.by_bytes("memory of the fallback broker", FALLBACK_LOG, load))
    elif patient.configuration is not None:
        _weigh_configuration(patient, case, patient.configuration, load)
    elif told and told.trial:
        case.findings.append(waiting.judge_trial(told.trial))
        case.limits.append(waiting.tried_limit(told.trial, load))
    else:
        change = "--broker-config FILE, on the broker's machine"
        case.findings.append(
            Finding("doubtful", "broker", "queue", "not known", "its configuration, or a trial", change)
        )
    if case.limits:  # where it isn't known how much may wait, the session's end alone promises nothing
        granted = told.welcome.expiry if told else patient.session_expiry
        case.limits.append(outages.by_time("session expiry", min(granted, patient.session_expiry)))
    case.findings += waiting.judge_limits(case.limits, patient.outage, load)
    case.findings.append(
        check(
            patient.window >= SMALL_WINDOW,
            "bridge",
            "window",
            f"{patient.window} messages",
            f"at least {SMALL_WINDOW}: a commit acknowledges at most the window",
            "FIELDLINE_WINDOW=20000",
            "doubtful",
        )
    )


def _weigh_configuration(patient: Patient, case: _Case, path: Path, load: Load) -> None:
    try:
        configuration = configurations.parse(path.read_text(encoding="utf-8"), path)
        case.findings += brokers.judge_configuration(configuration, patient.session_expiry)
        case.limits += waiting.limits(configuration, load, _room(patient.broker, configuration))
    except (OSError, ValueError) as error:
        change = "--broker-config FILE"
        case.findings.append(Finding("broken", "broker", "configuration", str(error), "a mosquitto.conf", change))


def _room(broker: Broker, configuration: Configuration) -> Room:
    """What is free, where the broker runs on this machine."""
    if not _is_here(broker.host):
        return Room()
    return Room(_memory(), _free(configuration["persistence_location"] or None, broker.host))


def _memory() -> int | None:
    """Bytes that programs may still take, by Linux's own estimate."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")), None)


def _free(folder: str | None, host: str | None) -> int | None:
    """Bytes free on the disk of a folder of this machine; None if it is another's or can't be seen."""
    if folder is None or not (host is None or _is_here(host)) or not Path(folder).exists():
        return None
    return shutil.disk_usage(folder).free


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
