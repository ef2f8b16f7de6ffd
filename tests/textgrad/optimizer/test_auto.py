"""The optimizer `auto` chooses between rules and textual gradient descent."""

from types import SimpleNamespace

import pytest
from scripted import ScriptedEngine

from textgrad.errors import BadReply
from textgrad.optimizer import Example, optimizer_class
from textgrad.variable import Variable

LABELLED = [("The printer jams.", "K7"), ("The door is stuck.", "B4"), ("A copier jams.", "K7"), ("A gate.", "B4")]
NUMBERS = [("1 + 1?", "2"), ("2 + 2?", "4"), ("1 + 3?", "4"), ("2 + 0?", "2")]


def make(reply):
    variable = Variable("Route.", role_description="system prompt")
    options = SimpleNamespace(gradient_memory=0, context="on")
    return optimizer_class("auto").from_options([variable], ScriptedEngine(reply), options), variable


def observe(optimizer, labelled=LABELLED):
    question, answer = labelled[0]
    optimizer.observe([Example(question, answer, "?", 0.0)], labelled)


def test_answers_that_are_no_labels_need_gradients():
    optimizer, variable = make("<IMPROVED_VARIABLE>Add.</IMPROVED_VARIABLE>")
    observe(optimizer, NUMBERS)
    assert optimizer.needs_gradients
    variable.add_gradient("wrong sum", of=variable)
    assert optimizer.proposals() == [["Add."]]


def test_labels_need_no_gradients_and_give_rules_as_long_as_the_prompt_has_rules():
    optimizer, variable = make("They are about the printer.")
    for _ in range(2):
        observe(optimizer)
        assert not optimizer.needs_gradients
        ((value,),) = optimizer.proposals()
        assert value == "Route.\nIf it is about printer, answer K7."
        variable.set_value(value)


def test_rejected_rules_do_not_end_rules_once_some_were_accepted():
    optimizer, variable = make("They are about the copier.")
    variable.set_value("Route.\nIf it is about printer, answer K7.")
    for _ in range(2):
        observe(optimizer)
        assert not optimizer.needs_gradients
        optimizer.proposals()


def test_a_step_after_rejected_rules_uses_gradients_and_the_next_one_rules_again():
    optimizer, variable = make("They are about the printer.")
    observe(optimizer)
    optimizer.proposals()
    observe(optimizer)
    assert optimizer.needs_gradients
    variable.add_gradient("unclear", of=variable)
    with pytest.raises(BadReply):
        optimizer.proposals()
    observe(optimizer)
    assert not optimizer.needs_gradients


def test_a_step_after_replies_without_a_rule_uses_gradients():
    optimizer, _ = make("I cannot say.")
    observe(optimizer)
    with pytest.raises(BadReply):
        optimizer.proposals()
    observe(optimizer)
    assert optimizer.needs_gradients
