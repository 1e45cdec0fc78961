"""The wire form of telemetry: one flat JSON object of metrics, with `at` and `seq`, or an array of them as a backlog."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import msgspec

from devices.reading import Value

EXACT = 2**53
"""Beyond it a double rounds integers; silently storing another number than was sent is not an answer."""
Fields = dict[str, Annotated[int, msgspec.Meta(ge=-EXACT, le=EXACT)] | float | bool | str]
"""An object with nothing in it but what a reading can be, and perhaps U+0000."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_decode_fields: Callable[[bytes], Fields | list[Fields]] = msgspec.json.Decoder(Fields | list[Fields]).decode
_ESCAPE, _NUL = b"\\", b"\\u0000"
"""The only way in which JSON can say U+0000. A single byte is found ten times as fast, and most messages have not even that."""


class Malformed(ValueError):  # noqa: N818  the state of the payload, not of the program
    """The payload is not what its topic promises; the text says expected and got."""


def encode(values: Mapping[str, Value], *, at: int, seq: int) -> bytes:
    """One telemetry message. `at` is in milliseconds since the epoch, as devices send it."""
    return _encode({"at": at, "seq": seq, **values})


def encode_backlog(messages: Sequence[bytes]) -> bytes:
    """Several encoded messages as one array, for what was measured while the broker could not be reached."""
    return b"[" + b",".join(messages) + b"]"


def decode(payload: bytes) -> Any:
    """Any JSON value. Raises `Malformed` for all else: broken UTF-8, a megabyte of brackets, numbers beyond a double."""
    try:
        return _decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"expected JSON, got {payload[:40]!r}: {error}") from None
    except RecursionError:
        raise Malformed(f"expected a flat JSON object, got nesting beyond measure: {payload[:40]!r}") from None


def decode_fields(payload: bytes) -> Fields | list[Fields] | None:
    """A telemetry message all of whose values fit, told by the decoder itself; `None` for what must be looked at in parts."""
    if _ESCAPE in payload and _NUL in payload:
        return None
    try:
        return _decode_fields(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def decode_telemetry(payload: bytes) -> list[dict[str, Any]]:
    """The objects of a telemetry message, in order: one, or as many as its backlog holds."""
    found = decode(payload)
    if type(found) is dict:
        return [found]
    if type(found) is list and all(type(part) is dict for part in found):
        return found
    raise Malformed(f"expected a JSON object or an array of objects, got {payload[:40]!r}")
