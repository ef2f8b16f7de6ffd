"""Surprisal from a Hugging Face causal language model."""

from typing import Any

from textgrad.errors import BrokenSystem
from utils.metrics.surprisal.windows import LONGEST_WINDOW, NATS_TO_BITS, windows


class HuggingFace:
    """Score texts with a Hugging Face causal language model.

    Args:
        model: name, folder, or a callable whose result for a batch of token ids has `.logits`.
        tokenizer: a `transformers` tokenizer; default: the model's own.
        window: in tokens; default: the model's positions, at most 2048.
        stride: see `windows`.

    Raises:
        BrokenSystem: torch or transformers is missing, or the model cannot be loaded.
    """

    def __init__(self, model: Any, tokenizer: Any = None, window: int | None = None, stride: int | None = None):
        if isinstance(model, str):
            model, tokenizer = _load(model)
        self.model, self.tokenizer, self.stride = model, tokenizer, stride
        positions = getattr(getattr(model, "config", None), "max_position_embeddings", None)
        self.window = window or min(positions or LONGEST_WINDOW, LONGEST_WINDOW)

    def __call__(self, text: str) -> list[float]:
        """Return the bits of every token but the first."""
        import torch

        ids = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        bits: list[float] = []
        for start, first, end in windows(len(ids), self.window, self.stride):
            with torch.inference_mode():
                logits = self.model(torch.tensor([ids[start:end]])).logits[0].float()
            # Logits at position t predict token t + 1, so those for first..end-1 are one position earlier.
            scoring = logits[first - 1 - start : end - 1 - start]
            nats = torch.nn.functional.cross_entropy(scoring, torch.tensor(ids[first:end]), reduction="none")
            bits += (nats * NATS_TO_BITS).tolist()
        return bits


def _load(name: str) -> tuple[Any, Any]:
    try:
        import torch  # noqa: F401  without torch, transformers fails with a long traceback
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ImportError as error:
        raise BrokenSystem(
            f"the surprisal model {name} needs torch and transformers ({error}); install them, or leave "
            "out --surprisal_model for the embedded model"
        ) from error
    try:
        # Always float32: half precision is off by some hundredths of a bit, and slow on a CPU.
        return AutoModelForCausalLM.from_pretrained(name).float().eval(), AutoTokenizer.from_pretrained(name)
    except (OSError, ValueError) as error:
        raise BrokenSystem(f"cannot load the surprisal model {name}: {str(error).splitlines()[0]}") from error
