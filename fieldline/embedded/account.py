"""Whom Postgres runs as, since it refuses to be root."""

import os
import pwd
import subprocess
import sys
from functools import cache
from signal import Signals

from fieldline.embedded.child import launched
from fieldline.embedded.part import SAME, Account, PartError

UNPRIVILEGED = ("postgres", "nobody")


@cache
def unprivileged() -> Account:
    """The present user if that isn't root; else root's files without root's rights; else another user."""
    if os.geteuid() != 0:
        return SAME
    namespace = Account(namespace=True)
    if sys.platform == "linux" and _works(namespace):
        return namespace
    for name in UNPRIVILEGED:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(namespace=False, user=user.pw_uid, group=user.pw_gid)
    raise PartError(
        "Postgres can't run as root, user namespaces are refused, and there is no user postgres or nobody: "
        "start as another user"
    )


def _works(account: Account) -> bool:
    command = launched(("true",), account, Signals.SIGKILL)
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
