import pytest
from scripted import ScriptedEngine, inside

from textgrad.autograd import FunctionWithFeedback, LLMCall, StringBasedFunction
from textgrad.variable import Variable


def fixed(value, role):
    return Variable(value, requires_grad=False, role_description=role)


def exact(prediction, truth, question=None):
    return int(prediction.value == truth.value)


def test_the_function_is_called_with_variables_by_name():
    score = StringBasedFunction(exact, "1 if equal")
    inputs = {"prediction": Variable("4", role_description="prediction"), "truth": fixed("4", "true answer")}
    value = score(inputs)
    assert value.value == "1" and list(value.predecessors) == list(inputs.values())
    assert "1 if equal" in value.role_description
    assert score(inputs, response_role_description="score").role_description == "score"


def test_the_critic_sees_purpose_all_inputs_and_the_result():
    critic = ScriptedEngine("off by one")
    prediction = Variable("5", role_description="prediction")
    inputs = {"prediction": prediction, "truth": fixed("4", "true answer"), "question": fixed("2+2?", "question")}
    StringBasedFunction(exact, "1 if equal")(inputs).backward(critic)
    (request,) = critic.prompts
    talk = inside("CONVERSATION", request)
    assert inside("FUNCTION_PURPOSE", talk) == "1 if equal" and inside("OUTPUT_OF_FUNCTION", talk) == "0"
    shown = inside("INPUTS_TO_FUNCTION", talk)
    assert [shown.index(text) for text in ("5", "true answer", "4", "2+2?")] == sorted(
        shown.index(text) for text in ("5", "true answer", "4", "2+2?")
    )
    assert "OUTPUT_OF_FUNCTION" in inside("OBJECTIVE_FUNCTION", request) and "<FEEDBACK>" not in request
    assert prediction.get_gradient_text() == "off by one"
    assert inputs["truth"].gradients == set()


def test_feedback_is_passed_back_through_a_function():
    critic = ScriptedEngine(["make it longer", "write more"])
    text = Variable("hi", role_description="draft")
    shout = StringBasedFunction(lambda text: text.value.upper(), "capital letters")({"text": text})
    judged = LLMCall(ScriptedEngine("too short"), fixed("Judge.", "system prompt"))(shout)
    judged.backward(critic)
    assert inside("FEEDBACK", critic.prompts[1]) == "make it longer"
    assert inside("OUTPUT_OF_FUNCTION", critic.prompts[1]) == "HI"
    assert text.get_gradient_text() == "write more"


def test_an_error_of_the_function_is_not_swallowed():
    def parse(text):
        raise ValueError("no number in it")

    with pytest.raises(ValueError, match="no number"):
        StringBasedFunction(parse, "a number")({"text": fixed("x", "text")})


def test_a_result_that_is_not_text_is_rejected_with_its_type():
    with pytest.raises(AssertionError, match="float"):
        StringBasedFunction(lambda text: 0.5, "half")({"text": fixed("x", "text")})


def test_feedback_of_the_function_itself_replaces_the_critic():
    critic, prompt = ScriptedEngine("criticism"), Variable("Think.", role_description="system prompt")
    prediction = LLMCall(ScriptedEngine("5"), prompt)(fixed("2+2?", "question"))
    truth = fixed("4", "true answer")

    def feedback(result, prediction, truth):
        return f"{result.value}: {prediction.value} should be {truth.value}"

    FunctionWithFeedback(exact, "1 if equal", feedback)({"prediction": prediction, "truth": truth}).backward(critic)
    assert prediction.get_gradient_text() == "0: 5 should be 4" and not truth.gradients
    (request,) = critic.prompts
    assert inside("FEEDBACK", request) == "0: 5 should be 4" and prompt.get_gradient_text() == "criticism"
