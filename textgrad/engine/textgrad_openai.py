"""The published code's import path of the OpenAI engines."""

from textgrad.engine.openai import AzureChatOpenAI, ChatOpenAI

__all__ = ["AzureChatOpenAI", "ChatOpenAI"]
