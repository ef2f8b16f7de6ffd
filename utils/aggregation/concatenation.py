"""Concatenate prompts without repeating lines.

All clients of a round start from the same prompt, so plain concatenation would repeat it per client and per round.
Here the first prompt is complete, and each other prompt is a section with its new lines only.
"""

from collections.abc import Callable, Sequence

from textgrad.tokens import estimate_tokens
from utils.aggregation.prompts import FURTHER_INSTRUCTIONS


def concatenate(prompts: Sequence[str]) -> str:
    """Return the prompts as sections, in order, without lines of earlier prompts.

    Lines are compared without surrounding white space. A heading ("Example:", "# Rules"), a code fence or a horizontal
    rule is repeated next to a new line, which would lose its meaning otherwise.

    Args:
        prompts: at least one.
    """
    sections: list[str] = []
    seen: set[str] = set()
    for prompt in prompts:
        lines = prompt.splitlines()
        kept = lines if not sections else _new_lines(lines, seen)
        seen.update(line.strip() for line in lines)
        section = "\n".join(kept).strip()
        if section:
            sections.append(section)
    return f"\n\n{FURTHER_INSTRUCTIONS}\n".join(sections)


def join(prompts: Sequence[str]) -> str:
    """Return the prompts as they are, in order, as in the paper."""
    return "\n\n".join(prompts)


def concatenate_fitting(
    prompts: Sequence[str], limit: int, concatenate: Callable[[Sequence[str]], str] = concatenate
) -> tuple[str, list[str]]:
    """Concatenate as many prompts as fit, the shortest first; their order stays.

    Args:
        prompts: at least one.
        limit: maximum estimated tokens of the result.
        concatenate: puts the prompts together.

    Returns:
        The concatenation, "" if no prompt fits, and the prompts that were left out.
    """
    everything = concatenate(prompts)
    if estimate_tokens(everything) <= limit:
        return everything, []
    text = ""
    kept: list[int] = []
    for index in sorted(range(len(prompts)), key=lambda number: estimate_tokens(prompts[number])):
        candidates = sorted([*kept, index])
        longer = concatenate([prompts[number] for number in candidates])
        if estimate_tokens(longer) <= limit:
            text, kept = longer, candidates
    return text, [prompt for number, prompt in enumerate(prompts) if number not in kept]


def _new_lines(lines: list[str], seen: set[str]) -> list[str]:
    new = [bool(line.strip()) and line.strip() not in seen for line in lines]
    return [
        line
        for index, line in enumerate(lines)
        if new[index] or _is_frame(line) and any(new[max(index - 1, 0) : index + 2])
    ]


def _is_frame(line: str) -> bool:
    """Return True for a heading, a code fence or a blank line: they have no meaning alone."""
    text = line.strip()
    if text == FURTHER_INSTRUCTIONS:  # added by an earlier round
        return False
    return text.endswith(":") or text.startswith("#") or not any(char.isalnum() for char in text)
