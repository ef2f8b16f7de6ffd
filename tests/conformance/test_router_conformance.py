"""Runs through an imitation of OpenRouter and Together."""

import pytest
from conformance_products import Router
from conformance_runs import count_replies, taught_engine, train
from conformance_server import ConformanceServer

from textgrad.engine import get_engine
from textgrad.engine.base import Sampling
from textgrad.engine.protocol.errors import read_response
from textgrad.errors import TransientError

ENGINE = "openai-meta-llama/llama-3.1-8b-instruct"


def test_a_run_completes_despite_comments_and_provider_errors(tmp_path, monkeypatch):
    with ConformanceServer(Router(inside=(0, 7), choice=(3,), bad_gateway=(5, 11)), taught_engine(tmp_path)) as server:
        monkeypatch.setenv("BASE_URL", server.url)
        results = train(tmp_path, ENGINE)
    assert len(server.requests) == 5 + count_replies(tmp_path)
    assert results["metrics"]["best_test_acc"]["value"] > results["metrics"]["0shot_test_engine_test_acc"]["value"]
    assert all(not used["bad_replies"] for used in results["usage"].values())


@pytest.mark.parametrize("fault", ["inside", "choice", "bad_gateway"])
def test_the_error_contains_the_message_of_the_provider(tmp_path, fault):
    with (
        ConformanceServer(Router(**{fault: (0,)}), taught_engine(tmp_path)) as server,
        pytest.raises(TransientError, match="Provider returned error.*Nebula.*upstream") as caught,
    ):
        get_engine(ENGINE, base_url=server.url).complete([{"role": "user", "content": "Hello."}], Sampling())
    assert not caught.value.rate_limited and not caught.value.malformed


@pytest.mark.parametrize("comments", ["", ": OPENROUTER PROCESSING\n", "\n: a\r\n\r\n: b\n\n", "\n \n"])
def test_comments_before_a_response_are_skipped(comments):
    assert read_response(200, {}, comments + '{"choices": [": not a comment"]}') == {"choices": [": not a comment"]}
