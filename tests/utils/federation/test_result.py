"""The result of a run: which round is the best."""

import pytest

from utils.federation.evaluation import Score
from utils.federation.result import Round, best_round


def rounds(*prompts_and_right):
    """Return rounds 0, 1, ... with a prompt and the number of right answers of ten, or None before validation."""
    made = []
    for number, (prompt, right) in enumerate(prompts_and_right):
        scores = {} if right is None else {"t": [Score(prompt, "t", (1,) * right + (0,) * (10 - right))]}
        made.append(Round(number, prompts=(prompt,), validation=scores))
    return made


@pytest.mark.parametrize(
    "prompts, best",
    [
        ([("a", 3), ("b", 5), ("c", 4)], 1),
        ([("a", 3), ("b", 5), ("c", 5)], 2),
        ([("a", 5), ("b", 5), ("c", 5)], 0),
        ([("a", 5), ("b", 4), ("a", 5)], 0),
        ([("a", 3), ("b", 5), ("c", 5), ("c", 5)], 2),
        ([("a", 3), ("c", 5), ("b", 4), ("c", 5)], 1),
        ([("a", 0), ("b", 0)], 0),
        ([("a", 3), ("b", None)], 0),
        ([("a", None)], 0),
    ],
)
def test_the_last_of_equally_good_prompts_is_best_unless_the_initial_one_is_as_good(prompts, best):
    assert best_round(rounds(*prompts)) == best
