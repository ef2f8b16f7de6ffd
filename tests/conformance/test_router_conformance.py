"""Runs through an imitation of OpenRouter and Together."""

import pytest
from conformance_products import Router
from conformance_runs import brain, replies, trained
from conformance_server import ConformanceServer

from textgrad.engine import get_engine
from textgrad.engine.base import Sampling
from textgrad.engine.protocol.errors import read_response
from textgrad.errors import TransientError

ENGINE = "openai-meta-llama/llama-3.1-8b-instruct"


def test_comments_and_failures_of_the_provider_are_survived(tmp_path, monkeypatch):
    with ConformanceServer(Router(inside=(0, 7), choice=(3,), bad_gateway=(5, 11)), brain(tmp_path)) as server:
        monkeypatch.setenv("BASE_URL", server.url)
        results = trained(tmp_path, ENGINE)
    assert len(server.requests) == 5 + replies(tmp_path)
    assert results["metrics"]["best_test_acc"]["value"] > results["metrics"]["0shot_test_engine_test_acc"]["value"]
    assert all(not used["bad_replies"] for used in results["usage"].values())


@pytest.mark.parametrize("habit", ["inside", "choice", "bad_gateway"])
def test_the_error_tells_the_providers_words(tmp_path, habit):
    with (
        ConformanceServer(Router(**{habit: (0,)}), brain(tmp_path)) as server,
        pytest.raises(TransientError, match="Provider returned error.*Nebula.*upstream") as caught,
    ):
        get_engine(ENGINE, base_url=server.url).complete([{"role": "user", "content": "Hello."}], Sampling())
    assert not caught.value.rate_limited and not caught.value.malformed


@pytest.mark.parametrize("comments", ["", ": OPENROUTER PROCESSING\n", "\n: a\r\n\r\n: b\n\n", "\n \n"])
def test_comments_before_an_answer_are_passed_over(comments):
    assert read_response(200, {}, comments + '{"choices": [": not a comment"]}') == {"choices": [": not a comment"]}
