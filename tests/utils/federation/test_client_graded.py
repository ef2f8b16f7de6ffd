"""Local steps of a task whose scorer is graded: scores between 0 and 1, and their feedback."""

import dataclasses

import pytest
import toy

from textgrad.engine.base import ChatEngine, Reply
from textgrad.optimizer import TextualGradientDescent
from textgrad.tasks.grading import GradedGrader
from textgrad.tasks.scoring.scorer import Grade
from utils.federation.client import Client
from utils.federation.evaluation import samples_of
from utils.federation.setup import load_tasks

RIGHT = {"right": (1, ""), "half": (0.5, "only half of it"), "wrong": (0, "all of it is wrong")}


class Replies(ChatEngine):
    """Answers every question with the last word of the prompt; criticizes, and rewrites the prompt to `rewrite`."""

    model_string, endpoint = "replies", "here"

    def __init__(self, rewrite):
        self.rewrite, self.criticisms = rewrite, []
        self.model_string = f"replies {rewrite}"  # replies are not shared in the call log

    def complete(self, messages, sampling):
        system, content = messages[0]["content"], messages[-1]["content"]
        if system.startswith("Say "):
            return Reply(system.split()[-1])
        if "IMPROVED_VARIABLE" in system:
            return Reply(f"<IMPROVED_VARIABLE>{self.rewrite}</IMPROVED_VARIABLE>")
        self.criticisms.append(content)
        return Reply("Be more careful.")


class Observer(TextualGradientDescent):
    """Records the examples of every step."""

    seen: list = []

    def observe(self, examples, *others):
        super().observe(examples, *others)
        Observer.seen.append(list(examples))


@pytest.fixture
def step(tmp_path):
    config = toy.config(tmp_path, module="train_centralized")
    engines, _, _ = toy.recorded(config)
    grader = GradedGrader(lambda question, prediction, answer: Grade(*RIGHT[prediction]))
    task = dataclasses.replace(load_tasks(config, engines)[0], grader=grader)
    samples = samples_of(task, "train")
    Observer.seen = []

    def make(before, after, **changes):
        engine = Replies(f"Say {after}")
        route = engines.gateway.route(engine)
        client = Client(0, samples, route, route, 4, 1, make_optimizer=Observer, **changes)
        (made,) = client.train(f"Say {before}", 1).steps
        return made, engine

    return make


@pytest.mark.parametrize(
    "before, after, result",
    [("half", "right", "accepted"), ("half", "wrong", "rejected"), ("wrong", "half", "accepted")],
)
def test_a_step_has_mean_scores(step, before, after, result):
    made, _ = step(before, after, accept="better")
    assert (made.before, made.after, made.result) == (RIGHT[before][0], RIGHT[after][0], result)


def test_feedback_reaches_the_critic_and_the_optimizer(step):
    _, engine = step("half", "right")
    assert sum("Score: 0.5 (from 0 to 1)\nonly half of it" in criticism for criticism in engine.criticisms) == 4
    ((first, *others),) = Observer.seen
    assert (first.score, first.feedback, first.reply) == (0.5, "only half of it", "half") and first.wrong
    assert len(others) == 3


@pytest.mark.parametrize("before, criticized", [("half", True), ("wrong", True), ("right", False)])
def test_only_answers_with_the_full_score_are_solved(step, before, criticized):
    made, engine = step(before, "right", skip_solved=True)
    assert bool(engine.criticisms) is criticized
    assert (made.result == "solved") is not criticized
