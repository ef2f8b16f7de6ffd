"""Models at Together AI, through LiteLLM."""

from textgrad.engine.kind import EngineKind
from textgrad.engine.litellm import ChatLiteLLM


class ChatTogether(ChatLiteLLM):
    """A model served by Together, such as meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo."""

    provider = "together_ai"
    key_names = ("TOGETHER_API_KEY", "TOGETHERAI_API_KEY", "TOGETHER_AI_TOKEN")


ENGINES = (
    EngineKind(
        r"together-(.+)",
        ChatTogether,
        "together-llama-3-70b",
        "LiteLLM, TOGETHER_API_KEY",
        short_names={"together-llama-3-70b": "together-meta-llama/Llama-3-70b-chat-hf"},
    ),
)
