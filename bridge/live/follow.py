"""Tells a hub what other bridges commit, and which series any bridge has changed."""

from collections.abc import Callable

from bridge.live.commits import Commit, Commits
from bridge.live.hub import Hub


def follow(hub: Hub, commits: Commits, announced_by: Callable[[], int | None] = lambda: None) -> None:
    """Have the hub read what any bridge commits, except the one in this process: `announced_by` is its backend in Postgres."""

    def hear(commit: Commit) -> None:
        if commit.backend != announced_by():
            hub.tell(commit.committed_at)

    commits.each_change(hub.relearn)
    commits.each(hear)
