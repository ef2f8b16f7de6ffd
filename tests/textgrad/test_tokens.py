"""The estimate of a text's length in tokens."""

import pytest

from textgrad.tokens import estimate_tokens


@pytest.mark.parametrize(
    "text, tokens", [("", 0), ("one two three", 4), ("one", 2), ("x" * 401, 101), ("数" * 40, 30), ("\ud800", 2)]
)
def test_the_estimate_is_the_larger_of_words_and_bytes(text, tokens):
    assert estimate_tokens(text) == tokens


def test_the_estimate_never_falls_when_text_is_added():
    text = "Count the objects, é, then 1 + 1; ```code``` " * 5
    lengths = [estimate_tokens(text[:end]) for end in range(len(text))]
    assert lengths == sorted(lengths)
