"""The estimate of a text's length in tokens."""

import pytest

from textgrad.errors import BadReply
from textgrad.tokens import check_length, estimate_tokens, max_tokens


@pytest.mark.parametrize(
    "text, tokens", [("", 0), ("one two three", 4), ("one", 2), ("x" * 401, 101), ("数" * 40, 30), ("\ud800", 2)]
)
def test_the_estimate_is_the_larger_of_words_and_bytes(text, tokens):
    assert estimate_tokens(text) == tokens


def test_the_estimate_never_falls_when_text_is_added():
    text = "Count the objects, é, then 1 + 1; ```code``` " * 5
    lengths = [estimate_tokens(text[:end]) for end in range(len(text))]
    assert lengths == sorted(lengths)


@pytest.mark.parametrize(
    "text, bound",
    [("", 16), ("x", 16), ("xx", 17), ("xxx", 17), ("é", 17), ("数数", 19), ("x" * 400, 216), ("\ud800", 16)],
)
def test_the_upper_bound_is_half_the_bytes_rounded_down_plus_the_chat_template(text, bound):
    assert max_tokens(text) == bound


def test_a_limit_admits_a_text_of_exactly_that_length_and_no_longer_one():
    text = "one two three"  # four tokens
    assert check_length(text, 4) == check_length(text, None) == text
    with pytest.raises(BadReply, match="about 4 tokens where 3 are allowed"):
        check_length(text, 3)


@pytest.mark.parametrize("limit", [0, 1])
def test_the_smallest_limits_are_limits_and_not_none(limit):
    assert check_length("", limit) == ""
    with pytest.raises(BadReply, match=f"about 2 tokens where {limit} are allowed"):
        check_length("x", limit)
