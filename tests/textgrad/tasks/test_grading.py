"""Grading by a function and by an engine."""

import pytest
from scripted import ScriptedEngine, inside

from textgrad.engine.base import Text
from textgrad.errors import BadReply
from textgrad.tasks.grading import GradedGrader, JudgeGrader, ScorerGrader
from textgrad.tasks.scoring.answers import number
from textgrad.tasks.scoring.scorer import Grade, ignore_question
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


NO_ANSWER = "The right answer is 7; the reply is empty, or was cut short before its final answer."


def fixed_feedback(grader, reply):
    """Return the feedback on a reply, and check that it took no call."""
    critic, prediction = ScriptedEngine("criticism"), Variable("", role_description="answer")
    prediction.value = reply
    grader.loss(fixed("3 + 4?"), prediction, fixed("7")).backward(critic)
    assert not critic.calls
    return prediction.get_gradient_text()


@pytest.mark.parametrize(
    "reply, feedback",
    [
        ("Answer: 7", "The right answer is 7, and the reply gives it."),
        ("Answer: 8", "The right answer is 7; the reply gives another one."),
        ("", NO_ANSWER),
        (Text("I add", "truncated"), NO_ANSWER),
    ],
)
def test_fixed_feedback_names_the_right_answer_without_a_call(reply, feedback):
    assert fixed_feedback(ScorerGrader(ignore_question(number), "fixed"), reply) == feedback


def test_fixed_feedback_has_the_score_and_the_remark_of_a_graded_scorer():
    grader = GradedGrader(lambda question, reply, answer: Grade(reply.count("7") / 2, "Write it twice."), "fixed")
    assert fixed_feedback(grader, "7") == "The right answer is 7; the reply scores 0.5 of 1. Write it twice."
    assert fixed_feedback(grader, "8") == "The right answer is 7; the reply gives another one. Write it twice."
    assert fixed_feedback(grader, "") == NO_ANSWER


def test_a_scorer_gets_the_question():
    grader = ScorerGrader(lambda question, prediction, answer: int(question == "which?"))
    assert grader.score("which?", "x", "y") == 1
    assert grader.loss(fixed("which?"), fixed("x"), fixed("y")).value == "1"
    assert grader.eval_fn(inputs={"prediction": fixed("x"), "ground_truth_answer": fixed("y")}).value == "0"


def overlap(question, prediction, answer):
    return Grade(len(set(prediction) & set(answer)) / len(set(answer)), "some letters are missing")


def test_a_graded_scorer_tells_the_critic_its_score_and_feedback():
    grader = GradedGrader(overlap)
    assert grader.score("q", "abc", "abcd") == 0.75
    prediction = Variable("abc", role_description="answer")
    loss = grader.loss(fixed("q"), prediction, fixed("abcd"))
    assert grader.read(loss) == (0.75, "some letters are missing")
    critic = ScriptedEngine()
    loss.backward(engine=critic)
    assert inside("OUTPUT_OF_FUNCTION", critic.prompts[0]) == "Score: 0.75 (from 0 to 1)\nsome letters are missing"
    assert [gradient.value for gradient in prediction.gradients] == ["a criticism"]


@pytest.mark.parametrize("score, feedback", [(1.0, ""), (0.0, "a\n\nb"), (1 / 3, ""), (5e-324, "tiny"), (1, "x")])
def test_the_grade_in_a_loss_is_exact(score, feedback):
    grader = GradedGrader(lambda *_: Grade(score, feedback))
    assert grader.read(grader.loss(fixed("q"), fixed("p"), fixed("a"))) == (score, feedback)
    assert isinstance(grader.score("q", "p", "a"), int) is (score in (0, 1)), "logs have 1 instead of 1.0"


def test_a_graded_scorer_never_sees_a_reply_without_an_answer():
    grader = GradedGrader(lambda *_: Grade(1))
    for reply in (" ", Text("I think 7", "truncated")):
        loss = grader.loss(fixed("q"), Variable(reply, role_description="answer"), fixed("7"))
        score, feedback = grader.read(loss)
        assert score == grader.score("q", reply, "7") == 0 and "cut short" in feedback


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
