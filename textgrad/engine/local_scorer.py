"""Log probabilities of a text with OpenVINO GenAI."""

import itertools
import threading
from collections.abc import Callable, Sequence
from typing import Any


class Scorer:
    """Log probabilities of the tokens of a text, under the model itself.

    OpenVINO reports none for a prefix that it has kept. Therefore a second pipeline, which keeps no prefixes and is
    loaded at the first use, scores texts.

    Args:
        load: loads a `ContinuousBatchingPipeline` without prefix cache.
        library: the module openvino_genai.
        tokenizer: the model's `Tokenizer`.
    """

    def __init__(self, load: Callable[[], Any], library: Any, tokenizer: Any):
        self._load, self._library, self._tokenizer = load, library, tokenizer
        self._pipeline: Any = None
        self._lock = threading.Lock()
        self._numbers = itertools.count()

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of a text, without special ones."""
        return self._tokenizer.encode(text, add_special_tokens=False).input_ids.data.flatten().tolist()

    def log_probabilities(self, tokens: Sequence[int]) -> list[float]:
        """Return the natural logarithms of the probabilities of tokens 2..n, given the tokens before each.

        Args:
            tokens: at least one, and at most the context length - 1.
        """
        import numpy as np
        import openvino

        ids = openvino.Tensor(np.array([tokens], dtype=np.int64))
        with self._lock:
            self._pipeline = self._pipeline or self._load()
            config = self._pipeline.get_config()
            config.max_new_tokens, config.ignore_eos, config.echo, config.logprobs = 1, True, True, 1
            config.do_sample = False
            handle = self._pipeline.add_request(next(self._numbers), ids, config)
            while handle.get_status() == self._library.GenerationStatus.RUNNING:
                self._pipeline.step()
            return handle.read_all()[0].generated_log_probs[1:-1]  # of the first token, unknown, to a generated one
