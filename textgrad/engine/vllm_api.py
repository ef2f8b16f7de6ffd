"""Models at a vLLM server. `vllm.py` runs vLLM inside this process instead."""

from textgrad.engine.openai_compatible import openai_compatible

ENGINES = (
    openai_compatible(
        "vllm-api-",
        variables="VLLM",
        default_url="http://localhost:8000/v1",
        example="vllm-api-llama3.1",
        short_names={
            "vllm-api-llama3": "vllm-api-meta-llama/Meta-Llama-3-8B-Instruct",
            "vllm-api-llama3.1": "vllm-api-meta-llama/Meta-Llama-3.1-8B-Instruct",
        },
    ),
)
