"""Which answer leads to which question: the links of the OpenAPI document, for programs that follow them."""

from typing import Any, NamedTuple


class Follower(NamedTuple):
    """A question of which a member of the answer before is a parameter."""

    operation: str
    parameter: str
    member: str
    alike: tuple[str, ...] = ()
    """Parameters that are to be as they were; those that were not said are left out (OpenAPI 3.1, 4.8.20)."""


FOLLOWERS = {
    "list_devices": (Follower("get_device", "device", "devices/0/device"),),
    "latest": (Follower("changes", "after", "cursor", ("match",)), Follower("events", "after", "cursor", ("match",))),
    "readings": (Follower("readings", "page", "next", ("match", "from", "to", "order")),),
    "changes": (Follower("changes", "after", "next", ("match",)),),
    "rejects": (Follower("rejects", "page", "next", ("reason", "topic", "from", "to")),),
}
"""By the operation that answers before."""


def links(operation: str) -> dict[str, Any]:
    """Of its good answer, by the operation they lead to."""
    return {
        follower.operation: {
            "operationId": follower.operation,
            "parameters": {
                follower.parameter: f"$response.body#/{follower.member}",
                **{name: f"$request.query.{name}" for name in follower.alike},
            },
        }
        for follower in FOLLOWERS.get(operation, ())
    }
