"""What a caller of the client may meet."""

import msgspec

FOREIGN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for what is no JSON of ours; the last for what is nested some 1,000 levels deep."""


class Problem(Exception):  # noqa: N818  as the API calls it
    """The server answered with a problem: `status` says which kind, `detail` what was expected and what was got."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status, self.detail = status, detail

    @property
    def passes(self) -> bool:
        """Whether the same question may be answered a moment later."""
        return self.status in {429, 502, 503, 504}


class Refused(ValueError):  # noqa: N818  as the live stream calls it
    """The live stream can't do what was asked for; `code` is for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


class Unreachable(OSError):  # noqa: N818  what it is
    """There is no server at this address, or none that speaks as Fieldline does."""
