"""Local training: minibatches, steps, acceptance of rewrites."""

import random
import re
import time
from collections import Counter

import pytest
import toy

import textgrad as tg
from textgrad.engine.base import ChatEngine, Reply
from textgrad.errors import ContextExceeded
from textgrad.optimizer import TextualGradientDescentwithMomentum
from utils.federation.client import Client
from utils.federation.evaluation import prompt_id, samples_of
from utils.federation.null_log import NullLog
from utils.federation.setup import load_tasks
from utils.federation.update import StepResult


@pytest.fixture
def parts(tmp_path):
    config = toy.config(tmp_path, module="train_centralized")
    engines, test, evaluation = toy.recorded(config)
    task = load_tasks(config, engines)[0]
    return engines, test, evaluation, task


def client_of(engines, task, **changes):
    arguments = {
        "number": 0,
        "samples": samples_of(task, "train"),
        "engine": engines.test,
        "critic": engines.evaluation,
        "batch_size": 3,
        "local_steps": 4,
        "seed": 1,
    } | changes
    return Client(**arguments)


def test_a_client_makes_exactly_the_configured_local_steps_even_with_little_data(parts):
    engines, _, _, task = parts
    for size, steps in ((18, 4), (3, 5), (2, 7)):
        client = client_of(engines, task, samples=samples_of(task, "train")[:size], local_steps=steps)
        update = client.train("Add.", 1)
        assert [step.number for step in update.steps] == list(range(1, steps + 1))
        assert {step.n for step in update.steps} == {min(3, size)}


def test_minibatches_contain_all_data_before_a_question_is_repeated(parts):
    engines, _, _, task = parts
    client = client_of(engines, task)
    for epoch in range(3):
        seen = [sample.question for index in range(6 * epoch, 6 * epoch + 6) for sample in client.batch(index)]
        assert len(set(seen)) == 18
    assert client.batch(0) != client.batch(6)


def test_minibatches_with_replacement_draw_every_question_independently_and_equally_often(parts):
    engines, _, _, task = parts
    client = client_of(engines, task, samples=samples_of(task, "train")[:6], batches="replacement")
    batches = [[sample.question for sample in client.batch(index)] for index in range(2000)]
    counts = Counter(question for batch in batches for question in batch)
    assert len(counts) == 6 and all(abs(count / 1000 - 1) < 0.15 for count in counts.values())
    assert abs(sum(len(set(batch)) < 3 for batch in batches) / 2000 - (1 - 5 / 6 * 4 / 6)) < 0.05
    again = client_of(engines, task, samples=client.samples, batches="replacement")
    assert [again.batch(index) for index in (7, 3)] == [client.batch(index) for index in (7, 3)]
    assert any(client.batch(i) != client_of(engines, task, batches="replacement", seed=2).batch(i) for i in range(3))


def test_with_replacement_a_minibatch_may_be_larger_than_the_data(parts):
    engines, _, _, task = parts
    client = client_of(engines, task, samples=samples_of(task, "train")[:2], batches="replacement", batch_size=5)
    assert {step.n for step in client.train("Add.", 1).steps} == {5}


def test_minibatches_depend_only_on_seed_client_and_step(parts):
    engines, _, _, task = parts
    client, again = client_of(engines, task), client_of(engines, task)
    client.batch(0)
    assert client.batch(5) == again.batch(5)
    assert any(client.batch(i) != client_of(engines, task, seed=2).batch(i) for i in range(3))
    assert any(client.batch(i) != client_of(engines, task, number=1).batch(i) for i in range(3))


def test_later_rounds_use_later_minibatches(parts):
    engines, test, _, task = parts
    client = client_of(engines, task, local_steps=2)
    client.train("Add.", 2)
    sent = {messages[-1]["content"].split("\n")[0] for messages in test.requests}
    assert sent == {sample.question for index in (2, 3) for sample in client.batch(index)}


@pytest.mark.parametrize(
    "answer_critic, judge, critiques",
    [("llm", "auto", 6), ("fixed", "auto", 3), ("llm", "llm", 6), ("fixed", "llm", 6)],
)
def test_fixed_feedback_on_answers_saves_one_critique_per_question_and_still_teaches(
    tmp_path, answer_critic, judge, critiques
):
    config = toy.config(
        tmp_path, "--answer_critic", answer_critic, "--judge", judge, "--local_steps", "1", module="train_centralized"
    )
    engines, _, evaluation = toy.recorded(config)
    task = load_tasks(config, engines)[0]
    update = client_of(engines, task, local_steps=1).train("Add.", 1)
    assert sum(system.startswith("You are the critic") for system in evaluation.systems()) == critiques
    assert "Lesson topic-" in update.prompt


class _Echoing(ChatEngine):
    """Wraps an engine; repeats every long request for a critique. Replies take a random time."""

    def __init__(self, engine):
        self.engine, self.endpoint, self.model_string = engine, engine.endpoint, engine.model_string

    def complete(self, messages, sampling):
        time.sleep(random.random() / 100)
        content = messages[-1]["content"]
        return Reply(content) if "<CONVERSATION>" in content else self.engine.complete(messages, sampling)


def test_auto_style_begins_every_round_with_long_critiques_and_goes_on_with_short_ones(tmp_path):
    config = toy.config(tmp_path, "--style", "auto", module="train_centralized")
    stories = []
    for _ in range(2):
        engines, _, evaluation = toy.recorded(config)
        evaluation.engine = _Echoing(evaluation.engine)
        task = load_tasks(config, engines)[0]
        client = client_of(engines, task, batch_size=2, local_steps=3, style="auto")
        updates = [client.train("Add.", number) for number in (1, 2)]
        stories.append(([update.prompt for update in updates], sorted(map(str, evaluation.requests))))
    assert stories[0] == stories[1] and all("Lesson topic-" in prompt for prompt in stories[0][0])
    critiques = [m for m in evaluation.requests if m[0]["content"].startswith("You are the critic")]
    long = [m for m in critiques if "<CONVERSATION>" in m[-1]["content"]]
    assert len(long) == 2 * (2 + 2) and len(critiques) == 2 * (3 * (2 + 2) + 2 + 2)


def test_the_same_minibatch_is_answered_again_under_the_rewrite(parts):
    engines, test, _, task = parts
    update = client_of(engines, task, local_steps=1).train("Add.", 1)
    step = update.steps[0]
    by_prompt = {}
    for messages in test.requests:
        by_prompt.setdefault(messages[0]["content"], set()).add(messages[-1]["content"])
    assert len(by_prompt) == 2 and len(set(map(frozenset, by_prompt.values()))) == 1
    assert step.accepted and update.prompt == step.prompt in by_prompt


def test_a_rejected_rewrite_leaves_the_prompt_unchanged(parts):
    engines, test, evaluation, task = parts

    class Forgetful(ChatEngine):
        """Answers rightly under the first prompt and wrongly under every other one."""

        model_string, endpoint = "forgetful", "here"

        def complete(self, messages, sampling):
            question = messages[-1]["content"].split("\n")[0]
            right = next(sample.answer for sample in samples_of(task, "train") if sample.question == question)
            return Reply(f"Answer: {right if messages[0]['content'] == 'Add.' else -1}")

    class Editor(ChatEngine):
        model_string, endpoint = "editor", "here"

        def complete(self, messages, sampling):
            return Reply("<IMPROVED_VARIABLE>Add backwards.</IMPROVED_VARIABLE>")

    client = client_of(
        engines, task, engine=engines.gateway.route(Forgetful()), critic=engines.gateway.route(Editor()), local_steps=2
    )
    update = client.train("Add.", 1)
    assert [(step.before, step.after, step.accepted, step.reason) for step in update.steps] == [
        (1, 0, False, "fell")
    ] * 2
    assert update.prompt == "Add." and update.accepted == 0


def test_an_unchanged_rewrite_is_neither_kept_nor_rejected_and_not_answered_again(parts):
    engines, test, _, task = parts

    class Lazy(ChatEngine):
        model_string, endpoint = "lazy", "here"

        def complete(self, messages, sampling):
            return Reply("<IMPROVED_VARIABLE>Add.</IMPROVED_VARIABLE>")

    client = client_of(engines, task, critic=engines.gateway.route(Lazy()), local_steps=1)
    step = client.train("Add.", 1).steps[0]
    assert step.result is StepResult.UNCHANGED and not step.accepted and step.after == step.before
    assert len(test.requests) == 3


@pytest.mark.parametrize("accept, asked", [("not_worse", 6), ("holdout", 14), ("paired", 14)])
def test_a_rule_may_ask_further_questions_that_the_rewrite_has_not_seen(parts, accept, asked):
    engines, _, _, task = parts
    samples = samples_of(task, "train")
    seen = []

    class Constant(ChatEngine):
        """Answers every question wrongly, so that no rule can decide early."""

        model_string, endpoint = f"constant {accept}", "here"

        def complete(self, messages, sampling):
            seen.append((messages[0]["content"], messages[-1]["content"].split("\n")[0]))
            return Reply("This is a topic-1 question.\nAnswer: -1")

    client = client_of(
        engines, task, engine=engines.gateway.route(Constant()), local_steps=1, accept=accept, accept_size=4
    )
    step = client.train("Add.", 1).steps[0]
    assert len(seen) == len(set(seen)) == asked
    by_prompt = {prompt: {question for each, question in seen if each == prompt} for prompt, _ in seen}
    assert set(by_prompt) == {"Add.", step.rewrite} and len(set(map(frozenset, by_prompt.values()))) == 1
    assert by_prompt["Add."] >= {sample.question for sample in client.batch(0)}
    assert by_prompt["Add."] <= {sample.question for sample in samples}
    assert step.accepted is (accept == "not_worse")


@pytest.mark.parametrize(
    "reply", ["", "no tags here", "<IMPROVED_VARIABLE></IMPROVED_VARIABLE>", "<IMPROVED_VARIABLE>never closed"]
)
def test_a_reply_without_a_rewrite_is_requested_once_more_and_then_rejects_the_step(parts, reply):
    engines, _, _, task = parts

    class Useless(ChatEngine):
        model_string, endpoint, rewrites = "useless", "here", 0

        def complete(self, messages, sampling):
            if "IMPROVED_VARIABLE" in messages[0]["content"]:
                self.rewrites += 1
                return Reply(reply)
            return Reply("Be more careful.")

    useless = Useless()
    client = client_of(engines, task, critic=engines.gateway.route(useless), local_steps=1)
    step = client.train("Add.", 1).steps[0]
    assert step.result is StepResult.BAD_REPLY and step.after is None and step.reason and step.prompt == "Add."
    assert useless.rewrites >= 2


def test_the_update_names_the_prompt_it_started_from(parts):
    engines, _, _, task = parts
    assert client_of(engines, task).train("Add.", 1).started == prompt_id("Add.")


def test_a_step_of_three_answers_takes_five_latencies_instead_of_thirteen(tmp_path):
    import time

    config = toy.config(
        tmp_path,
        "--rounds",
        "1",
        "--local_steps",
        "1",
        "--val_size",
        "1",
        "--test_size",
        "1",
        module="train_centralized",
        engine="simulated:topics=4,latency=0.3,base=0",
    )
    engines, _, _ = toy.recorded(config)
    task = load_tasks(config, engines)[0]
    client = client_of(engines, task, local_steps=1)
    client.train("Add.", 1)  # imports and first use
    started = time.monotonic()
    client.train("Add well.", 2)  # other questions, so that no answer is in the call log
    assert 5 * 0.3 <= time.monotonic() - started < 10 * 0.3  # generous, as the machine may be busy


class Narrow(ChatEngine):
    """Wraps an engine and accepts only short system prompts."""

    model_string, endpoint = "narrow", "here"

    def __init__(self, engine, max_length):
        self.engine, self.max_length = engine, max_length

    def complete(self, messages, sampling):
        if len(messages[0]["content"]) > self.max_length:
            raise ContextExceeded("too long")
        return self.engine.complete(messages, sampling)


def test_a_rewrite_that_exceeds_the_context_is_rejected_with_the_reason(parts):
    engines, _, _, task = parts
    narrow = engines.gateway.route(Narrow(engines.test.engine, 40), "test")
    update = client_of(engines, task, engine=narrow).train("Add.", 1)
    assert {step.reason for step in update.steps if not step.accepted} == {"too long for the model's context"}
    assert len(update.prompt) <= 40 and engines.gateway.usage["test"].flaws["too long"] > 0


def test_a_question_that_exceeded_the_context_before_does_not_reject_rewrites(parts):
    engines, _, _, task = parts
    narrow = engines.gateway.route(Narrow(engines.test.engine, 3), "test")
    for step in client_of(engines, task, engine=narrow).train("Add.", 1).steps:
        assert "too long" not in step.reason


class BestOfThree(tg.TGD):
    def propose(self, variable):
        return self.rewrites(variable, count=3)


class NumberedEditor(ChatEngine):
    """Rewrites a prompt to "version N.", where N is the number in the request."""

    model_string, endpoint = "numbered editor", "here"

    def __init__(self):
        self.rewrite_requests = []

    def complete(self, messages, sampling):
        content = messages[-1]["content"]
        if "IMPROVED_VARIABLE" not in messages[0]["content"]:
            return Reply("Be more careful.")
        self.rewrite_requests.append(content)
        number = re.search(r"number (\d) of 3", content)
        return Reply(f"<IMPROVED_VARIABLE>version {number[1] if number else 1}.</IMPROVED_VARIABLE>")


class RightUnder(ChatEngine):
    """Answers as many questions of a minibatch rightly as `scores` says for the prompt."""

    model_string, endpoint = "right under", "here"

    def __init__(self, batch, scores):
        self.answers = {sample.question: (index, sample.answer) for index, sample in enumerate(batch)}
        self.scores = scores

    def complete(self, messages, sampling):
        index, answer = self.answers[messages[-1]["content"].split("\n")[0]]
        return Reply(f"Answer: {answer if index < self.scores[messages[0]['content']] else -1}")


@pytest.mark.parametrize(
    "scores, kept",
    [
        ({"Add.": 1, "version 1.": 0, "version 2.": 3, "version 3.": 2}, "version 2."),
        ({"Add.": 1, "version 1.": 2, "version 2.": 2, "version 3.": 2}, "version 1."),
        ({"Add.": 3, "version 1.": 0, "version 2.": 1, "version 3.": 2}, "Add."),
    ],
)
def test_the_best_of_several_rewrites_is_kept_if_the_acceptance_rule_accepts_it(parts, scores, kept):
    engines, _, _, task = parts
    batch = client_of(engines, task).batch(0)
    engine, editor = RightUnder(batch, scores), NumberedEditor()
    client = client_of(
        engines,
        task,
        engine=engines.gateway.route(engine),
        critic=engines.gateway.route(editor),
        local_steps=1,
        make_optimizer=BestOfThree,
    )
    (step,) = client.train("Add.", 1).steps
    best = max(scores[rewrite] for rewrite in scores if rewrite != "Add.")
    assert step.prompt == kept and step.accepted is (kept != "Add.")
    assert step.after == best / 3 and scores[step.rewrite] == best and step.proposals == 3
    assert len(editor.rewrite_requests) == 3 and step.reason.endswith(", best of 3 rewrites")


def test_an_optimizer_remembers_the_earlier_steps_of_its_round(parts):
    engines, _, _, task = parts
    editor = NumberedEditor()

    def make_optimizer(parameters, engine):
        return TextualGradientDescentwithMomentum(engine, parameters, momentum_window=5)

    client = client_of(
        engines, task, critic=engines.gateway.route(editor), local_steps=3, make_optimizer=make_optimizer
    )
    client.train("Add.", 1)
    assert [request.count("<PAST_VERSION>") for request in editor.rewrite_requests] == [0, 1, 2]
    client.train("Add.", 2)
    assert [request.count("<PAST_VERSION>") for request in editor.rewrite_requests[3:]] == [0, 1, 2]


@pytest.mark.parametrize(
    "options, shown", [([], 0), (["--gradient_memory", "1"], 1), (["--optimizer", "tgd_momentum"], 1)]
)
def test_the_options_of_optimizers_reach_them(tmp_path, options, shown):
    config = toy.config(tmp_path, "--rounds", "1", *options, module="train_centralized")
    engines, _, evaluation = toy.recorded(config)
    import train_centralized

    train_centralized.run_training(config, engines, NullLog())
    second = [messages[-1]["content"] for messages in evaluation.requests if "editor" in messages[0]["content"]][1]
    assert second.count("<PAST_FEEDBACK>") == shown
