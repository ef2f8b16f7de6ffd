"""vLLM inside this process, with a fake package."""

import importlib.util
import sys
import threading
import types

import pytest

from textgrad.concurrency import fan_out
from textgrad.engine.base import Sampling
from textgrad.engine.vllm import ChatVLLM
from textgrad.errors import BrokenSystem, ContextExceeded, UsageError


class FakeVLLM(types.ModuleType):
    """The used part of vLLM: `LLM(model=...).chat(conversations, parameters)`."""

    def __init__(self):
        super().__init__("vllm")
        self.batches, self.loaded = [], []
        self.busy = threading.Lock()
        fake = self

        class LLM:
            def __init__(self, model, **config):
                if model == "unknown/model":
                    raise OSError("unknown/model is not\na local folder")
                fake.loaded.append((model, config))

            def chat(self, conversations, sampling_params, use_tqdm):
                assert fake.busy.acquire(blocking=False), "vLLM was called concurrently"
                try:
                    fake.batches.append((conversations, sampling_params))
                    return [fake.answer(conversation) for conversation in conversations]
                finally:
                    fake.busy.release()

        self.LLM = LLM
        self.SamplingParams = lambda **fields: fields

    def answer(self, conversation):
        text = conversation[-1]["content"]
        if text == "too long":
            raise ValueError("The decoder prompt (length 3000) is longer than the maximum model length of 2048.")
        if text == "broken":
            raise ValueError("no chat template")
        output = types.SimpleNamespace(
            text=f"<think>hm</think>re: {text}", token_ids=[1, 2], finish_reason="length" if text == "cut" else "stop"
        )
        return types.SimpleNamespace(outputs=[output], prompt_token_ids=[1, 2, 3])


@pytest.fixture
def fake(monkeypatch):
    module = FakeVLLM()
    monkeypatch.setitem(sys.modules, "vllm", module)
    return module


def ask(engine: ChatVLLM, text: str, sampling: Sampling = Sampling()):
    return engine.complete([{"role": "user", "content": text}], sampling)


def test_a_reply_has_text_finish_reason_and_token_counts(fake):
    engine = ChatVLLM("some/model", max_model_len=2048)
    reply = ask(engine, "hi", Sampling(temperature=0.5, top_p=0.9, max_tokens=7, seed=3))
    assert (reply.text, reply.finish_reason, reply.prompt_tokens, reply.completion_tokens) == ("re: hi", "stop", 3, 2)
    assert fake.loaded == [("some/model", {"max_model_len": 2048})]
    assert fake.batches == [
        ([[{"role": "user", "content": "hi"}]], [{"temperature": 0.5, "top_p": 0.9, "max_tokens": 7, "seed": 3}])
    ]
    assert ask(engine, "cut").flaw == "truncated"


def test_concurrent_callers_share_batches_and_each_gets_its_own_reply(fake):
    engine = ChatVLLM("some/model")
    texts = [f"text {number}" for number in range(64)]
    assert [reply.text for reply in fan_out(lambda text: ask(engine, text), texts)] == [f"re: {text}" for text in texts]
    assert len(fake.batches) < 32 and sum(len(conversations) for conversations, _ in fake.batches) == 64
    assert len(fake.loaded) == 1


def test_an_invalid_request_does_not_fail_the_rest_of_its_batch(fake):
    engine = ChatVLLM("some/model")

    def outcome(text):
        try:
            return ask(engine, text).text
        except (ContextExceeded, BrokenSystem) as error:
            return type(error)

    assert fan_out(outcome, ["a", "too long", "b", "broken"]) == ["re: a", ContextExceeded, "re: b", BrokenSystem]


def test_all_callers_get_the_same_error_if_the_model_cannot_be_loaded(fake):
    engine = ChatVLLM("unknown/model")

    def outcome(text):
        with pytest.raises(BrokenSystem) as caught:
            ask(engine, text)
        return str(caught.value)

    [line] = set(fan_out(outcome, "abc"))
    assert "vLLM cannot load unknown/model: unknown/model is not a local folder" in line and "\n" not in line


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is installed")
def test_the_error_for_missing_vllm_says_how_to_install_it():
    with pytest.raises(BrokenSystem, match="pip install vllm"):
        ask(ChatVLLM("some/model"), "hi")


def test_arguments_override_the_options_in_the_environment(fake, monkeypatch):
    monkeypatch.setenv("VLLM_OPTIONS", '{"dtype": "float32", "max_model_len": 512}')
    ask(ChatVLLM("m", max_model_len=1024), "Hello.")
    assert fake.loaded == [("m", {"dtype": "float32", "max_model_len": 1024})]


@pytest.mark.parametrize("value", ["dtype=half", "[1]", "{", "[" * 9000])
def test_options_that_are_not_a_json_object_are_rejected(monkeypatch, value):
    monkeypatch.setenv("VLLM_OPTIONS", value)
    with pytest.raises(UsageError, match="invalid VLLM_OPTIONS.*expected a JSON object"):
        ChatVLLM("m")
