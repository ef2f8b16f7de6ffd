"""rules: rules for each right answer that the model misses, or for free answers advice per kind of error.

The wrong questions of the minibatch are grouped by their right answer. For each group, one short request asks what
the questions are about, with further training questions of the same answer. The program writes one rule per subject and
puts it into the prompt, so that the rewrite loses nothing but older rules that the training questions contradict.

For free answers (see `are_labels`), one short call per wrong answer names the kind of error. Each kind gets one line of
advice: see `_advice.py`.

The idea of changing a prompt by small edits follows ACE (Zhang et al., 2025, "Agentic Context Engineering"); grouping
by right answer and the fill-in request are our own.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from textgrad import prompts
from textgrad.concurrency import fan_out
from textgrad.engine.calls.ask_again import ask_until
from textgrad.errors import BadReply
from textgrad.optimizer._advice import add_advice
from textgrad.optimizer._base import Example
from textgrad.optimizer.tgd import TextualGradientDescent
from textgrad.rule_lines import Rule, put_rules, rules_in, subject
from textgrad.tokens import check_length
from textgrad.variable import Variable

_QUESTIONS = 4  # shown per request; more make a weak model lose the thread
_WORDS = 5  # longest subject
_DISTINCTIVE = 4.0  # times as frequent among the questions of the rule's answer as among all others
_LEAD_IN = re.compile(r"^(?:they|the \w+|these(?: \w+)?|all(?: of them)?) (?:are|is)(?: all)? about\s+", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:the|an?|my|our|your|his|her|their)\s+", re.IGNORECASE)
_PARTS = re.compile(r",\s*(?:and\s+)?|\s+and\s+|\n")
_LONG_WORD = re.compile(r"\w{4,}")
_NUMBER = re.compile(r"[-+]?[\d.,]*\d[\d.,]*%?")
_OPTION = re.compile(r"\(?[A-Za-z]\)?")


class Rules(TextualGradientDescent):
    """Puts rules into the present value. It needs neither gradients nor a critic."""

    needs_gradients = False

    def propose(self, variable: Variable) -> list[str]:
        """Return the prompt with new rules.

        Raises:
            BadReply: no reply names a subject that tells the questions of one answer from all others, or for free
                answers none gives advice.
        """
        value = str(variable.value)
        wrong = [example for example in self.examples if example.wrong]
        if not wrong:
            return [value]
        if not are_labels([answer for _, answer in self.labelled]):
            return [check_length(add_advice(value, wrong, self.engine), self.token_budget)]
        return [check_length(self._with_rules(value, wrong), self.token_budget)]

    def _with_rules(self, value: str, wrong: Sequence[Example]) -> str:
        questions: dict[str, list[str]] = {}
        for example in wrong:
            questions.setdefault(example.answer, []).append(example.question)
        groups = [_Group(answer, of_answer, self.labelled) for answer, of_answer in questions.items()]
        replies = fan_out(self._subjects, groups)
        old = rules_in(value)
        rules = {
            group.answer: group.joined(subjects, [rule.subject for rule in old if rule.answer == group.answer])
            for group, subjects in zip(groups, replies, strict=True)
            if subjects
        }
        if not rules:
            raise BadReply("no reply names what the questions of one answer have in common", kind="no rule")
        return put_rules(value, _not_settled(old, rules) | rules)

    def _subjects(self, group: "_Group") -> list[str]:
        """Return what the questions of a group are about; [] if no reply was usable."""
        try:
            return ask_until(
                self.engine,
                prompts.subjects_request(group.questions[:_QUESTIONS]),
                group.read,
                system_prompt=prompts.SUBJECTS_SYSTEM_PROMPT,
                hint=prompts.SUBJECTS_HINT,
                within=prompts.SUBJECTS_FORM,
            )
        except BadReply:
            return []


def _not_settled(old: Sequence[Rule], new: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the subjects of the rules with other answers, without those that new rules give an answer to."""
    settled = {text.casefold() for subjects in new.values() for text in subjects}
    left: dict[str, list[str]] = {}
    for rule in old:
        if rule.answer not in new:
            same = _ARTICLE.sub("", rule.subject).casefold() in settled
            left.setdefault(rule.answer, []).extend([] if same else [rule.subject])
    return left


class _Group:
    """The questions with the same right answer.

    Args:
        answer: the right answer.
        wrong: those of the minibatch that were answered wrongly; they come first.
        labelled: (question, right answer) pairs of the training data.
    """

    def __init__(self, answer: str, wrong: Sequence[str], labelled: Sequence[tuple[str, str]]):
        self.answer = answer
        self.questions = list(dict.fromkeys([*wrong, *(question for question, right in labelled if right == answer)]))
        self._others = [question for question, right in labelled if right != answer]

    def read(self, reply: str) -> list[str]:
        """Return the subjects that a reply names and that tell these questions from all others.

        Raises:
            BadReply: there is none.
        """
        sentence = _LEAD_IN.sub("", reply.strip().strip("\"'`*"))
        named = [subject(_ARTICLE.sub("", part.strip(" -*\t"))) for part in _PARTS.split(sentence)]
        found = [text for text in dict.fromkeys(named) if 0 < len(text.split()) <= _WORDS and self._tells_apart(text)]
        if not found:
            raise BadReply("it names nothing that only these questions have in common", kind="no rule")
        return found

    def joined(self, new: Sequence[str], old: Sequence[str]) -> list[str]:
        """Return older and new subjects, without those that other questions mention and without longer forms."""
        kept: dict[str, str] = {}
        for text in [*(text for text in old if not self._contradicted(text)), *new]:
            kept.setdefault(text.casefold(), text)
        return [text for key, text in kept.items() if not any(_mentions(key, other) for other in kept if other != key)]

    def _contradicted(self, text: str) -> bool:
        return any(_mentions(question, text) for question in self._others) and not self._is_distinctive(text)

    def _mentioned_by(self, text: str) -> int:
        return sum(_mentions(question, text) for question in self.questions)

    def _tells_apart(self, text: str) -> bool:
        """Return True if a phrase, and each of its longer words, is far more frequent here than in other questions."""
        return all(map(self._is_distinctive, [text, *_LONG_WORD.findall(text)]))

    def _is_distinctive(self, text: str) -> bool:
        outside = sum(_mentions(question, text) for question in self._others)
        return self._mentioned_by(text) * max(1, len(self._others)) > _DISTINCTIVE * outside * len(self.questions)


def _mentions(text: str, phrase: str) -> bool:
    """Return True if a text contains a phrase as whole words."""
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text, re.IGNORECASE) is not None


def are_labels(answers: Sequence[str]) -> bool:
    """Return True if answers are labels of a classification: few, each of several questions, whatever the question.

    Numbers and the options of multiple-choice questions, such as "(B)" or "B", are none: they mean something else in
    every question. Neither are texts of several lines.

    Args:
        answers: the right answers of all training questions.
    """
    counts = Counter(answers)
    repeated = len(counts) > 1 and 2 * len(counts) <= len(answers)
    return repeated and not any(
        _NUMBER.fullmatch(answer) or _OPTION.fullmatch(answer) or answer != " ".join(answer.split())
        for answer in counts
    )


OPTIMIZER = Rules
