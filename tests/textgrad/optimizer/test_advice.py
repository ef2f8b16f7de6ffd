"""The optimizer `rules` for free answers: kinds of error, and one line of advice per kind."""

import pytest
from scripted import ScriptedEngine

from textgrad.errors import BadReply
from textgrad.optimizer import Example
from textgrad.optimizer._advice import KINDS, add_advice

WRONG = [
    Example("Ann has 3 apples and buys 4. How many does she have?", "7", "3 + 4 = 8", 0.0),
    Example("Bob has 9 pens and loses 4. How many are left to him now?", "5", "9 + 4 = 13", 0.0),
    Example("What is 12 times 12?", "144", "It is 124.", 0.0),
]


def engine(kinds, advice="To avoid this, always write down every number."):
    """Return an engine that names the kinds of the wrong answers in order, and advises."""

    def reply(request):
        if "fits best" in request:
            return next(kind for kind, example in zip(kinds, WRONG, strict=True) if example.question in request)
        return advice(request) if callable(advice) else advice

    return ScriptedEngine(reply)


def test_each_kind_of_error_gets_one_line_and_one_request():
    scribe = engine(["It made a mistake in a step.", "misread the question", "Made a mistake in a step"])
    assert add_advice("Solve it.", WRONG, scribe).splitlines() == [
        "Solve it.",
        "Check each step: always write down every number.",
        "Read the question with care: always write down every number.",
    ]
    advice = [request for request in scribe.prompts if "fits best" not in request]
    assert len(advice) == 2
    assert sum(WRONG[0].question in request and WRONG[2].question in request for request in advice) == 1


def test_an_older_line_about_the_same_kind_is_replaced_in_its_place():
    old = "Check each step: always guess.\nBe brief."
    changed = add_advice(old, WRONG[:1], engine(["made a mistake in a step"] * 3, "Always count twice"))
    assert changed == "Check each step: always count twice.\nBe brief."


@pytest.mark.parametrize("reply", ["Because.", WRONG[1].question, "word " * 50, "To avoid this, always ..."])
def test_advice_that_is_no_advice_is_requested_again_and_then_left_out(reply):
    scribe = engine(["misread the question"] * 3, reply)
    with pytest.raises(BadReply) as error:
        add_advice("Solve it.", WRONG[1:2], scribe)
    assert error.value.kind == "no rule"
    assert len(scribe.calls) == 3, "one for the kind, two for the advice"


def test_an_answer_without_a_readable_kind_is_left_out():
    scribe = engine(["something else", "left out a step", "I do not know"])
    assert add_advice("Solve.", WRONG, scribe) == "Solve.\nLeave out no step: always write down every number."


def test_of_several_kinds_in_a_reply_the_first_counts():
    scribe = engine(["left out a step, or misread the question"] * 3)
    assert add_advice("Solve.", WRONG[:1], scribe).startswith("Solve.\nLeave out no step")


def test_every_kind_is_offered():
    scribe = engine(["left out a step"] * 3)
    add_advice("Solve.", WRONG[:1], scribe)
    assert all(f"- {kind}" in scribe.prompts[0] for kind in KINDS)
