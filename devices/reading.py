"""A reading: what one metric of one device was at one moment."""

import msgspec

Value = float | bool | str
"""A number, a state or a text. Integers travel as floats: what a float can't hold exactly is refused at decoding."""


class Reading(msgspec.Struct, frozen=True, gc=False):
    """`at` is the device's clock in microseconds since the epoch, the resolution that Postgres keeps."""

    device: str
    metric: str
    at: int
    value: Value
