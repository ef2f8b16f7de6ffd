"""The options skip_solved and speculate of a client."""

import json
import re
import threading
import zlib

import pytest
import toy

import main
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
    return engines.gateway, samples_of(task, task.train)


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


def test_the_next_minibatch_is_answered_before_the_rewrite_is_accepted(parts):
    gateway, samples = parts
    plan = client_of(gateway, samples, Scripted(samples))
    first, second = ({sample.question for sample in plan.batch(index)} for index in (0, 1))
    ahead = threading.Event()

    class Waiting(Scripted):
        """Holds answers under the rewrite back until a question of the next minibatch has arrived."""

        def complete(self, messages, sampling):
            question, system = messages[-1]["content"].split("\n")[0], messages[0]["content"]
            if system != "Add." and question in second:
                ahead.set()
            if system != "Add." and question in first:
                assert ahead.wait(30), "no speculative request arrived"
            return super().complete(messages, sampling)

    engine = Waiting(samples)
    update = client_of(gateway, samples, engine, local_steps=2, speculate=True).train("Add.", 1)
    assert update.accepted == 2 and update.discarded_answers == 0
    assert engine.count("rewrite") == 2 and len(engine.requests) == 2 * 13  # no answer was paid for twice


def test_answers_under_a_rejected_rewrite_are_discarded_and_counted(parts):
    gateway, samples = parts
    plain, quick = (Scripted(samples, lambda question, prompt: prompt == "Add.") for _ in range(2))
    quick.endpoint = "there"  # else the call log would answer
    expected = client_of(gateway, samples, plain, local_steps=3).train("Add.", 1)
    found = client_of(gateway, samples, quick, local_steps=3, speculate=True).train("Add.", 1)
    assert found.steps == expected.steps and found.prompt == expected.prompt == "Add."
    assert expected.discarded_answers == 0
    assert found.discarded_answers == 6  # there is nothing to answer after the last step
    assert len(quick.requests) == len(plain.requests) + 6


@pytest.mark.parametrize("options", [[], ["--temperature", "0.7"], ["--batch_size", "1"]])
def test_speculation_does_not_change_the_results(tmp_path, options):
    found = {}
    for name, quick in (("plain", []), ("quick", ["--speculate"])):
        assert main.main(toy.options(tmp_path, "--run_name", name, *options, *quick)) == 0
        story = toy.story(tmp_path / "logs" / name)
        results = json.loads(story.pop("results.json"))
        for costs in ("usage", "forecast", "answers_thrown_away"):
            results.pop(costs, None)
        drawn = {path: content for path, content in story.items() if not re.search("calls|cost", path)}
        found[name] = json.dumps(results, sort_keys=True), drawn
    assert found["plain"] == found["quick"]
