"""A set of variables that keeps a reproducible order, also while several threads add to it."""

import contextlib
import itertools
from collections.abc import Iterable, Iterator, MutableSet
from contextvars import ContextVar

_passes = itertools.count(1)
_turn: ContextVar[tuple[int, int] | None] = ContextVar("turn", default=None)


def new_pass() -> int:
    """The number of a backward pass: greater than that of every pass and every single addition before."""
    return next(_passes)


@contextlib.contextmanager
def turn(number: int, index: int) -> Iterator[None]:
    """What the block adds to any set is sorted as if the nodes of pass `number` were visited one by one.

    Args:
        number: of the backward pass.
        index: of the node in that pass, >= 0.
    """
    token = _turn.set((number, index))
    try:
        yield
    finally:
        _turn.reset(token)


class VariableSet(MutableSet):
    """Each variable once, by identity, in the order of the turns in which they were added.

    Args:
        variables: the first members, in order.
    """

    def __init__(self, variables: Iterable = ()):
        self._turn_of: dict = {}
        for variable in variables:
            self.add(variable)

    def add(self, variable) -> None:
        """Adds a variable; one that is there already stays where it is."""
        self._turn_of.setdefault(variable, _turn.get() or (new_pass(), 0))

    def discard(self, variable) -> None:
        self._turn_of.pop(variable, None)

    def merge(self, members: Iterable, into) -> None:
        """Puts one variable in the place of several members, at the first one's turn."""
        self._turn_of[into] = min(self._turn_of.pop(member) for member in list(members))

    def __contains__(self, variable) -> bool:
        return variable in self._turn_of

    def __iter__(self) -> Iterator:
        return iter(sorted(self._turn_of, key=self._turn_of.__getitem__))

    def __len__(self) -> int:
        return len(self._turn_of)

    def __repr__(self) -> str:
        return f"{{{', '.join(map(repr, self))}}}"
