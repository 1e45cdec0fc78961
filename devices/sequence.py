"""Sequence numbers: what lets a ledger say from the store alone what is missing.

A device numbers what it *measures*, so that whatever is lost later, also by its own full outbox, leaves a hole. It keeps no
memory over a restart: each run begins at the second of its start times a million, and counts up by one, over all
reconnects. So a number is the start of its run and a position in it, readable in decimal
(1760000000000041 = the 42nd message of a run that began at 1760000000), exact in a double for 200 years, and a later run
never meets an earlier one's numbers unless a device measures a million times a second.

For a ledger, runs are groups of `seq / 1000000`: in each, *sent* is the largest position + 1 (runs begin at 0), *stored* the
distinct numbers, *missing* the difference. A run longer than a million messages goes on, full, into the next group. What
a crashed device had measured and not yet sent at the very end of a run is unknown to everyone.
"""

RUN = 1_000_000


def first(started_at: int) -> int:
    """The first number of a run that starts at that time, in milliseconds."""
    return started_at // 1000 * RUN
