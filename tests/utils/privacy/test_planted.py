"""Precision and recall of the leak guard on planted text, as utils/privacy/README.md reports them."""

import planted
import pytest


@pytest.fixture(scope="module")
def found():
    return planted.planted_uploads(questions=40, trials=40, seed=1)


@pytest.mark.parametrize(
    "kind",
    [
        "name",
        "price",
        "e-mail address",
        "file number",
        "8 words in a row",
        *(f"number of {n} digits" for n in (4, 5, 6)),
    ],
)
def test_nearly_every_planted_string_is_found(found, kind):
    assert found[kind].found >= 0.95 * found[kind].n


@pytest.mark.parametrize("kind, share", [("number of 3 digits", 0.9), ("number of 2 digits", 0.4)])
def test_most_short_numbers_are_found(found, kind, share):
    assert found[kind].found >= share * found[kind].n


@pytest.mark.parametrize("kind", ["paraphrased question", "number in words", "4 words in a row", "number of 1 digit"])
def test_what_the_readme_calls_undetected_is_not_found(found, kind):
    assert found[kind].found == 0


def test_ordinary_instructions_and_invented_examples_are_rarely_flagged(found):
    invented = planted.invented_examples(questions=40, trials=40, seed=1)
    assert planted.precision(found) > 0.95 and planted.precision(found, invented) > 0.9
    assert invented["nothing"].false == invented["name"].false == 0
    assert invented["number of 3 digits"].false <= 4


def test_two_digits_count_only_while_they_tell_something():
    few, many = (planted.planted_uploads(questions=size, trials=10)["number of 2 digits"] for size in (40, 400))
    assert few.found > 0 and many.found == 0
