"""How long to wait before the next attempt: longer each time, and never all at once."""

import random
from collections.abc import Iterator

LONGEST = 15.0


def delays(first: float = 1.0, longest: float = LONGEST) -> Iterator[float]:
    """Seconds, without end: anything up to a bound that doubles ("full jitter").

    A fleet whose broker restarts comes back spread over the first second, not in one instant.
    """
    bound = first
    while True:
        yield random.uniform(0, bound)
        bound = min(longest, bound * 2)
