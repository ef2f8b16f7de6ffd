"""Models at an Ollama server, which is also how the paper's code reaches OpenRouter and Together."""

from textgrad.engine.openai_compatible import openai_compatible

ENGINES = (
    openai_compatible(
        "ollama-", variables="OLLAMA", default_url="http://localhost:11434/v1", example="ollama-llama3.1"
    ),
)
