"""Operations that combine variables without an LLM call in the forward pass."""

from collections.abc import Iterable

from textgrad.autograd.function import BackwardContext, Function
from textgrad.autograd.reduce_prompts import REDUCE_MEAN_SYSTEM_PROMPT, construct_reduce_prompt
from textgrad.engine import EngineLM
from textgrad.errors import UsageError
from textgrad.trace import purpose
from textgrad.variable import Variable, _backward_idempotent


def _joined(variables: list[Variable]) -> Variable:
    if not variables:
        raise UsageError("no variables to combine: pass a list with at least one Variable")
    roles = ", ".join(dict.fromkeys(variable.role_description for variable in variables))
    return Variable(
        "\n".join(str(variable.value) for variable in variables),
        predecessors=variables,
        requires_grad=any(variable.requires_grad for variable in variables),
        role_description=f"a combination of the following: {roles}",
    )


def _reduce_gradients_mean(gradients: Iterable[Variable], backward_engine: EngineLM) -> Variable | None:
    """Merge several gradients into one with a single LLM call; return None if the reply is empty."""
    gradients = list(gradients)
    content = construct_reduce_prompt(gradients)
    with purpose("critic"):
        text = str(backward_engine(content, system_prompt=REDUCE_MEAN_SYSTEM_PROMPT)).strip()
    if not text:
        return None
    merged = Variable(text, requires_grad=False, role_description=gradients[0].role_description)
    merged._reduce_meta = gradients[0]._reduce_meta
    return merged


class Sum(Function):
    """Join the values line by line; backward passes the feedback on the sum to every member."""

    def forward(self, variables: list[Variable]) -> Variable:
        total = _joined(variables)
        total.set_grad_fn(BackwardContext(self.backward, summation=total))
        return total

    def backward(self, summation: Variable, backward_engine: EngineLM) -> None:
        _backward_idempotent(summation.predecessors, summation, backward_engine)


class Aggregate(Function):
    """Like `Sum`, but gradients that reach one variable through several members are merged into one."""

    def forward(self, variables: list[Variable]) -> Variable:
        aggregated = _joined(variables)
        aggregated.set_grad_fn(BackwardContext(self.backward, aggregated_variable=aggregated))
        return aggregated

    def backward(self, aggregated_variable: Variable, backward_engine: EngineLM) -> None:
        for variable in aggregated_variable.predecessors:
            variable._reduce_meta[aggregated_variable] = _reduce_gradients_mean
        _backward_idempotent(aggregated_variable.predecessors, aggregated_variable, backward_engine)
