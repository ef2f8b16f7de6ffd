"""--prompt_budget holds for every prompt of a run, however it came about."""

import dataclasses

import pytest
import toy

from textgrad.discovery import names_in
from textgrad.engine.base import Reply
from textgrad.errors import UsageError
from textgrad.tokens import estimate_tokens
from utils.federation.exchange import exchange
from utils.federation.result import Round
from utils.federation.setup import budget_note
from utils.federation.update import Update
from utils.run_log.events import round_problems

BUDGET = 120


class Growing:
    """Wraps an engine: every rewrite and merge becomes far longer than asked for."""

    def __init__(self, engine, obedient=False):
        self.engine, self.obedient, self.reminded = engine, obedient, 0
        self.model_string, self.endpoint, self.teach = engine.model_string, engine.endpoint, engine.teach

    def complete(self, messages, sampling):
        reply, content = self.engine.complete(messages, sampling), messages[-1]["content"]
        self.reminded += "are allowed" in content
        if "</IMPROVED_VARIABLE>" not in reply.text or (self.obedient and "are allowed" in content):
            return reply
        return Reply(reply.text.replace("</IMPROVED_VARIABLE>", "\nLook at every digit." * 80 + "</IMPROVED_VARIABLE>"))


def grow(tmp_path, *more, obedient=False, **kwargs):
    grown = []

    def prepare(engines, test, evaluation):
        grown.append(Growing(evaluation.engine, obedient))
        evaluation.engine = grown[0]

    config = toy.config(tmp_path, "--prompt_budget", str(BUDGET), "--rounds", "3", *more, **kwargs)
    return toy.train(config, prepare)[0], grown[0]


def prompts_of(result):
    for each in result.rounds:
        yield from each.prompts
        for update in each.updates:
            yield update.prompt
            yield from (step.prompt for step in update.steps)


@pytest.mark.parametrize("method", names_in("utils.aggregation.methods"))
@pytest.mark.parametrize("optimizer", ["tgd", "tgd_momentum"])
def test_no_prompt_of_a_federation_exceeds_the_budget(tmp_path, method, optimizer):
    result, grown = grow(tmp_path, "--aggregate_method", method, "--optimizer", optimizer)
    assert max(map(estimate_tokens, prompts_of(result))) <= BUDGET and grown.reminded


@pytest.mark.parametrize(
    "more",
    [
        ("--num_clients", "1"),
        ("--client_fraction", "0.1"),
        ("--drop_rate", "0.6"),
        ("--aggregate_repair",),
        ("--accept", "better"),
        ("--gradient_memory", "2"),
    ],
)
def test_no_prompt_exceeds_the_budget_under_other_options(tmp_path, more):
    for obedient in (False, True):
        result, _ = grow(tmp_path, *more, obedient=obedient)
        assert max(map(estimate_tokens, prompts_of(result))) <= BUDGET


@pytest.mark.parametrize("module", ["train_centralized", "train_hetero_fed"])
def test_no_prompt_of_the_other_modules_exceeds_the_budget(tmp_path, module):
    result, _ = grow(tmp_path, module=module)
    assert max(map(estimate_tokens, prompts_of(result))) <= BUDGET


def test_a_rewrite_above_the_budget_is_requested_again_with_the_reason(tmp_path):
    result, grown = grow(tmp_path, obedient=True)
    steps = [step for each in result.rounds for update in each.updates for step in update.steps]
    assert grown.reminded and any(step.accepted for step in steps)
    result, _ = grow(tmp_path)
    steps = [step for each in result.rounds for update in each.updates for step in update.steps]
    assert steps and all(step.result in ("bad reply", "unchanged") for step in steps)
    assert any(f"tokens where {BUDGET} are allowed" in step.reason for step in steps)


def test_an_optimizer_of_ones_own_is_held_to_the_budget_too(tmp_path, monkeypatch):
    monkeypatch.setattr("textgrad.optimizer.tgd.TextualGradientDescent.propose", lambda self, variable: ["go " * 900])
    result, _ = grow(tmp_path)
    assert max(map(estimate_tokens, prompts_of(result))) <= BUDGET


def test_of_several_rewrites_only_those_within_the_budget_are_tried(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "textgrad.optimizer.tgd.TextualGradientDescent.propose", lambda self, variable: ["go " * 900, "Go.", "x " * 900]
    )
    result, _ = grow(tmp_path)
    steps = [step for each in result.rounds for update in each.updates for step in update.steps]
    assert {step.rewrite for step in steps} <= {"Go.", ""} and {step.proposals for step in steps} <= {0, 1}


@pytest.mark.parametrize("module", ["train_centralized", "train_homo_fed", "train_hetero_fed"])
def test_an_initial_prompt_above_the_budget_is_refused_with_the_fix(tmp_path, module):
    with pytest.raises(
        UsageError, match="the initial prompt has about 400 tokens.*--prompt_budget allows 120.*shorter"
    ):
        grow(tmp_path, "--initial_prompt", "word " * 300, module=module)


def test_an_upload_above_the_budget_from_another_machine_is_dropped_and_reported(tmp_path):
    _, federation, *_ = toy.train(toy.config(tmp_path, "--rounds", "1", "--prompt_budget", str(BUDGET)))

    class Sites:
        def exchange(self, round_number, clients, prompts, deadline):
            return [
                Update(client.number, "", text, ())
                for client, text in zip(clients, ["word " * 900, "Count.", "word " * 90], strict=True)
            ]

    federation = dataclasses.replace(federation, transport=Sites())
    current = Round(1, broadcast=("Go.",))
    exchange(federation, current, [])
    assert [update.client for update in current.updates] == [1, 2] and list(current.dropped) == [0]
    assert "client 0 failed: the upload is longer than --prompt_budget" in round_problems(current)


def test_a_run_that_concatenates_says_at_its_start_what_fits(tmp_path):
    config = toy.config(tmp_path, "--aggregate_method", "concat", "--num_clients", "10")
    note = budget_note(config, 10)
    assert "10 uploads share 5192 tokens (--prompt_budget), about 519 each" in note and "--max_tokens 2000" in note
    assert budget_note(toy.config(tmp_path), 10) == budget_note(config, 1) == ""


@pytest.mark.parametrize(
    "more, needed",
    [
        (["--context_length", "4096"], 5000),
        (["--max_tokens", "8000"], 11000),
        (["--prompt_budget", "6000"], 9000),
        (["--prompt_budget", "5192"], None),
        (["--prompt_budget", "6000", "--context_length", "32768"], None),
    ],
)
@pytest.mark.parametrize("method", ["concat", "concat_uid"])
def test_a_run_that_concatenates_says_at_its_start_if_its_prompts_may_not_fit_the_context(
    tmp_path, method, more, needed
):
    note = budget_note(toy.config(tmp_path, "--aggregate_method", method, *more), 10)
    assert (f"a request may need {needed} tokens, more than --context_length" in note) is (needed is not None)
    assert ("may need" in note) is (needed is not None)
