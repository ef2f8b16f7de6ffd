"""Python functions on text, such as a scorer, as differentiable operations."""

from collections.abc import Callable

from textgrad.autograd.function import BackwardContext, Function, criticize_inputs
from textgrad.engine import EngineLM
from textgrad.variable import Variable


class StringBasedFunction(Function):
    """A Python function whose result the critic can trace back to its inputs.

    Args:
        fn: called as `fn(**inputs)` with Variables; returns str or int.
        function_purpose: the function's purpose and which results are good; shown to the critic.
    """

    def __init__(self, fn: Callable, function_purpose: str):
        super().__init__()
        self.fn, self.function_purpose = fn, function_purpose

    def forward(self, inputs: dict[str, Variable], response_role_description: str | None = None) -> Variable:
        """Return the function's value.

        Args:
            inputs: arguments by name; the critic sees all of them.
            response_role_description: role of the value.

        Raises:
            Exception: any exception of the function.
        """
        role = response_role_description or f"result of a function with the purpose: {self.function_purpose}"
        response = Variable(self.fn(**inputs), predecessors=list(inputs.values()), role_description=role)
        response.set_grad_fn(
            BackwardContext(self.backward, response=response, inputs=inputs, function_purpose=self.function_purpose)
        )
        return response

    def backward(
        self, response: Variable, function_purpose: str, inputs: dict[str, Variable], backward_engine: EngineLM
    ) -> None:
        shown = [part for name, variable in inputs.items() for part in _shown(name, variable)]
        conversation = {
            "FUNCTION_PURPOSE": function_purpose,
            "INPUTS_TO_FUNCTION": shown,
            "OUTPUT_OF_FUNCTION": response.value,
        }
        criticize_inputs(response, conversation, backward_engine)


class FunctionWithFeedback(StringBasedFunction):
    """A Python function that also gives the feedback on its inputs, in place of a critic and without a request.

    Args:
        fn, function_purpose: as for `StringBasedFunction`.
        feedback: called as `feedback(result, **inputs)` with Variables.
    """

    def __init__(self, fn: Callable, function_purpose: str, feedback: Callable[..., str]):
        super().__init__(fn, function_purpose)
        self.feedback = feedback

    def backward(
        self, response: Variable, function_purpose: str, inputs: dict[str, Variable], backward_engine: EngineLM
    ) -> None:
        text = self.feedback(response, **inputs)
        for variable in response.predecessors:
            if variable.requires_grad:
                variable.add_gradient(text, of=response)


def _shown(name: str, variable: Variable) -> list[str | bytes]:
    return [f"{name} ({variable.role_description}):\n", variable.value, "\n"]
