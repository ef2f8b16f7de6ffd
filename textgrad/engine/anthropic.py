"""Claude at Anthropic, through LiteLLM."""

from textgrad.engine.litellm import ChatLiteLLM


class ChatAnthropic(ChatLiteLLM):
    """A model of Anthropic's, such as claude-sonnet-4-5."""

    provider = "anthropic"
    key_names = ("ANTHROPIC_API_KEY",)
