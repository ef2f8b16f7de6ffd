"""Two ways to grade an answer: a pure scorer, or an engine as judge."""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from textgrad.autograd import StringBasedFunction
from textgrad.engine.base import EngineLM, Text
from textgrad.engine.calls.ask_again import ask_until
from textgrad.errors import BadReply, BrokenSystem
from textgrad.loss import MultiFieldTokenParsedEvaluation
from textgrad.tasks.scoring.extract import explicit_answer, is_incomplete
from textgrad.tasks.scoring.scorer import QuestionScorer
from textgrad.tasks.scoring.verdict import TAGS, end_with_verdict, read_verdict
from textgrad.variable import Variable

RIGHT = 0.99  # score from which an answer counts as right; a partly right answer is wrong

_PURPOSE = (
    "Compares the final answer of the prediction with the ground truth answer. "
    "The result is 1 where they agree and 0 where they do not."
)
_INSTRUCTION = (
    "Decide whether the prediction arrives at the ground truth answer to the question. Only its final "
    "answer counts: neither the way it was found nor how it is worded matters, but a missing, cut off or "
    "ambiguous final answer is wrong. Explain briefly, then close with <ACCURACY> 1 </ACCURACY> if it is "
    "right or <ACCURACY> 0 </ACCURACY> if it is wrong."
)
_UNANSWERED = "The prediction is empty, or was cut short before its final answer. <ACCURACY> 0 </ACCURACY>"
_ROLES = ("the question", "the ground truth answer", "the prediction of the language model")
_HINT = "Close with exactly one verdict: <ACCURACY> 1 </ACCURACY> or <ACCURACY> 0 </ACCURACY>."


class Grader(Protocol):
    """Decides whether an answer is right."""

    @property
    def eval_fn(self) -> Callable:
        """TextGrad's evaluation function of the task."""

    @property
    def unreadable(self) -> int:
        """Number of different questions to a judge whose verdicts could not be read; they count as 0."""

    def score(self, question: str, prediction: str, answer: str) -> int:
        """Return 1 or 0."""

    def loss(self, question: Variable, prediction: Variable, answer: Variable) -> Variable:
        """Return the score as a differentiable value."""


class ScorerGrader:
    """Grade with a pure function, without requests.

    Args:
        scorer: (question or None, prediction, answer) -> number in [0, 1]. `RIGHT` and above count as 1, the rest as 0.
    """

    unreadable = 0

    def __init__(self, scorer: QuestionScorer):
        self._scorer = scorer
        self.eval_fn = StringBasedFunction(self._compare, function_purpose=_PURPOSE)

    def score(self, question: str | None, prediction: str, answer: str) -> int:
        if has_no_answer(prediction):
            return 0
        score = self._scorer(question, prediction, answer)
        if not 0 <= score <= 1:
            raise BrokenSystem(f"the scorer of the task returned {score!r}: it must return a number from 0 to 1")
        return int(score >= RIGHT)

    def loss(self, question: Variable, prediction: Variable, answer: Variable) -> Variable:
        return self.eval_fn(inputs={"question": question, "prediction": prediction, "ground_truth_answer": answer})

    def _compare(self, prediction: Variable, ground_truth_answer: Variable, question: Variable | None = None) -> int:
        question_text = None if question is None else text_of(question)
        return self.score(question_text, text_of(prediction), text_of(ground_truth_answer))


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
            return StringBasedFunction(lambda **_: _UNANSWERED, function_purpose=_PURPOSE)(inputs=inputs)
        return self.eval_fn([question, answer, prediction])


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
            return ask_until(self.engine, prompt, end_with_verdict, system_prompt=system_prompt, hint=_HINT)
        except BadReply as error:
            with self._lock:
                self._unreadable.add(repr(prompt))
            return Text(f"No verdict could be read ({error}). <ACCURACY> 0 </ACCURACY>")


def has_no_answer(prediction: str) -> bool:
    """Return True for a reply that is empty, or incomplete without an explicit answer."""
    return not prediction.strip() or (is_incomplete(prediction) and explicit_answer(prediction) is None)


def text_of(variable: Variable) -> str:
    """Return a variable's text, as a `Text` with its flaw if it is one."""
    value = variable.value
    if not isinstance(value, str):
        raise TypeError(f"a grader needs text, but the {variable.role_description!r} is an image")
    return value
