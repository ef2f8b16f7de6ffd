"""The published code's import path of vLLM inside this process."""

from textgrad.engine.vllm import ChatVLLM

__all__ = ["ChatVLLM"]
