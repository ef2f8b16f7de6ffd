"""Rules: for questions with few possible answers, one rule per right answer that the model misses.

The wrong questions of the minibatch are grouped by their right answer. For each group, one short request asks what
the questions are about, with further training questions of the same answer. The program writes the rule and puts it
into the prompt, so that the rewrite loses nothing. An older rule with the same answer is replaced; its subjects stay.

The idea of changing a prompt by small edits follows ACE (Zhang et al., 2025, "Agentic Context Engineering"); grouping
by right answer and the fill-in request are our own.
"""

import re
from collections import Counter
from collections.abc import Sequence

from textgrad import prompts
from textgrad.concurrency import fan_out
from textgrad.engine.calls.ask_again import ask_until
from textgrad.errors import BadReply
from textgrad.optimizer.tgd import TextualGradientDescent
from textgrad.rule_lines import Rule, put_rules, subject
from textgrad.tokens import check_length
from textgrad.variable import Variable

_QUESTIONS = 4  # shown per request; more make a weak model lose the thread
_SUBJECTS = 5  # per rule; the newest first
_WORDS = 5  # longest subject
_DISTINCTIVE = 4.0  # times as frequent among the questions of the rule's answer as among all others
_LEAD_IN = re.compile(r"^(?:they|the \w+|these(?: \w+)?|all(?: of them)?) (?:are|is)(?: all)? about\s+", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:the|an?|my|our|your|his|her|their)\s+", re.IGNORECASE)
_PARTS = re.compile(r",\s*(?:and\s+)?|\s+and\s+|\n")
_NUMBER = re.compile(r"[-+]?[\d.,]*\d[\d.,]*%?")
_OPTION = re.compile(r"\(?[A-Za-z]\)")


class Rules(TextualGradientDescent):
    """Writes one rule per right answer that the model misses. It needs neither gradients nor a critic."""

    needs_gradients = False

    def propose(self, variable: Variable) -> list[str]:
        """Return the prompt with a rule for each right answer that a wrong question of the minibatch has.

        Raises:
            BadReply: no reply names a subject that tells the questions of one answer from all others.
        """
        wrong: dict[str, list[str]] = {}
        for example in self.examples:
            if example.wrong:
                wrong.setdefault(example.answer, []).append(example.question)
        if not wrong:
            return [str(variable.value)]
        replies = fan_out(lambda group: self._subjects(*group), list(wrong.items()))
        old = {rule.answer: rule for line in str(variable.value).splitlines() if (rule := Rule.read(line))}
        rules = [
            _merged(Rule(tuple(subjects), answer), old.get(answer))
            for answer, subjects in zip(wrong, replies, strict=True)
            if subjects
        ]
        if not rules:
            raise BadReply("no reply names what the questions of one answer have in common", kind="no rule")
        return [check_length(put_rules(str(variable.value), rules), self.token_budget)]

    def _subjects(self, answer: str, questions: Sequence[str]) -> list[str]:
        """Return what questions with the same right answer are about; [] if no reply was usable."""
        same = [question for question, right in self.labelled if right == answer]
        shown = list(dict.fromkeys([*questions, *same]))[:_QUESTIONS]
        others = [question for question, right in self.labelled if right != answer]
        try:
            return ask_until(
                self.engine,
                prompts.subjects_request(shown),
                lambda reply: _read_subjects(reply, list(dict.fromkeys([*shown, *same])), others),
                system_prompt=prompts.SUBJECTS_SYSTEM_PROMPT,
                hint=prompts.SUBJECTS_HINT,
                within=prompts.SUBJECTS_FORM,
            )
        except BadReply:
            return []


def _merged(new: Rule, old: Rule | None) -> Rule:
    """Return a rule with the subjects of its older version after its own."""
    subjects: dict[str, str] = {}
    for text in (*new.subjects, *(old.subjects if old else ())):
        subjects.setdefault(text.casefold(), text)
    return Rule(tuple(subjects.values())[:_SUBJECTS], new.answer)


def _read_subjects(reply: str, questions: Sequence[str], others: Sequence[str]) -> list[str]:
    """Return the distinctive subjects that a reply names.

    Args:
        reply: a list in a sentence.
        questions: with the same right answer; a subject must occur in one of them.
        others: the training questions with another answer.

    Raises:
        BadReply: there is none.
    """
    sentence = _LEAD_IN.sub("", reply.strip().strip("\"'`*"))
    named = [subject(_ARTICLE.sub("", part.strip(" -*\t"))) for part in _PARTS.split(sentence)]
    usable = [text for text in dict.fromkeys(named) if text and len(text.split()) <= _WORDS]
    distinctive = [text for text in usable if _is_distinctive(text, questions, others)]
    if not distinctive:
        raise BadReply("it names nothing that only these questions have in common", kind="no rule")
    return distinctive


def _is_distinctive(text: str, questions: Sequence[str], others: Sequence[str]) -> bool:
    pattern = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)", re.IGNORECASE)
    inside = sum(bool(pattern.search(question)) for question in questions)
    outside = sum(bool(pattern.search(question)) for question in others)
    return inside * max(1, len(others)) > _DISTINCTIVE * outside * len(questions)


def are_labels(answers: Sequence[str]) -> bool:
    """Return True if answers are labels of a classification: few, each of several questions, whatever the question.

    Numbers and the options of multiple-choice questions, such as "(B)", are none: they mean something else in every
    question.

    Args:
        answers: the right answers of all training questions.
    """
    counts = Counter(answers)
    repeated = len(counts) > 1 and 2 * len(counts) <= len(answers)
    return repeated and not any(_NUMBER.fullmatch(answer) or _OPTION.fullmatch(answer) for answer in counts)


OPTIMIZER = Rules
