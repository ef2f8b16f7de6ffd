"""Runs through imitations of OpenAI's reasoning models and of Azure."""

import pytest
from conformance_products import Azure, OpenAIReasoning
from conformance_runs import count_replies, taught_engine, train
from conformance_server import ConformanceServer

from textgrad.engine import get_engine
from textgrad.engine.base import Sampling
from textgrad.errors import BrokenSystem, TransientError

MESSAGES = [{"role": "system", "content": "Add."}, {"role": "user", "content": "1 + 1?"}]
WAITS = [
    {"retry-after-ms": "30"},
    {"retry-after": "0.03"},
    {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "30ms",
        "x-ratelimit-remaining-tokens": "900",
        "x-ratelimit-reset-tokens": "6m0s",
    },
]


@pytest.fixture
def reasoning(tmp_path, monkeypatch):
    """Start servers, and set their URL and key in the environment."""
    servers = []

    def start(**options):
        server = ConformanceServer(OpenAIReasoning(**options), taught_engine(tmp_path))
        servers.append(server)
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-conformance")
        return server

    yield start
    for server in servers:
        server.__exit__()


def test_a_reasoning_model_trains_and_each_refused_parameter_costs_one_request(reasoning, tmp_path):
    server = reasoning()
    results = train(tmp_path, "o4-mini", "--max_concurrency", "1")
    assert results["metrics"]["best_test_acc"]["value"] > results["metrics"]["0shot_test_engine_test_acc"]["value"]
    assert len(server.requests) == count_replies(tmp_path) + 3  # max_tokens, temperature, top_p: one refusal each
    assert set(server.requests[-1].json) == {"model", "messages", "max_completion_tokens", "seed"}


def test_reasoning_tokens_count_as_tokens_of_the_reply(reasoning):
    reasoning(thoughts=500)
    reply = get_engine("o4-mini").complete(MESSAGES, Sampling())
    assert 500 < reply.completion_tokens < 600


def test_a_run_continues_after_refusals_and_filtered_replies(reasoning, tmp_path):
    server = reasoning(declined=(1, 2, 20), filtered=(4, 5, 25))
    results = train(tmp_path, "o4-mini", "--max_concurrency", "1")
    assert len(server.requests) > 25
    # A filtered reply is requested once more; only two in a row count.
    assert sum(used["bad_replies"].get("filtered", 0) for used in results["usage"].values()) >= 2


@pytest.mark.parametrize("options", [{"declined": (0,)}, {"filtered": (0,)}])
def test_a_refused_reply_has_a_flaw(reasoning, options):
    reasoning(**options)
    assert get_engine("o4-mini").complete(MESSAGES, Sampling()).flaw == "filtered"


@pytest.mark.parametrize("headers", WAITS)
def test_the_retry_delay_is_read_from_all_header_formats(reasoning, headers):
    reasoning(limited={0: headers})
    with pytest.raises(TransientError) as caught:
        get_engine("o4-mini").complete(MESSAGES, Sampling())
    assert caught.value.rate_limited and caught.value.retry_after == pytest.approx(0.03)


def test_a_run_waits_for_its_rate_limits(reasoning, tmp_path):
    server = reasoning(limited=dict(zip((3, 4, 20), WAITS, strict=True)))
    train(tmp_path, "gpt-5-mini", "--max_concurrency", "1")
    assert len(server.requests) == 3 + 3 + count_replies(tmp_path)


def test_azure_trains_with_deployment_and_version(tmp_path, monkeypatch):
    with ConformanceServer(Azure(), taught_engine(tmp_path)) as server:
        monkeypatch.setenv("AZURE_OPENAI_API_BASE", server.url)
        monkeypatch.setenv("AZURE_OPENAI_API_KEY", "azure-conformance")
        monkeypatch.setenv("AZURE_OPENAI_API_VERSION", "2024-10-21")
        results = train(tmp_path, "azure-my-deployment")
        assert results["usage"]["test"]["calls"]
        with pytest.raises(BrokenSystem, match="does not exist"):
            get_engine("azure-other")("Hello.")
        monkeypatch.setenv("AZURE_OPENAI_API_VERSION", "1999-01-01")
        with pytest.raises(BrokenSystem, match="404"):
            get_engine("azure-my-deployment")("Hello.")
