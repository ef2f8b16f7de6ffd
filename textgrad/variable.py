"""A text that can be criticized: a node of the graph along which criticism flows back.

answer = model(Variable("2 + 2 * 2?", requires_grad=False, role_description="question"))
loss(answer).backward()      # one criticism for every variable behind the loss that needs one
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from numbers import Integral
from typing import Union

from textgrad import prompts
from textgrad.concurrency import fan_out
from textgrad.config import validate_engine_or_get_default
from textgrad.engine import EngineLM
from textgrad.errors import UsageError
from textgrad.graph import backward_order, draw
from textgrad.utils.image_utils import read_image
from textgrad.variable_set import VariableSet, new_pass, turn


class WrongValue(UsageError, AssertionError):
    """A value of a type that cannot be used where it was given."""


def _checked(value) -> str | bytes:
    if isinstance(value, (str, bytes)):
        return value
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise WrongValue(
            f"a Variable's value must be text (str), an image (bytes) or a whole number, "
            f"not {type(value).__name__}: {str(value)[:40]!r}; convert it with str(...)"
        )
    return str(int(value))


class Variable:
    """A text or an image, and the criticism that it received.

    Args:
        value: text, the bytes of an image file, or a whole number (kept as text).
        image_path: a file or an http(s) address to read an image from, in place of `value`.
        predecessors: the variables that this one was made from.
        requires_grad: False keeps criticism, and the calls it costs, away from it and from all behind it.
        role_description: what it is for; models read this.

    Attributes:
        gradients: criticism, as Variables, each once and in the order of a sequential backward pass.
        gradients_context: for a gradient, None or where it arose: `{"context": the conversation, ready to be sent,
            "response_desc": role of what was criticized before, "variable_desc": role of this variable}`.
        criticism_left_out: True when criticism was due in the last backward pass and the reply was empty.

    Raises:
        UsageError: both a value and an image are given; the image cannot be read; a predecessor requires a gradient
            and this variable does not. The value is of another type (also an AssertionError).
    """

    def __init__(
        self,
        value: Union[str, bytes] = "",
        image_path: str = "",
        predecessors: list["Variable"] = None,
        requires_grad: bool = True,
        *,
        role_description: str,
    ):
        if image_path and value:
            raise UsageError("give a Variable either a value or an image_path, not both")
        self.predecessors = VariableSet(predecessors or ())
        if not requires_grad and any(variable.requires_grad for variable in self.predecessors):
            raise UsageError(
                f"the variable {role_description!r} requires no gradient, but is made from one that does: "
                "set requires_grad=True, or False on its predecessors"
            )
        self.value = read_image(image_path) if image_path else _checked(value)
        self.role_description = role_description
        self.requires_grad = requires_grad
        self.grad_fn: Callable | None = None
        self.reset_gradients()

    def __repr__(self) -> str:
        return f"Variable(value={self.value!r}, role={self.role_description!r}, gradients={len(self.gradients)})"

    def __str__(self) -> str:
        return str(self.value)

    def __add__(self, to_add: "Variable") -> "Variable":
        """The two values without anything between them; what is said of the sum is passed on to both."""
        if not isinstance(to_add, Variable):
            return NotImplemented
        total = Variable(
            self.value + to_add.value,
            predecessors=[self, to_add],
            requires_grad=self.requires_grad or to_add.requires_grad,
            role_description=f"{self.role_description} and {to_add.role_description}",
        )
        total.set_grad_fn(partial(_backward_idempotent, variables=[self, to_add], summation=total))
        return total

    @property
    def gradients(self) -> VariableSet:
        return self._gradients

    @gradients.setter
    def gradients(self, gradients: Iterable["Variable"]) -> None:
        self._gradients = gradients if isinstance(gradients, VariableSet) else VariableSet(gradients)

    def reset_gradients(self) -> None:
        """Forgets all criticism, its context, and what backward passes noted here."""
        self.gradients = VariableSet()
        self.gradients_context: dict = defaultdict(lambda: None)
        self._reduce_meta: dict = {}  # aggregated variable -> how to merge the gradients that come through it
        self.criticism_left_out = False

    def set_role_description(self, role_description: str) -> None:
        self.role_description = role_description

    def get_role_description(self) -> str:
        return self.role_description

    def get_value(self) -> str | bytes:
        return self.value

    def set_value(self, value: str | bytes) -> None:
        self.value = _checked(value)

    def set_grad_fn(self, grad_fn: Callable) -> None:
        """Args: grad_fn: called as `grad_fn(backward_engine=engine)`, adds to the gradients of the predecessors."""
        self.grad_fn = grad_fn

    def get_grad_fn(self) -> Callable | None:
        return self.grad_fn

    def get_short_value(self, n_words_offset: int = 10) -> str:
        """The first and last words, to look at: models are always shown the whole value.

        Args:
            n_words_offset: how many words of either end, >= 1.
        """
        if isinstance(self.value, bytes):
            return f"(an image of {len(self.value)} bytes)"
        words = self.value.split(" ")
        if len(words) <= 2 * n_words_offset:
            return self.value
        return " ".join([*words[:n_words_offset], "(...)", *words[-n_words_offset:]])

    def get_gradient_text(self) -> str:
        """All criticism, one piece a line or more."""
        return "\n".join(gradient.value for gradient in self.gradients)

    def add_gradient(self, text: str, of: "Variable", context: dict | None = None) -> None:
        """Adds one piece of criticism.

        Args:
            text: the criticism.
            of: the variable that was made from this one and whose backward this is.
            context: as in `gradients_context`.
        """
        gradient = Variable(text, requires_grad=False, role_description=f"feedback to {self.role_description}")
        gradient._reduce_meta = of._mergers()
        self.gradients.add(gradient)
        self.gradients_context[gradient] = context

    def _mergers(self) -> dict:
        """The aggregations that criticism of this variable came through."""
        merged = dict(self._reduce_meta)
        for gradient in self.gradients:
            merged.update(gradient._reduce_meta)
        return merged

    def backward(self, engine: EngineLM = None) -> None:
        """Criticizes all variables behind this one, the objective. Independent branches run at the same time; the
        result is that of going through them one by one.

        Args:
            engine: who criticizes, an engine or its name; the one of `set_backward_engine` by default.

        Raises:
            UsageError: there is no engine.
            whatever a backward function or the engine raised.
        """
        backward_engine = validate_engine_or_get_default(engine)
        nodes, after = backward_order(self)
        number = new_pass()
        for node in nodes:
            node.criticism_left_out = False

        def visit(index: int) -> None:
            with turn(number, index):
                nodes[index]._visit(backward_engine)

        fan_out(visit, range(len(nodes)), after=after)

    def _visit(self, backward_engine: EngineLM) -> None:
        if self.criticism_left_out and not self.gradients:  # unlike an objective, it has nothing to pass on
            for variable in self.predecessors:
                variable.criticism_left_out = True
            return
        _check_and_reduce_gradients(self, backward_engine)
        if self.grad_fn is not None:
            self.grad_fn(backward_engine=backward_engine)

    def generate_graph(self, print_gradients: bool = False):
        """The graph behind this variable as a `graphviz.Digraph`.

        Args:
            print_gradients: True shows criticism too.

        Raises:
            ImportError: the Python package graphviz is missing.
        """
        return draw(self, print_gradients)


def _check_and_reduce_gradients(variable: Variable, backward_engine: EngineLM) -> VariableSet:
    """Merges the gradients that came through the same `aggregate`, by one call for each such group."""
    groups = defaultdict(list)
    for gradient in variable.gradients:
        groups[frozenset(gradient._reduce_meta)].append(gradient)
    for group in groups.values():
        if len(group) > 1 and group[0]._reduce_meta:
            merge = next(iter(group[0]._reduce_meta.values()))
            merged = merge(group, backward_engine)
            if merged is not None:
                variable.gradients.merge(group, into=merged)
    return variable.gradients


def _backward_idempotent(variables: Iterable[Variable], summation: Variable, backward_engine: EngineLM) -> None:
    """Passes all criticism of a combination on to its members, without a call."""
    for variable in dict.fromkeys(variables):
        if variable.requires_grad:
            for gradient in summation.gradients:
                shared = prompts.shared_feedback(variable.role_description, summation.role_description, gradient.value)
                variable.add_gradient(shared, of=summation, context=summation.gradients_context.get(gradient))
