"""A set of variables with a reproducible order, even when several threads add to it."""

import contextlib
import itertools
from collections.abc import Iterable, Iterator, MutableSet
from contextvars import ContextVar

_passes = itertools.count(1)
_order: ContextVar[tuple[int, int] | None] = ContextVar("order", default=None)


def new_pass() -> int:
    """Return the number of a new backward pass, greater than all earlier numbers."""
    return next(_passes)


@contextlib.contextmanager
def insertion_order(number: int, index: int) -> Iterator[None]:
    """Sort everything the block adds to any set as if the nodes of a pass were visited one by one.

    Args:
        number: number of the backward pass, from `new_pass`.
        index: position of the node in that pass, >= 0.
    """
    token = _order.set((number, index))
    try:
        yield
    finally:
        _order.reset(token)


class VariableSet(MutableSet):
    """A set of variables, compared by identity and iterated in insertion order.

    Args:
        variables: the first members, in order.
    """

    def __init__(self, variables: Iterable = ()):
        self._order_of: dict = {}
        for variable in variables:
            self.add(variable)

    def add(self, variable) -> None:
        """Add a variable; a member keeps its position."""
        self._order_of.setdefault(variable, _order.get() or (new_pass(), 0))

    def discard(self, variable) -> None:
        self._order_of.pop(variable, None)

    def merge(self, members: Iterable, into) -> None:
        """Replace several members by one variable, at the position of the first member."""
        self._order_of[into] = min(self._order_of.pop(member) for member in list(members))

    def __contains__(self, variable) -> bool:
        return variable in self._order_of

    def __iter__(self) -> Iterator:
        return iter(sorted(self._order_of, key=self._order_of.__getitem__))

    def __len__(self) -> int:
        return len(self._order_of)

    def __repr__(self) -> str:
        return f"{{{', '.join(map(repr, self))}}}"
