"""Surprisal against models with known probabilities: the shift by one, windows and conventions.

Tokens are characters. One model is a bigram with the table below. In the other each token has the probability
1 / (1 + earlier tokens), so its surprisal shows the length of the context.
"""

import json
import math
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from textgrad.errors import BrokenSystem, UsageError
from utils.metrics.surprisal import get_scorer
from utils.metrics.surprisal.embedded import Embedded
from utils.metrics.surprisal.huggingface import HuggingFace
from utils.metrics.surprisal.llama import LlamaServer
from utils.metrics.surprisal.vllm import VLLM
from utils.metrics.surprisal.windows import windows

BIGRAM = {
    "a": {"a": 0.5, "b": 0.25, "c": 0.25},
    "b": {"a": 0.125, "b": 0.75, "c": 0.125},
    "c": {"a": 0.25, "b": 0.25, "c": 0.5},
}
TOKENS = "abc"
ABBAC = [2.0, -math.log2(0.75), 3.0, 2.0]  # p(b|a), p(b|b), p(a|b), p(c|a)


def _bigram(before: list[int], token: int) -> float:
    return math.log(BIGRAM[TOKENS[before[-1]]][TOKENS[token]])


def _counting(before: list[int], token: int) -> float:
    return -math.log(1 + len(before))


class _Server:
    """A llama.cpp and a vLLM server in one, for either model."""

    def __init__(self, model, n_ctx=64, broken=None):
        self.model, self.n_ctx, self.broken, self.requests = model, n_ctx, broken, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self._send(outer.get(self.path))

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append((self.path, body))
                self._send(outer.post(self.path, body))

            def _send(self, reply):
                data = json.dumps(reply).encode()
                self.send_response(500 if outer.broken == "status" else 200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def close(self):
        self._http.shutdown()
        self._http.server_close()

    def get(self, path):
        return {
            "/props": {"default_generation_settings": {"n_ctx": self.n_ctx}},
            "/v1/models": {"data": [{"id": "tiny"}]},
        }[path]

    def post(self, path, body):
        if path == "/tokenize" and "prompt" in body:
            assert body["model"] == "tiny" and body["add_special_tokens"] is False
            return {"tokens": [TOKENS.index(c) for c in body["prompt"]], "max_model_len": self.n_ctx}
        if path == "/tokenize":
            assert body["add_special"] is False and body["parse_special"] is False
            # "c" plays a token that is not a whole character
            return {"tokens": [{"id": TOKENS.index(c), "piece": [240] if c == "c" else c} for c in body["content"]]}
        return self.completion(body) if path == "/completion" else self.completions(body)

    def completion(self, body):
        context, n = body["prompt"], body["n_predict"]
        assert len(context) > 0 and len(context) + n < self.n_ctx
        if "logit_bias" in body:
            row = [{"id": token, "logprob": self.model(context, token)} for token in range(3)]
            row.sort(key=lambda entry: -entry["logprob"])
            row = row[:1] if body["n_probs"] == 100 else row  # as if the token were not among the most likely
            return {"completion_probabilities": [{"id": 0, "top_logprobs": row}]}
        wanted = [int(token) for token in re.findall(r"<\[(\d+)\]>", body["grammar"])]
        assert len(wanted) == n and 2 not in wanted
        if self.broken == "grammar":
            wanted = [0] * n
        return {
            "completion_probabilities": [
                {"id": token, "logprob": self.model(context + wanted[:place], token)}
                for place, token in enumerate(wanted)
            ]
        }

    def completions(self, body):
        ids = body["prompt"]
        assert len(ids) + body["max_tokens"] <= self.n_ctx
        rows = [None] + [
            {str(token): {"logprob": self.model(ids[:place], token)}} for place, token in enumerate(ids) if place
        ]
        return {"choices": [{"prompt_logprobs": None if self.broken == "no logprobs" else rows}]}


@pytest.fixture
def server():
    started = []

    def start(*args, **kwargs):
        started.append(_Server(*args, **kwargs))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.mark.parametrize("scorer", [LlamaServer, VLLM])
def test_each_token_is_scored_from_the_tokens_before_it(server, scorer):
    assert scorer(server(_bigram).url)("abbac") == pytest.approx(ABBAC)


@pytest.mark.parametrize("scorer", [LlamaServer, VLLM])
def test_a_final_v1_in_the_address_is_ignored(server, scorer):
    assert scorer(server(_bigram).url + "/v1/")("ab") == pytest.approx([2.0])


@pytest.mark.parametrize("scorer", [LlamaServer, VLLM])
@pytest.mark.parametrize("text", ["", "a"])
def test_the_first_token_has_no_score(server, scorer, text):
    assert scorer(server(_bigram).url)(text) == []


@pytest.mark.parametrize("scorer", [LlamaServer, VLLM])
def test_a_long_text_is_scored_in_windows_with_at_least_half_the_context(server, scorer):
    bits = scorer(server(_counting, n_ctx=9).url)("ab" * 20)  # a window of 8, a stride of 4
    context = [round(2**bit) - 1 for bit in bits]
    assert context[:7] == [1, 2, 3, 4, 5, 6, 7]
    assert context[7:] == [4, 5, 6, 7] * 8 and len(bits) == 39


@pytest.mark.parametrize("scorer", [LlamaServer, VLLM])
def test_a_stride_of_one_gives_every_token_the_full_context(server, scorer):
    bits = scorer(server(_counting, n_ctx=9).url, stride=1)("ab" * 10)
    assert [round(2**bit) - 1 for bit in bits] == [1, 2, 3, 4, 5, 6, 7] + [7] * 12


def test_a_token_that_is_not_a_whole_character_is_looked_up(server):
    fake = server(_bigram)
    assert LlamaServer(fake.url)("accb") == pytest.approx([2.0, 1.0, 2.0])
    assert [body["n_probs"] for path, body in fake.requests if path == "/completion"] == [100, 10**7, 100, 1]


def test_a_server_that_ignores_the_grammar_is_detected(server):
    with pytest.raises(BrokenSystem, match="grammar"):
        LlamaServer(server(_bigram, broken="grammar").url)("abb")


def test_a_server_without_prompt_logprobs_is_detected(server):
    with pytest.raises(BrokenSystem, match="prompt_logprobs"):
        VLLM(server(_bigram, broken="no logprobs").url)("abb")


@pytest.mark.parametrize("scorer", [LlamaServer, VLLM])
@pytest.mark.parametrize("context", [0, -1, 1, 2, 10**12, "many", None, float("nan"), 1e300, True, [8]])
def test_a_context_length_that_makes_no_sense_is_reported_in_one_line(server, scorer, context):
    with pytest.raises(BrokenSystem, match="no surprisal from http://127.0.0.1.*the context length") as raised:
        scorer(server(_bigram, n_ctx=context).url)("abb")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("scorer", [LlamaServer, VLLM])
@pytest.mark.parametrize("logprob", [float("nan"), float("-inf"), 5.0, 0.01, "x", None, -(10**400), {}])
def test_a_log_probability_that_makes_no_sense_is_reported_in_one_line(server, scorer, logprob):
    odd = server(lambda before, token: logprob)
    with pytest.raises(BrokenSystem, match="no surprisal from http://127.0.0.1.*a log probability") as raised:
        scorer(odd.url)("abb")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("scorer", [LlamaServer, VLLM])
@pytest.mark.parametrize("reply", [[], {}, 3, None, "text", {"tokens": None, "data": []}, {"tokens": [{}, {}]}])
def test_a_reply_of_another_form_is_reported_in_one_line(server, scorer, reply):
    odd = server(_bigram)
    odd.get = lambda path: {"data": [{"id": "tiny"}]} if path == "/v1/models" else reply
    odd.post = lambda path, body: reply
    with pytest.raises(BrokenSystem, match="no surprisal from http://127.0.0.1") as raised:
        scorer(odd.url)("abb")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("scorer", [LlamaServer, VLLM])
def test_a_failing_or_missing_server_is_reported_in_one_line(server, scorer):
    with pytest.raises(BrokenSystem, match="status 500"):
        scorer(server(_bigram, broken="status").url)("abb")
    with pytest.raises(BrokenSystem, match="no surprisal from http://127.0.0.1:9/"):
        scorer("http://127.0.0.1:9")("abb")


@pytest.mark.parametrize(
    "n, window, stride",
    [
        (1, 8, None),
        (2, 8, None),
        (8, 8, None),
        (9, 8, None),
        (100, 8, None),
        (100, 8, 1),
        (100, 8, 7),
        (100, 2, None),
        (53, 7, 100),
    ],
)
def test_windows_score_every_token_but_the_first_exactly_once(n, window, stride):
    cuts = list(windows(n, window, stride))
    assert [token for _, first, end in cuts for token in range(first, end)] == list(range(1, n))
    for start, first, end in cuts:
        assert 0 <= start < first and end - start <= window
        assert start == 0 or first - start >= window - (min(stride or window // 2, window - 1))


def test_the_name_selects_the_scorer():
    assert isinstance(get_scorer("llama:http://127.0.0.1:1"), LlamaServer)
    assert isinstance(get_scorer("vllm:http://127.0.0.1:1/v1"), VLLM)
    assert isinstance(get_scorer("local-me/tiny-GGUF"), Embedded)
    for nonsense in ("", "other:http://127.0.0.1", "llama:here"):
        with pytest.raises(UsageError, match="smollm2"):
            get_scorer(nonsense)


def test_a_hugging_face_model_without_torch_is_a_one_line_error(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(BrokenSystem, match="needs torch and transformers"):
        get_scorer("gpt2")


# --- Hugging Face ---


class _CharacterTokenizer:
    def __call__(self, text, add_special_tokens):
        assert add_special_tokens is False
        return {"input_ids": [TOKENS.index(c) for c in text]}


class _Tiny:
    """A causal model of torch tensors: logits of the next token at each position."""

    def __init__(self, model, positions=None):
        self.model = model
        self.config = type("Config", (), {"max_position_embeddings": positions})

    def __call__(self, ids):
        import torch

        rows = [
            [
                self.model(ids[0, : place + 1].tolist(), token) + 5.0 for token in range(3)
            ]  # any constant may be added to logits
            for place in range(ids.shape[1])
        ]
        return type("Output", (), {"logits": torch.tensor([rows])})


def test_hugging_face_logits_are_shifted_by_one():
    pytest.importorskip("torch", reason="torch is not installed")
    assert HuggingFace(_Tiny(_bigram), _CharacterTokenizer())("abbac") == pytest.approx(ABBAC, abs=1e-5)
    assert HuggingFace(_Tiny(_bigram), _CharacterTokenizer())("a") == []


def _needs_context(before: list[int], token: int) -> float:
    """Token 0 has the probability 1 / (1 + earlier tokens); the other two share the rest."""
    first = 1 / (1 + len(before))
    return math.log(first if token == 0 else (1 - first) / 2)


def test_hugging_face_windows_give_the_same_context_as_the_servers():
    pytest.importorskip("torch", reason="torch is not installed")
    bits = HuggingFace(_Tiny(_needs_context, positions=8), _CharacterTokenizer())("a" * 20)
    assert [round(2**bit) - 1 for bit in bits] == [1, 2, 3, 4, 5, 6, 7] + [4, 5, 6, 7] * 3


def test_a_real_architecture_agrees_with_softmax_by_hand():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    torch.manual_seed(0)
    model = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(vocab_size=3, n_positions=16, n_embd=8, n_layer=2, n_head=2)
    ).eval()
    ids = [TOKENS.index(c) for c in "abcabba"]
    expected = []
    for place in range(1, len(ids)):
        with torch.inference_mode():
            logits = model(torch.tensor([ids[:place]])).logits[0, -1].tolist()
        expected.append(math.log2(sum(math.exp(logit) for logit in logits)) - logits[ids[place]] / math.log(2))
    assert HuggingFace(model, _CharacterTokenizer())("abcabba") == pytest.approx(expected, abs=1e-4)
