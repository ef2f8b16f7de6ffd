"""F1 score of words, by hand."""

import pytest

from textgrad.tasks.scoring.word_f1 import word_f1


@pytest.mark.parametrize(
    "prediction, answer, score",
    [
        ("Answer: the Eiffel Tower", "Eiffel tower", 1),
        ("I think so.\nAnswer: the tall tower, Paris!", "Eiffel Tower in Paris", 4 / 7),
        ("Answer: London", "Paris", 0),
        ("Answer: a a dog dog", "dog", 2 / 3),
        ("Answer: don't", "dont", 1),
        ("so it is **in Paris**", "Paris", 2 / 3),
        ("Paris", "Paris", 1),
        ("Paris or Rome", "Rome and Paris", 2 / 3),
        ("Answer: the", "a", 1),
        ("Answer: the", "Paris", 0),
        ("Answer:\nred roses\nblue violets", "red roses\nblue sky", 3 / 4),
        ("Answer: Café", "café", 1),
    ],
)
def test_the_score_is_the_f1_of_the_words_of_the_final_answer(prediction, answer, score):
    assert word_f1(prediction, answer).score == pytest.approx(score)


def test_the_feedback_names_missing_and_superfluous_words():
    assert word_f1("Answer: red green", "red blue dark") == (0.4, "missing words: blue dark; superfluous words: green")
    assert word_f1("Answer: red", "Red.").feedback == ""
    assert word_f1("Answer: red", " ".join(f"x{n}" for n in range(50))).feedback.count(" x") == 10
