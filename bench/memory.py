"""What memory a process holds, as the kernel of Linux counts it."""

import re
from pathlib import Path


def peak(pid: int) -> float:
    """Most that was resident since its start, in MB."""
    return _field(pid, "VmHWM")


def resident(pid: int) -> float:
    """What is resident now, in MB."""
    return _field(pid, "VmRSS")


def _field(pid: int, name: str) -> float:
    found = re.search(rf"^{name}:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None, f"expected {name} in the status of a living process"
    return int(found[1]) * 1_024 / 1e6
