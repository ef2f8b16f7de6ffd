"""The operations as plain functions."""

from textgrad.autograd.algebra import Aggregate, Sum
from textgrad.autograd.llm_ops import VARIABLE_OUTPUT_DEFAULT_ROLE, FormattedLLMCall, LLMCall
from textgrad.engine import EngineLM
from textgrad.variable import Variable


def sum(variables: list[Variable]) -> Variable:
    """The values one a line; criticism of the whole goes to each. Raises UsageError for an empty list."""
    return Sum()(variables)


def aggregate(variables: list[Variable]) -> Variable:
    """As `sum`; several criticisms that reach one variable through it are merged into one, by one call."""
    return Aggregate()(variables)


def llm_call(
    input_variable: Variable, engine: EngineLM, response_role_description: str = None, system_prompt: Variable = None
) -> Variable:
    """The reply to a text: see `LLMCall`."""
    return LLMCall(engine, system_prompt)(input_variable, response_role_description or VARIABLE_OUTPUT_DEFAULT_ROLE)


def formatted_llm_call(
    inputs: list[Variable],
    response_role_description: str,
    engine: EngineLM,
    format_string: str,
    fields: dict[str, str],
    system_prompt: Variable = None,
) -> Variable:
    """The reply to a text put together from several: see `FormattedLLMCall`, whose dict of `inputs` this takes too."""
    return FormattedLLMCall(engine, format_string, fields, system_prompt)(inputs, response_role_description)
