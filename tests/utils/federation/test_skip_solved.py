"""The option skip_solved of a client."""

import zlib

import pytest
import toy

from textgrad.engine.base import ChatEngine, Reply
from utils.federation.client import Client
from utils.federation.evaluation import samples_of
from utils.federation.setup import load_tasks
from utils.federation.update import StepResult

pytestmark = pytest.mark.slow


class Scripted(ChatEngine):
    """Answers known questions rightly if `right(question, prompt)`; every rewrite is different."""

    model_string, endpoint = "scripted", "here"

    def __init__(self, samples, right=lambda question, prompt: True):
        self.answers, self.right, self.requests = {sample.question: sample.answer for sample in samples}, right, []

    def complete(self, messages, sampling):
        system, content = messages[0]["content"], messages[-1]["content"]
        question = content.split("\n")[0]
        if question in self.answers:
            self.requests.append((question, system))
            return Reply(f"Answer: {self.answers[question] if self.right(question, system) else -1}")
        if "<IMPROVED_VARIABLE>" in system:
            self.requests.append(("rewrite", content))
            return Reply(f"<IMPROVED_VARIABLE>Add, case {zlib.crc32(content.encode())}.</IMPROVED_VARIABLE>")
        self.requests.append(("criticism", content))
        return Reply("Be more careful.")

    def count(self, what: str) -> int:
        return sum(request == what for request, _ in self.requests)


@pytest.fixture
def parts(tmp_path):
    config = toy.config(tmp_path, module="train_centralized")
    engines, _, _ = toy.recorded(config)
    task = load_tasks(config, engines)[0]
    return engines.gateway, samples_of(task, "train")


def client_of(gateway, samples, engine, **changes):
    route = gateway.route(engine)
    arguments = {
        "number": 0,
        "samples": samples,
        "engine": route,
        "critic": route,
        "batch_size": 3,
        "local_steps": 1,
        "seed": 1,
    } | changes
    return Client(**arguments)


def test_a_solved_minibatch_is_skipped_with_skip_solved(parts):
    gateway, samples = parts
    engine = Scripted(samples)
    update = client_of(gateway, samples, engine, skip_solved=True).train("Add.", 1)
    assert len(engine.requests) == 3 and update.prompt == "Add."
    step = update.steps[0]
    assert step.result is StepResult.SOLVED and not step.accepted
    assert client_of(gateway, samples, Scripted(samples)).train("Add.", 1).steps[0].result is not StepResult.SOLVED


def test_only_wrong_answers_are_criticized_with_skip_solved(parts):
    gateway, samples = parts
    client = client_of(gateway, samples, Scripted(samples))
    wrong = client.batch(0)[1].question
    for skip, criticisms in ((False, 6), (True, 2)):
        engine = Scripted(samples, lambda question, prompt: question != wrong)
        engine.endpoint = f"skip_solved={skip}"  # else the call log would answer
        step = client_of(gateway, samples, engine, skip_solved=skip, seed=1).train(f"Add {skip}.", 1).steps[0]
        assert (engine.count("criticism"), engine.count("rewrite")) == (criticisms, 1)
        assert step.accepted and step.n == 3
