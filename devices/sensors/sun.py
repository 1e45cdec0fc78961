"""Where the sun stands: the hour of the day and the time of the year at a place, no time zones needed."""

import math

HOUR = 3_600_000
_YEAR = 365.2425 * 24 * HOUR
_WARMEST = 200 * 24 * HOUR  # the land lags a month behind the solstice


def hours(at: int, lon: float) -> float:
    """Hours of solar time since the epoch; whole days are multiples of 24."""
    return at / HOUR + lon / 15


def hour(at: int, lon: float) -> float:
    """Solar hour of the day, from 0 up to 24; the sun is highest at 12."""
    return hours(at, lon) % 24


def season(at: int, lat: float) -> float:
    """From -1 in the depth of winter to 1 at the height of summer; the south has it the other way."""
    wave = math.cos(2 * math.pi * (at - _WARMEST) / _YEAR)
    return wave if lat >= 0 else -wave


def warmth(at: int, lon: float) -> float:
    """The day curve of temperature: -1 at 5 o'clock, 1 at 15 o'clock; it rises faster than it falls."""
    now = hour(at, lon)
    if 5 <= now < 15:
        return -math.cos(math.pi * (now - 5) / 10)
    return math.cos(math.pi * ((now - 15) % 24) / 14)
