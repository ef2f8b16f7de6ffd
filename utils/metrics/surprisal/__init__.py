"""Surprisal of a given text under a causal language model: -log2 p(token t | earlier tokens), in bits.

A scorer is a function text -> list of bits. The first token has no score, as no BOS token precedes it: n tokens give
n - 1 values, of tokens 2..n in order.

A text longer than the model's window is scored in overlapping windows. The first window scores all its tokens but the
first; each later window scores the next `stride` tokens after window - stride tokens of context. So every later token
has at least that much context, and stride=1 gives each token the full context at the cost of one pass per token.
"""

from collections.abc import Callable

from textgrad.errors import UsageError


def get_scorer(name: str) -> Callable[[str], list[float]]:
    """Return the scorer for a model.

    Args:
        name: "smollm2", the path of a .gguf file or "local-<model>" for the embedded server; `llama:URL` or `vllm:URL`
            with a server's root; else the name or folder of a Hugging Face causal language model, such as "gpt2".

    Raises:
        UsageError: malformed name, or missing file.
        BrokenSystem: a package is missing, or the model cannot be loaded.
    """
    kind, _, address = name.partition(":")
    if kind in ("llama", "vllm") and address.startswith(("http://", "https://")):
        if kind == "vllm":
            from utils.metrics.surprisal.vllm import VLLM

            return VLLM(address)
        from utils.metrics.surprisal.llama import LlamaServer

        return LlamaServer(address)
    if name == "smollm2" or name.startswith("local-") or name.endswith(".gguf"):
        from utils.metrics.surprisal.embedded import Embedded

        return Embedded(name.removeprefix("local-"))
    if not name or address:
        raise UsageError(
            f"unknown surprisal model {name!r}: use smollm2, a .gguf file, local-<model>, llama:http://HOST:PORT, "
            "vllm:http://HOST:PORT, or a Hugging Face causal language model such as gpt2"
        )
    from utils.metrics.surprisal.huggingface import HuggingFace

    return HuggingFace(name)
