"""Every fault there is; docs/torture.md says what each does and what is expected."""

from torture.fault import Fault, Scene
from torture.faults import bridge, broker, clock, database, disk, locks, network
from torture.stream import WEEK


async def nothing(scene: Scene) -> None:
    """The stream alone, which is a fault of its own: repeated, out of order, partly bad."""


CLOCK_BACK = -3_600_001
"""Milliseconds: an hour, and one more, so that no reading gets the time of another."""

FAULTS = (
    Fault("stream", nothing),
    Fault("stream all bad", nothing, bad=True),
    Fault("device clocks step back", nothing, times=4, shift=CLOCK_BACK),
    Fault("bridge killed", bridge.killed, times=5),
    Fault("bridge stopped", bridge.stopped, times=3),
    Fault("bridge frozen", bridge.stood_still, times=5),
    Fault("bridge away", bridge.away, times=2, within=0.2),
    Fault("bridge killed before acknowledging", bridge.killed_before_acknowledging, times=5),
    Fault("bridge cut before acknowledging", bridge.cut_before_acknowledging, times=6),
    Fault("bridge doubled", bridge.doubled, slow=True),
    Fault("bridge handed over", bridge.handed_over, times=3),
    Fault("bridge clock steps", clock.bridge_clock_steps, slow=True),
    Fault("postgres killed", database.killed, times=4),
    Fault("postgres restarted", database.restarted, times=2),
    Fault("postgres restarted immediately", database.restarted_immediately, times=4),
    Fault("postgres frozen", database.stood_still, times=5),
    Fault("backend killed", database.backend_killed, times=4),
    Fault("backend frozen", database.backend_stood_still, times=5),
    Fault("backend terminated", database.backend_terminated, times=25),
    Fault("statement cancelled", database.statement_cancelled, times=20),
    Fault("statement times out", database.statements_time_out, times=3),
    Fault("commit not begun", database.commit_not_begun, times=10),
    Fault("commit not answered", database.commit_not_answered, times=10),
    Fault("commit clock ahead", clock.commit_clock_ahead, times=5),
    Fault("table locked", locks.table_locked, times=5),
    Fault("deadlock", locks.deadlocked, times=3),
    Fault("database read-only", database.read_only, times=3),
    Fault("connections used up", database.connections_used_up, times=2),
    Fault("partition gone", database.partition_gone, times=5, shift=WEEK),
    Fault("data disk full", disk.data_full, times=2, disk="data"),
    Fault("WAL disk full", disk.wal_full, times=2, disk="wal"),
    Fault("broker killed", broker.killed, times=3),
    Fault("broker killed with a queue", broker.killed_with_queue, times=2, within=0.2),
    Fault("broker restarted", broker.restarted, times=3),
    Fault("broker restarted with a queue", broker.restarted_with_queue, times=2, within=0.2, slow=True),
    Fault("broker frozen", broker.stood_still, times=5),
    Fault("session forgotten", broker.session_forgotten, times=3),
    Fault("window of 1", bridge.killed, times=2, scale=0.1, settings={"window": 1}),
    Fault("window of 20", bridge.killed, times=2, settings={"window": 20}, slow=True),
    Fault("window of 65,535", bridge.killed, times=2, settings={"window": 65_535}, slow=True),
    Fault("backlog beyond the window", bridge.away, within=0.0, scale=30, slow=True),
    Fault("slow to the broker", network.slow("broker"), times=3),
    Fault("slow to the database", network.slow("database"), times=3),
    Fault("stuck to the broker", network.stuck("broker"), times=5),
    Fault("stuck to the database", network.stuck("database"), times=5),
    Fault("in slices from the broker", network.in_slices("broker"), times=4),
    Fault("in slices from the database", network.in_slices("database"), times=4),
    Fault("reset to the broker", network.reset("broker"), times=6),
    Fault("reset to the database", network.reset("database"), times=25),
    Fault("cut amid a packet to the broker", network.cut_amid("broker"), times=6),
    Fault("cut amid a packet to the database", network.cut_amid("database"), times=10),
    Fault("half-open to the broker", network.half_open("broker"), slow=True),
    Fault("half-open to the database", network.half_open("database"), slow=True),
)
