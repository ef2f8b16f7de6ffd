"""The HTTP server over OpenVINO, with a pipeline that answers from a script."""

import http.client
import json
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from textgrad.engine.local_batch import Batch
from textgrad.engine.local_http import Server

LIBRARY = SimpleNamespace(
    GenerationStatus=SimpleNamespace(RUNNING=0, FINISHED=1),
    GenerationFinishReason=SimpleNamespace(STOP=1, LENGTH=2),
    StructuredOutputConfig=lambda grammar: grammar,
)


class Handle:
    def __init__(self, config, text):
        self.config, self.text, self.steps, self.cancelled = config, text, 0, False

    def get_status(self):
        return int(self.steps >= min(len(self.text), self.config.max_new_tokens))

    def cancel(self):
        self.cancelled = True

    def read_all(self):
        cut = len(self.text) > self.config.max_new_tokens
        ids = list(map(ord, self.text[: self.config.max_new_tokens]))
        return [SimpleNamespace(generated_ids=ids, finish_reason=2 if cut else 1)] if ids else []


class Pipeline:
    """One token per character: of the prompt, and of the reply `text`, one per step."""

    def __init__(self, text):
        self.text, self.handles, self.companions, self.prompts = text, [], [], []

    def get_tokenizer(self):
        return self

    def get_config(self):
        return SimpleNamespace()

    def apply_chat_template(self, messages, add_generation_prompt):
        if messages[0]["role"] == "system":
            raise RuntimeError("System role not supported")
        return "".join(message["content"] for message in messages)

    def encode(self, prompt, add_special_tokens):
        self.prompts.append(prompt)
        return SimpleNamespace(input_ids=np.zeros((1, len(prompt))))

    def decode(self, ids):
        return "".join(map(chr, ids))

    def add_request(self, number, tokens, config):
        if hasattr(config, "ignore_eos"):
            self.companions.append(Handle(config, "1 2 3"))
            return self.companions[-1]
        self.handles.append(Handle(config, self.text))
        return self.handles[-1]

    def step(self):
        time.sleep(0.001)
        assert any(not companion.get_status() for companion in self.companions)
        for handle in (*self.handles, *self.companions):
            handle.steps += 1


@pytest.fixture
def ask():
    servers = []

    def start(text, context=100):
        pipeline = Pipeline(text)
        batch = Batch(pipeline, LIBRARY, pipeline, context)
        servers.append(server := Server(0, batch, None, {"id": "m", "max_model_len": context}))
        for work in (batch.run, server.serve_forever):
            threading.Thread(target=work, daemon=True).start()

        def post(content="hello", role="user", timeout=10, **options):
            connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=timeout)
            body = {"messages": [{"role": role, "content": content}], **options}
            try:
                connection.request("POST", "/v1/chat/completions", json.dumps(body))
                return json.load(connection.getresponse())
            finally:
                connection.close()

        return pipeline, post

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_reply_has_its_text_its_finish_reason_and_its_token_counts(ask):
    _, post = ask("a reply")
    reply = post(max_tokens=20)
    assert reply["choices"][0]["message"]["content"] == "a reply" and reply["choices"][0]["finish_reason"] == "stop"
    assert reply["usage"] == {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    assert post(max_tokens=3)["choices"][0]["finish_reason"] == "length"


def test_a_reply_ends_where_the_context_ends(ask):
    _, post = ask("a reply", context=9)
    assert post(max_tokens=20)["usage"]["completion_tokens"] == 4


def test_a_prompt_longer_than_the_context_is_an_error_that_names_both_lengths(ask):
    _, post = ask("a reply", context=5)
    assert "request (5 tokens) exceeds the available context size (5 tokens)" in post()["error"]["message"]


def test_an_error_of_the_chat_template_is_reported_and_later_requests_are_answered(ask):
    _, post = ask("a reply")
    assert "System role not supported" in post(role="system")["error"]["message"]
    assert post()["choices"]


def test_temperature_0_is_greedy_and_other_temperatures_pass_seed_and_top_p(ask):
    pipeline, post = ask("a reply")
    post(temperature=0, seed=3)
    post(temperature=0.7, top_p=0.9, seed=3)
    greedy, sampled = (handle.config for handle in pipeline.handles)
    assert not greedy.do_sample and not hasattr(greedy, "rng_seed")
    assert (sampled.do_sample, sampled.temperature, sampled.top_p, sampled.rng_seed) == (True, 0.7, 0.9, 3)


@pytest.mark.parametrize("text, inside", [("better</V> rest", "better"), ("", ""), ("x" * 400, "x" * 300)])
def test_required_tags_enclose_the_reply_whatever_the_model_writes(ask, text, inside):
    pipeline, post = ask(text, context=1000)
    choice = post(within=["<V>", "</V>"], max_tokens=500)["choices"][0]
    assert choice["message"]["content"] == f"<V>\n{inside}</V>" and choice["finish_reason"] == "stop"
    assert pipeline.prompts[0] == "hello<V>\n" and pipeline.handles[0].config.stop_strings == {"<"}


def test_a_request_is_never_alone_in_a_step(ask):
    pipeline, post = ask("a reply")
    post()
    post()
    assert len(pipeline.companions) > 1  # of 5 tokens each, and `Pipeline.step` checks that one is running


def test_a_client_that_disconnects_cancels_its_request(ask):
    pipeline, post = ask("endless " * 10_000, context=100_000)
    with pytest.raises(TimeoutError):
        post(timeout=0.1)
    deadline = time.monotonic() + 10
    while not pipeline.handles[0].cancelled:
        assert time.monotonic() < deadline
        time.sleep(0.02)
