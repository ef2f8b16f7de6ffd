"""Grading by a function and by an engine."""

import pytest

from textgrad.engine.base import EngineLM, Text
from textgrad.errors import BadReply
from textgrad.tasks.grading import JudgeGrader, ScorerGrader
from textgrad.tasks.scoring.answers import number
from textgrad.tasks.scoring.scorer import ignore_question
from textgrad.tasks.scoring.verdict import read_verdict
from textgrad.variable import Variable


class Scripted(EngineLM):
    """Answers from a list and keeps what it was asked."""

    model_string = "scripted"

    def __init__(self, *replies):
        self.replies, self.asked = list(replies), []

    def generate(self, prompt, system_prompt=None, **kwargs):
        self.asked.append(prompt if isinstance(prompt, str) else "".join(map(str, prompt)))
        return self.replies.pop(0)


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


def test_textgrads_call_needs_no_question():
    grader = ScorerGrader(ignore_question(number))
    inputs = {"prediction": fixed("Answer: 7"), "ground_truth_answer": fixed("7")}
    assert grader.eval_fn(inputs=inputs).value == "1"


def test_a_scorer_that_needs_the_question_is_given_it():
    grader = ScorerGrader(lambda question, prediction, answer: int(question == "which?"))
    assert grader.score("which?", "x", "y") == 1
    assert grader.loss(fixed("which?"), fixed("x"), fixed("y")).value == "1"
    assert grader.eval_fn(inputs={"prediction": fixed("x"), "ground_truth_answer": fixed("y")}).value == "0"


def test_an_empty_reply_is_wrong_without_asking_anyone():
    assert ScorerGrader(lambda *_: 1).score("q", " ", "a") == 0
    assert JudgeGrader(Scripted()).score("q", "", "a") == 0


def test_a_judge_sees_question_truth_and_prediction_and_its_verdict_is_read():
    judge = Scripted("They agree. <ACCURACY> 1 </ACCURACY>", "<ACCURACY>0</ACCURACY>")
    grader = JudgeGrader(judge)
    assert grader.score("the question?", "the prediction", "the truth") == 1
    assert grader.score("the question?", "another", "the truth") == 0
    assert all(text in judge.asked[0] for text in ("the question?", "the truth", "the prediction", "<ACCURACY>"))
    assert grader.unreadable == 0


def test_a_verdict_that_is_missing_is_asked_for_once_more():
    judge = Scripted("It is right.", "<ACCURACY> 1 </ACCURACY>")
    grader = JudgeGrader(judge)
    assert grader.score("q", "p", "a") == 1
    assert len(judge.asked) == 2
    assert grader.unreadable == 0


@pytest.mark.parametrize("reply", ["It is right.", "<ACCURACY> maybe </ACCURACY>", "", "<ACCURACY>"])
def test_a_verdict_that_cannot_be_read_is_zero_and_counted(reply):
    judge = Scripted(reply, reply)
    grader = JudgeGrader(judge)
    assert grader.score("q", "p", "a") == 0
    assert grader.unreadable == 1
    assert judge.replies == []


def test_score_and_loss_of_a_judge_are_the_same_request():
    judge = Scripted(*["<ACCURACY> 1 </ACCURACY>"] * 2)
    grader = JudgeGrader(judge)
    grader.score("q", "p", "a")
    loss = grader.loss(fixed("q"), Variable("p", role_description="answer"), fixed("a"))
    assert judge.asked[0] == judge.asked[1]
    assert grader.eval_fn.parse_output(loss) == "1"
    assert loss.requires_grad


def test_a_truncated_reply_reaches_no_judge_unless_it_states_an_answer():
    judge = Scripted("<ACCURACY> 1 </ACCURACY>")
    grader = JudgeGrader(judge)
    assert grader.score("q", Text("I think 7", "truncated"), "7") == 0
    loss = grader.loss(fixed("q"), Variable(Text("I think 7", "truncated"), role_description="answer"), fixed("7"))
    assert grader.eval_fn.parse_output(loss) == "0"
    assert loss.requires_grad
    assert judge.asked == []
    assert grader.score("q", Text("Answer: 7\nThis is bec", "truncated"), "7") == 1


def test_the_last_verdict_counts():
    assert read_verdict("<ACCURACY> 0 </ACCURACY>, or rather <ACCURACY> 1 </ACCURACY>") == "1"
    with pytest.raises(BadReply):
        read_verdict("1")
