"""Gemini at Google AI Studio, through LiteLLM."""

from textgrad.engine.kind import EngineKind
from textgrad.engine.litellm import ChatLiteLLM


class ChatGemini(ChatLiteLLM):
    """A Gemini model, such as gemini-2.5-flash."""

    provider = "gemini"
    key_names = ("GEMINI_API_KEY", "GOOGLE_API_KEY")


ENGINES = (EngineKind(r"(gemini-.+)", ChatGemini, "gemini-2.5-flash", "LiteLLM, GEMINI_API_KEY"),)
