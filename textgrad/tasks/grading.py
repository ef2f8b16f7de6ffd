"""Three ways to grade an answer: a pure scorer of right and wrong, a graded one, or an engine as judge."""

import re
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from textgrad.autograd import FunctionWithFeedback, StringBasedFunction
from textgrad.engine.base import EngineLM, Text
from textgrad.engine.calls.ask_again import ask_until
from textgrad.errors import BadReply, BrokenSystem
from textgrad.loss import MultiFieldTokenParsedEvaluation
from textgrad.tasks.scoring.extract import explicit_answer, is_incomplete
from textgrad.tasks.scoring.scorer import Grade, GradedScorer, QuestionScorer
from textgrad.tasks.scoring.verdict import TAGS, end_with_verdict, read_verdict
from textgrad.trace import purpose
from textgrad.variable import Variable

RIGHT = 0.99  # score from which an answer counts as right; a partly right answer is wrong

_PURPOSE = (
    "Compares the final answer of the prediction with the ground truth answer. "
    "The result is 1 where they agree and 0 where they do not."
)
_GRADED_PURPOSE = (
    "Scores the prediction against the ground truth answer, from 0 (wrong) to 1 (fully right), "
    "and may say what is missing."
)
_INSTRUCTION = (
    "Decide whether the prediction arrives at the ground truth answer to the question. Only its final "
    "answer counts: neither the way it was found nor how it is worded matters, but a missing, cut off or "
    "ambiguous final answer is wrong. Explain briefly, then close with <ACCURACY> 1 </ACCURACY> if it is "
    "right or <ACCURACY> 0 </ACCURACY> if it is wrong."
)
_UNANSWERED = "The prediction is empty, or was cut short before its final answer."
_UNANSWERED_VERDICT = f"{_UNANSWERED} {TAGS[0]} 0 {TAGS[1]}"
_GRADE = re.compile(r"Score: (\S+) \(from 0 to 1\)(?:\n(.*))?", re.DOTALL)
_ROLES = ("the question", "the ground truth answer", "the prediction of the language model")
_HINT = "Close with exactly one verdict: <ACCURACY> 1 </ACCURACY> or <ACCURACY> 0 </ACCURACY>."


class Grader(Protocol):
    """Decides whether an answer is right, or how much of it."""

    @property
    def eval_fn(self) -> Callable:
        """TextGrad's evaluation function of the task."""

    @property
    def unreadable(self) -> int:
        """Number of different questions to a judge whose verdicts could not be read; they count as 0."""

    def score(self, question: str, prediction: str, answer: str) -> float:
        """Return a score in [0, 1]: 1 if right, 0 if wrong, others only from a graded scorer."""

    def loss(self, question: Variable, prediction: Variable, answer: Variable) -> Variable:
        """Return the score as a differentiable value."""

    def read(self, loss: Variable) -> Grade:
        """Return the grade in a loss."""


class ScorerGrader:
    """Grade with a pure function, without requests.

    Args:
        scorer: (question or None, prediction, answer) -> number in [0, 1]. `RIGHT` and above count as 1, the rest as 0.
        answer_critic: "fixed" for feedback on answers without a request, "llm" for that of the critic.
    """

    unreadable = 0

    def __init__(self, scorer: QuestionScorer, answer_critic: str = "llm"):
        self._scorer = scorer
        self.eval_fn = _graded_by(self._compare, _PURPOSE, self.read, answer_critic)

    def score(self, question: str | None, prediction: str, answer: str) -> int:
        if has_no_answer(prediction):
            return 0
        score = self._scorer(question, prediction, answer)
        if not 0 <= score <= 1:
            raise BrokenSystem(f"the scorer of the task returned {score!r}: it must return a number from 0 to 1")
        return int(score >= RIGHT)

    def loss(self, question: Variable, prediction: Variable, answer: Variable) -> Variable:
        return self.eval_fn(inputs={"question": question, "prediction": prediction, "ground_truth_answer": answer})

    def read(self, loss: Variable) -> Grade:
        return Grade(int(text_of(loss)))

    def _compare(self, prediction: Variable, ground_truth_answer: Variable, question: Variable | None = None) -> int:
        question_text = None if question is None else text_of(question)
        return self.score(question_text, text_of(prediction), text_of(ground_truth_answer))


class GradedGrader:
    """Grade with a pure function whose scores count as they are, without requests.

    The loss is a text with the score and the function's feedback, which the critic reads.

    Args:
        scorer: (question or None, prediction, answer) -> grade.
        answer_critic: as for `ScorerGrader`.
    """

    unreadable = 0

    def __init__(self, scorer: GradedScorer, answer_critic: str = "llm"):
        self._scorer = scorer
        self.eval_fn = _graded_by(self._loss_text, _GRADED_PURPOSE, self.read, answer_critic)

    def score(self, question: str | None, prediction: str, answer: str) -> float:
        return self._grade(question, prediction, answer).score

    def loss(self, question: Variable, prediction: Variable, answer: Variable) -> Variable:
        return self.eval_fn(inputs={"question": question, "prediction": prediction, "ground_truth_answer": answer})

    def read(self, loss: Variable) -> Grade:
        found = _GRADE.fullmatch(text_of(loss))
        assert found, "not the loss of a graded scorer"
        return _plain(Grade(float(found[1]), found[2] or ""))

    def _grade(self, question: str | None, prediction: str, answer: str) -> Grade:
        if has_no_answer(prediction):
            return Grade(0, _UNANSWERED)
        return _plain(self._scorer(question, prediction, answer))

    def _loss_text(self, prediction: Variable, ground_truth_answer: Variable, question: Variable | None = None) -> str:
        question_text = None if question is None else text_of(question)
        score, feedback = self._grade(question_text, text_of(prediction), text_of(ground_truth_answer))
        return f"Score: {score} (from 0 to 1)" + (f"\n{feedback}" if feedback else "")


def _plain(grade: Grade) -> Grade:
    """Return a grade whose score is an integer if it is 0 or 1, as logs have it."""
    return grade._replace(score=int(grade.score)) if grade.score in (0, 1) else grade


class JudgeGrader:
    """Grade with an engine as judge, which replies with a verdict in <ACCURACY> tags.

    Args:
        engine: the evaluation engine.
    """

    def __init__(self, engine: EngineLM):
        self._engine = _VerdictEngine(engine)
        instruction = Variable(_INSTRUCTION, requires_grad=False, role_description="how to judge an answer")
        self.eval_fn = MultiFieldTokenParsedEvaluation(
            instruction, engine=self._engine, role_descriptions=list(_ROLES), parse_tags=list(TAGS)
        )

    @property
    def unreadable(self) -> int:
        return self._engine.unreadable

    def score(self, question: str, prediction: str, answer: str) -> int:
        if has_no_answer(prediction):
            return 0
        fields = [
            Variable(value, requires_grad=False, role_description=role)
            for value, role in zip((question, answer, prediction), _ROLES, strict=True)
        ]
        return int(read_verdict(text_of(self.eval_fn(fields))))

    def loss(self, question: Variable, prediction: Variable, answer: Variable) -> Variable:
        if has_no_answer(text_of(prediction)):  # graded without a request; the critic reads the reason
            inputs = {"question": question, "prediction": prediction, "ground_truth_answer": answer}
            return StringBasedFunction(lambda **_: _UNANSWERED_VERDICT, function_purpose=_PURPOSE)(inputs=inputs)
        return self.eval_fn([question, answer, prediction])

    def read(self, loss: Variable) -> Grade:
        return Grade(int(read_verdict(text_of(loss))))


class _VerdictEngine(EngineLM):
    """An engine whose replies always have a verdict: a reply without one is requested again once, then counts as 0."""

    def __init__(self, engine: EngineLM):
        self.engine = engine
        self.model_string, self.endpoint = engine.model_string, engine.endpoint
        self.system_prompt = engine.system_prompt
        self._unreadable: set[str] = set()  # requests; a repeated one counts once, whatever the timing
        self._lock = threading.Lock()

    @property
    def unreadable(self) -> int:
        return len(self._unreadable)

    def generate(self, prompt: str | Sequence, system_prompt: str | None = None, **kwargs) -> str:
        try:
            with purpose("judge"):
                return ask_until(self.engine, prompt, end_with_verdict, system_prompt=system_prompt, hint=_HINT)
        except BadReply as error:
            with self._lock:
                self._unreadable.add(repr(prompt))
            return Text(f"No verdict could be read ({error}). <ACCURACY> 0 </ACCURACY>")


def has_no_answer(prediction: str) -> bool:
    """Return True for a reply that is empty, or incomplete without an explicit answer."""
    return not prediction.strip() or (is_incomplete(prediction) and explicit_answer(prediction) is None)


def _graded_by(fn: Callable, purpose: str, read: Callable[[Variable], Grade], answer_critic: str) -> Callable:
    """Return a scorer as a differentiable function, with a critic or with fixed feedback."""
    if answer_critic == "llm":
        return StringBasedFunction(fn, function_purpose=purpose)

    def feedback(loss: Variable, prediction: Variable, ground_truth_answer: Variable, **others: Variable) -> str:
        right = f"The right answer is {text_of(ground_truth_answer)}"
        if has_no_answer(text_of(prediction)):
            return f"{right}; the reply is empty, or was cut short before its final answer."
        score, remark = read(loss)
        verdicts: dict[float, str] = {0: "; the reply gives another one.", 1: ", and the reply gives it."}
        return f"{right}{verdicts.get(score, f'; the reply scores {score} of 1.')} {remark}".strip()

    return FunctionWithFeedback(fn, purpose, feedback)


def text_of(variable: Variable) -> str:
    """Return a variable's text, as a `Text` with its flaw if it is one."""
    value = variable.value
    if not isinstance(value, str):
        raise TypeError(f"a grader needs text, but the {variable.role_description!r} is an image")
    return value
