"""Research attacks of malicious clients on a simulated federation. One file per attack, found by its name."""

from collections.abc import Iterable

PACKAGE = "utils.federation.attacks"


def with_lines(prompt: str, lines: Iterable[str]) -> str:
    """Return a prompt with further lines at its end, without those that it has already."""
    present = prompt.splitlines()
    return "\n".join([prompt, *(line for line in lines if line not in present)])
