"""The waiting time that an endpoint requests: all formats, and bounds."""

import email.utils
import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textgrad.engine.protocol.retry_after import LONGEST_WAIT, retry_after


@pytest.mark.parametrize(
    "headers, seconds",
    [
        ({}, None),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e400"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "9999999999"}, None),
        ({"retry-after": "9" * 5000}, None),
        ({"retry-after-ms": "1e300"}, None),
        ({"retry-after-ms": "nan", "retry-after": "3"}, 3.0),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, None),
        ({"retry-after": "Fri, 31 Dec 99999 23:59:59 GMT"}, None),
        ({"retry-after": "0000-00-00T00:00:00Z"}, None),
        ({"retry-after": "1 minute"}, 60.0),
        ({"retry-after": "30 seconds"}, 30.0),
        ({"retry-after": "1h2m3.5s"}, 3723.5),
        ({"retry-after": "9999999h"}, None),
        ({"retry-after": "5s then 10s"}, None),
        ({"retry-after": "2, 5"}, 5.0),
        ({"retry-after": 7}, 7.0),
        ({"retry-after": b"8"}, 8.0),
        ({"retry-after": "86400"}, 86400.0),
        ({"x-ratelimit-reset-requests": "120ms"}, 0.12),
        ({"x-ratelimit-reset-requests": "inf", "x-ratelimit-reset-tokens": "4s"}, 4.0),
        ({"x-ratelimit-reset-requests": "23h", "x-ratelimit-remaining-requests": "99", "x-ratelimit-reset": "4"}, 4.0),
        ({"x-ratelimit-reset-tokens": "6m0s"}, 360.0),
        (
            {
                "x-ratelimit-reset-requests": "8s",
                "x-ratelimit-remaining-requests": "5",
                "x-ratelimit-reset-tokens": "1h",
                "x-ratelimit-remaining-tokens": "0",
            },
            3600.0,
        ),
    ],
)
def test_the_requested_wait_is_read_in_every_format(headers, seconds):
    assert retry_after(headers) == seconds


def test_the_wait_until_a_date_is_relative_to_now_and_never_negative():
    assert 50 < retry_after({"retry-after": email.utils.formatdate(time.time() + 60, usegmt=True)}) <= 60
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0


def test_a_number_of_seconds_since_1970_is_a_date():
    assert 50 < retry_after({"retry-after": str(int(time.time()) + 60)}) <= 60
    assert 50 < retry_after({"x-ratelimit-reset": str(int(time.time() * 1000) + 60_000)}) <= 60


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["retry-after", "retry-after-ms", "x-ratelimit-reset", "x-ratelimit-reset-tokens"]),
        st.one_of(
            st.text(max_size=40),
            st.floats().map(str),
            st.integers().map(str),
            st.datetimes().map(email.utils.format_datetime),
            st.datetimes().map(str),
            st.from_regex(r"\A([0-9]{1,30}(\.[0-9]{1,5})?(ns|ms|s|m|h|d)){1,4}\Z"),
        ),
    )
)
def test_every_header_gives_a_bounded_wait_or_none(headers):
    seconds = retry_after(headers)
    assert seconds is None or (math.isfinite(seconds) and 0 <= seconds <= LONGEST_WAIT)


@settings(deadline=None)
@given(st.floats(0, LONGEST_WAIT))
def test_every_sensible_number_of_seconds_is_read_exactly(seconds):
    assert retry_after({"retry-after": repr(seconds)}) == seconds
