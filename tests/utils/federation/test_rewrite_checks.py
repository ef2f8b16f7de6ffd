"""Rewrites that are rejected before the minibatch is answered again."""

import functools

import pytest
from scripted import ScriptedEngine

import textgrad as tg
from textgrad import prompts
from textgrad.errors import BadReply
from textgrad.optimizer import Example
from utils.federation.rewrite_checks import check_rewrite

PROMPT = "Solve the problem. Write down each step. Check the result. Round to two digits."
QUESTION = "A baker sells forty rolls in the morning and sixty in the afternoon. How many does he sell on that day?"
EXAMPLES = [Example(QUESTION, "100", "He sells forty and sixty, so the number of rolls is 100.", 1.0)]


def kind_of(rewrite, prompt=PROMPT):
    with pytest.raises(BadReply) as error:
        check_rewrite(rewrite, prompt, EXAMPLES)
    return error.value.kind


def test_a_usable_rewrite_is_returned_unchanged():
    better = "Solve the problem. Write down each step, then check it. Round to two digits."
    assert check_rewrite(better, PROMPT, EXAMPLES) == better


@pytest.mark.parametrize("rewrite", ["K7", "The answer is", "100."])
def test_three_words_are_too_short_for_a_longer_prompt(rewrite):
    assert kind_of(rewrite) == "too short"


def test_a_script_without_spaces_is_not_short():
    rewrite = "逐步思考并检查每一步，然后只写出最终答案。"
    assert check_rewrite(rewrite, "Answer the question well.", EXAMPLES) == rewrite


def test_a_short_prompt_may_stay_short():
    assert check_rewrite("Answer well now.", "Answer.", EXAMPLES) == "Answer well now."


@pytest.mark.parametrize("rewrite", [QUESTION, EXAMPLES[0].reply, QUESTION.upper(), f"Please solve this. {QUESTION}"])
def test_a_copy_of_an_example_is_rejected(rewrite):
    assert kind_of(rewrite) == "copied example"


def test_a_prompt_that_already_quotes_an_example_may_keep_it():
    prompt = f"Example: {QUESTION}"
    assert check_rewrite(prompt + " Answer with a number.", prompt, EXAMPLES)


def test_a_copy_of_the_request_is_rejected():
    assert kind_of(prompts.OPTIMIZER_SYSTEM_PROMPT) == "echo"
    assert kind_of(prompts.REWRITE_NOW) == "echo"


def test_fewer_than_half_of_the_instructions_are_rejected():
    assert kind_of("Solve the problem and write well.") == "dropped instructions"
    assert check_rewrite("Solve the problem and write it down. Check and round.", PROMPT, EXAMPLES)


def test_a_rejected_rewrite_is_requested_again_once_with_the_reason():
    variable = tg.Variable(PROMPT, role_description="system prompt")
    variable.add_gradient("too vague", of=variable)
    good = "Solve the problem in steps. Check every step. Round."
    engine = ScriptedEngine([f"<IMPROVED_VARIABLE>{text}</IMPROVED_VARIABLE>" for text in ("Yes.", good)])
    optimizer = tg.TGD([variable], engine=engine)
    optimizer.observe(EXAMPLES, check=functools.partial(check_rewrite, prompt=PROMPT, examples=EXAMPLES))
    optimizer.step()
    assert variable.value == good
    assert "only 1 words" in engine.prompts[1]
