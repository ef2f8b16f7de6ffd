"""Claude at Anthropic, through LiteLLM."""

from textgrad.engine.kind import EngineKind
from textgrad.engine.litellm import ChatLiteLLM


class ChatAnthropic(ChatLiteLLM):
    """A Claude model, such as claude-sonnet-4-5."""

    provider = "anthropic"
    key_names = ("ANTHROPIC_API_KEY",)


ENGINES = (
    EngineKind(
        r"(claude-.+)",
        ChatAnthropic,
        "claude-sonnet-4-5",
        "LiteLLM, ANTHROPIC_API_KEY",
        short_names={
            "opus": "claude-3-opus-20240229",
            "haiku": "claude-3-haiku-20240307",
            "sonnet": "claude-3-sonnet-20240229",
            "sonnet-3.5": "claude-3-5-sonnet-20240620",
        },
    ),
)
