import pytest
from scripted import ScriptedEngine

import textgrad as tg
from textgrad.errors import BadReply, UsageError
from textgrad.loss import MultiChoiceTestTime, MultiFieldEvaluation, MultiFieldTokenParsedEvaluation
from textgrad.variable import Variable


def fields():
    return [Variable("2+{2}?", requires_grad=False, role_description="q"), Variable("5", role_description="p")]


def instruction():
    return Variable("Is {it} right?", requires_grad=False, role_description="instruction")


def test_a_text_loss_calls_the_judge_with_its_system_prompt():
    judge, answer = ScriptedEngine("wrong"), Variable("5", role_description="answer")
    verdict = tg.TextLoss("Judge.", engine=judge)(answer)
    assert judge.calls == [("5", "Judge.")] and verdict.value == "wrong"
    assert verdict.requires_grad and answer in verdict.predecessors
    prompt = Variable("Judge well.", requires_grad=False, role_description="judge's prompt")
    assert tg.TextLoss(prompt, engine=judge).eval_system_prompt is prompt


def test_the_judge_prompt_receives_no_gradient():
    judge, answer = ScriptedEngine("wrong"), Variable("5", role_description="answer")
    tg.TextLoss("Judge.", engine=judge)(answer).backward(judge)
    assert len(judge.calls) == 2 and answer.get_gradient_text() == "wrong"


def test_several_fields_are_shown_with_their_roles_in_order():
    judge = ScriptedEngine("wrong")
    inputs = fields()
    verdict = MultiFieldEvaluation(instruction(), ["{Question}", "Prediction"], judge)(inputs)
    request = judge.prompts[0]
    marks = ["Is {it} right?", "{Question}", "2+{2}?", "Prediction", "5"]
    assert [request.index(mark) for mark in marks] == sorted(request.index(mark) for mark in marks)
    verdict.backward(judge)
    assert inputs[1].get_gradient_text() == "wrong" and inputs[0].gradients == set() and len(judge.calls) == 2


def test_two_fields_may_share_a_role():
    judge = ScriptedEngine("same")
    MultiFieldEvaluation(instruction(), ["Answer", "Answer"], judge)(fields())
    assert "2+{2}?" in judge.prompts[0] and "5" in judge.prompts[0]


def test_a_wrong_number_of_fields_is_rejected():
    with pytest.raises(UsageError, match="2 inputs for 1"):
        MultiFieldEvaluation(instruction(), ["Question"], ScriptedEngine())(fields())


def parsed(reply, **kwargs):
    judge = ScriptedEngine(reply)
    system_prompt = Variable("Be fair.", requires_grad=False, role_description="system prompt")
    loss = MultiFieldTokenParsedEvaluation(instruction(), ["Q", "P"], judge, system_prompt, **kwargs)
    return loss, loss(fields()), judge


def test_the_verdict_is_the_text_between_the_tags():
    loss, verdict, judge = parsed("It is wrong. <ACCURACY> 0\n</ACCURACY>")
    assert loss.parse_output(verdict) == "0" and verdict.value.startswith("It is wrong")
    assert len(judge.calls) == 1 and judge.calls[0][1] == "Be fair."
    loss, verdict, _ = parsed("[1]", parse_tags=["[", "]"])
    assert loss.parse_output(verdict) == "1"


def test_a_verdict_without_tags_is_requested_once_more():
    loss, verdict, judge = parsed(["wrong", "<ACCURACY>0</ACCURACY>"])
    assert loss.parse_output(verdict) == "0"
    first, second = judge.prompts
    assert second.startswith(first) and "<ACCURACY>" in second and judge.calls[1][1] == "Be fair."
    loss, verdict, judge = parsed("wrong")
    assert len(judge.calls) == 2 and verdict.value == "wrong"
    with pytest.raises(BadReply):
        loss.parse_output(verdict)
    with pytest.raises(IndexError):
        loss.parse_output(verdict)


def test_multiple_choice_takes_the_question_as_a_text():
    judge, answer = ScriptedEngine("step 2 is wrong"), Variable("(B)", role_description="answer")
    verdict = MultiChoiceTestTime("Examine it.", judge)("Which? (A) 1 (B) 2", answer)
    request, system_prompt = judge.calls[0]
    assert request.index("Examine it.") < request.index("Which? (A) 1 (B) 2") < request.index("**:\n(B)")
    assert "multiple-choice" in system_prompt
    verdict.backward(judge)
    assert answer.get_gradient_text() == "step 2 is wrong"
