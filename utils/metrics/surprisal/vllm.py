"""Surprisal from a vLLM server."""

import math
from collections.abc import Sequence

from textgrad.errors import BrokenSystem
from utils.metrics.surprisal.http import TIMEOUT, ask_json, bits_of, context_of, reading_reply, server_root
from utils.metrics.surprisal.windows import LONGEST_WINDOW, windows


class VLLM:
    """Score texts with a vLLM server through `prompt_logprobs`.

    Args:
        base_url: the server's root; a final /v1 is ignored.
        model: its name on the server; default: the first model that the server lists.
        stride: see `windows`; default: half the model's length.
        api_key: sent if given.
        timeout: seconds per request.
    """

    def __init__(
        self,
        base_url: str,
        model: str | None = None,
        stride: int | None = None,
        api_key: str | None = None,
        timeout: float = TIMEOUT,
    ):
        self.base_url, self.model, self.stride, self.timeout = server_root(base_url), model, stride, timeout
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}

    def __call__(self, text: str) -> list[float]:
        """Return the bits of every token but the first."""
        with reading_reply(self.base_url):
            return self._bits(text)

    def _bits(self, text: str) -> list[float]:
        if self.model is None:
            self.model = self._ask("GET", "/v1/models", None)["data"][0]["id"]
        tokenized = self._ask("POST", "/tokenize", {"model": self.model, "prompt": text, "add_special_tokens": False})
        ids, longest = tokenized["tokens"], context_of(tokenized["max_model_len"])
        bits: list[float] = []
        for start, first, end in windows(len(ids), min(longest - 1, LONGEST_WINDOW), self.stride):
            bits += self._score(ids[start:end])[first - start :]
        return bits

    def _score(self, ids: Sequence[int]) -> list[float]:
        """Return one value per token; the first, which has no score, is NaN."""
        body = {"model": self.model, "prompt": list(ids), "max_tokens": 1, "temperature": 0, "prompt_logprobs": 0}
        rows = self._ask("POST", "/v1/completions", body)["choices"][0].get("prompt_logprobs") or []
        if len(rows) != len(ids):
            raise BrokenSystem(f"{self.base_url} sent no prompt_logprobs: only a vLLM server can score texts")
        scored = zip(ids[1:], rows[1:], strict=True)
        return [math.nan] + [bits_of(row[str(token)]["logprob"]) for token, row in scored]

    def _ask(self, method: str, path: str, body: dict | None) -> dict:
        return ask_json(method, self.base_url + path, body, self.timeout, self._headers)
