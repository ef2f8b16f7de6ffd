"""Surprisal of a given text under a causal language model: -log2 p(token t | the tokens before t), in bits.

Scorers of one shape, text -> list of bits, for three ways to a model: `LlamaServer` (`Embedded` starts one), `VLLM`
and `HuggingFace`. The first token has no score, as no BOS token is put before it: n tokens give n - 1 values, of
tokens 2..n in order.

A text longer than the model's window is scored in windows that overlap. The first scores all its tokens but the
first; each later one scores the next `stride` tokens after window - stride tokens of context. So no token has less
context than that, and stride=1 gives every one the fullest, at the cost of one pass a token.
"""

import math
from collections.abc import Callable, Iterator, Sequence

from textgrad.engine.local import LocalEngine, serve
from textgrad.errors import BrokenSystem, UsageError

_NATS_TO_BITS = 1 / math.log(2)
_LONGEST_WINDOW = 2048  # tokens; the logits of longer ones take gigabytes
_SECONDS = 600.0
_WHOLE_VOCABULARY = 10**7


def surprisal(text: str, model: Callable[[str], list[float]]) -> list[float]:
    """Bits of every token of the text but the first.

    Args:
        text: any text; fewer than two tokens give an empty list.
        model: a scorer, such as `LlamaServer("http://127.0.0.1:8080")`.
    """
    return model(text)


def get_scorer(name: str) -> Callable[[str], list[float]]:
    """The scorer of a name.

    Args:
        name: "smollm2" or the path of a .gguf file, for the embedded server; `llama:URL` or `vllm:URL` of a server's
            root; else the name or folder of a Hugging Face causal language model, such as "gpt2".

    Raises:
        UsageError: no such kind of name, or no such file.
        BrokenSystem: a package is missing, or the model cannot be loaded.
    """
    kind, _, address = name.partition(":")
    if kind in ("llama", "vllm") and address.startswith(("http://", "https://")):
        return {"llama": LlamaServer, "vllm": VLLM}[kind](address)
    if name == "smollm2" or name.endswith(".gguf"):
        return Embedded(name)
    if not name or address:
        raise UsageError(
            f"no surprisal model {name!r}; give smollm2, a .gguf file, llama:http://HOST:PORT, "
            "vllm:http://HOST:PORT, or a Hugging Face causal language model such as gpt2"
        )
    return HuggingFace(name)


def windows(n: int, window: int, stride: int | None = None) -> Iterator[tuple[int, int, int]]:
    """How n tokens are scored: `(start, first, end)` scores tokens first..end-1 in the context start..first-1.

    Args:
        n: number of tokens.
        window: most tokens that the model sees at once, >= 2.
        stride: tokens scored by each window after the first, 1..window-1; half the window when left out.
    """
    stride = min(stride or window // 2, window - 1)
    first, end = 1, min(n, window)
    while first < end:
        yield max(0, end - window), first, end
        first, end = end, min(n, end + stride)


class HuggingFace:
    """Scores with a Hugging Face causal language model.

    Args:
        model: a name or folder, or a model: a callable whose result for a batch of ids has `.logits`.
        tokenizer: as `transformers` makes them; loaded with the model where left out.
        window: in tokens; the model's positions, at most 2048, when left out.
        stride: see the module; half the window when left out.

    Raises:
        BrokenSystem: torch or transformers is missing, or the model cannot be loaded.
    """

    def __init__(self, model, tokenizer=None, window: int | None = None, stride: int | None = None):
        if isinstance(model, str):
            model, tokenizer = _load(model)
        self.model, self.tokenizer, self.stride = model, tokenizer, stride
        positions = getattr(getattr(model, "config", None), "max_position_embeddings", None)
        self.window = window or min(positions or _LONGEST_WINDOW, _LONGEST_WINDOW)

    def __call__(self, text: str) -> list[float]:
        import torch

        ids = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        bits: list[float] = []
        for start, first, end in windows(len(ids), self.window, self.stride):
            with torch.inference_mode():
                logits = self.model(torch.tensor([ids[start:end]])).logits[0].float()
            # Logits at position t predict token t + 1: those that score first..end-1 stand one place earlier.
            scoring = logits[first - 1 - start : end - 1 - start]
            nats = torch.nn.functional.cross_entropy(scoring, torch.tensor(ids[first:end]), reduction="none")
            bits += (nats * _NATS_TO_BITS).tolist()
        return bits


def _load(name: str):
    try:
        import torch  # noqa: F401  without it transformers would fail with a long report
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ImportError as error:
        raise BrokenSystem(
            f"the surprisal model {name} needs torch and transformers ({error}); install them, or leave "
            "out --surprisal_model for the embedded model"
        ) from error
    try:
        # In float32 whatever the files hold: half precision is off by some hundredths of a bit, and slow on a CPU.
        return AutoModelForCausalLM.from_pretrained(name).float().eval(), AutoTokenizer.from_pretrained(name)
    except (OSError, ValueError) as error:
        raise BrokenSystem(f"cannot load the surprisal model {name}: {str(error).splitlines()[0]}") from error


class LlamaServer:
    """Scores with a llama.cpp server: a grammar forces the text's own tokens, and their log-probabilities come back.

    A token that is no whole character (part of an emoji, of a rare script) cannot stand in a grammar: it is looked up
    in the whole distribution at its place, at a request each.

    Args:
        base_url: the server's root, such as http://127.0.0.1:8080; a /v1 at its end is dropped.
        stride: see the module; half the context of a slot when left out.
        timeout: seconds a request may take.
    """

    def __init__(self, base_url: str, stride: int | None = None, timeout: float = _SECONDS):
        self.base_url, self.stride, self.timeout = _root(base_url), stride, timeout

    def __call__(self, text: str) -> list[float]:
        tokens = self._tokens(text)
        if len(tokens) < 2:
            return []
        ids = [token["id"] for token in tokens]
        whole = [isinstance(token["piece"], str) and "\0" not in token["piece"] for token in tokens]
        context = self._ask("GET", "/props", None)["default_generation_settings"]["n_ctx"]
        bits: list[float] = []
        for start, first, end in windows(len(ids), context - 1, self.stride):
            for begin, stop in _runs(whole, first, end):
                score = self._forced if whole[begin] else self._looked_up
                bits += score(ids[start:begin], ids[begin:stop])
        return bits

    def _tokens(self, text: str) -> list[dict]:
        return self._ask(
            "POST", "/tokenize", {"content": text, "add_special": False, "parse_special": False, "with_pieces": True}
        )["tokens"]

    def _forced(self, context: Sequence[int], wanted: Sequence[int]) -> list[float]:
        grammar = "root ::= " + " ".join(f"<[{token}]>" for token in wanted)
        given = self._complete(context, len(wanted), grammar=grammar, n_probs=1)
        if [token["id"] for token in given] != list(wanted):
            raise BrokenSystem(
                f"{self.base_url} did not keep to a grammar of tokens: it is no llama.cpp server that can score texts"
            )
        return [-token["logprob"] * _NATS_TO_BITS for token in given]

    def _looked_up(self, context: Sequence[int], wanted: Sequence[int]) -> list[float]:
        """For one wanted token. The server sends probabilities with whole characters only, so it is made to say "a"."""
        said = self._tokens("a")[0]["id"]
        for many in (100, _WHOLE_VOCABULARY):
            row = self._complete(context, 1, logit_bias=[[said, 1e5]], n_probs=many)[0]["top_logprobs"]
            if found := [token["logprob"] for token in row if token["id"] == wanted[0]]:
                return [-found[0] * _NATS_TO_BITS]
        raise BrokenSystem(f"{self.base_url} gave no probability for token {wanted[0]}")

    def _complete(self, context: Sequence[int], n: int, **how) -> list[dict]:
        reply = self._ask(
            "POST",
            "/completion",
            {"prompt": list(context), "n_predict": n, "temperature": 0, "cache_prompt": True, **how},
        )
        return reply.get("completion_probabilities", [])

    def _ask(self, method: str, path: str, body: dict | None) -> dict:
        return _ask(method, self.base_url + path, body, self.timeout)


class Embedded:
    """Scores with the llama.cpp server inside this program, which starts at the first text.

    Args:
        model: "smollm2" or the path of a .gguf file.

    Raises:
        UsageError: the file is missing or no GGUF file.
        BrokenSystem: a package is missing.
    """

    def __init__(self, model: str = "smollm2"):
        self._engine = LocalEngine(model)

    def __call__(self, text: str) -> list[float]:
        server = serve(self._engine.path, self._engine.settings)
        with server.slots:
            return LlamaServer(server.url)(text)


class VLLM:
    """Scores with a vLLM server through `prompt_logprobs`.

    Args:
        base_url: the server's root; a /v1 at its end is dropped.
        model: its name there; the first the server lists when left out.
        stride: see the module; half the model's length when left out.
        api_key: sent where given.
        timeout: seconds a request may take.
    """

    def __init__(
        self,
        base_url: str,
        model: str | None = None,
        stride: int | None = None,
        api_key: str | None = None,
        timeout: float = _SECONDS,
    ):
        self.base_url, self.model, self.stride, self.timeout = _root(base_url), model, stride, timeout
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}

    def __call__(self, text: str) -> list[float]:
        if self.model is None:
            self.model = self._ask("GET", "/v1/models", None)["data"][0]["id"]
        found = self._ask("POST", "/tokenize", {"model": self.model, "prompt": text, "add_special_tokens": False})
        ids, longest = found["tokens"], found["max_model_len"]
        bits: list[float] = []
        for start, first, end in windows(len(ids), min(longest - 1, _LONGEST_WINDOW), self.stride):
            bits += self._scores(ids[start:end])[first - start :]
        return bits

    def _scores(self, ids: Sequence[int]) -> list[float]:
        """One value a token; the first, which has no score, is NaN."""
        body = {"model": self.model, "prompt": list(ids), "max_tokens": 1, "temperature": 0, "prompt_logprobs": 0}
        rows = self._ask("POST", "/v1/completions", body)["choices"][0].get("prompt_logprobs") or []
        if len(rows) != len(ids):
            raise BrokenSystem(f"{self.base_url} sent no prompt_logprobs: it is no vLLM server that can score texts")
        return [math.nan] + [-row[str(token)]["logprob"] * _NATS_TO_BITS for token, row in zip(ids[1:], rows[1:])]

    def _ask(self, method: str, path: str, body: dict | None) -> dict:
        return _ask(method, self.base_url + path, body, self.timeout, self._headers)


def _runs(whole: Sequence[bool], first: int, end: int) -> Iterator[tuple[int, int]]:
    """Cuts first..end-1 into runs of whole tokens and single tokens that are not."""
    begin = first
    while begin < end:
        stop = begin + 1
        while whole[begin] and stop < end and whole[stop]:
            stop += 1
        yield begin, stop
        begin = stop


def _root(base_url: str) -> str:
    return base_url.rstrip("/").removesuffix("/v1")


def _ask(method: str, url: str, body: dict | None, timeout: float, headers: dict | None = None) -> dict:
    """The JSON that a server answers.

    Raises:
        BrokenSystem: it does not answer, or not with JSON of status 200.
    """
    import httpx

    try:
        reply = httpx.request(method, url, json=body, timeout=timeout, headers=headers)
    except httpx.HTTPError as error:
        raise BrokenSystem(f"no surprisal from {url}: {type(error).__name__} {error}") from error
    if reply.status_code != 200:
        raise BrokenSystem(f"no surprisal from {url}: status {reply.status_code}, {reply.text[:200]!r}")
    try:
        return reply.json()
    except ValueError as error:
        raise BrokenSystem(f"no surprisal from {url}: its answer is no JSON") from error
