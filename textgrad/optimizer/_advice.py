"""Advice by kind of error: what `rules` writes for tasks with free answers instead of labels."""

import re
from collections.abc import Iterable, Sequence

from textgrad import prompts
from textgrad.concurrency import fan_out
from textgrad.echo import is_echo
from textgrad.engine import EngineLM
from textgrad.engine.calls.ask_again import ask_until
from textgrad.errors import BadReply
from textgrad.optimizer._base import Example
from textgrad.optimizer._from_examples import shown

KINDS = {
    "misread the question": "Read the question with care",
    "left out a step": "Leave out no step",
    "made a mistake in a step": "Check each step",
    "gave the answer in another form": "Give the answer in the wanted form",
}
_EXAMPLES = 3  # per request
_WORDS = 40  # longest advice
_LEAD_IN = re.compile(r"^(?:to avoid (?:this|it|that),?\s*)?(?:you should\s+)?always\b[\s.…:,]*", re.IGNORECASE)


def add_advice(value: str, wrong: Sequence[Example], engine: EngineLM) -> str:
    """Return a prompt with one line of advice per kind of error; an older line about the same kind is replaced.

    One request per wrong answer names the kind, one per kind asks for the advice.

    Args:
        value: the prompt.
        wrong: examples without the full score, at least one.
        engine: the LLM that names kinds and gives advice.

    Raises:
        BadReply: no reply was usable.
    """
    named = fan_out(lambda example: _ask(engine, prompts.kind_request(shown([example])[0], KINDS), _read_kind), wrong)
    groups: dict[str, list[Example]] = {}
    for kind, example in zip(named, wrong, strict=True):
        if kind:
            groups.setdefault(kind, []).append(example)

    def advise(kind: str) -> str | None:
        examples = groups[kind][:_EXAMPLES]
        request = prompts.advice_request(shown(examples), kind)
        return _ask(engine, request, lambda reply: _read_advice(reply, examples))

    given = fan_out(advise, list(groups))
    lines = {KINDS[kind]: f"{KINDS[kind]}: always {text}" for kind, text in zip(groups, given, strict=True) if text}
    if not lines:
        raise BadReply("no reply says what went wrong and what to do about it", kind="no rule")
    return _put_lines(value, lines)


def _put_lines(value: str, lines: dict[str, str]) -> str:
    """Return a text in which each line takes the place of the line with the same beginning, or ends the text."""
    old = value.splitlines()
    kept = [next((new for start, new in lines.items() if line.startswith(f"{start}:")), line) for line in old]
    return "\n".join([*kept, *(new for new in lines.values() if new not in kept)])


def _ask(engine: EngineLM, request: str, read) -> str | None:
    try:
        return ask_until(
            engine, request, read, system_prompt=prompts.ADVICE_SYSTEM_PROMPT, hint="Reply in the form asked for."
        )
    except BadReply:
        return None


def _read_kind(reply: str) -> str:
    positions = {kind: reply.lower().find(kind) for kind in KINDS}
    found = [kind for kind, position in positions.items() if position >= 0]
    if not found:
        raise BadReply("it names none of the kinds")
    return min(found, key=positions.__getitem__)


def _read_advice(reply: str, examples: Iterable[Example]) -> str:
    line = reply.strip().splitlines()[0].strip("\"'`* ")
    advice = _LEAD_IN.sub("", line).strip()
    if not 2 <= len(advice.split()) <= _WORDS:
        raise BadReply("the advice must have between 2 and 40 words")
    if is_echo(advice, [text for each in examples for text in (each.question, each.reply)]):
        raise BadReply("it copies an example", kind="copied example")
    return advice if advice.endswith((".", "!")) else f"{advice}."
