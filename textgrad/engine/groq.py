"""Models at Groq, through LiteLLM."""

from textgrad.engine.kind import EngineKind
from textgrad.engine.litellm import ChatLiteLLM


class ChatGroq(ChatLiteLLM):
    """A model served by Groq, such as llama-3.1-8b-instant."""

    provider = "groq"
    key_names = ("GROQ_API_KEY",)


ENGINES = (EngineKind(r"groq-(.+)", ChatGroq, "groq-llama-3.1-8b-instant", "LiteLLM, GROQ_API_KEY"),)
