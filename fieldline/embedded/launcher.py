"""Runs a command so that it never outlives whoever started it, not even after `kill -9`.

A script of its own, with the standard library only: `python -I -S launcher.py OPTIONS -- COMMAND…`.

On Linux it asks the kernel for a signal when its parent dies (`PR_SET_PDEATHSIG`) and then becomes the command. The
parent is the *thread* that started it, so children are started from the main thread. Elsewhere (macOS has no such
thing) it stays in between, and ends the command when the pipe to its parent closes.
"""

import argparse
import ctypes
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
PATIENCE = 30  # seconds that a command behind a pipe gets to end by itself; Postgres writes a checkpoint in that time


def main() -> NoReturn:
    options = argparse.ArgumentParser()
    options.add_argument("--parent", type=int, required=True, help="process that must be the parent")
    options.add_argument("--signal", type=int, required=True, help="what the command gets when the parent dies")
    options.add_argument(
        "--pipe", type=int, help="file descriptor that closes with the parent, instead of the kernel's signal"
    )
    options.add_argument(
        "--namespace", action="store_true", help="run as user 1000 of a new user namespace: no longer root"
    )
    options.add_argument("--user", type=int, help="run as this user")
    options.add_argument("--group", type=int, help="run as this group")
    options.add_argument("command", nargs="+")
    given = options.parse_args()
    os.umask(0o077)
    try:
        launch(given)
    except OSError as error:
        sys.exit(f"{given.command[0]}: {error.strerror}")


def launch(given: argparse.Namespace) -> NoReturn:
    if given.namespace:
        enter_namespace()
    if given.user is not None:
        os.setgroups([])
        os.setgid(given.group)
        os.setuid(given.user)
    if given.pipe is not None:
        watch(given.command, given.pipe, given.signal)
    _check(_libc().prctl(PR_SET_PDEATHSIG, given.signal, 0, 0, 0))
    if os.getppid() != given.parent:  # it died before the line above
        sys.exit(f"the parent {given.parent} is gone")
    os.execvp(given.command[0], given.command)  # noqa: S606  no shell is wanted


def enter_namespace() -> None:
    """Become user 1000 with no rights beyond those on the files of the user outside. `PermissionError` if refused."""
    user, group = os.getuid(), os.getgid()
    _check(_libc().unshare(CLONE_NEWUSER))
    Path("/proc/self/setgroups").write_text("deny")  # user_namespaces(7): before gid_map
    Path("/proc/self/uid_map").write_text(f"1000 {user} 1")
    Path("/proc/self/gid_map").write_text(f"1000 {group} 1")


def watch(command: list[str], pipe: int, last_signal: int) -> NoReturn:
    """Run the command, hand signals on, and end with it and like it. When the pipe closes, end it."""
    child = subprocess.Popen(command)

    def hand_on(number: int, _: FrameType | None) -> None:
        child.send_signal(number)

    wakeup, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, hand_on)
    while child.poll() is None:
        readable, _, _ = select.select([pipe, wakeup], [], [])
        if wakeup in readable:
            os.read(wakeup, 512)
        if pipe in readable:
            _end(child, last_signal)
    if child.returncode < 0:
        signal.signal(-child.returncode, signal.SIG_DFL) if -child.returncode != signal.SIGKILL else None
        os.kill(os.getpid(), -child.returncode)
    sys.exit(child.returncode)


def _end(child: subprocess.Popen[bytes], last_signal: int) -> None:
    child.send_signal(last_signal)
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    main()
