"""Grading an answer, in two ways: by a pure scorer, or by asking an engine."""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from textgrad.autograd import StringBasedFunction
from textgrad.engine.base import EngineLM, Text
from textgrad.engine.calls.ask_again import ask_until
from textgrad.errors import BadReply
from textgrad.loss import MultiFieldTokenParsedEvaluation
from textgrad.tasks.scoring.extract import explicit_answer
from textgrad.variable import Variable

QuestionScorer = Callable[[str | None, str, str], int]  # (question, prediction, answer) -> 1 or 0

_TAGS = ("<ACCURACY>", "</ACCURACY>")
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
    """Decides whether an answer is right.

    Attributes:
        eval_fn: TextGrad's evaluation function for the task.
        unreadable: verdicts of an engine that could not be read.
    """

    eval_fn: Callable
    unreadable: int

    def score(self, question: str, prediction: str, answer: str) -> int:
        """1 or 0."""

    def loss(self, question: Variable, prediction: Variable, answer: Variable) -> Variable:
        """The same as a differentiable value."""


class ScorerGrader:
    """Grades by a pure function; asks nobody.

    Args:
        scorer: (question or None, prediction, answer) -> 1 or 0.
    """

    unreadable = 0

    def __init__(self, scorer: QuestionScorer):
        self._scorer = scorer
        self.eval_fn = StringBasedFunction(self._compare, function_purpose=_PURPOSE)

    def score(self, question: str, prediction: str, answer: str) -> int:
        return 0 if no_answer(prediction) else self._scorer(question, prediction, answer)

    def loss(self, question: Variable, prediction: Variable, answer: Variable) -> Variable:
        return self.eval_fn(inputs={"question": question, "prediction": prediction, "ground_truth_answer": answer})

    def _compare(self, prediction: Variable, ground_truth_answer: Variable, question: Variable | None = None) -> int:
        asked = None if question is None else question.value
        return self.score(asked, prediction.value, ground_truth_answer.value)


class JudgeGrader:
    """Grades by asking an engine for a verdict in <ACCURACY> tags.

    Args:
        engine: the evaluation engine.
    """

    def __init__(self, engine: EngineLM):
        self._engine = _VerdictEngine(engine)
        instruction = Variable(_INSTRUCTION, requires_grad=False, role_description="how to judge an answer")
        self.eval_fn = MultiFieldTokenParsedEvaluation(
            instruction, engine=self._engine, role_descriptions=list(_ROLES), parse_tags=list(_TAGS)
        )

    @property
    def unreadable(self) -> int:
        return self._engine.unreadable

    def score(self, question: str, prediction: str, answer: str) -> int:
        if no_answer(prediction):
            return 0
        fields = [
            Variable(value, requires_grad=False, role_description=role)
            for value, role in zip((question, answer, prediction), _ROLES, strict=True)
        ]
        return int(verdict(self.eval_fn(fields).value))

    def loss(self, question: Variable, prediction: Variable, answer: Variable) -> Variable:
        if no_answer(prediction.value):  # as in score; the reason is for the critic to read
            inputs = {"question": question, "prediction": prediction, "ground_truth_answer": answer}
            return StringBasedFunction(lambda **_: _UNANSWERED, function_purpose=_PURPOSE)(inputs=inputs)
        return self.eval_fn([question, answer, prediction])


class _VerdictEngine(EngineLM):
    """An engine whose replies always hold a verdict: asked again for a missing one, which is then taken for a 0."""

    def __init__(self, engine: EngineLM):
        self.engine = engine
        self.model_string, self.endpoint = engine.model_string, engine.endpoint
        self.system_prompt = engine.system_prompt
        self.unreadable = 0
        self._lock = threading.Lock()

    def generate(self, prompt: str | Sequence, system_prompt: str | None = None, **kwargs) -> str:
        try:
            return ask_until(self.engine, prompt, _with_verdict, system_prompt=system_prompt, hint=_HINT)
        except BadReply as problem:
            with self._lock:
                self.unreadable += 1
            return Text(f"No verdict could be read ({problem}). <ACCURACY> 0 </ACCURACY>")


def verdict(reply: str) -> str:
    """ "1" or "0": the last verdict of a judge's reply.

    Raises:
        BadReply: there is none.
    """
    said = reply.rpartition(_TAGS[0])[2].partition(_TAGS[1])[0].strip(" \n*.")
    if _TAGS[0] not in reply or said not in ("0", "1"):
        raise BadReply("it held no verdict")
    return said


def no_answer(prediction: str) -> bool:
    """True for a reply that is empty, or cut short before any explicit answer."""
    return not prediction.strip() or (bool(getattr(prediction, "flaw", None)) and explicit_answer(prediction) is None)


def _with_verdict(reply: str) -> str:
    said = verdict(reply)
    return f"{reply.rpartition(_TAGS[0])[0]}{_TAGS[0]} {said} {_TAGS[1]}"
