"""Function forms of the operations."""

from textgrad.autograd.algebra import Aggregate, Sum
from textgrad.autograd.llm_ops import VARIABLE_OUTPUT_DEFAULT_ROLE, FormattedLLMCall, LLMCall
from textgrad.engine import EngineLM
from textgrad.variable import Variable


def sum(variables: list[Variable]) -> Variable:
    """Join the values, one per line; the feedback on the sum reaches every member.

    Raises:
        UsageError: the list is empty.
    """
    return Sum()(variables)


def aggregate(variables: list[Variable]) -> Variable:
    """Like `sum`, but gradients that reach one variable through it are merged into one by one LLM call."""
    return Aggregate()(variables)


def llm_call(
    input_variable: Variable,
    engine: EngineLM,
    response_role_description: str | None = None,
    system_prompt: Variable | None = None,
) -> Variable:
    """Return the reply to a text; see `LLMCall`."""
    return LLMCall(engine, system_prompt)(input_variable, response_role_description or VARIABLE_OUTPUT_DEFAULT_ROLE)


def formatted_llm_call(
    inputs: list[Variable],
    response_role_description: str,
    engine: EngineLM,
    format_string: str,
    fields: dict[str, str],
    system_prompt: Variable | None = None,
) -> Variable:
    """Return the reply to a text formatted from several variables; see `FormattedLLMCall`."""
    return FormattedLLMCall(engine, format_string, fields, system_prompt)(inputs, response_role_description)
