"""A time in any of its forms is one exact moment, and anything else is refused with a reason."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.moment import EPOCH, parse

NOW = 1_760_000_000_123_456
zones = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1760000000123", 1_760_000_000_123_000),
        ("-1", -1000),
        ("0", 0),
        ("now", NOW),
        ("-1h", NOW - 3_600_000_000),
        ("-7d", NOW - 7 * 86_400_000_000),
        ("+30s", NOW + 30_000_000),
        ("-250ms", NOW - 250_000),
        ("-2w", NOW - 14 * 86_400_000_000),
        ("-5m", NOW - 300_000_000),
        ("2025-10-09T08:53:20Z", 1_760_000_000_000_000),
        ("2025-10-09t08:53:20.123456z", NOW),
        ("2025-10-09T08:53:20.123456789Z", NOW),
        ("2025-10-09T10:53:20+02:00", 1_760_000_000_000_000),
        ("2025-10-09T10:53:20 02:00", 1_760_000_000_000_000),
        ("2025-10-09 08:53:20Z", 1_760_000_000_000_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
    ],
)
def test_every_form_is_read(text: str, moment: int) -> None:
    assert parse(text, now=NOW) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "1h",
        "-1y",
        "- 1h",
        "1.5",
        "1e12",
        "٣",
        "-9999999w",
        "999999999999999",
        "2025-10-09",
        "2025-10-09T08:53:20",
        "2025-13-09T08:53:20Z",
        "2025-10-09T25:53:20Z",
        "2025-10-09T08:53:20+99:00",
        "0001-01-01T00:00:00+23:00",
        "9" * 400,
        "now\n",
        "NaN",
    ],
)
def test_anything_else_is_refused_with_what_was_expected_and_got(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected milliseconds since the epoch, .*, got '") as refusal:
        parse(text, now=NOW)
    assert len(str(refusal.value)) < 300
    assert "\n" not in str(refusal.value)


@given(st.datetimes(timezones=zones, min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)))  # noqa: DTZ001
def test_rfc_3339_keeps_every_microsecond_in_every_zone(moment: datetime) -> None:
    assert EPOCH + timedelta(microseconds=parse(moment.isoformat())) == moment.astimezone(UTC)
