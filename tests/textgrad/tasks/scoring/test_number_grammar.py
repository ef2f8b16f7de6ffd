"""The grammar of numbers: what is understood has its value, what is only partly understood has none."""

from fractions import Fraction

import pytest
from answer_forms import COMMON, in_words
from hypothesis import given, settings
from hypothesis import strategies as st

from textgrad.tasks.scoring.answers import number
from textgrad.tasks.scoring.numerals import last_number, number_in, value_of

UNDERSTOOD = [
    ("\\boxed{2\\frac{1}{2}}", "2.5"),
    ("3 1/2", "3.5"),
    ("1.5 million", "1500000"),
    ("\\sqrt{16}", "4"),
    ("Answer: 2½", "2.5"),
    ("Answer: ½", "0.5"),
    ("Answer: 5!", "120"),
    ("\\boxed{5!}", "120"),
    ("two hundred", "200"),
    ("Answer: two hundred and five", "205"),
    ("3k", "3000"),
    ("Answer: 50%", "0.5"),
    ("Answer: 50%", "50"),
    ("0.5", "50%"),
    ("Answer: −3½", "-3.5"),
    ("1'234'567", "1234567"),
    ("1_000", "1000"),
    ("1.234.567", "1234567"),
    ("1.234,56", "1234.56"),
    ("1,50,000", "150000"),
    ("3 \\times 10^5", "300000"),
    ("3×10⁵", "300000"),
    ("2^{10}", "1024"),
    ("\\frac{\\sqrt{3}}{2}", "0.8660254038"),
    ("2\\sqrt{3}", "3.4641016151"),
    ("\\dfrac{7}{2}", "3.5"),
    ("\\frac72", "3.5"),
    ("2\\pi", "6.283185307"),
    ("-2\\frac12", "-2.5"),
    ("\\sqrt[3]{27}", "3"),
    ("√2", "1.41421356237"),
    ("½ cup", "0.5"),
    ("two and a half", "2.5"),
    ("three quarters", "0.75"),
    ("minus seven", "-7"),
    ("twenty-one apples", "21"),
    ("There are twenty-one apples.", "21"),
    ("\\frac{1+\\sqrt{5}}{2}", "1.6180339887"),
    ("1+\\sqrt{2}", "2.414213562"),
    ("$1.5M", "1500000"),
    ("$2bn", "2000000000"),
    ("2.5 billion", "2500000000"),
    ("7 dozen", "84"),
    ("7 dozen", "7"),
    ("３．５", "3.5"),
    ("-\\frac{3}{4}", "-0.75"),
    ("2 and 1/2", "2.5"),
    ("\\text{5 km}", "5"),
    ("The answer is 7!", "7"),
    ("So she has 18 apples!", "18"),
    ("\\(\\sqrt{16}\\)", "4"),
    ("5 \\text{ m/s}^2", "5"),
    ("90^\\circ", "90"),
    ("1e-3", "0.001"),
    ("Answer: 1.5 million dollars", "1500000"),
    ("half a million", "500000"),
    ("one third", "1/3"),
    ("0.3333333", "1/3"),
    ("4/6", "2/3"),
    ("99.5\\%", "99.5"),
    ("5 percent", "5"),
    ("Answer: (5)", "5"),
    ("Answer: {5}", "5"),
    ("Answer: 5 ≈ 5.0", "5"),
    ("x ≈ 2.5", "2.5"),
    ("\\boxed{x=5}", "5"),
    ("3 hundred", "300"),
    ("10 thousand", "10000"),
    ("a dozen", "12"),
    ("Answer: 5 m²", "5"),
    ("5 apples (2+3)", "5"),
    ("Answer: 200 (two hundred)", "200"),
    ("Answer: two hundred (200)", "200"),
    ("The answer is **\\$1,234.50**.", "1234.5"),
    ("USD 5", "5"),
    ("£3m", "3000000"),
    ("\\frac{5}{10}", "1/2"),
    ("Answer: 5 hours per day", "5"),
    ("(1/2)", "0.5"),
    ("1 1/2 cups", "1.5"),
    ("6 ÷ 4 = 1.5", "1.5"),
    ("٣", "3"),
    ("２１", "21"),
]
NOT_UNDERSTOOD = [
    ("\\sqrt{16}", "16"),
    ("2\\frac{1}{2}", "2"),
    ("2\\frac{1}{2}", "1/2"),
    ("1.5 million", "1.5"),
    ("1.5 million", "1"),
    ("5!", "5"),
    ("3k", "3"),
    ("2x+1", "2"),
    ("2x + 1", "1"),
    ("5x", "5"),
    ("5 feet 3 inches", "5"),
    ("5 hours, 30 minutes", "30"),
    ("5 hours and 30 minutes", "5"),
    ("f(16)", "16"),
    ("\\log_2 16", "16"),
    ("\\log_{2}{16}", "16"),
    ("C(5,2)", "2"),
    ("\\binom{5}{2}", "5"),
    ("x > 5", "5"),
    ("more than 5", "5"),
    ("not 5", "5"),
    ("±5", "5"),
    ("\\pm 5", "5"),
    ("5 \\pm 1", "5"),
    ("0.\\overline{3}", "0"),
    ("0.(3)", "0"),
    ("3+4i", "3"),
    ("5i", "5"),
    ("(3, 4)", "3"),
    ("{1,2}", "1"),
    ("[3,5)", "3"),
    ("x = 5, y = 3", "3"),
    ("x=5 or x=3", "5"),
    ("5 choose 2", "5"),
    ("\\infty", "0"),
    ("1.5e", "15"),
    ("two three", "2"),
    ("twenty twenty", "20"),
    ("one or two", "1"),
    ("no one", "1"),
    ("0x1F", "0"),
    ("10^", "10"),
    ("2^x", "2"),
    ("\\frac{1}{x}", "1"),
    ("\\frac{x}{2}", "2"),
    ("\\sqrt{x+16}", "16"),
    ("16\\%\\sqrt{y}", "16"),
    ("|-5|", "-5"),
    ("5 apples + 3 apples", "5"),
    ("5 + 3 apples", "3"),
    ("3:30", "3"),
    ("3-5", "3"),
    ("5 < x", "5"),
    ("1,23", "1"),
    ("1,23", "23"),
    ("0,123", "123"),
    ("2 1/2 3", "2.5"),
    ("two hundred", "2"),
    ("two hundred", "100"),
    ("half a million", "1000000"),
    ("\\sqrt{2", "2"),
    ("\\sqrt 16", "6"),
    ("5!!", "5"),
    ("10/12/2020", "10"),
    ("\\frac{16}", "16"),
    ("2^{3^{x}}", "2"),
    ("\\sum_{i=1}^{5} i", "5"),
    ("\\int_0^1 5", "5"),
    ("16 = x^2", "256"),
    ("sin 30", "30"),
    ("ln(2)", "2"),
    ("1\\,2", "12"),
    ("5 to 7", "7"),
    ("between 5 and 7", "7"),
    ("5, 6", "6"),
    ("three hundred or so, maybe four hundred", "400"),
]


@pytest.mark.parametrize(("reply", "answer"), UNDERSTOOD)
def test_a_number_is_understood_in_every_usual_notation(reply, answer):
    assert number(reply, answer) == 1


@pytest.mark.parametrize("form", ["{}", "Answer: {}", "\\boxed{{{}}}", "The answer is {}."])
@pytest.mark.parametrize(("reply", "wrong"), NOT_UNDERSTOOD)
def test_what_is_only_partly_understood_never_scores(form, reply, wrong):
    assert number(form.format(reply), wrong) == 0


@pytest.mark.parametrize(("answer", "neighbour"), [("482000.1", "482000"), ("482000.1", "482000.2"), ("0.5", "0.51")])
def test_the_last_decimal_place_of_the_answer_must_be_right(answer, neighbour):
    assert number(answer, answer) == 1
    assert number(neighbour, answer) == number(answer, neighbour) == 0


def test_a_percentage_is_its_number_or_its_hundredth_and_nothing_else():
    assert number("50%", "50") == number("50%", "0.5") == number("0.5", "50%") == number("50", "50%") == 1
    assert number("50%", "5") == number("50", "0.5") == number("0.5", "50") == number("5%", "50%") == 0


WHOLE = st.integers(-(10**9), 10**9)


@settings(max_examples=500, deadline=None)
@given(WHOLE, st.sampled_from(COMMON))
def test_a_whole_number_reads_back_in_any_form_and_notation(value, form):
    grouped = f"{value:,}"
    for written in (str(value), grouped, grouped.replace(",", "{,}"), f"{value}.0", f"${grouped}$", in_words(value)):
        assert number(form.format(written), str(value)) == 1, form.format(written)
        assert number(form.format(written), str(value + 1)) == number(form.format(written), str(value * 10 + 1)) == 0


@settings(max_examples=500, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(1, 98),
    st.integers(2, 99),
    st.sampled_from(COMMON),
    st.sampled_from(["", "-", "−"]),
)
def test_a_mixed_number_reads_back_in_any_form(whole, over, under, form, sign):
    over = 1 + over % (under - 1) if under > 2 else 1
    value = (Fraction(whole) + Fraction(over, under)) * (-1 if sign else 1)
    latex = f"{over}}}{{{under}"
    for written in (
        f"{sign}{whole} {over}/{under}",
        f"{sign}{whole}\\frac{{{latex}}}",
        f"{sign}{whole * under + over}/{under}",
    ):
        assert number(form.format(written), str(value)) == 1, form.format(written)
        assert number(form.format(written), str(value + 1)) == number(form.format(written), str(whole)) == 0


@settings(max_examples=300, deadline=None)
@given(st.integers(2, 10**6), st.integers(2, 5))
def test_a_root_of_a_power_is_exact(value, degree):
    assert number_in(f"\\sqrt[{degree}]{{{value**degree}}}") == value
    assert number_in(f"\\sqrt[{degree}]{{{value**degree + 1}}}") != value


PIECES = st.sampled_from(
    [
        *"0123456789",
        *"+-*/^!%()[]{}=<>,.:$| \n",
        "\\frac",
        "\\sqrt",
        "\\pi",
        "x",
        "½",
        "²",
        " and ",
        " or ",
        "two",
        "hundred",
    ]
    + [
        "million",
        "k",
        "km",
        "\\text{",
        "\\boxed{",
        "Answer: ",
        "**",
        "π",
        "−",
        "一",
        "\ud800",
        "\x00",
        "log ",
        "f(",
        "e5",
        "...",
    ]
)


@settings(max_examples=2000, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_reading_never_raises(text):
    for read in (number_in, last_number, value_of):
        assert read(text) is None or isinstance(read(text), Fraction)


@settings(max_examples=1000, deadline=None)
@given(
    st.integers(2, 999),
    st.integers(2, 999),
    st.sampled_from(["+", "-", "*", "^x", ", ", " or ", " to ", ":", "x+", "..", ";", "±", " ", "y", "<", "i "]),
)
def test_two_numbers_that_are_not_one_value_never_score(left, right, between):
    text = f"{left}{between}{right}"
    for wrong in (left, right, left * 1000 + right):
        assert number(text, str(wrong)) == number(f"Answer: {text}", str(wrong)) == 0, text
