"""Options, sides and texts in the sentences in which models state them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textgrad.tasks.scoring.answers import boolean, choice, exact, normalize
from textgrad.tasks.scoring.options import last_option, option_in

CHOSEN = [
    ("not A but B", "B"),
    ("Answer: not A but B", "B"),
    ("The answer is not A but B.", "B"),
    ("It is B rather than A.", "B"),
    ("B, not A", "B"),
    ("(B), not (A)", "B"),
    ("A is wrong, so B.", "B"),
    ("A and C are wrong. Therefore B is correct.", "B"),
    ("We can rule out A and C. So it's B.", "B"),
    ("Neither A nor C; B.", "B"),
    ("So it's (B) rather than (A).", "B"),
    ("A is incorrect. B is the right one.", "B"),
    ("Answer: B is correct, A is not.", "B"),
    ("The correct choice is B. This is because A is too short.", "B"),
    ("The correct choice is B. A bird sings.", "B"),
    ("I think B is correct.", "B"),
    ("I am sure: B", "B"),
    ("Therefore, the correct option is **(B)**.", "B"),
    ("B is the correct answer because A does not fit.", "B"),
    ("Of all options, only B works.", "B"),
    ("**B) The raven**", "B"),
    ("Answer: B) The raven", "B"),
    ("B. The raven", "B"),
    ("(B) A raven", "B"),
    ("b) the raven", "B"),
    ("Answer: b. the raven", "B"),
    ("选项B", "B"),
    ("答案：B", "B"),
    ("正确答案是（B）。", "B"),
    ("Ｂ", "B"),
    ("The answer is (B): A is too big.", "B"),
    ("Answer: Option B (A is wrong)", "B"),
    ("A. is wrong; the answer is B", "B"),
    ("(A) is impossible, leaving (B).", "B"),
    ("My final choice is B", "B"),
    ("The best answer is B, since A fails.", "B"),
    ("Correct: B", "B"),
    ("So the correct option would be B.", "B"),
    ("Based on the above, B seems right.", "B"),
    ("Answer: the correct option is B", "B"),
    ("I'd say B", "B"),
    ("A doesn't fit, but B does.", "B"),
    ("A isn't right. B is.", "B"),
    ("Answer: [B]", "B"),
    ("Answer: {B}", "B"),
    ("Option A is not correct. Option B is.", "B"),
    ("The answer is B (not A).", "B"),
    ("\\boxed{B. \\text{The raven}}", "B"),
    ("The correct answer: B", "B"),
    ("Thus A is correct.", "A"),
    ("Therefore, A is correct.", "A"),
    ("A is correct.", "A"),
    ("Answer: A", "A"),
    ("The correct choice is A.", "A"),
    ("I is correct.", "I"),
    ("The answer is I.", "I"),
    ("Answer: A because B is wrong", "A"),
    ("So, A.", "A"),
    ("Option A", "A"),
    ("A is the answer", "A"),
    ("We choose A.", "A"),
    ("Statement B is sarcastic.", "B"),
    ("Sentence B has the natural order.", "B"),
    ("The sarcastic statement is (B).", "B"),
    ("It follows that B must be the case", "B"),
    ("The right answer is B, I think.", "B"),
    ("Answer: B, I think", "B"),
    ("Answer: it's B", "B"),
    ("Answer: B or, more precisely, (B)", "B"),
]
NOT_CHOSEN = [
    "A or B",
    "Answer: A/B",
    "I think so.",
    "A bird sings.",
    "A good question!",
    "Answer: A bird sings",
    "I am not sure.",
    "Answer: I am not sure",
    "Is A correct?",
    "A and B are both correct",
    "Answer: A, B",
    "Answer: both A and B",
    "Either A or B.",
    "The answer is A or B.",
    "B is wrong.",
    "Not B.",
    "Answer: not B",
    "The answer isn't B",
    "I cannot decide between A and B.",
    "I believe A nice day is ahead.",
    "Answer: none of A, B",
    "Answer: neither A nor B",
    "Answer: A and B",
    "A is not correct, and B is not correct.",
    "Answer: (A) (B)",
    "Answer: A B",
    "Both (A) and (B) are correct",
    "I",
    "The vitamin is good. A lot of it.",
    "Answer: A.B.",
    "Rule out A and B.",
    "It is not B, it is not A.",
    "Answer: except B",
    "Answer: AB",
    "Answer: A & B",
    "Answer: A, possibly B",
    "Answer: A; B",
    "So either (A) or (B) is right",
    "Answer: U.S.A.",
]
SIDES = [
    ("It is not valid.", False),
    ("The argument isn't valid.", False),
    ("The argument is not deductively valid.", False),
    ("It is never true.", False),
    ("untrue", False),
    ("not a valid argument", False),
    ("Answer: far from plausible", False),
    ("No doubt it is valid.", True),
    ("There is no contradiction, so it is valid.", True),
    ("It can't be true.", False),
    ("Answer: cannot be true", False),
    ("No the argument fails", False),
    ("Yes", True),
    ("Answer: no", False),
    ("not invalid", True),
    ("hence, no.", False),
    ("No, that is not true.", False),
    ("So the answer would be yes, not no.", True),
    ("it has no flaws: yes", True),
    ("Answer: yes (not no)", True),
    ("It is false that it's true: False", False),
]
SAME_TEXT = [
    ("Answer: 東京。", "東京"),
    ("答え：「東京」", "東京"),
    ("Answer: 『東京』", "東京"),
    ("Answer: ＡＢＣ", "ABC"),
    ("Answer: ﾄｳｷｮｳ", "トウキョウ"),
    ("Answer: café", "café"),
    ("Answer: café\u200b", "café"),
    ("Answer: x²", "x^2"),
    ("\\boxed{50\\%}", "50%"),
    ("Answer: a\\_b", "a_b"),
    ("Answer: «Paris»", "Paris"),
    ("Answer: „Paris“", "Paris"),
    ("Answer: C\\#", "C#"),
    ("Answer: ½", "1/2"),
    ("Answer: Straße", "strasse"),
    ("Answer: ﬁne", "fine"),
    ("Answer: Paris ✅", "Paris"),
    ("Answer: １２３", "123"),
    ("Answer: Ｎｅｗ\u3000Ｙｏｒｋ", "New York"),
    ("Answer: don’t", "don't"),
    ("Answer:\nroses\nare 0", "roses\nare 0"),
    ("Answer: roses\nare 0\n\nI hope this helps!", "roses\nare 0"),
    ("roses\nare 0", "roses\nare 0"),
    ("Here it is:\n\nroses\nare 0", "roses\nare 0"),
    ("Here:\n```\nroses\nare 0\n```\nDone.", "roses\nare 0"),
    ("**Answer:**\n\n> roses\n> are 0", "roses\nare 0"),
    ("<answer>\nroses\nare 0\n</answer>", "roses\nare 0"),
    ("Answer:\n```\n1 2\n3 4\n```", "1 2\n3 4"),
    ("Answer: 서울", "서울"),
    ("答案：北京", "北京"),
    ("정답: 서울", "서울"),
    ("Answer: １", "1"),
]
OTHER_TEXT = [
    ("Answer: x²", "x2"),
    ("Answer: 1½", "11/2"),
    ("Answer: roses", "roses\nare 0"),
    ("Answer: are 0", "roses\nare 0"),
    ("roses\nare 1", "roses\nare 0"),
    ("Answer:\nroses\nare 0\nviolets", "roses\nare 0"),
    ("Answer: 東京都", "東京"),
    ("Answer: 京都", "東京"),
    ("Answer: resume", "résumé"),
    ("Answer: C", "C++"),
    ("Answer: -5", "5"),
    ("Answer: 10^2", "102"),
    ("Answer:\nroses", "roses\nare 0"),
    ("roses\nare 0\nred", "roses\nare 0"),
    ("", "roses\nare 0"),
]


@pytest.mark.parametrize(("reply", "letter"), CHOSEN)
def test_an_option_is_read_in_a_plain_sentence_and_no_other_one(reply, letter):
    assert [other for other in "ABCI" if choice(reply, f"({other})")] == [letter]


@pytest.mark.parametrize("reply", NOT_CHOSEN)
def test_an_article_a_pronoun_a_rejected_or_an_undecided_option_is_no_choice(reply):
    wanted = "ABC" if reply == "I" else "ABCI"
    assert not any(choice(reply, f"({letter})") for letter in wanted)


@pytest.mark.parametrize(("reply", "is_positive"), SIDES)
def test_a_negation_turns_a_side_around(reply, is_positive):
    assert (boolean(reply, "Yes"), boolean(reply, "No")) == (is_positive, not is_positive)


@pytest.mark.parametrize(
    "reply", ["It has no flaws", "There is no way to tell", "not sure", "yes or no", "Answer: neither true nor false"]
)
def test_a_text_without_a_side_has_none(reply):
    assert boolean(reply, "Yes") == boolean(reply, "No") == 0


@pytest.mark.parametrize(("reply", "answer"), SAME_TEXT)
def test_texts_are_compared_after_normalization(reply, answer):
    assert exact(reply, answer) == exact(f"Let me think.\n\n{reply}", answer) == 1


@pytest.mark.parametrize(("reply", "answer"), OTHER_TEXT)
def test_another_text_is_not_the_same_after_normalization(reply, answer):
    assert exact(reply, answer) == 0


LETTERS = st.sampled_from("ABCDEFGHIJKLMNOPQR")
STATEMENTS = st.sampled_from(
    [
        "The correct choice is {}.",
        "Therefore, {} is correct.",
        "I choose {}.",
        "({})",
        "**{}**",
        "Option {}",
        "It is {}.",
    ]
)


REJECTIONS = st.sampled_from(["{} is wrong. ", "Not {}. ", "We can rule out {}.\n\n", "It isn't {}; "])


@settings(max_examples=500, deadline=None)
@given(
    LETTERS,
    LETTERS,
    STATEMENTS,
    st.sampled_from(["{} is wrong. ", "Not {}. ", "We can rule out {}.\n\n", "It isn't {}; "]),
)
def test_the_stated_option_counts_whatever_was_rejected_before(letter, rejected, statement, rejection):
    reply = rejection.format(f"({rejected})") + statement.format(letter)
    assert choice(reply, f"({letter})") == 1, reply
    assert rejected == letter or choice(reply, f"({rejected})") == 0, reply


PIECES = ["A", "B", "I", "a", "(", ")", "[", " ", ".", ":", "\n", "**", " not ", " is ", " correct", " wrong", " or "]
PIECES += [" and ", "yes", "no", "true", "neither ", "Answer: ", "option ", "（Ｂ）", "½", "²", "「", "\ud800", "\x00"]
PIECES += ["n't ", "```", "# "]


@settings(max_examples=2000, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_reading_options_sides_and_texts_never_raises(text):
    assert {option_in(text), last_option(text)} <= {None, "A", "B", "I", "S", "E", "Y", "N", "T", "O"}
    assert boolean(text, "Yes") + boolean(text, "No") <= 1
    assert exact(text, text) == 1 or not normalize(text) or "answer" in text.lower()
