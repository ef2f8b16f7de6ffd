"""Surprisal from a llama.cpp server."""

from collections.abc import Iterator, Sequence

from textgrad.errors import BrokenSystem
from utils.metrics.surprisal.http import TIMEOUT, ask_json, bits_of, context_of, reading_reply, server_root
from utils.metrics.surprisal.windows import windows

_FULL_VOCABULARY = 10**7


class LlamaServer:
    """Score texts with a llama.cpp server: a grammar forces the text's own tokens, and the reply has their logprobs.

    A grammar cannot express a token that is only part of a character, as in emojis and rare scripts. Such a token is
    looked up in the full distribution at its position, at the cost of one request per token.

    Args:
        base_url: the server's root, such as http://127.0.0.1:8080; a final /v1 is ignored.
        stride: see `windows`; default: half the context of a slot.
        timeout: seconds per request.
    """

    def __init__(self, base_url: str, stride: int | None = None, timeout: float = TIMEOUT):
        self.base_url, self.stride, self.timeout = server_root(base_url), stride, timeout

    def __call__(self, text: str) -> list[float]:
        """Return the bits of every token but the first."""
        with reading_reply(self.base_url):
            return self._bits(text)

    def _bits(self, text: str) -> list[float]:
        tokens = self._tokens(text)
        if len(tokens) < 2:
            return []
        ids = [token["id"] for token in tokens]
        is_complete = [isinstance(token["piece"], str) and "\0" not in token["piece"] for token in tokens]
        context = context_of(self._ask("GET", "/props", None)["default_generation_settings"]["n_ctx"])
        bits: list[float] = []
        for start, first, end in windows(len(ids), context - 1, self.stride):
            for begin, stop in _runs(is_complete, first, end):
                score = self._score_forced if is_complete[begin] else self._look_up
                bits += score(ids[start:begin], ids[begin:stop])
        return bits

    def _tokens(self, text: str) -> list[dict]:
        return self._ask(
            "POST", "/tokenize", {"content": text, "add_special": False, "parse_special": False, "with_pieces": True}
        )["tokens"]

    def _score_forced(self, context: Sequence[int], wanted: Sequence[int]) -> list[float]:
        grammar = "root ::= " + " ".join(f"<[{token}]>" for token in wanted)
        generated = self._complete(context, len(wanted), grammar=grammar, n_probs=1)
        if [token["id"] for token in generated] != list(wanted):
            raise BrokenSystem(
                f"{self.base_url} ignored a grammar of tokens: only a llama.cpp server with grammars can score texts"
            )
        return [bits_of(token["logprob"]) for token in generated]

    def _look_up(self, context: Sequence[int], wanted: Sequence[int]) -> list[float]:
        """Return the bits of one token."""
        # The server reports probabilities only with whole characters, so force it to write "a".
        forced = self._tokens("a")[0]["id"]
        for n_probs in (100, _FULL_VOCABULARY):
            row = self._complete(context, 1, logit_bias=[[forced, 1e5]], n_probs=n_probs)[0]["top_logprobs"]
            if found := [token["logprob"] for token in row if token["id"] == wanted[0]]:
                return [bits_of(found[0])]
        raise BrokenSystem(f"{self.base_url} gave no probability for token {wanted[0]}")

    def _complete(self, context: Sequence[int], n: int, **options) -> list[dict]:
        body = {"prompt": list(context), "n_predict": n, "temperature": 0, "cache_prompt": True, **options}
        return self._ask("POST", "/completion", body).get("completion_probabilities", [])

    def _ask(self, method: str, path: str, body: dict | None) -> dict:
        return ask_json(method, self.base_url + path, body, self.timeout)


def _runs(is_complete: Sequence[bool], first: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield (begin, stop) of runs of complete tokens, and of each incomplete token, within first..end-1."""
    begin = first
    while begin < end:
        stop = begin + 1
        while is_complete[begin] and stop < end and is_complete[stop]:
            stop += 1
        yield begin, stop
        begin = stop
