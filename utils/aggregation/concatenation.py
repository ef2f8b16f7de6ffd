"""Prompts one after the other, without saying anything twice.

All clients of a round start from the same prompt, so plain concatenation would repeat it once a client, and again
every round. Here the first prompt stands whole, and each other one follows as a section of the lines that are new.
"""

from collections.abc import Sequence

from utils.aggregation.prompts import FURTHER_INSTRUCTIONS


def concatenate(prompts: Sequence[str]) -> str:
    """The prompts in order, as sections; a line that an earlier prompt holds already is not repeated.

    Lines are compared without the white space around them. A heading ("Example:", "# Rules"), a fence or a rule is
    repeated where a new line stands beside it, as the new line would lose its meaning without.

    Args:
        prompts: at least one.
    """
    sections, seen = [], set()
    for prompt in prompts:
        lines = prompt.splitlines()
        kept = lines if not sections else _new_lines(lines, seen)
        seen.update(line.strip() for line in lines)
        section = "\n".join(kept).strip()
        if section:
            sections.append(section)
    return f"\n\n{FURTHER_INSTRUCTIONS}\n".join(sections)


def _new_lines(lines: list[str], seen: set[str]) -> list[str]:
    new = [bool(line.strip()) and line.strip() not in seen for line in lines]
    return [
        line
        for index, line in enumerate(lines)
        if new[index] or _is_frame(line) and any(new[max(index - 1, 0) : index + 2])
    ]


def _is_frame(line: str) -> bool:
    """True for a line that only has a meaning beside others: a heading, a code fence, a blank line."""
    text = line.strip()
    if text == FURTHER_INSTRUCTIONS:  # ours, from an earlier round
        return False
    return text.endswith(":") or text.startswith("#") or not any(char.isalnum() for char in text)
