"""Have a model judge whether a merge kept an instruction."""

import re

from textgrad.engine.base import EngineLM
from textgrad.engine.calls.ask_again import ask_until
from textgrad.errors import BadReply
from textgrad.fences import fence_text
from textgrad.trace import purpose
from utils.metrics.retention import Fate

_TAGS = ("INSTRUCTION", "MERGED_PROMPT")

_JUDGE_PROMPT = """Several prompts were merged into one. Decide what became of one instruction.

{instruction}

{prompt}

kept: the merged prompt says it in nearly the same words.
merged: the merged prompt asks for the same in other words, or as a part of a wider instruction.
lost: whoever follows the merged prompt would not do it, or would do something else (another number, the opposite).

End your reply with one of these words: kept, merged, lost."""


def judge_fate(engine: EngineLM, instruction: str, prompt: str) -> Fate:
    """Return the engine's judgement of an instruction.

    Args:
        engine: the evaluation engine.
        instruction: from a client's upload.
        prompt: the merged prompt.

    Raises:
        BadReply: neither of two replies named a fate.
    """

    def parse(reply: str) -> Fate:
        named = re.findall(r"\b(kept|merged|lost)\b", reply.lower())
        if not named:
            raise BadReply("it named none of kept, merged, lost")
        if len(set(named)) > 1 and not re.search(r"\b(kept|merged|lost)\W*\Z", reply.lower()):
            raise BadReply("it did not end with one of kept, merged, lost")
        return Fate(named[-1])

    content = _JUDGE_PROMPT.format(
        instruction=fence_text("INSTRUCTION", instruction, _TAGS), prompt=fence_text("MERGED_PROMPT", prompt, _TAGS)
    )
    with purpose("judge"):
        return ask_until(engine, content, parse, hint="End with one word: kept, merged or lost.")
