"""Labels of answers, for partitions that skew the answers of clients."""

from collections import Counter

from textgrad.tasks.scoring.labels import labels_of


def test_few_different_answers_are_their_own_labels():
    label = labels_of(["(A)", "(B)", "(a)"])
    assert label("(A)") == label("(a)") != label("(B)")
    number = labels_of(["7", "7.0", "1,000"])
    assert number("7.00") == number("7") != number("1000")


def test_many_numbers_fall_into_ten_ranges_of_about_equal_size():
    label = labels_of([str(value) for value in range(-50, 50)])
    counts = Counter(label(str(value)) for value in range(-50, 50))
    assert len(counts) == 10
    assert max(counts.values()) - min(counts.values()) <= 2
    assert label("-50") != label("50")
    assert label("no number") not in counts


def test_many_texts_fall_into_ten_groups_that_are_the_same_in_every_run():
    texts = [f"word{number}" for number in range(200)]
    label = labels_of(texts)
    assert len({label(text) for text in texts}) == 10
    assert label("word0") == "group 6"
    assert label("WORD0") == label("word0")
