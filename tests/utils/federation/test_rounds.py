"""The round loop: broadcast, merge, evaluation, choice of the best round."""

import importlib
import json

import pytest
import toy

from textgrad.discovery import names_in
from textgrad.engine.base import ChatEngine, Reply
from textgrad.errors import ContextExceeded
from utils.federation.evaluation import prompt_id
from utils.federation.null_log import NullLog
from utils.federation.result import overall
from utils.federation.setup import load_tasks, public_text


def test_every_round_starts_from_the_merge_of_the_uploads_of_the_previous_round(tmp_path):
    config = toy.config(tmp_path, "--rounds", "3")
    result, _, test, _ = toy.train(config)
    rounds = result.rounds
    assert len(rounds) == 4
    for before, after in zip(rounds, rounds[1:], strict=False):
        assert after.broadcast == before.prompts
        assert {update.started for update in after.updates} == {prompt_id(before.prompts[0])}
        assert after.aggregated == [update.prompt for update in after.updates]
        assert after.merge.prompt == after.prompts[0]
    assert any(update.prompt != rounds[1].broadcast[0] for update in rounds[1].updates)
    assert rounds[1].prompts[0] in test.systems()


def test_evaluation_uses_the_merged_prompt(tmp_path):
    result, federation, test, _ = toy.train(toy.config(tmp_path))
    for finished in result.rounds[1:]:
        scored = {score.prompt for scores in finished.validation.values() for score in scores}
        assert scored == {prompt_id(finished.prompts[0])}
        sent = {
            messages[-1]["content"].split("\n")[0]
            for messages in test.requests
            if messages[0]["content"] == finished.prompts[0]
        }
        questions = {sample.question for sample in federation.questions["sums", "val"]}
        assert questions <= sent


def test_there_is_one_merge_per_round(tmp_path):
    path = toy.task_file(tmp_path, topics=range(36))  # many topics, so that uploads differ in every round
    options = ("--rounds", "3", "--local_steps", "1", "--train_size", "30")
    result, _, _, evaluation = toy.train(toy.config(tmp_path, *options, tasks=[path], engine="simulated:base=0"))
    merges = [messages for messages in evaluation.requests if "<PROMPT client=" in messages[-1]["content"]]
    assert len(merges) == 3 and [finished.merge.distinct for finished in result.rounds[1:]] == [3, 3, 3]


def test_a_lesson_that_only_one_client_can_learn_reaches_the_global_prompt(tmp_path):
    """Topic 9 occurs only in the second task, yet after one round the global prompt has its lesson."""
    tasks = [toy.task_file(tmp_path, "first", [1], 60), toy.task_file(tmp_path, "second", [9], 60, seed=1)]
    config = toy.config(
        tmp_path, "--rounds", "1", "--aggregate_method", "concat", module="train_hetero_fed", tasks=tasks
    )
    result, federation, _, _ = toy.train(config)
    first, second = result.rounds[1].updates
    assert "Lesson topic-9" not in first.prompt and "Lesson topic-9" in second.prompt
    assert "Lesson topic-9" in result.rounds[1].prompts[0] and "Lesson topic-1" in result.rounds[1].prompts[0]
    for task in ("first", "second"):
        assert overall({task: result.tests["last"][task]}).value > overall({task: result.tests["initial"][task]}).value


def test_every_task_is_scored_and_the_best_is_chosen_by_the_mean(tmp_path):
    tasks = [toy.task_file(tmp_path, "first", [1]), toy.task_file(tmp_path, "second", [2], seed=1)]
    result, federation, _, _ = toy.train(toy.config(tmp_path, module="train_hetero_fed", tasks=tasks))
    for finished in result.rounds:
        assert set(finished.validation) == {"first", "second"}
    means = [overall(finished.validation).value for finished in result.rounds]
    assert means[result.best] == max(means)
    assert set(result.tests["best"]) == {"first", "second"}


def test_test_questions_influence_nothing(tmp_path):
    """With other test questions and everything else equal, prompts and the best round are equal."""
    lines = toy.task_file(tmp_path).read_text().splitlines()
    outcomes = []
    for size in ("10", "2"):
        folder = tmp_path / size
        folder.mkdir()
        (folder / "sums.jsonl").write_text("\n".join(lines))
        result, _, _, _ = toy.train(toy.config(folder, "--test_size", size, tasks=[folder / "sums.jsonl"]))
        outcomes.append((result.best, [finished.prompts for finished in result.rounds]))
    assert outcomes[0] == outcomes[1]


def test_in_local_only_training_nothing_is_merged_and_each_client_keeps_its_prompt(tmp_path):
    result, _, _, evaluation = toy.train(toy.config(tmp_path, "--aggregate_method", "none"))
    assert not [messages for messages in evaluation.requests if "<PROMPT client=" in messages[-1]["content"]]
    for before, after in zip(result.rounds[1:], result.rounds[2:], strict=False):
        for update in after.updates:
            assert update.started == prompt_id(before.prompts[update.client])
    assert len(result.rounds[-1].prompts) == 3
    scores = result.tests["last"]["sums"]
    assert [score.prompt for score in scores] == [prompt_id(prompt) for prompt in result.rounds[-1].prompts]
    values = [score.estimate.value for score in scores]
    assert overall(result.tests["last"]).value == pytest.approx(sum(values) / 3)


def test_with_the_gate_a_merge_with_lower_validation_accuracy_is_not_adopted(tmp_path):
    def harmful(engines, test, evaluation):
        class Harmful(toy.Recording):
            def complete(self, messages, sampling):
                if "<PROMPT client=" in messages[-1]["content"]:
                    return Reply("<IMPROVED_VARIABLE>Say nothing at all.</IMPROVED_VARIABLE>")
                return super().complete(messages, sampling)

        class Unhelpful(toy.Recording):
            def complete(self, messages, sampling):
                if messages[0]["content"] == "Say nothing at all.":
                    return Reply("Answer: none")
                return super().complete(messages, sampling)

        engines.evaluation.engine = Harmful(evaluation.engine)
        engines.test.engine = Unhelpful(test.engine)

    gated, _, _, _ = toy.train(toy.config(tmp_path, "--min_retention", "0"), harmful)
    for finished in gated.rounds[1:]:
        assert finished.prompts == finished.broadcast and finished.kept_old_reason.startswith("gate:")
    ungated, _, _, _ = toy.train(toy.config(tmp_path, "--min_retention", "0", "--no_aggregate_gate"), harmful)
    assert ungated.rounds[1].prompts == ("Say nothing at all.",) and ungated.best == 0


@pytest.mark.parametrize("method", names_in("utils.aggregation.methods"))
@pytest.mark.parametrize("module", ["train_homo_fed", "train_hetero_fed"])
def test_every_aggregator_runs_in_both_modules(tmp_path, method, module):
    tasks = [toy.task_file(tmp_path, "first", [1]), toy.task_file(tmp_path, "second", [2], seed=1)]
    tasks = tasks if module == "train_hetero_fed" else tasks[:1]
    result, _, _, _ = toy.train(toy.config(tmp_path, "--aggregate_method", method, module=module, tasks=tasks))
    assert not any(finished.merge.fallbacks for finished in result.rounds[1:] if finished.merge)
    assert overall(result.tests["best"]).value > overall(result.tests["initial"]).value


def test_forty_clients_merge_as_a_tree(tmp_path):
    path = toy.task_file(tmp_path, topics=range(40), n=200)
    config = toy.config(
        tmp_path,
        "--num_clients",
        "40",
        "--batch_size",
        "1",
        "--merge_fan_in",
        "4",
        "--rounds",
        "1",
        "--train_size",
        "80",
        tasks=[path],
        engine="simulated:topics=40,forget=0",
    )
    result, _, _, evaluation = toy.train(config)
    merges = [messages for messages in evaluation.requests if "<PROMPT client=" in messages[-1]["content"]]
    distinct = result.rounds[1].merge.distinct
    assert len(merges) == result.rounds[1].merge.calls >= (distinct - 1) // 3
    assert all(messages[-1]["content"].count("<PROMPT client=") <= 4 for messages in merges)


def test_the_answer_format_is_sent_with_the_question_and_never_in_a_prompt(tmp_path):
    result, federation, test, evaluation = toy.train(toy.config(tmp_path))
    answer_format = federation.tasks[0].answer_format
    assert all(answer_format in messages[-1]["content"] for messages in test.requests)
    assert all(answer_format not in prompt for finished in result.rounds for prompt in finished.prompts)


def test_a_trained_answer_format_ends_the_initial_prompt_and_questions_are_sent_alone(tmp_path):
    fixed = load_tasks(toy.config(tmp_path), toy.recorded(toy.config(tmp_path))[0])[0]
    config = toy.config(tmp_path, "--answer_format", "trained", "--leak_guard", "redact")
    result, federation, test, _ = toy.train(config)
    assert result.rounds[0].prompts == (f"{fixed.description} {fixed.answer_format}",)
    splits = (fixed.train, fixed.val, fixed.test)
    questions = {question for split in splits for question, _ in split.examples}
    assert {messages[-1]["content"] for messages in test.requests} <= questions
    assert all(fixed.answer_format in update.prompt for each in result.rounds for update in each.updates)
    assert fixed.answer_format in public_text(federation.tasks), "public texts never count as leaks"


def test_equal_seeds_give_equal_runs_and_different_seeds_different_ones(tmp_path):
    def prompts_and_reasons(*options):
        result, _, _, _ = toy.train(toy.config(tmp_path, *options))
        return json.dumps(
            [[finished.prompts, [update.steps[0].reason for update in finished.updates]] for finished in result.rounds]
        )

    assert prompts_and_reasons() == prompts_and_reasons() != prompts_and_reasons("--seed", "3")


def test_a_merged_prompt_that_no_longer_fits_the_context_is_not_adopted(tmp_path):
    class Narrow(ChatEngine):
        model_string, endpoint = "narrow", "here"

        def __init__(self, engine):
            self.engine = engine

        def complete(self, messages, sampling):
            if len(messages[0]["content"]) > 120:
                raise ContextExceeded("too long")
            return self.engine.complete(messages, sampling)

    def prepare(engines, test, evaluation):
        test.engine = Narrow(test.engine)

    result, *_ = toy.train(toy.config(tmp_path, "--aggregate_method", "concat"), prepare)
    finished = result.rounds[1]
    assert (
        len(finished.merge.prompt) > 120
        and "too long" in finished.kept_old_reason
        and finished.prompts == finished.broadcast
    )
    assert overall(result.rounds[-1].validation).value > 0


def test_as_many_uploads_as_min_clients_are_enough(tmp_path):
    result, *_ = toy.train(toy.config(tmp_path, "--rounds", "1", "--min_clients", "3"))
    [_, last] = result.rounds
    assert len(last.updates) == 3 and not last.quorum_missed and last.merge is not None


def test_the_log_is_told_of_every_evaluation_once(tmp_path):
    class Log(NullLog):
        seen: list = []

        def scores(self, evaluation, task):
            self.seen.append((evaluation.label, evaluation.split, task.result()))

    config, log = toy.config(tmp_path, "--rounds", "2"), Log()
    engines, _, _ = toy.recorded(config)
    result = importlib.import_module(config.module).run_training(config, engines, log)
    tests = {label: scores for label, split, scores in log.seen if split == "test"}
    assert tests == result.tests and {"initial", "last", "best"} <= tests.keys()
    validations = [scores for _, split, scores in log.seen if split == "val"]
    assert validations == [each.validation for each in result.rounds]
