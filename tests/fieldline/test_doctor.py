"""What the doctor makes of what it is told, without a broker or a database."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.handshake import Welcome
from fieldline.doctor import broker, outage, postgres, waiting
from fieldline.doctor.configuration import DEFAULTS, Configuration, parse
from fieldline.doctor.finding import Finding
from fieldline.doctor.outage import Limit, Load, by_bytes, by_count, by_time
from fieldline.doctor.postgres import GIB, Facts
from fieldline.doctor.waiting import Room, Trial
from fieldline.embedded import mosquitto

HOUR = 3600
WEEK = 7 * 86_400
BUSY = Load(620, 100, "the broker, last minute")


def configuration(text: str) -> Configuration:
    return parse(text, Path("mosquitto.conf"))


def troubled(findings: list[Finding]) -> dict[str, str]:
    """Level by name of those that are not fine; each of them says what to expect and what to do."""
    found = [finding for finding in findings if finding.level != "fine"]
    assert all(finding.expected and finding.change for finding in found)
    return {finding.name: finding.level for finding in found}


def broker_trouble(text: str, load: Load = BUSY) -> dict[str, str]:
    read = configuration(text)
    limits = waiting.limits(read, load, Room())
    return troubled([*broker.judge_configuration(read, WEEK), *waiting.judge_limits(limits, HOUR, load)])


def test_our_own_configuration_is_fine() -> None:
    text = (mosquitto.configuration() / "mosquitto.conf").read_text()
    assert broker_trouble(text, Load(500, 100, "")) == {}


def test_a_default_mosquitto_is_told_all_that_breaks_the_promise() -> None:
    assert broker_trouble("listener 1883\n", Load(0, 100, "")) == {
        "persistence": "broken",
        "autosave_interval": "broken",
        "max_queued_messages": "broken",
    }


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("persistence false", {"persistence": "broken"}),
        ("retained_persistence false", {"persistence": "broken"}),
        ("autosave_interval 0", {"autosave_interval": "broken"}),
        ("autosave_interval 6", {"autosave_interval": "broken"}),
        ("autosave_interval 5", {}),
        ("autosave_on_changes true", {}),
        ("autosave_interval 2\nautosave_on_changes true", {"autosave_interval": "broken"}),
        ("max_queued_messages 2231999", {"max_queued_messages": "broken"}),
        ("max_queued_messages 2232000", {}),
        ("max_queued_messages 0", {"max_queued_messages": "doubtful"}),
        ("max_queued_bytes 223199999", {"max_queued_bytes": "broken"}),
        ("memory_limit 1000000000", {"memory_limit": "broken"}),
        ("persistent_client_expiration 6d", {"persistent_client_expiration": "doubtful"}),
        ("max_packet_size 20000", {"max_packet_size": "doubtful"}),
        ("message_size_limit 20000", {"max_packet_size": "doubtful"}),
        ("include_dir /etc/mosquitto/conf.d", {"include_dir": "doubtful"}),
    ],
)
def test_each_setting_that_breaks_the_promise_is_named(line: str, expected: dict[str, str]) -> None:
    good = "persistence true\nautosave_interval 1\nmax_queued_messages 10000000\nmax_queued_bytes 1073741824\n"
    assert broker_trouble(good) == {}
    assert broker_trouble(good + line) == expected


words = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=8)


@given(st.lists(st.tuples(st.sampled_from(sorted(DEFAULTS)) | words, words)))
def test_of_a_setting_that_is_given_twice_the_last_counts(given_: list[tuple[str, str]]) -> None:
    read = configuration("".join(f"# {name} comment\n  {name} {value} \r\n" for name, value in given_))
    last = dict(given_)
    assert {name: read[name] for name in DEFAULTS} == {name: last.get(name, DEFAULTS[name]) for name in DEFAULTS}


@pytest.mark.parametrize("line", ["max_queued_messages many", "persistent_client_expiration 14", "autosave_interval"])
def test_a_value_that_is_none_is_said_to_be_expected_otherwise(line: str) -> None:
    with pytest.raises(ValueError, match=f"mosquitto.conf: {line.split(maxsplit=1)[0]}: expected a number"):
        broker_trouble(line)


def test_the_limit_that_is_reached_first_is_the_cover() -> None:
    limits = [
        by_count("max_queued_messages", 7_142_400, BUSY),
        by_bytes("max_queued_bytes", 2**30, BUSY),
        by_time("session expiry", WEEK),
    ]
    assert outage.sentence(outage.first(limits), BUSY) == (
        "An outage of the bridge is covered for 3 h 12 min at 620 messages/s "
        "(limit: max_queued_messages; rate: the broker, last minute)."
    )
    slow = outage.sentence(by_count("queue, as tried", 1200, Load(0.01, 1, "x"), exact=False), Load(0.01, 1, "x"))
    assert "at least 20 min at 1 messages/s (limit: queue, as tried; rate: the least that is reckoned with)" in slow
    assert "not known" in outage.sentence(outage.first([]), BUSY)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.25, "0.25 s"), (42.4, "42 s"), (90, "1 min 30 s"), (3600, "1 h"), (93_784, "1 d 2 h"), (1e9, "11574 d 1 h")],
)
def test_a_duration_is_told_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert outage.duration(seconds) == words


def test_a_trial_that_lost_something_is_broken_and_one_that_did_not_is_a_lower_bound() -> None:
    assert waiting.judge_trial(Trial(1200, 1000)).level == "broken"
    assert waiting.judge_trial(Trial(1200, 1200)).level == "fine"
    short = waiting.tried_limit(Trial(1200, 1000), BUSY)
    long = waiting.tried_limit(Trial(1200, 1200), BUSY)
    assert (short.exact, long.exact) == (True, False)
    assert [each.level for each in waiting.judge_limits([short, long], HOUR, BUSY)] == ["broken", "fine"]
    assert isinstance(short, Limit)


GRANTED = Welcome(
    resumed=False, expiry=WEEK, receive_max=1000, max_qos=2, max_packet_size=None, retain=True, wildcards=True
)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {}),
        ({"expiry": HOUR}, {"session expiry granted": "doubtful"}),
        ({"expiry": 0}, {"session expiry granted": "broken"}),
        ({"max_qos": 0}, {"quality of service": "broken"}),
        ({"wildcards": False}, {"wildcards": "broken"}),
        ({"retain": False}, {"retained messages": "doubtful"}),
        ({"max_packet_size": 20_000}, {"largest packet": "doubtful"}),
    ],
)
def test_what_a_broker_does_not_grant_is_named(change: dict[str, Any], expected: dict[str, str]) -> None:
    assert troubled(broker.judge_welcome(GRANTED._replace(**change), WEEK)) == expected


FACTS = Facts(
    version="18.1",
    version_number=180_001,
    fsync="on",
    synchronous_commit="on",
    full_page_writes="on",
    data_checksums="on",
    read_only=False,
    standby=False,
    schema="0002",
    clock_ahead=0.01,
    connections_left=50,
    folder=None,
    address=None,
)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {}),
        ({"fsync": "off"}, {"fsync": "broken"}),
        ({"synchronous_commit": "off"}, {"synchronous_commit": "broken"}),
        ({"synchronous_commit": "local"}, {}),
        ({"full_page_writes": "off"}, {"full_page_writes": "broken"}),
        ({"data_checksums": "off"}, {"data_checksums": "doubtful"}),
        ({"version_number": 140_009}, {"version": "broken"}),
        ({"read_only": True}, {"writable": "broken"}),
        ({"standby": True}, {"writable": "broken"}),
        ({"schema": "0001"}, {"schema": "broken"}),
        ({"schema": None}, {"schema": "broken"}),
        ({"clock_ahead": -2.0}, {"clock": "doubtful"}),
        ({"connections_left": 3}, {"connections": "doubtful"}),
    ],
)
def test_each_setting_of_postgres_that_breaks_the_promise_is_named(
    change: dict[str, object], expected: dict[str, str]
) -> None:
    facts = Facts(**(FACTS._asdict() | change))
    assert troubled(postgres.judge(facts, "0002", None)) == expected


@pytest.mark.parametrize(("free", "level"), [(0.5, "broken"), (5, "doubtful"), (50, "fine")])
def test_a_disk_that_is_nearly_full_is_named(free: float, level: str) -> None:
    [disk] = [found for found in postgres.judge(FACTS, "0002", int(free * GIB)) if found.name == "disk"]
    assert disk.level == level
