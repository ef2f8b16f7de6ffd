"""Command models at Cohere, through LiteLLM."""

from textgrad.engine.kind import EngineKind
from textgrad.engine.litellm import ChatLiteLLM


class ChatCohere(ChatLiteLLM):
    """A Cohere model, such as command-r-plus."""

    provider = "cohere_chat"
    key_names = ("COHERE_API_KEY", "CO_API_KEY")


ENGINES = (EngineKind(r"(command(?:-.+)?)", ChatCohere, "command-r-plus", "LiteLLM, COHERE_API_KEY"),)
