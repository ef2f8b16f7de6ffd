"""Checks of an optimizer's rewrite before the minibatch is answered under it."""

import re
from collections.abc import Sequence

from textgrad import prompts
from textgrad.echo import is_echo
from textgrad.errors import BadReply
from textgrad.optimizer import Example
from textgrad.tokens import estimate_tokens
from utils.metrics.instructions import instructions

_FEW_WORDS, _FEW_TOKENS = 3, 12
_WORD = re.compile(r"\w+")


def check_rewrite(rewrite: str, prompt: str, examples: Sequence[Example]) -> str:
    """Return a rewrite that may be tried.

    Args:
        rewrite: written by a model.
        prompt: the old prompt.
        examples: the minibatch.

    Raises:
        BadReply: the rewrite has three words or fewer although the prompt had more ("too short"), is a copy of a
            question or answer ("copied example"), repeats the request ("echo"), or has fewer than half as many
            instructions as the prompt ("dropped instructions"). The model reads the message when it is asked again.
    """
    words = _WORD.findall(rewrite.lower())
    few = len(words) <= _FEW_WORDS and estimate_tokens(rewrite) <= _FEW_TOKENS  # some scripts have no spaces
    if few and len(_WORD.findall(prompt)) > _FEW_WORDS:
        raise BadReply(f"the new version has only {len(words)} words", kind="too short")
    for example in examples:
        for text in (example.question, example.answer, example.reply):
            if words == _WORD.findall(text.lower()) or is_echo(rewrite, [text], [prompt]):
                raise BadReply("the new version copies an example", kind="copied example")
    if is_echo(rewrite, prompts.REWRITE_TEXTS, [prompt]):
        raise BadReply("the new version repeats the request", kind="echo")
    old, new = len(instructions(prompt)), len(instructions(rewrite))
    if 2 * new < old:
        raise BadReply(f"the new version has {new} of {old} instructions", kind="dropped instructions")
    return rewrite
