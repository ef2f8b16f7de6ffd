"""Grading by a function and by an engine."""

import pytest
from scripted import ScriptedEngine

from textgrad.engine.base import Text
from textgrad.errors import BadReply
from textgrad.tasks.grading import JudgeGrader, ScorerGrader
from textgrad.tasks.scoring.answers import number
from textgrad.tasks.scoring.scorer import ignore_question
from textgrad.tasks.scoring.verdict import read_verdict
from textgrad.variable import Variable


def fixed(value, role="text"):
    return Variable(value, requires_grad=False, role_description=role)


def test_a_scorer_is_a_differentiable_loss_over_question_prediction_and_truth():
    grader = ScorerGrader(ignore_question(number))
    prediction = Variable("Answer: 7", role_description="answer")
    loss = grader.loss(fixed("3 + 4?"), prediction, fixed("7"))
    assert loss.value == "1"
    assert loss.requires_grad
    assert prediction in loss.predecessors
    assert grader.loss(fixed("3 + 4?"), Variable("Answer: 8", role_description="answer"), fixed("7")).value == "0"


def test_the_evaluation_function_needs_no_question():
    grader = ScorerGrader(ignore_question(number))
    inputs = {"prediction": fixed("Answer: 7"), "ground_truth_answer": fixed("7")}
    assert grader.eval_fn(inputs=inputs).value == "1"


def test_a_scorer_gets_the_question():
    grader = ScorerGrader(lambda question, prediction, answer: int(question == "which?"))
    assert grader.score("which?", "x", "y") == 1
    assert grader.loss(fixed("which?"), fixed("x"), fixed("y")).value == "1"
    assert grader.eval_fn(inputs={"prediction": fixed("x"), "ground_truth_answer": fixed("y")}).value == "0"


def test_an_empty_reply_is_wrong_without_a_request():
    assert ScorerGrader(lambda *_: 1).score("q", " ", "a") == 0
    assert JudgeGrader(ScriptedEngine()).score("q", "", "a") == 0


def test_a_judge_sees_question_truth_and_prediction_and_its_verdict_is_read():
    judge = ScriptedEngine(["They agree. <ACCURACY> 1 </ACCURACY>", "<ACCURACY>0</ACCURACY>"])
    grader = JudgeGrader(judge)
    assert grader.score("the question?", "the prediction", "the truth") == 1
    assert grader.score("the question?", "another", "the truth") == 0
    assert all(text in judge.prompts[0] for text in ("the question?", "the truth", "the prediction", "<ACCURACY>"))
    assert grader.unreadable == 0


def test_a_missing_verdict_is_requested_again():
    judge = ScriptedEngine(["It is right.", "<ACCURACY> 1 </ACCURACY>"])
    grader = JudgeGrader(judge)
    assert grader.score("q", "p", "a") == 1
    assert len(judge.prompts) == 2
    assert grader.unreadable == 0


@pytest.mark.parametrize("reply", ["It is right.", "<ACCURACY> maybe </ACCURACY>", "", "<ACCURACY>"])
def test_an_unreadable_verdict_is_zero_and_counted(reply):
    judge = ScriptedEngine(reply)
    grader = JudgeGrader(judge)
    assert grader.score("q", "p", "a") == 0
    assert grader.unreadable == 1
    assert len(judge.calls) == 2


def test_score_and_loss_of_a_judge_send_the_same_request():
    judge = ScriptedEngine("<ACCURACY> 1 </ACCURACY>")
    grader = JudgeGrader(judge)
    grader.score("q", "p", "a")
    loss = grader.loss(fixed("q"), Variable("p", role_description="answer"), fixed("a"))
    assert judge.prompts[0] == judge.prompts[1]
    assert grader.eval_fn.parse_output(loss) == "1"
    assert loss.requires_grad


def test_a_truncated_reply_is_judged_only_with_an_explicit_answer():
    judge = ScriptedEngine("<ACCURACY> 1 </ACCURACY>")
    grader = JudgeGrader(judge)
    assert grader.score("q", Text("I think 7", "truncated"), "7") == 0
    loss = grader.loss(fixed("q"), Variable(Text("I think 7", "truncated"), role_description="answer"), fixed("7"))
    assert grader.eval_fn.parse_output(loss) == "0"
    assert loss.requires_grad
    assert judge.prompts == []
    assert grader.score("q", Text("Answer: 7\nThis is bec", "truncated"), "7") == 1


def test_the_last_verdict_counts():
    assert read_verdict("<ACCURACY> 0 </ACCURACY>, or rather <ACCURACY> 1 </ACCURACY>") == "1"
    with pytest.raises(BadReply):
        read_verdict("1")
