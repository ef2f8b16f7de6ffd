"""The numbers of a local step: accuracies before and after, the number of questions, and what is reported."""

import pytest
import toy

from textgrad.concurrency import scope
from textgrad.engine.base import ChatEngine, Reply
from utils.federation.client import Client
from utils.federation.evaluation import samples_of
from utils.federation.setup import load_tasks
from utils.federation.update import Step, StepResult, Update


class RightUnder(ChatEngine):
    """Answers as many questions of the minibatch rightly as `scores` says for the prompt; criticizes and rewrites."""

    endpoint = "here"

    def __init__(self, samples, batch, scores, rewrite):
        self.answers = {sample.question: sample.answer for sample in samples}
        self.positions = {sample.question: index for index, sample in enumerate(batch)}
        self.scores, self.rewrite, self.criticized = scores, rewrite, 0
        self.model_string = f"right under {scores}"  # replies are not shared in the call log

    def complete(self, messages, sampling):
        system, question = messages[0]["content"], messages[-1]["content"].split("\n")[0]
        if question in self.answers:
            right = self.positions.get(question, 99) < self.scores.get(system, 0)
            return Reply(f"Answer: {self.answers[question] if right else -1}")
        if "IMPROVED_VARIABLE" in system:
            return Reply(self.rewrite)
        self.criticized += 1
        return Reply("Be more careful.")


@pytest.fixture
def make_client(tmp_path):
    config = toy.config(tmp_path, module="train_centralized")
    engines, _, _ = toy.recorded(config)
    task = load_tasks(config, engines)[0]
    samples = samples_of(task, "train")

    def make(scores, rewrite="<IMPROVED_VARIABLE>New.</IMPROVED_VARIABLE>", **changes):
        arguments = {"number": 0, "samples": samples, "batch_size": 5, "local_steps": 1, "seed": 1} | changes
        batch = Client(engine=engines.test, critic=engines.test, **arguments).batch(0)
        engine = RightUnder(samples, batch, scores, rewrite)
        route = engines.gateway.route(engine)
        return Client(engine=route, critic=route, **arguments), engine

    return make


@pytest.mark.parametrize(
    "before, after, result",
    [(0, 1, "accepted"), (1, 2, "accepted"), (2, 2, "accepted"), (3, 1, "rejected"), (5, 5, "accepted")],
)
def test_the_accuracies_of_a_step_are_the_right_answers_divided_by_the_questions(make_client, before, after, result):
    client, _ = make_client({"Old.": before, "New.": after})
    [step] = client.train("Old.", 1).steps
    assert (step.before, step.after, step.n, step.result) == (before / 5, after / 5, 5, result)
    assert step.reason == ("rose" if after > before else "fell" if after < before else "stayed")


@pytest.mark.parametrize("right", [0, 2, 4])
@pytest.mark.parametrize(
    "rewrite, result, has_after",
    [
        ("<IMPROVED_VARIABLE>Old.</IMPROVED_VARIABLE>", StepResult.UNCHANGED, True),
        ("no tags", StepResult.BAD_REPLY, False),
    ],
)
def test_a_step_without_a_new_prompt_still_reports_the_accuracy_of_the_old_one(
    make_client, right, rewrite, result, has_after
):
    client, _ = make_client({"Old.": right}, rewrite)
    [step] = client.train("Old.", 1).steps
    assert (step.result, step.before, step.after, step.n) == (result, right / 5, right / 5 if has_after else None, 5)


def test_only_a_minibatch_without_any_wrong_answer_is_skipped_as_solved(make_client):
    for right in range(6):
        client, engine = make_client({"Old.": right, "New.": 5}, skip_solved=True)
        [step] = client.train("Old.", 1).steps
        assert (step.result is StepResult.SOLVED) is (right == 5)
        assert step.before == right / 5 and step.after == 1.0 and step.n == 5
        assert (engine.criticized > 0) is (right < 5)


@pytest.mark.parametrize("checked, result", [(True, StepResult.BAD_REPLY), (False, StepResult.ACCEPTED)])
def test_without_rewrite_checks_every_rewrite_is_tried(make_client, checked, result):
    old = "Solve the problem step by step."
    client, _ = make_client({old: 1, "New.": 2}, rewrite_checks=checked)
    [step] = client.train(old, 1).steps
    assert (step.result, step.kind) == (result, "too short" if checked else "")


def test_the_update_counts_all_training_questions_of_the_client(make_client):
    client, _ = make_client({"Old.": 3, "New.": 1})
    update = client.train("Old.", 1)
    assert (update.train_questions, update.client) == (len(client.samples), 0)


@pytest.mark.parametrize("accept_size, asked", [(0, 0), (1, 1), (4, 4), (99, 13)])
def test_further_questions_are_new_to_the_minibatch_and_at_most_accept_size(make_client, accept_size, asked):
    client, _ = make_client({}, accept_size=accept_size)
    batch = client.batch(0)
    with scope(step=1):
        first = client._further(batch)
        assert client._further(batch) == first
    questions = [sample.question for sample in first]
    assert len(questions) == len(set(questions)) == asked
    assert not set(questions) & {sample.question for sample in batch}


def test_every_step_is_reported_with_its_round_and_client(make_client):
    seen = []
    client, _ = make_client({"Old.": 1, "New.": 2}, local_steps=3, number=0)
    client.on_step = lambda round_number, number, step: seen.append((round_number, number, step.number))
    client.train("Old.", 4)
    assert seen == [(4, 0, 1), (4, 0, 2), (4, 0, 3)]


def test_an_upload_reports_the_mean_accuracy_over_the_questions_of_all_steps():
    steps = (
        Step(1, 0.25, 0.75, 4, StepResult.ACCEPTED, "", "p"),  # 1 of 4, then 3
        Step(2, 0.5, 0.0, 2, StepResult.REJECTED, "", "p"),  # the old prompt stays: 1 of 2 before and after
        Step(3, 0.5, None, 4, StepResult.BAD_REPLY, "", "p"),  # 2 of 4 before and after
    )
    upload = Update(client=3, started="", prompt="p", steps=steps, train_questions=18).as_upload()
    assert (upload.client, upload.prompt) == (3, "p")
    assert upload.accuracy_before == pytest.approx((1 + 1 + 2) / 10)
    assert upload.accuracy_after == pytest.approx((3 + 1 + 2) / 10)


def test_what_an_update_does_not_tell_counts_as_nothing():
    update = Update(client=0, started="", prompt="p", steps=(Step(1, 0.5, 0.5, 2, StepResult.SOLVED, "", "p"),))
    assert (update.train_questions, update.steps[0].proposals) == (0, 0)
    assert update.as_upload().n == 0
    assert Update(client=0, started="", prompt="p", steps=()).as_upload().accuracy_after is None
