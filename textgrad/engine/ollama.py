"""Models at an Ollama server. The paper's code also uses these names for OpenRouter and Together."""

from textgrad.engine.openai_compatible import openai_compatible

ENGINES = (
    openai_compatible(
        "ollama-", variables="OLLAMA", default_url="http://localhost:11434/v1", example="ollama-llama3.1"
    ),
)
