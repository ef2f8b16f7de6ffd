"""TextGrad's experimental engines and their caches. The method that sends requests is replaced by a mock."""

import sqlite3
from unittest.mock import patch

import diskcache
import pytest
from fault_server import FaultServer

from textgrad.engine import EngineLM
from textgrad.engine_experimental.base import EngineLM as ExperimentalEngineLM
from textgrad.engine_experimental.base import cached
from textgrad.engine_experimental.litellm import LiteLLMEngine
from textgrad.engine_experimental.openai import OpenAICompatibleEngine, OpenAIEngine
from textgrad.errors import UsageError


@pytest.fixture(autouse=True)
def _environment(monkeypatch, tmp_path):
    monkeypatch.setenv("OPENAI_API_KEY", "fake")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))


ENGINES = [(LiteLLMEngine, "lite_llm_generate"), (OpenAIEngine, "openai_call")]


def caches(tmp_path):
    return [diskcache.Cache(tmp_path / "cache"), True]


@pytest.mark.parametrize("kind, method", ENGINES)
@pytest.mark.parametrize("which", [0, 1], ids=["diskcache", "own file"])
def test_equal_requests_are_sent_once_and_other_parameters_are_sent_separately(kind, method, which, tmp_path):
    cache = caches(tmp_path)[which]
    with patch.object(kind, method, return_value="a reply") as send:
        engine = kind("m", cache=cache)
        first = engine.generate("prompt", temperature=0.7, max_tokens=50, top_p=1.0)
        assert engine.generate("prompt", top_p=1.0, max_tokens=50, temperature=0.7) == first == "a reply"
        assert send.call_count == 1
        engine.generate("prompt", temperature=0.8, max_tokens=50, top_p=1.0)
        engine.generate("prompt", system_prompt="another", temperature=0.7, max_tokens=50, top_p=1.0)
        assert send.call_count == 3
        assert kind("m", cache=cache).generate("prompt", temperature=0.7, max_tokens=50, top_p=1.0) == first
        assert send.call_count == 3
        kind("another model", cache=cache).generate("prompt", temperature=0.7, max_tokens=50, top_p=1.0)
        assert send.call_count == 4


@pytest.mark.parametrize("kind, method", ENGINES)
def test_every_request_is_sent_without_a_cache(kind, method):
    with patch.object(kind, method, return_value="a reply") as send:
        engine = kind("m", cache=False)
        assert [engine.generate("prompt"), engine("prompt")] == ["a reply", "a reply"]
    assert send.call_count == 2


@pytest.mark.parametrize("kind, method", ENGINES)
def test_a_cache_of_another_type_is_rejected(kind, method):
    for cache in ([1, 2, 3], {}, "yes", 1, None):
        with pytest.raises(ValueError, match="True, False or a diskcache object"):
            kind("m", cache=cache)


def test_the_cache_contains_no_pickles(tmp_path):
    with FaultServer() as server, diskcache.Cache(tmp_path / "cache") as cache:
        assert OpenAIEngine("m", cache=cache, base_url=server.url).generate("hi") == "You said: hi"
    with sqlite3.connect(tmp_path / "cache" / "cache.db") as rows:
        assert rows.execute("SELECT mode, value FROM Cache").fetchall() == [(1, "You said: hi")]


def test_a_flawed_reply_is_not_cached():
    with FaultServer(script=["truncated"]) as server:
        engine = OpenAIEngine("m", cache=True, base_url=server.url)
        assert engine.generate("hi").flaw == "truncated"
        assert engine.generate("hi") == engine.generate("hi") == "You said: hi"
    assert len(server.requests) == 2


def test_openai_call_sends_its_arguments():
    with FaultServer() as server:
        engine = OpenAIEngine("m", base_url=server.url)
        assert engine.openai_call("hi", "Be brief.", 0.5, 7, 0.9) == "You said: hi"
    sent = server.requests[0].json
    assert (sent["messages"][0]["content"], sent["temperature"], sent["max_tokens"], sent["top_p"]) == (
        "Be brief.",
        0.5,
        7,
        0.9,
    )


def test_a_text_only_engine_rejects_an_image_before_sending_it():
    with patch.object(OpenAIEngine, "openai_call", return_value="a cat") as send:
        with pytest.raises(UsageError, match="is_multimodal=True"):
            OpenAIEngine("m").generate(["What is it?", b"\x89PNG"])
        assert send.call_count == 0
        assert OpenAIEngine("m", is_multimodal=True).generate(["What is it?", b"\x89PNG"]) == "a cat"


def test_a_custom_client_is_used():
    import openai

    with FaultServer() as server:
        client = openai.OpenAI(base_url=server.url, api_key="mine")
        assert OpenAICompatibleEngine(client, "m").generate("hi") == "You said: hi"
    assert server.requests[0].headers["authorization"] == "Bearer mine"


def test_a_custom_engine_can_subclass_the_base():
    class Shout(ExperimentalEngineLM):
        @cached
        def _generate_from_single_prompt(self, content, system_prompt=None, **kwargs):
            return content.upper()

        def _generate_from_multiple_input(self, content, system_prompt=None, **kwargs):
            return "many"

    engine = Shout("shout", cache=True)
    assert isinstance(engine, EngineLM)
    assert [engine("hi"), engine("hi"), engine(["a", "b"])] == ["HI", "HI", "many"]
