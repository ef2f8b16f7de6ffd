"""The end of a run in words: the verdict, what went wrong, calls, cost and time."""

import json
from pathlib import Path

import pytest

from utils.run_log.problems import problems
from utils.run_log.summary import results_text, summary_table, usage_text
from utils.run_log.verdict import verdict_sentence

OLD_RUN = Path(__file__).parents[1] / "report" / "old_run"


@pytest.fixture
def summary():
    return json.loads((OLD_RUN / "results.json").read_text())


def with_tests(summary: dict, best: float, p_value: float, initial: float = 0.25, n: int = 160) -> dict:
    """Return a summary whose best prompt of round 2 and initial prompt have these test accuracies."""
    comparison = {"of": "best", "task": "sums", "difference": best - initial, "p_value": p_value, "n": n}
    by_task = {"sums": metrics_of_test(initial, best, n)}
    return summary | {"comparisons": [comparison], "metrics_by_task": by_task, "best_round": 2}


def metrics_of_test(initial: float, best: float, n: int) -> dict:
    return {
        "0shot_test_engine_test_acc": {"value": initial, "n": n},
        "best_test_acc": {"value": best, "n": n},
    }


@pytest.mark.parametrize(
    "best, p_value, sentence",
    [
        (0.475, 0.0001, "the best prompt (round 2) beats the initial one: 0.475 against 0.250, p < 0.001, n = 160"),
        (
            0.125,
            0.012,
            "the best prompt (round 2) is worse than the initial one: 0.125 against 0.250, p = 0.012, n = 160",
        ),
        (
            0.275,
            0.4,
            "the difference between the best prompt (round 2) and the initial one is not distinguishable from noise: "
            "0.275 against 0.250, p = 0.400, n = 160",
        ),
    ],
)
def test_the_verdict_is_one_sentence(summary, best, p_value, sentence):
    assert verdict_sentence(with_tests(summary, best, p_value)) == sentence


def test_the_verdict_on_several_tasks_weighs_every_question_equally(summary):
    changed = with_tests(summary, 0.5, 0.01, n=30)
    changed["metrics_by_task"]["other"] = metrics_of_test(0.65, 0.9, 10)
    changed["comparisons"][0] |= {"task": "all tasks", "n": 40}
    assert "beats the initial one: 0.600 against 0.350, p = 0.010, n = 40" in verdict_sentence(changed)


def test_the_verdict_says_that_the_initial_prompt_stayed_the_best(summary):
    changed = with_tests(summary, 0.25, 1.0) | {"best_round": 0}
    assert verdict_sentence(changed) == "no prompt was better than the initial one on validation"


def test_the_mean_over_clients_is_judged_in_the_plural(summary):
    changed = with_tests(summary, 0.475, 0.0001)
    changed["mean_comparisons"] = [changed["comparisons"][0] | {"clients": 3}]
    assert verdict_sentence(changed).startswith("the best prompts of the clients (round 2) beat the initial one: 0.475")


def test_a_stopped_run_without_test_scores_has_no_verdict(summary):
    assert verdict_sentence(summary | {"comparisons": []}) == ""


def test_a_run_without_problems_does_not_mention_any(summary):
    assert problems(summary) == [] and "what went wrong" not in summary_table(summary)


def test_problems_are_counted_by_kind(summary):
    summary["usage"]["test"] |= {"calls": 40, "bad_replies": {"truncated": 3, "empty": 1}}
    first, second = summary["rounds"][1:]
    first |= {"bad_reply_kinds": {"truncated": 1}, "steps": {"accepted": 1, "bad reply": 1}, "kept_old": "gate: worse"}
    second |= {"bad_reply_kinds": {"no rule": 1}, "steps": {"rejected": 1, "bad reply": 1}}
    second["dropped"] = {"1": "failed: ValueError"}
    second["merge"] = {"fallbacks": ["asked_again", "concat"]}
    summary["unreadable_verdicts"] = {"sums": 2}
    assert problems(summary) == [
        "bad replies of the test engine: 4 of 40 (10%): 1 empty, 3 truncated; raise --max_tokens",
        "local steps without a usable rewrite: 2 of 4 (50%): 1 no rule, 1 truncated",
        "missing uploads: 1 of 4 (25%): 1 failed",
        "fallbacks of merges: 1 asked_again, 1 concat",
        "merge of round 1 not adopted: gate: worse",
        "verdicts of the judge that could not be read and count as wrong: 2 of sums",
    ]
    assert "\nwhat went wrong:\n  bad replies of the test engine" in summary_table(summary)


def test_calls_are_shown_with_those_from_the_cache_and_the_cost_if_all_prices_are_known():
    test = {"requests": 1229, "calls": 112, "dollars": 0.01}
    evaluation = {"requests": 40, "calls": 40, "dollars": 0.0023}
    assert usage_text([test, evaluation]) == "1,269 calls (1,117 from cache); $0.0123"
    assert usage_text([test, evaluation | {"dollars": None}]) == "1,269 calls (1,117 from cache)"
    assert usage_text([test | {"dollars": 0.0}]) == "1,229 calls (1,117 from cache)"


def test_the_end_shows_outcome_prompt_problems_and_costs_in_this_order(summary):
    summary["usage"]["test"]["bad_replies"] = {"truncated": 1}
    summary["seconds"] = 192.4
    shown = results_text(summary)
    parts = ["test engine, best prompt, test", "best prompt (round ", "what went wrong:", "in all: ", "time 0:03:12"]
    places = [shown.rindex(part) for part in parts]
    assert places == sorted(places)
