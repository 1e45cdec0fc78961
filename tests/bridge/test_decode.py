"""Decoding: every message becomes records or a reason, and the good part of a message never goes with the bad."""

from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.decode import Decoded, decode
from bridge.message import Message
from bridge.record import Report
from devices import payload
from devices.reading import Value

NOW = 1_795_000_000_000_000
AT = 1_794_000_000_000


def decoded(payload: bytes, topic: str = "devices/greenhouse-1/telemetry") -> Decoded:
    return decode([Message(topic, payload, 1, NOW)])


def told(payload: object) -> Decoded:
    return decoded(msgspec.json.encode(payload))


def reasons(found: Decoded) -> list[str]:
    return [refusal.reason for _, refusal in found.refusals]


def test_a_flat_object_gives_a_reading_for_each_metric_and_seq_is_one() -> None:
    found = told({"at": AT, "seq": 41, "temperature": 21.4, "open": True, "state": "heating"})
    values: dict[str, Value] = {"seq": 41, "temperature": 21.4, "open": True, "state": "heating"}
    assert found.reports == [Report("greenhouse-1", AT * 1_000, values)]
    assert found.refusals == []


def test_an_array_is_a_backlog_with_times_of_its_own() -> None:
    found = told([{"at": AT, "t": 1}, {"at": AT + 1, "t": 2}])
    assert [(one.at, one.values) for one in found.reports] == [(AT * 1_000, {"t": 1}), (AT * 1_000 + 1_000, {"t": 2})]


@pytest.mark.parametrize(("payload", "value"), [(b"21.4", 21.4), (b"true", True), (b'"open"', "open"), (b"7", 7)])
def test_a_bare_value_is_a_reading_of_the_metric_in_its_topic(payload: bytes, value: object) -> None:
    found = decoded(payload, "devices/door-1/telemetry/contact")
    assert found.reports == [Report("door-1", NOW, {"contact": value})]  # type: ignore[dict-item]


def test_without_a_time_the_receive_time_counts() -> None:
    assert told({"t": 1}).reports[0].at == NOW


def test_null_says_nothing_and_is_no_mistake() -> None:
    found = told({"t": None})
    assert not found.reports
    assert not found.refusals


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"nested": 1}, "value"),
        ([1, 2], "value"),
        (2**53 + 1, "value"),
        (-(2**60), "value"),
        ("a\0b", "value"),
    ],
)
def test_a_bad_metric_is_refused_and_the_good_ones_beside_it_are_kept(bad: Any, reason: str) -> None:
    found = told({"at": AT, "good": 1, "bad": bad, "better": 2})
    assert [one.values for one in found.reports] == [{"good": 1, "better": 2}]
    assert reasons(found) == [reason]
    assert "expected" in found.refusals[0][1].detail


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("devices/a/telemetry", b"{", "json"),
        ("devices/a/telemetry", b"[" * 1_000_000, "json"),
        ("devices/a/telemetry", b'{"t":NaN}', "json"),
        ("devices/a/telemetry", b'{"t":1e999}', "json"),
        ("devices/a/telemetry", b'{"at":"today","t":1}', "clock"),
        ("devices/a/telemetry", b'{"at":1,"t":1}', "clock"),
        ("devices/a/telemetry", b'{"":1}', "name"),
        ("devices/a/telemetry", b'{"' + b"m" * 300 + b'":1}', "name"),
        ("devices/" + "d" * 300 + "/telemetry", b'{"t":1}', "name"),
        ("devices/a/status", b"asleep", "value"),
        ("devices/a/info", b"[]", "json"),
        ("devices/a/info", b'{"name":"a\\u0000b"}', "value"),
        ("somewhere/else", b"1", "topic"),
    ],
)
def test_what_can_not_be_read_is_refused_with_its_reason(topic: str, payload: bytes, reason: str) -> None:
    found = decoded(payload, topic)
    assert found.reports == []
    assert reasons(found) == [reason]
    assert "expected" in found.refusals[0][1].detail


def test_the_last_status_and_info_of_a_device_win() -> None:
    found = decode(
        [
            Message("devices/a/status", b"online", 1, NOW),
            Message("devices/a/info", b'{"name":"old"}', 2, NOW),
            Message("devices/a/info", b'{"name":"new"}', 3, NOW),
            Message("devices/a/status", b"offline", 4, NOW),
        ]
    )
    assert found.statuses == {"a": False}
    assert found.infos == {"a": {"name": "new"}}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["devices/a/telemetry", "devices/a/info", "devices/a/status", "x"]), st.binary(max_size=60)
        )
    )
)
def test_nothing_that_a_device_sends_makes_decoding_raise(found: list[tuple[str, bytes]]) -> None:
    decode([Message(topic, payload, 1, NOW) for topic, payload in found])


json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
)


@given(json)
def test_every_metric_becomes_a_reading_or_a_reason(found: Any) -> None:
    answer = decoded(msgspec.json.encode(found))
    assert all(origin == 0 for origin in answer.origins)
    assert len(answer.origins) == len(answer.reports)
    if not isinstance(found, dict) and not (isinstance(found, list) and all(isinstance(part, dict) for part in found)):
        assert reasons(answer) == ["json"]


fields = st.dictionaries(
    st.sampled_from(["at", "a", "b", "", "n" * 255, "n" * 256, "nul\0"]),
    st.sampled_from([2**53, 2**53 + 1, -(2**53), -(2**53) - 1, 2**70, AT, None, [1]])
    | st.sampled_from(["", "text", "nul\0", "back\\u0000", "2026-11-26T12:00:00Z"])
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False),
    max_size=3,
)


@settings(max_examples=500)
@given(fields | st.lists(fields, max_size=3))
def test_the_decoder_takes_as_a_whole_just_what_is_taken_value_by_value(found: Any) -> None:
    at_once = told(found)
    with patch.object(payload, "decode_fields", return_value=None):
        one_by_one = told(found)
    assert (at_once.reports, at_once.refusals) == (one_by_one.reports, one_by_one.refusals)
