"""Windows by brute force: where the clocks of a zone are looked at minute by minute."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MONDAY = date(2000, 1, 3)
MINUTE = timedelta(minutes=1)


def window(at: int, every: str, zone: ZoneInfo) -> int:
    """Where the window begins that holds this moment; both in microseconds."""
    moment = datetime.fromtimestamp(at // 60_000_000 * 60, UTC)
    day = shown(moment, zone)
    many, unit = int(every.rstrip("mhdwoy")), every.lstrip("0123456789")
    match unit:
        case "m" | "h":
            midnight = begins(day, zone)
            step = many * (60_000_000 if unit == "m" else 3_600_000_000)
            return midnight + (at - midnight) // step * step
        case "d" | "w":
            days = many * (7 if unit == "w" else 1)
            return begins(day - timedelta((day - MONDAY).days % days), zone)
        case "mo":
            month = (day.year * 12 + day.month - 1) // many * many
            return begins(date(month // 12, month % 12 + 1, 1), zone)
        case _:
            return begins(date(day.year // many * many, 1, 1), zone)


@cache
def shown(moment: datetime, zone: ZoneInfo) -> date:
    """The latest day that the clocks have shown: one that is over doesn't begin again when they are set back."""
    return max((moment - number * MINUTE).astimezone(zone).date() for number in range(181))


@cache
def begins(day: date, zone: ZoneInfo) -> int:
    """The first minute in which the clocks show this day or, if none does, a later one; in microseconds."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=16)
    while moment.astimezone(zone).date() < day:
        moment += MINUTE
    return int(moment.timestamp()) * 1_000_000
