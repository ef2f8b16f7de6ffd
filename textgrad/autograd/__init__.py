"""Differentiable operations on variables: each file holds the forward and backward of its operations."""

from textgrad.autograd.algebra import Aggregate, Sum
from textgrad.autograd.function import BackwardContext, Function, Module
from textgrad.autograd.functional import aggregate, formatted_llm_call, llm_call, sum
from textgrad.autograd.llm_ops import FormattedLLMCall, LLMCall, LLMCall_with_in_context_examples
from textgrad.autograd.multimodal_ops import MultimodalLLMCall, OrderedFieldsMultimodalLLMCall
from textgrad.autograd.string_based_ops import FunctionWithFeedback, StringBasedFunction

__all__ = [
    "Aggregate",
    "BackwardContext",
    "FormattedLLMCall",
    "Function",
    "FunctionWithFeedback",
    "LLMCall",
    "LLMCall_with_in_context_examples",
    "Module",
    "MultimodalLLMCall",
    "OrderedFieldsMultimodalLLMCall",
    "StringBasedFunction",
    "Sum",
    "aggregate",
    "formatted_llm_call",
    "llm_call",
    "sum",
]
