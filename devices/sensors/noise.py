"""Randomness without state: numbers that look random and follow from their keys alone."""

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = 0xFFFFFFFFFFFFFFFF


def scramble(*keys: int) -> int:
    """64 well-mixed bits (splitmix64, Steele et al. 2014); any other key, or order of keys, gives others."""
    state = 0
    for key in keys:
        state = ((state ^ key) + _GOLDEN) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state


def uniform(*keys: int) -> float:
    """From 0 up to, not including, 1."""
    return (scramble(*keys) >> 11) * 2.0**-53


def between(low: float, high: float, *keys: int) -> float:
    return low + (high - low) * uniform(*keys)


def smooth(seed: int, at: int, hours: float) -> float:
    """From -1 to 1, wandering without a jump: a new random value every so many hours, and a soft way between."""
    step, fraction = divmod(at / (hours * 3_600_000), 1.0)
    here, there = uniform(seed, int(step)), uniform(seed, int(step) + 1)
    eased = fraction * fraction * (3 - 2 * fraction)
    return 2 * (here + (there - here) * eased) - 1
