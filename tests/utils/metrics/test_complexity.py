"""Every measure against values computed by hand."""

import math
import zlib

import pytest

from textgrad.tokens import estimate_tokens
from utils.metrics.complexity import (
    Complexity,
    character_entropy,
    complexity,
    compression_ratio,
    density_variance,
    mean_tf_idf,
)


@pytest.mark.parametrize(
    "text, bits",
    [
        ("", 0.0),
        ("aaaa", 0.0),
        ("abab", 1.0),
        ("abcd", 2.0),
        ("aaab", 0.75 * math.log2(4 / 3) + 0.25 * 2),
        ("éßéß", 1.0),
    ],
)
def test_character_entropy_by_hand(text, bits):
    assert character_entropy(text) == pytest.approx(bits)


def test_compression_ratio_is_bytes_over_bytes_after_zlib():
    text = "Count the items. " * 50
    assert compression_ratio(text) == len(text) / len(zlib.compress(text.encode(), 9)) > 10
    assert compression_ratio("é" * 100) == 200 / len(zlib.compress(("é" * 100).encode(), 9))
    assert compression_ratio("ab") < 1 and compression_ratio("") == 0


def test_tf_idf_by_hand():
    collection = ["count the the items", "count birds", "think"]
    idf_of_one, idf_of_two = math.log(4 / 2) + 1, math.log(4 / 3) + 1
    assert mean_tf_idf(collection[0], collection) == pytest.approx((idf_of_two + 2 * idf_of_one + idf_of_one) / 3)
    assert mean_tf_idf(collection[2], collection) == pytest.approx(idf_of_one)


def test_tf_idf_needs_a_collection_of_several_prompts():
    alone = mean_tf_idf("count the items", ["count the items"])
    assert alone == pytest.approx(1.0)
    assert mean_tf_idf("Count THE items!", ["count the items", "other words"]) > alone
    assert mean_tf_idf("", ["a"]) == 0.0


BITS = {"even": [2.0, 2.0, 2.0, 2.0], "uneven": [0.0, 4.0, 0.0, 4.0], "short": [3.0], "empty": []}


def test_density_variance_by_hand():
    assert density_variance("even", BITS.get) == 0.0
    assert density_variance("uneven", BITS.get) == 4.0


def test_a_text_that_is_too_short_has_infinite_variance():
    assert density_variance("short", BITS.get) == density_variance("empty", BITS.get) == math.inf


def test_all_measures_of_a_prompt():
    measures = complexity("uneven", ["uneven", "even"], BITS.get)
    assert measures.surprisal_mean == 2.0 and measures.surprisal_max == 4.0 and measures.surprisal_variance == 4.0
    assert measures.perplexity == 4.0 and measures.tokens == estimate_tokens("uneven")
    assert measures.entropy == character_entropy("uneven") and measures.mean_tf_idf == mean_tf_idf(
        "uneven", ["uneven", "even"]
    )
    assert measures.as_json()["perplexity"] == 4.0 and set(measures.as_json()) == set(Complexity.__annotations__)


def test_missing_measures_are_none():
    measures = complexity("uneven")
    assert measures.mean_tf_idf is None and measures.perplexity is None and measures.surprisal_variance is None
    assert complexity("empty", surprisal=BITS.get).surprisal_mean is None
    assert complexity("").as_json()["entropy"] == 0


def test_a_repetitive_text_compresses_better():
    once = "Read the question, list every item with its count, and add the counts."
    assert compression_ratio(" ".join([once] * 5)) > compression_ratio(once)
