"""The style of requests to critic and optimizer: long forms for strong models, short ones for weak models.

with use_style(Style("auto")):
    loss.backward(critic)        # a critique that repeats its long request is requested again in the short form
    current_style().adapt()      # if at least half of the critiques did, later requests are short at once
"""

import contextlib
import contextvars
import threading
from collections.abc import Iterator

from textgrad.errors import unknown

STYLES = ("short", "long", "auto")


class Style:
    """The style of the requests of one client in one round.

    "auto" begins with long forms. `adapt`, called between backward passes, switches to short ones if at least half of
    the critiques so far were echoes (`textgrad.echo.is_echo`) of their long requests. Within a backward pass the form
    does not change, so it follows from the replies alone: not from their order of arrival, and not from a resume.

    Args:
        name: "short", "long" or "auto".

    Attributes:
        short: True if first requests have the short form.
        short_again: True if second requests, after a bad reply, have it.

    Raises:
        UsageError: the name is unknown.
    """

    def __init__(self, name: str = "long"):
        if name not in STYLES:
            raise unknown("style", name, STYLES)
        self.name = name
        self.short, self.short_again = name == "short", name != "long"
        self._critiques = self._echoes = 0
        self._lock = threading.Lock()

    def observe(self, echo: bool) -> None:
        """Count a critique that was requested in the long form."""
        with self._lock:
            self._critiques += 1
            self._echoes += echo

    def adapt(self) -> None:
        """Choose the form of the requests to come; call it while no critique is in flight."""
        if self.name == "auto" and self._echoes:
            self.short = 2 * self._echoes >= self._critiques


_LONG = Style("long")
_style: contextvars.ContextVar[Style] = contextvars.ContextVar("style", default=_LONG)


def current_style() -> Style:
    """Return the style of the enclosing `use_style`; "long" outside of one."""
    return _style.get()


@contextlib.contextmanager
def use_style(style: Style) -> Iterator[None]:
    """Use a style for the requests inside the block, in all of its threads."""
    token = _style.set(style)
    try:
        yield
    finally:
        _style.reset(token)
