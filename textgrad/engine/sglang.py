"""Models at an SGLang server."""

from textgrad.engine.openai_compatible import openai_compatible

ENGINES = (
    openai_compatible(
        "sglang-", variables="SGLANG", default_url="http://localhost:30000/v1", example="sglang-llama3.1"
    ),
)
