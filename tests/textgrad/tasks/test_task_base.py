"""Data sets, batches, tasks."""

import pytest

from textgrad.errors import UsageError
from textgrad.tasks import DataLoader, Dataset, Examples, Task
from textgrad.tasks.grading import ScorerGrader
from textgrad.tasks.scoring.answers import number
from textgrad.tasks.scoring.scorer import ignore_question
from textgrad.tasks.source import Sizes
from textgrad.tasks.splits import cut, distinct, seeded_splits

PAIRS = [(f"question {number}", str(number)) for number in range(10)]


def batches(loader):
    return [(list(questions), list(answers)) for questions, answers in loader]


def test_a_loader_yields_every_example_once_in_batches():
    found = batches(DataLoader(Examples(PAIRS), batch_size=4, shuffle=True))
    assert [len(questions) for questions, _ in found] == [4, 4, 2]
    assert sorted(pair for questions, answers in found for pair in zip(questions, answers, strict=True)) == PAIRS


def test_a_loader_that_does_not_shuffle_keeps_the_order():
    assert batches(DataLoader(PAIRS, batch_size=5, shuffle=False))[0] == (
        [question for question, _ in PAIRS[:5]],
        [answer for _, answer in PAIRS[:5]],
    )


def test_the_seed_determines_the_orders_and_each_pass_has_a_new_one():
    first, again = DataLoader(PAIRS, 10, seed=1), DataLoader(PAIRS, 10, seed=1)
    one, two = batches(first), batches(first)
    assert one != two
    assert [one, two] == [batches(again), batches(again)]
    assert one != batches(DataLoader(PAIRS, 10, seed=2))


def test_a_batch_size_below_one_is_rejected():
    with pytest.raises(UsageError, match="batch_size is 0"):
        DataLoader(PAIRS, batch_size=0)


def test_a_users_own_data_set_works_in_a_loader():
    class Squares(Dataset):
        def __getitem__(self, index):
            return f"{index} squared", str(index * index)

        def __len__(self):
            return 3

    assert batches(DataLoader(Squares(), 3, shuffle=False)) == [
        (["0 squared", "1 squared", "2 squared"], ["0", "1", "4"])
    ]


def test_a_task_sends_the_answer_format_with_every_question_and_keeps_it_out_of_the_prompt():
    data = Examples(PAIRS, "Count.", "End with 'Answer: VALUE'.")
    task = Task("t", data, data, data, "Count.", "End with 'Answer: VALUE'.", ScorerGrader(ignore_question(number)))
    assert task.query("How many?") == "How many?\n\nEnd with 'Answer: VALUE'."
    assert "VALUE" not in task.description
    assert data.get_task_description() == "Count. End with 'Answer: VALUE'."
    assert task.answer_class(PAIRS[3]) == "3"


def test_repeated_questions_are_dropped():
    assert distinct([("a", "1"), ("b", "2"), ("a", "3")]) == [("a", "1"), ("b", "2")]


def test_seeded_splits_are_disjoint_complete_and_determined_by_the_seed():
    pairs = PAIRS + PAIRS[:5]
    splits = seeded_splits(pairs, (0.5, 0.2, 0.3), 0, "data")
    assert [len(split) for split in splits] == [5, 2, 3]
    assert sorted(pair for split in splits for pair in split) == PAIRS
    assert splits == seeded_splits(pairs, (0.5, 0.2, 0.3), 0, "data")
    assert splits != seeded_splits(pairs, (0.5, 0.2, 0.3), 1, "data")
    assert [len(split) for split in seeded_splits(PAIRS[:3], (0.64, 0.16, 0.2), 0, "data")] == [1, 1, 1]


def test_two_questions_are_too_few_to_split():
    with pytest.raises(UsageError, match="2 different questions: at least 3"):
        seeded_splits(PAIRS[:2] * 5, (0.5, 0.2, 0.3), 0, "data")


def test_sizes_take_the_first_examples_up_to_the_available_number():
    splits = (PAIRS[:5], PAIRS[5:7], PAIRS[7:])
    assert cut(splits, Sizes(train=2, test=1), "data") == (PAIRS[:2], PAIRS[5:7], PAIRS[7:8])
    with pytest.raises(UsageError, match="val_size is 3, but data has 2 examples there"):
        cut(splits, Sizes(val=3), "data")
