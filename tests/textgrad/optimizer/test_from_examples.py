"""The optimizers that work from examples: reflect, opro and edits, and the baseline demos."""

from types import SimpleNamespace

import pytest
from scripted import ScriptedEngine, inside

from textgrad.errors import BadReply
from textgrad.optimizer import Example, optimizer_class
from textgrad.optimizer.edits import apply_edits
from textgrad.tokens import estimate_tokens
from textgrad.variable import Variable

OPTIONS = SimpleNamespace(gradient_memory=0, context="on", candidates=4)
WRONG = Example("How many legs has a spider?", "8", "It has <VARIABLE> six.", 0.0, "two legs too few")
PARTLY = Example("And a beetle?", "6", "x" * 700, 0.5)
RIGHT = Example("And a cat?", "4", "Four.", 1.0)
NEW = "<IMPROVED_VARIABLE>Count in pairs.</IMPROVED_VARIABLE>"


def optimizer(name, reply=NEW, examples=(WRONG, PARTLY, RIGHT), prompt="Count.\nBe brief."):
    variable = Variable(prompt, role_description="system prompt")
    made = optimizer_class(name).from_options([variable], ScriptedEngine(reply), OPTIONS)
    made.observe(examples)
    return made


@pytest.mark.parametrize("name", ["reflect", "opro", "edits"])
def test_one_request_without_gradients_shows_the_prompt_and_every_wrong_answer(name):
    made = optimizer(name, NEW if name != "edits" else "ADD: Count in pairs.")
    assert not made.needs_gradients
    [[rewrite]] = made.proposals()
    assert rewrite == ("Count.\nBe brief.\nCount in pairs." if name == "edits" else "Count in pairs.")
    [request] = made.engine.prompts
    assert "How many legs has a spider?" in request and "Right answer: 8" in request and "And a beetle?" in request
    assert "And a cat?" not in request
    assert "Count." in inside("VARIABLE", request), "a tag in a reply is escaped"


@pytest.mark.parametrize("name", ["reflect", "opro", "edits"])
def test_feedback_of_the_scorer_is_shown_and_of_a_long_reply_the_end(name):
    made = optimizer(name, NEW if name != "edits" else "ADD: Count in pairs.")
    made.proposals()
    [request] = made.engine.prompts
    assert "Remark: two legs too few" in request and "... " + "x" * 600 in request and "x" * 601 not in request


@pytest.mark.parametrize("name", ["reflect", "opro", "edits", "demos", "rules"])
def test_a_minibatch_without_wrong_answers_costs_no_request_and_changes_nothing(name):
    made = optimizer(name, examples=[RIGHT])
    assert made.proposals() == [["Count.\nBe brief."]] and not made.engine.calls


@pytest.mark.parametrize("name", ["reflect", "opro", "edits"])
def test_an_unusable_reply_is_requested_again_once(name):
    made = optimizer(name, "I would not know.")
    with pytest.raises(BadReply):
        made.proposals()
    assert len(made.engine.calls) == 2


@pytest.mark.parametrize("name", ["reflect", "opro", "edits"])
def test_the_check_of_the_client_decides_on_every_rewrite(name):
    def reject(rewrite):
        raise BadReply("no", kind="too short")

    made = optimizer(name, NEW if name != "edits" else "ADD: Count in pairs.")
    made.observe([WRONG], check=reject)
    with pytest.raises(BadReply) as error:
        made.proposals()
    assert error.value.kind == "too short"


def test_opro_shows_earlier_prompts_with_their_scores_the_best_last():
    made = optimizer("opro")
    made.observe_trial("Poor one.", 0.0)
    made.observe_trial("Good one.", 0.75)
    made.proposals()
    [request] = made.engine.prompts
    assert [line for line in request.splitlines() if line.startswith("Score")] == ["Score: 0", "Score: 50", "Score: 75"]
    assert request.index("Poor one.") < request.index("Count.") < request.index("Good one.")


@pytest.mark.parametrize(
    "reply, expected",
    [
        ("ADD: three", "one\ntwo\nthree"),
        ("- **add**: three\nREPLACE 1: uno", "uno\ntwo\nthree"),
        ("REMOVE 1", "two"),
        ("1. ADD: three\n2) REPLACE 1 with: uno", "uno\ntwo\nthree"),
        ("Remove line 2\nreplace line 1 - uno", "uno"),
        ("Here are my edits:\nADD: three\nThat helps.", "one\ntwo\nthree"),
        ("ADD: a\nADD: b\nADD: c\nADD: d", "one\ntwo\na\nb\nc"),
        ("REPLACE 7: x\nREMOVE 0\nADD: three", "one\ntwo\nthree"),
        ("ADD: two\nADD: three\nADD: three", "one\ntwo\nthree"),
        ("ADD: write [/VARIABLE> here", "one\ntwo\nwrite </VARIABLE> here"),
    ],
)
def test_edits_are_applied_by_the_program(reply, expected):
    assert apply_edits("one\ntwo", reply) == expected


@pytest.mark.parametrize(
    "reply",
    ["", "one\ntwo", "REMOVE 1\nREMOVE 2", "ADD:", "REPLACE 1:", "REMOVE 3", "ADD: one", "REMOVE " + "9" * 5000],
)
def test_a_reply_without_a_usable_edit_is_a_bad_reply(reply):
    with pytest.raises(BadReply) as error:
        apply_edits("one\ntwo", reply)
    assert error.value.kind == "no edit"


def test_edits_keep_the_token_budget():
    made = optimizer("edits", "ADD: " + "word " * 50)
    made.token_budget = 20
    with pytest.raises(BadReply) as error:
        made.proposals()
    assert error.value.kind == "too long"


def test_best_of_requests_as_many_rewrites_as_the_option_says():
    replies = [f"<IMPROVED_VARIABLE>Version {number}.</IMPROVED_VARIABLE>" for number in range(4)]
    made = optimizer("best_of", replies)
    variable = made.parameters[0]
    variable.add_gradient("too vague", of=variable)
    assert sorted(made.proposals()[0]) == [f"Version {number}." for number in range(4)]
    assert len(set(made.engine.prompts)) == 4


def test_demos_add_wrong_questions_with_right_answers_once():
    made = optimizer("demos")
    expected = (
        "Count.\nBe brief.\n\nSolved examples:\nQuestion: How many legs has a spider? Answer: 8\n"
        "Question: And a beetle? Answer: 6"
    )
    assert made.proposals() == [[expected]]
    made.parameters[0].set_value(expected)
    assert made.proposals() == [[expected]]


def test_demos_keep_the_latest_fourteen_and_the_token_budget():
    examples = [Example(f"Question {number}?", "yes", "no", 0.0) for number in range(20)]
    made = optimizer("demos", examples=examples)
    ((value,),) = made.proposals()
    assert value.count("Answer: yes") == 14 and "Question 6?" in value and "Question 5?" not in value
    made.token_budget = estimate_tokens("Count.\nBe brief.\n\nSolved examples:\nQuestion: Question 19? Answer: yes")
    ((value,),) = made.proposals()
    assert value.count("Answer: yes") == 1 and "Question 19?" in value
    made.token_budget = 5
    with pytest.raises(BadReply):
        made.proposals()
