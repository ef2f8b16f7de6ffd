"""Engine names, without loading models or sending requests."""

import subprocess
import sys

import diskcache
import pytest

from textgrad.engine import EngineLM, check_engine_name, get_engine, known_engines, validate_multimodal_engine
from textgrad.engine.kind import EngineKind
from textgrad.engine.litellm import ChatLiteLLM
from textgrad.engine.local import LocalEngine
from textgrad.engine.openai import AzureChatOpenAI, ChatOpenAI
from textgrad.engine.registry import declared_kinds
from textgrad.engine.simulated import SimulatedEngine
from textgrad.engine.vllm import ChatVLLM
from textgrad.engine_experimental.litellm import LiteLLMEngine
from textgrad.errors import BrokenSystem, UsageError


@pytest.fixture
def keys(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "fake")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "fake")
    monkeypatch.setenv("AZURE_OPENAI_API_BASE", "https://x.openai.azure.com")


@pytest.mark.parametrize(
    "name, kind, model, endpoint",
    [
        ("gpt-3.5-turbo-0613", ChatOpenAI, "gpt-3.5-turbo-0613", "https://api.openai.com/v1"),
        ("gpt-4o", ChatOpenAI, "gpt-4o", "https://api.openai.com/v1"),
        ("o3-mini", ChatOpenAI, "o3-mini", "https://api.openai.com/v1"),
        ("chatgpt-4o-latest", ChatOpenAI, "chatgpt-4o-latest", "https://api.openai.com/v1"),
        ("openai-my/own-model", ChatOpenAI, "my/own-model", "https://api.openai.com/v1"),
        ("ollama-llama3.1:8b", ChatOpenAI, "llama3.1:8b", "http://localhost:11434/v1"),
        ("vllm-api-smol", ChatOpenAI, "smol", "http://localhost:8000/v1"),
        ("vllm-api-llama3.1", ChatOpenAI, "meta-llama/Meta-Llama-3.1-8B-Instruct", "http://localhost:8000/v1"),
        ("sglang-smol", ChatOpenAI, "smol", "http://localhost:30000/v1"),
        ("azure-deployed", AzureChatOpenAI, "deployed", "https://x.openai.azure.com"),
        ("vllm-llama-3-8b", ChatVLLM, "meta-llama/Meta-Llama-3-8B-Instruct", "vllm:in-process"),
        ("vllm-some/model", ChatVLLM, "some/model", "vllm:in-process"),
        ("opus", ChatLiteLLM, "claude-3-opus-20240229", "litellm:anthropic"),
        ("sonnet-3.5", ChatLiteLLM, "claude-3-5-sonnet-20240620", "litellm:anthropic"),
        ("gemini-2.5-flash", ChatLiteLLM, "gemini-2.5-flash", "litellm:gemini"),
        ("together-llama-3-70b", ChatLiteLLM, "meta-llama/Llama-3-70b-chat-hf", "litellm:together_ai"),
        ("groq-llama-3.1-8b-instant", ChatLiteLLM, "llama-3.1-8b-instant", "litellm:groq"),
        ("command-r-plus", ChatLiteLLM, "command-r-plus", "litellm:cohere_chat"),
        ("litellm-mistral/small", ChatLiteLLM, "mistral/small", "litellm"),
        ("experimental:claude-3-opus-20240229", LiteLLMEngine, "claude-3-opus-20240229", "litellm"),
        ("simulated", SimulatedEngine, "simulated", "simulated:"),
        ("simulated:latency=0.5", SimulatedEngine, "simulated:latency=0.5", "simulated:"),
    ],
)
def test_a_name_selects_its_engine(keys, name, kind, model, endpoint):
    engine = get_engine(name)
    assert isinstance(engine, kind) and isinstance(engine, EngineLM)
    assert (engine.model_string, engine.endpoint) == (model, endpoint)


def test_the_default_url_of_ollama_is_that_of_textgrad():
    assert get_engine("ollama-test-model-string").base_url == "http://localhost:11434/v1"


@pytest.mark.parametrize("name, prefix", [("ollama-m", "OLLAMA"), ("vllm-api-m", "VLLM"), ("sglang-m", "SGLANG")])
def test_each_server_product_has_its_own_url_and_key(monkeypatch, name, prefix):
    monkeypatch.setenv("OPENAI_API_KEY", "not-for-others")
    assert get_engine(name)._key == "none"
    monkeypatch.setenv(f"{prefix}_BASE_URL", "https://router.example/v1")
    with pytest.raises(UsageError, match=f"{prefix}_API_KEY"):
        get_engine(name)
    monkeypatch.setenv(f"{prefix}_API_KEY", "its-own")
    engine = get_engine(name)
    assert (engine.endpoint, engine._key) == ("https://router.example/v1", "its-own")


@pytest.mark.parametrize(
    "name, nearest", [("gtp-4o", "gpt-4o"), ("sonet", "sonnet"), ("olama-llama3.1", "ollama-llama3.1")]
)
def test_the_error_for_an_unknown_name_lists_the_nearest_names(name, nearest):
    with pytest.raises(ValueError, match=f"unknown engine '{name}'; known, nearest first: {nearest}, "):
        get_engine(name)


def test_an_unknown_name_is_a_value_error():
    with pytest.raises(ValueError):
        get_engine("invalid-engine")


def test_all_examples_are_valid_names(keys):
    for example in known_engines():
        try:
            get_engine(example)
        except BrokenSystem as missing:  # only the embedded model must exist when its engine is created
            assert example == "local-smollm2" and "pip install" in str(missing)


@pytest.mark.parametrize("name", [*known_engines()])
def test_a_replay_needs_no_key_and_no_model_and_uses_the_same_endpoint(name, monkeypatch):
    monkeypatch.setenv("AZURE_OPENAI_API_BASE", "https://x.openai.azure.com")
    with monkeypatch.context() as other_machine:
        other_machine.setattr("importlib.metadata.files", lambda name: [])
        offline = get_engine(name, offline=True)
    monkeypatch.setenv("OPENAI_API_KEY", "fake")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "fake")
    try:
        online = get_engine(name)
    except BrokenSystem as missing:
        pytest.skip(str(missing))
    assert (offline.model_string, offline.endpoint) == (online.model_string, online.endpoint)


def test_a_replay_needs_no_model_file():
    assert get_engine("local-/nowhere/tiny.gguf", offline=True).endpoint == "local:tiny.gguf"


def test_only_experimental_engines_accept_a_cache(keys, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for cache in (True, False, diskcache.Cache(tmp_path / "cache")):
        assert isinstance(get_engine("experimental:claude-3-opus-20240229", cache=cache), LiteLLMEngine)
    with pytest.raises(ValueError):
        get_engine("experimental:claude-3-opus-20240229", cache=[1, 2, 3])
    with pytest.raises(ValueError, match="cache="):
        get_engine("gpt-4o", cache=True)


def test_a_seed_becomes_the_default_of_the_engine(keys):
    for name in ("gpt-4o", "ollama-m", "simulated", "claude-3", "vllm-m"):
        assert get_engine(name, seed=5).sampling.seed == 5
        assert get_engine(name).sampling.seed is None


def test_timeouts_apply_only_to_remote_engines(keys, tmp_path):
    assert get_engine("ollama-m", request_timeout=7.0).request_timeout == 7.0
    assert get_engine("claude-3", request_timeout=7.0).request_timeout == 7.0
    model = tmp_path / "m.gguf"
    model.write_bytes(b"GGUF")
    assert get_engine(f"local-{model}", request_timeout=7.0).request_timeout > 7.0
    assert isinstance(get_engine("simulated", request_timeout=7.0), SimulatedEngine)


@pytest.mark.parametrize(
    "name, multimodal",
    [
        ("gpt-4o", True),
        ("gpt-4-turbo", True),
        ("gpt-5-mini", True),
        ("o3", True),
        ("gpt-3.5-turbo-0613", False),
        ("gpt-4", False),
        ("gpt-4-0613", False),
        ("o3-mini", False),
        ("ollama-llava", False),
    ],
)
def test_known_models_with_image_input_are_multimodal(keys, name, multimodal):
    engine = get_engine(name)
    assert engine.is_multimodal == multimodal
    if not multimodal:
        with pytest.raises(ValueError, match="accepts text only"):
            validate_multimodal_engine(engine)
    validate_multimodal_engine(get_engine(name, is_multimodal=True))


@pytest.mark.parametrize(
    "name, message",
    [("gpt-4o", "OPENAI_API_KEY"), ("azure-x", "AZURE_OPENAI_API_BASE"), ("nonsense", "unknown engine")],
)
def test_check_names_the_missing_variable(name, message):
    with pytest.raises(UsageError, match=message):
        check_engine_name(name)


@pytest.mark.parametrize("name, package", [("claude-3", "litellm"), ("experimental:x", "litellm"), ("vllm-m", "vllm")])
def test_the_error_for_a_missing_package_says_how_to_install_it(monkeypatch, name, package):
    monkeypatch.setattr("textgrad.packages.importlib.util.find_spec", lambda name: None)
    with pytest.raises(BrokenSystem, match=f"{package} is not installed: pip install {package}"):
        check_engine_name(name)


def test_check_names_all_variables_of_a_missing_key(monkeypatch):
    monkeypatch.setitem(sys.modules, "litellm", object())
    for name in ("COHERE_API_KEY", "CO_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="COHERE_API_KEY or CO_API_KEY"):
        check_engine_name("command-r")
    monkeypatch.setenv("CO_API_KEY", "fake")
    check_engine_name("command-r")


def test_checking_names_imports_no_heavy_package():
    code = """
import sys
from textgrad.engine import check_engine_name, known_engines
known_engines()
for name in ("simulated", "ollama-m", "sglang-m", "vllm-api-m", "openai-m"):
    check_engine_name(name)
heavy = {"openai", "httpx", "httpx2", "litellm", "vllm", "xllamacpp", "diskcache", "pydantic"} & set(sys.modules)
sys.exit(f"imported {heavy}" if heavy else 0)
"""
    finished = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path), "OPENAI_API_KEY": "fake", "PATH": ""},
    )
    assert finished.returncode == 0, finished.stderr


def test_the_endpoint_of_a_local_engine_is_known_before_its_server_starts(tmp_path):
    model = tmp_path / "tiny.gguf"
    model.write_bytes(b"GGUF....")
    engine = get_engine(f"local-{model}")
    assert isinstance(engine, LocalEngine) and (engine.model_string, engine.endpoint) == ("tiny", "local:tiny.gguf")


def test_a_file_whose_engines_are_not_a_tuple_is_rejected_with_the_fix(monkeypatch):
    kind = EngineKind(r"mine-(.+)", SimulatedEngine, "mine-x", "mine")
    monkeypatch.setattr("textgrad.engine.registry.declared_in", lambda package, attribute: [("mine", kind)])
    with pytest.raises(UsageError, match="textgrad.engine.mine: ENGINES must be a tuple of EngineKind.*add a comma"):
        declared_kinds.__wrapped__()


def test_a_timeout_is_ignored_by_an_engine_without_one(monkeypatch):
    class Minimal(EngineLM):
        def __init__(self, model):
            self.model_string = model

        def generate(self, prompt, system_prompt=None, **kwargs):
            return "yes"

    kinds = (EngineKind(r"mine-(.+)", Minimal, "mine-x", "mine"),)
    monkeypatch.setattr("textgrad.engine.registry.declared_kinds", lambda: (("mine", kinds[0]),))
    engine = get_engine("mine-model", seed=3, request_timeout=5.0)
    assert (engine("hi"), engine.model_string, engine.sampling.seed) == ("yes", "model", 3)
    assert not hasattr(engine, "request_timeout")
