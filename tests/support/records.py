"""Random protobuf records, for the tests of whoever reads them."""

from __future__ import annotations

from hypothesis import strategies as st
from slipway.formats.protobuf import Record, varint

# What holds messages (3, 4, 18, 19) is tested by itself: random bytes are none.
NUMBERS = st.sampled_from([1, 2, 5, 13, 14, 15, 16, 17, 20, 21, 40, (1 << 29) - 1])
RECORDS = st.lists(
    st.one_of(
        st.builds(Record, number=NUMBERS, wire=st.just(2), value=st.binary(max_size=300)),
        st.builds(Record, number=NUMBERS, wire=st.just(1), value=st.binary(min_size=8, max_size=8)),
        st.builds(Record, number=NUMBERS, wire=st.just(5), value=st.binary(min_size=4, max_size=4)),
        st.builds(
            Record, number=NUMBERS, wire=st.just(0), value=st.integers(0, 2**64 - 1).map(varint)
        ),
    ),
    max_size=12,
)


def encode(records: list[Record]) -> bytes:
    """The message of these records."""
    return b"".join(record.encode() for record in records)
