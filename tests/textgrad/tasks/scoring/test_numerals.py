"""The number that a text gives as its answer."""

from fractions import Fraction

import pytest

from textgrad.tasks.scoring.numerals import last_number, number_in, same_number, value_of


@pytest.mark.parametrize(
    "text",
    [
        "-5",
        "−5",
        "–5",
        "- 5",
        "(-5)",
        "-(5)",
        "-5.0",
        "x = -5",
        "x=-5",
        "-$5",
        "$-5",
        "$-5$",
        "the result is -5",
        "minus 5",
        "negative 5",
        "12 - 17 = -5",
        "-5 apples",
        "\\(-5\\)",
    ],
)
def test_a_minus_sign_is_part_of_the_number(text):
    assert number_in(text) == -5


@pytest.mark.parametrize(
    "text",
    [
        "5",
        "5.",
        "+5",
        "5.0",
        "$5",
        "\\$5",
        "5%",
        "5 apples",
        "5km",
        "5-year",
        "x = 5",
        "10/2",
        "12 - 7 = 5",
        "5 = 12 - 7",
        "2 + 3 is 5",
        "five apples",
        "Five",
        "$2 * 2.5 = $5",
        "5 (2 red and 3 green)",
        "x = 5 (since 2x = 10)",
        "5. This is because 9 - 4 = 5 > 3.",
        "in 2 days she has 5",
        "\\text{5 apples}",
        "\\frac{10}{2}",
        "1/2 + 9/2 = 5",
        "5e0",
    ],
)
def test_a_number_is_read_past_units_and_calculations(text):
    assert number_in(text) == 5


@pytest.mark.parametrize(
    "text", ["1,234", "1234", "1,234.00", "$1,234", "1{,}234", "1\\,234", "1\u202f234", "1\u00a0234"]
)
def test_thousands_separators_are_understood(text):
    assert number_in(text) == 1234


@pytest.mark.parametrize(
    "text",
    [
        "no answer",
        "none",
        "unknown",
        "",
        "5-3",
        "between 3-5",
        "3–5",
        "3 to 5",
        "7 or 8",
        "1, 2, 3",
        "1,23",
        "1 234",
        "3:30",
        "10/12/2020",
        "1.2.3",
        "GPT-4",
        "COVID-19",
        "5/0",
        "twenty-two three",
        "10 minus 5",
        "one or two",
        "1e999999999",
        "9" * 5000,
    ],
)
def test_a_text_without_a_single_number_is_none(text):
    assert number_in(text) is None


def test_decimals_and_fractions_are_exact():
    assert number_in("0.1") == Fraction(1, 10)
    assert number_in("-1/2") == number_in("-0.5") == number_in("-\\frac{1}{2}") == Fraction(-1, 2)
    assert number_in(".5") == Fraction(1, 2)
    assert number_in("2.5e3") == 2500


def test_the_last_number_of_a_text_ignores_calculations_and_lists():
    assert last_number("There are 3, 4 and 5 of them: 12 in all, as 9 + 3 says") == 12
    assert last_number("No number at all") is None


def test_a_text_is_a_number_only_as_a_whole():
    assert value_of(" $1,200 ") == 1200
    assert value_of("-7%") == -7
    assert value_of("7 apples") is None
    assert value_of("(A)") is None
    assert value_of("1 2") is None


def test_whole_numbers_must_be_equal_and_others_nearly():
    assert not same_number(Fraction(1_000_001), Fraction(1_000_000))
    assert same_number(Fraction("0.33333333"), Fraction(1, 3))
    assert not same_number(Fraction("0.33"), Fraction(1, 3))
    assert not same_number(None, Fraction(0))
