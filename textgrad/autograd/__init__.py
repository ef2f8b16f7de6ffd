"""Operations on variables, each with its forward and its backward."""

from .algebra import Aggregate, Sum
from .function import BackwardContext, Function, Module
from .functional import aggregate, formatted_llm_call, llm_call, sum
from .llm_ops import FormattedLLMCall, LLMCall, LLMCall_with_in_context_examples
from .multimodal_ops import MultimodalLLMCall, OrderedFieldsMultimodalLLMCall
from .string_based_ops import StringBasedFunction

__all__ = ["Aggregate", "BackwardContext", "FormattedLLMCall", "Function", "LLMCall",
           "LLMCall_with_in_context_examples", "Module", "MultimodalLLMCall", "OrderedFieldsMultimodalLLMCall",
           "StringBasedFunction", "Sum", "aggregate", "formatted_llm_call", "llm_call", "sum"]
