"""A text that collects textual gradients: a node of the computation graph.

answer = model(Variable("2 + 2 * 2?", requires_grad=False, role_description="question"))
loss(answer).backward()      # one gradient per variable that requires one
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from numbers import Integral

from textgrad import prompts
from textgrad.concurrency import fan_out
from textgrad.config import validate_engine_or_get_default
from textgrad.engine import EngineLM
from textgrad.errors import UsageError
from textgrad.graph import backward_order, draw
from textgrad.utils.image_utils import read_image
from textgrad.variable_set import VariableSet, insertion_order, new_pass


class WrongValue(UsageError, AssertionError):
    """A value has a type that cannot be used here."""


def _validated(value) -> str | bytes:
    if isinstance(value, (str, bytes)):
        return value
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise WrongValue(
            f"a Variable's value must be text (str), an image (bytes) or an integer, "
            f"not {type(value).__name__}: {str(value)[:40]!r}; convert it with str(...)"
        )
    return str(int(value))


class Variable:
    """A text or an image with its textual gradients.

    Args:
        value: text, the bytes of an image file, or an integer (stored as text).
        image_path: file or http(s) URL of an image; replaces `value`.
        predecessors: the variables this one was computed from.
        requires_grad: False stops backward passes, and their LLM calls, at this variable.
        role_description: the variable's purpose; LLMs read it.

    Attributes:
        gradients: feedback as Variables, without duplicates, in the order of a sequential backward pass.
        gradients_context: for each gradient None or its origin: `{"context": the conversation, ready to send,
            "response_desc": role of the response, "variable_desc": role of this variable}`.
        feedback_missing: True if the last backward pass asked for feedback, and the reply was empty or an echo.

    Raises:
        UsageError: both value and image_path are given; the image cannot be read; a predecessor requires a gradient
            and this variable does not; the value has another type (then also an AssertionError).
    """

    def __init__(
        self,
        value: str | bytes = "",
        image_path: str = "",
        predecessors: "list[Variable] | None" = None,
        requires_grad: bool = True,
        *,
        role_description: str,
    ):
        if image_path and value:
            raise UsageError("a Variable takes either a value or an image_path, not both")
        self.predecessors = VariableSet(predecessors or ())
        if not requires_grad and any(variable.requires_grad for variable in self.predecessors):
            raise UsageError(
                f"the variable {role_description!r} has requires_grad=False, but a predecessor requires a gradient: "
                "set requires_grad=True here, or False on the predecessors"
            )
        self.value = read_image(image_path) if image_path else _validated(value)
        self.role_description = role_description
        self.requires_grad = requires_grad
        self.grad_fn: Callable | None = None
        self.reset_gradients()

    def __repr__(self) -> str:
        return f"Variable(value={self.value!r}, role={self.role_description!r}, gradients={len(self.gradients)})"

    def __str__(self) -> str:
        return str(self.value)

    def __add__(self, to_add: "Variable") -> "Variable":
        """Concatenate the two values; the feedback on the result reaches both."""
        if not isinstance(to_add, Variable):
            return NotImplemented
        total = Variable(
            self.value + to_add.value,  # type: ignore[operator]  # adding text and image fails as in plain Python
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
        """Clear all gradients, their contexts and the state of backward passes."""
        self.gradients = VariableSet()
        self.gradients_context: dict = defaultdict(lambda: None)
        self._reduce_meta: dict = {}  # aggregated variable -> function that merges its gradients
        self.feedback_missing = False

    def set_role_description(self, role_description: str) -> None:
        self.role_description = role_description

    def get_role_description(self) -> str:
        return self.role_description

    def get_value(self) -> str | bytes:
        return self.value

    def set_value(self, value: str | bytes) -> None:
        self.value = _validated(value)

    def set_grad_fn(self, grad_fn: Callable) -> None:
        """Set the backward function: `grad_fn(backward_engine=engine)` adds gradients to the predecessors."""
        self.grad_fn = grad_fn

    def get_grad_fn(self) -> Callable | None:
        return self.grad_fn

    def get_short_value(self, n_words_offset: int = 10) -> str:
        """Return the first and last words, for display; LLMs always see the whole value.

        Args:
            n_words_offset: words kept at each end, >= 1.
        """
        if isinstance(self.value, bytes):
            return f"(an image of {len(self.value)} bytes)"
        words = self.value.split(" ")
        if len(words) <= 2 * n_words_offset:
            return self.value
        return " ".join([*words[:n_words_offset], "(...)", *words[-n_words_offset:]])

    def get_gradient_text(self) -> str:
        """Return all gradients as one text, separated by newlines."""
        return "\n".join(gradient.value for gradient in self.gradients)

    def add_gradient(self, text: str, of: "Variable", context: dict | None = None) -> None:
        """Add one gradient.

        Args:
            text: the feedback.
            of: the variable computed from this one whose backward adds the gradient.
            context: see `gradients_context`.
        """
        gradient = Variable(text, requires_grad=False, role_description=f"feedback to {self.role_description}")
        gradient._reduce_meta = of._mergers()
        self.gradients.add(gradient)
        self.gradients_context[gradient] = context

    def _mergers(self) -> dict:
        """Return the merge functions of all aggregations that gradients of this variable passed."""
        merged = dict(self._reduce_meta)
        for gradient in self.gradients:
            merged.update(gradient._reduce_meta)
        return merged

    def backward(self, engine: EngineLM | None = None) -> None:
        """Compute gradients for all predecessors of this variable, the objective.

        Independent branches run concurrently; the result is the same as in a sequential pass.

        Args:
            engine: the critic, an engine or its name; default: the engine of `set_backward_engine`.

        Raises:
            UsageError: no engine is given or set.
            Exception: any exception of a backward function or of the engine.
        """
        backward_engine = validate_engine_or_get_default(engine)
        nodes, after = backward_order(self)
        number = new_pass()
        for node in nodes:
            node.feedback_missing = False

        def visit(index: int) -> None:
            with insertion_order(number, index):
                nodes[index]._visit(backward_engine)

        fan_out(visit, range(len(nodes)), after=after)

    def _visit(self, backward_engine: EngineLM) -> None:
        if (
            self.feedback_missing and not self.gradients
        ):  # an objective has no gradients either, but passes its value on
            for variable in self.predecessors:
                variable.feedback_missing = True
            return
        _check_and_reduce_gradients(self, backward_engine)
        if self.grad_fn is not None:
            self.grad_fn(backward_engine=backward_engine)

    def generate_graph(self, print_gradients: bool = False):
        """Return the graph of predecessors as a `graphviz.Digraph`.

        Args:
            print_gradients: True also shows gradients.

        Raises:
            ImportError: the Python package graphviz is not installed.
        """
        return draw(self, print_gradients)


def _check_and_reduce_gradients(variable: Variable, backward_engine: EngineLM) -> VariableSet:
    """Merge the gradients that passed the same `aggregate`, with one LLM call per group."""
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
    """Pass all gradients of a combination to its members, without an LLM call."""
    for variable in dict.fromkeys(variables):
        if variable.requires_grad:
            for gradient in summation.gradients:
                shared = prompts.shared_feedback(variable.role_description, summation.role_description, gradient.value)
                variable.add_gradient(shared, of=summation, context=summation.gradients_context.get(gradient))
