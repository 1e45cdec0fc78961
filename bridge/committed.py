"""What one transaction made durable, as the live side gets to know it."""

from collections.abc import Sequence
from typing import NamedTuple

CHANNEL = "fieldline_commit"
"""NOTIFY channel on which each commit is told to other processes: its `committed_at`, and how many messages the batch held."""

SERIES_CHANNEL = "fieldline_series"
"""NOTIFY channel on which the numbers of series are told that have another unit, in the transaction of a batch."""


class Committed(NamedTuple):
    """The new readings of one batch as columns of equal length: no duplicates, no rejects.

    `committed_at` (microseconds since the epoch) is larger than that of every earlier batch of any bridge: it is the cursor.
    """

    committed_at: int
    series: Sequence[int]
    at: Sequence[int]
    value: Sequence[float | str]
    """States are 0 and 1, as the store has them."""
    previous: int = 0
    """The commit before this one, of whichever bridge. 0 where it is not known, and then nothing is missing before this one."""
