"""Every optimizer in whole runs on the simulated engine: federated, replayed, and with labels."""

import json

import pytest
import toy

import main
from textgrad.discovery import names_in
from textgrad.errors import UsageError

OPTIMIZERS = names_in("textgrad.optimizer")
LEARNING = [name for name in OPTIMIZERS if name not in ("demos", "rules")]  # the others ignore topics


def run(folder, *more, **kwargs):
    options = toy.options(folder, "--share_examples", "--do_not_run_larger_model", *more, **kwargs)
    assert main.main(options) == 0
    return folder / "logs" / "run"


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_replay_gives_the_same_files(tmp_path, optimizer):
    folder = run(tmp_path, "--optimizer", optimizer)
    first = toy.story(folder)
    run(tmp_path, "--optimizer", optimizer, "--replay_only")
    assert toy.story(folder) == first


@pytest.mark.parametrize("optimizer", LEARNING)
def test_a_federation_learns_lessons(tmp_path, optimizer):
    result, *_ = toy.train(toy.config(tmp_path, "--optimizer", optimizer, engine="simulated:topics=4,base=0"))
    lessons = {line.split(":")[0] for line in result.rounds[-1].prompts[0].splitlines() if line.startswith("Lesson")}
    assert len(lessons) >= 3


@pytest.mark.parametrize("method", ["summarization", "concat", "none", "delta", "vote"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_runs_with_labels_and_any_aggregator(tmp_path, optimizer, method):
    options = ("--optimizer", optimizer, "--aggregate_method", method, "--rounds", "1", "--share_examples")
    config = toy.config(tmp_path, *options, "--train_size", "12", tasks=["RULES_tickets"])
    result, *_ = toy.train(config)
    assert len(result.rounds) == 2 and all(update.steps for update in result.rounds[1].updates)


def test_examples_leave_a_client_only_if_the_user_allows_it(tmp_path):
    with pytest.raises(UsageError, match="--share_examples"):
        toy.config(tmp_path, "--optimizer", "demos")
    toy.config(tmp_path, "--optimizer", "demos", "--aggregate_method", "none")
    toy.config(tmp_path, "--optimizer", "demos", module="train_centralized")
    toy.config(tmp_path, "--optimizer", "demos", "--share_examples")


def test_results_count_steps_by_result_and_bad_replies_by_kind(tmp_path):
    folder = run(tmp_path, "--optimizer", "rules")  # the simulated engine names no kinds of errors
    rounds = json.loads((folder / "results.json").read_text())["rounds"][1:]
    events = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    for each in rounds:
        steps = [event for event in events if event["event"] == "step" and event["round"] == each["round"]]
        assert sum(each["steps"].values()) == len(steps)
        assert each["steps"].get("bad reply", 0) == each["bad_replies"] == sum(each["bad_reply_kinds"].values())
        assert each["bad_reply_kinds"].get("no rule") == sum(step["kind"] == "no rule" for step in steps) > 0
