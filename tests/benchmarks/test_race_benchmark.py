"""The benchmark of races."""

import json

import pytest

from tests.benchmarks.race import __main__ as benchmark
from tests.benchmarks.race.paired import World, recorded_choices, simulated_choices
from textgrad.errors import UsageError


def test_a_race_over_recorded_answers_finds_the_same_round_with_fewer_answers():
    answers = {"a": [0.0] * 90, "b": [1.0] * 60 + [0.0] * 30, "c": [0.0] * 90}
    full, raced = recorded_choices(["a", "b", "c", "b"], answers, seed=1)
    assert full.best == raced.best == "b" and full.calls == 270 and raced.calls < 135


def test_a_world_without_gains_costs_no_test_accuracy():
    full, raced, gain = simulated_choices(World(0.5, 0.9, 0.0), 100, 3, True, seed=1)
    assert raced.calls <= full.calls and (gain == 0 or raced.best != full.best)


def test_the_rounds_of_a_recorded_run_are_read_with_all_their_tasks(tmp_path):
    events = [
        {
            "event": "evaluation",
            "of": f"round {number}",
            "split": "val",
            "task": task,
            "prompt": f"p{number}",
            "correct": [1, 0],
        }
        for number in range(2)
        for task in ("s", "t")
    ]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    assert benchmark.recorded_answers(tmp_path) == [("p0", [1.0, 0.0, 1.0, 0.0]), ("p1", [1.0, 0.0, 1.0, 0.0])]


def test_folders_without_validated_prompts_are_an_error(tmp_path):
    (tmp_path / "metrics.jsonl").write_text("")
    with pytest.raises(UsageError, match="two validated prompts"):
        list(benchmark.recorded([tmp_path], 1))
