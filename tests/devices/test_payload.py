"""The wire form: what a device encodes is what is decoded, and nothing that it sends breaks the decoder."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import payload
from devices.reading import Value

metrics = st.text(min_size=1).filter(lambda name: name not in ("at", "seq"))
values = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.text(st.characters(codec="utf-8"))
)
messages = st.dictionaries(metrics.filter(lambda name: name.isprintable()), values)


@given(messages, st.integers(0, 2**50), st.integers(0, 2**50))
def test_a_message_is_decoded_as_it_was_encoded(found: dict[str, Value], at: int, seq: int) -> None:
    assert payload.decode_telemetry(payload.encode(found, at=at, seq=seq)) == [{"at": at, "seq": seq, **found}]


@given(st.lists(messages, max_size=5))
def test_a_backlog_keeps_its_order(found: list[dict[str, Value]]) -> None:
    encoded = [payload.encode(fields, at=index, seq=index) for index, fields in enumerate(found)]
    decoded = payload.decode_telemetry(payload.encode_backlog(encoded))
    assert decoded == [{"at": index, "seq": index, **fields} for index, fields in enumerate(found)]


@given(st.binary())
def test_any_bytes_are_decoded_or_malformed(found: bytes) -> None:
    with suppress(payload.Malformed):
        payload.decode_telemetry(found)


@pytest.mark.parametrize(
    "hostile",
    [b"[" * 1_000_000, b'{"a":' * 200_000, b'{"a":1e999}', b'{"a":NaN}', b'"\\ud800"', b"\xff", b"1", b"[1]", b""],
)
def test_hostile_payloads_are_malformed(hostile: bytes) -> None:
    with pytest.raises(payload.Malformed, match="expected"):
        payload.decode_telemetry(hostile)
