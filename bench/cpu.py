"""CPU seconds that processes have used, their children's included."""

from collections.abc import Mapping

import psutil


def used(processes: Mapping[str, int]) -> dict[str, float]:
    """By name, for pids of processes that are the roots of a tree; children that have ended count too."""
    return {name: _tree(psutil.Process(pid)) for name, pid in processes.items()}


def since(before: Mapping[str, float], processes: Mapping[str, int]) -> dict[str, float]:
    """What was used after an earlier look at the same processes."""
    return {name: seconds - before[name] for name, seconds in used(processes).items()}


def _tree(process: psutil.Process) -> float:
    times = process.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in process.children():
        try:
            total += _tree(child)
        except psutil.NoSuchProcess:
            continue
    return float(total)
