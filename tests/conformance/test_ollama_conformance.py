"""Runs through an imitation of Ollama."""

import pytest
import toy
from conformance_products import Ollama
from conformance_runs import count_replies, taught_engine, train
from conformance_server import ConformanceServer

import main
from textgrad.engine import get_engine
from textgrad.engine.calls.gateway import Gateway
from textgrad.engine.calls.truncation import TruncationDetector
from textgrad.errors import BrokenSystem

ENGINE = "ollama-llama3.1:8b"


def test_a_model_with_a_tag_trains_despite_a_full_queue_and_a_slow_first_call(tmp_path, monkeypatch):
    with ConformanceServer(Ollama(busy=(1, 5), reload=0.5), taught_engine(tmp_path)) as server:
        monkeypatch.setenv("OLLAMA_BASE_URL", server.url)
        results = train(tmp_path, ENGINE)
    assert {seen.json["model"] for seen in server.requests} == {"llama3.1:8b"}
    assert len(server.requests) == 2 + count_replies(tmp_path)
    assert results["metrics"]["best_test_acc"]["value"] > results["metrics"]["0shot_test_engine_test_acc"]["value"]


def test_the_error_for_a_missing_model_names_it(tmp_path, monkeypatch, capsys):
    with ConformanceServer(Ollama(), taught_engine(tmp_path)) as server:
        monkeypatch.setenv("OLLAMA_BASE_URL", server.url)
        assert main.main(toy.options(tmp_path, engine="ollama-qwen3:4b")) == main.EXIT_USAGE
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert "model 'qwen3:4b' not found" in line and server.url in line


def test_a_name_without_a_tag_means_latest(tmp_path):
    with ConformanceServer(Ollama(models=["llama3.1:latest"]), taught_engine(tmp_path)) as server:
        assert get_engine("ollama-llama3.1", base_url=server.url)("Hello.")
        with pytest.raises(BrokenSystem, match="not found"):
            get_engine("ollama-llama3.1:8b", base_url=server.url)("Hello.")


def test_a_run_warns_once_about_truncated_prompts(tmp_path, monkeypatch, capsys):
    with ConformanceServer(Ollama(context=1024), taught_engine(tmp_path)) as server:
        monkeypatch.setenv("OLLAMA_BASE_URL", server.url)
        train(tmp_path, ENGINE, "--initial_prompt", "Add the two numbers with the greatest care. " * 150)
    warnings = [line for line in capsys.readouterr().out.splitlines() if "truncate long prompts" in line]
    assert len(warnings) == 1 and "counted 512 tokens" in warnings[0] and "OLLAMA_CONTEXT_LENGTH" in warnings[0]


def test_there_is_no_warning_while_long_prompts_are_complete(tmp_path):
    warnings = []
    with ConformanceServer(Ollama(context=10**6), taught_engine(tmp_path)) as server:
        route = Gateway(warn=warnings.append).route(get_engine(ENGINE, base_url=server.url))
        route("Add. " * 5000)
        assert not warnings
        server.product.context = 4096
        route("Add. " * 5001)
        route("Add. " * 5002)
    assert len(warnings) == 1 and "counted 2048 tokens" in warnings[0]


@pytest.mark.parametrize(
    "text, tokens, truncated",
    [("x" * 20_000, 2048, True), ("x" * 20_000, 4500, False), ("x" * 20_000, None, False), ("x" * 1000, 10, False)],
)
def test_truncation_is_detected_by_characters_per_token(text, tokens, truncated):
    warnings = []
    TruncationDetector(warnings.append).observe("here", [{"role": "user", "content": text}], tokens)
    assert bool(warnings) == truncated


def test_an_endpoint_that_counts_words_is_compared_with_its_own_short_prompts():
    warnings = []
    detector = TruncationDetector(warnings.append)
    long, short = ([{"role": "user", "content": "seventy " * n}] for n in (2000, 100))
    detector.observe("words", short, 100)
    detector.observe("words", long, 2000)
    assert not warnings
    detector.observe("words", long, 1000)
    assert len(warnings) == 1


def test_the_native_api_is_imitated(tmp_path):
    import httpx

    with ConformanceServer(Ollama(), taught_engine(tmp_path)) as server:
        root = server.url.removesuffix("/v1")
        assert httpx.get(f"{root}/").text == "Ollama is running"
        assert httpx.get(f"{root}/api/tags").json()["models"][0]["name"] == "llama3.1:8b"
        assert httpx.get(f"{root}/api/version").json()["version"]
