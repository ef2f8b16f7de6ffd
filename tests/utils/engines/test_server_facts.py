"""Facts that servers publish, read from responses in the format of each product."""

import pytest
from conformance_server import ConformanceServer, Fault, Product, body
from fault_kinds import error

from textgrad.engine import get_engine
from textgrad.engine.simulated import SimulatedEngine
from utils.engines.server_facts import ServerFacts


class Pages(Product):
    """A server with given pages.

    Args:
        pages: by path; a str goes as text.
        cached: tokens of a request that were worked on already, by the request's number; None where it does not count.
    """

    def __init__(self, pages: dict, cached=lambda number: None):
        self.pages, self.cached, self.chats = pages, cached, []

    def page(self, path):
        return Fault(200, self.pages[path]) if path in self.pages else Fault(404, error(f"no {path} here"))

    def answer(self, request, text):
        self.chats.append(request)
        kept = self.cached(len(self.chats))
        return body(request, text, **({} if kept is None else {"prompt_tokens_details": {"cached_tokens": kept}}))


def listed(**entry) -> dict:
    return {"object": "list", "data": [{"object": "model", "created": 0, **entry}]}


def metrics(caching: str) -> str:
    return (
        '# TYPE vllm:cache_config_info gauge\nvllm:cache_config_info{block_size="128",cache_dtype="auto",'
        f'enable_prefix_caching="{caching}",engine="0"}} 1.0\n'
    )


VLLM = {"/v1/models": listed(id="smol", owned_by="vllm", max_model_len=2048), "/version": {"version": "0.32.0"}}
SGLANG = {"/v1/models": listed(id="smol", owned_by="sglang", max_model_len=8192)}
OLLAMA = {"/v1/models": listed(id="smol:latest", owned_by="library"), "/api/version": {"version": "0.33.0"}}
LLAMA_CPP = {
    "/v1/models": listed(id="/models/smol.gguf", owned_by="llamacpp", meta={"n_ctx_train": 8192}),
    "/props": {"default_generation_settings": {"n_ctx": 4096}, "build_info": "b6900-abcdef"},
}
SERVERS = {
    "vLLM": (Pages({**VLLM, "/metrics": metrics("True")}), "vLLM 0.32.0", "2048 tokens", "yes"),
    "vLLM without": (Pages({**VLLM, "/metrics": metrics("False")}), "vLLM 0.32.0", "2048 tokens", "no"),
    "SGLang": (
        Pages({**SGLANG, "/server_info": {"version": "0.5.23", "disable_radix_cache": False, "context_length": None}}),
        "SGLang 0.5.23",
        "8192 tokens",
        "yes",
    ),
    "SGLang without": (
        Pages(
            {**SGLANG, "/get_server_info": {"version": "0.5.23", "disable_radix_cache": True, "context_length": 2048}}
        ),
        "SGLang 0.5.23",
        "2048 tokens",
        "no",
    ),
    "Ollama": (
        Pages({**OLLAMA, "/api/ps": {"models": [{"name": "smol:latest", "context_length": 4096}]}}),
        "Ollama 0.33.0",
        "4096 tokens",
        "yes, always in Ollama",
    ),
    "Ollama, idle": (
        Pages({**OLLAMA, "/api/ps": {"models": []}}),
        "Ollama 0.33.0",
        "unknown",
        "yes, always in Ollama",
    ),
    "llama.cpp": (
        Pages(LLAMA_CPP, lambda number: 150 * (number > 1)),
        "llama.cpp b6900-abcdef",
        "4096 tokens",
        "yes (150 of ",
    ),
    "llama.cpp without": (
        Pages(LLAMA_CPP, lambda number: 0),
        "llama.cpp b6900-abcdef",
        "4096 tokens",
        "no",
    ),
    "a service": (
        Pages({"/v1/models": listed(id="smol", context_length=128000)}),
        "unknown",
        "128000 tokens",
        "unknown",
    ),
}


@pytest.mark.parametrize("server", SERVERS)
def test_product_version_context_and_prefix_caching_of(server):
    pages, product, context, caching = SERVERS[server]
    with ConformanceServer(pages, SimulatedEngine()) as served:
        facts = ServerFacts(get_engine("openai-smol", base_url=served.url))
        found = facts.product(), facts.context()
        reported = facts.prefix_caching()
    assert found == (product, context)
    assert reported == caching or (caching.endswith("of ") and reported.startswith(caching))


def test_facts_that_a_server_publishes_need_no_chat_request():
    pages, *_ = SERVERS["vLLM"]
    pages.chats.clear()
    with ConformanceServer(pages, SimulatedEngine()) as served:
        ServerFacts(get_engine("openai-smol", base_url=served.url)).prefix_caching()
    assert not pages.chats


@pytest.mark.parametrize(
    "name, listed", [("smol", "yes"), ("other", "it responds; the server lists 1 under other names")]
)
def test_whether_the_model_is_in_the_servers_list(name, listed):
    with ConformanceServer(Pages(VLLM), SimulatedEngine()) as served:
        assert ServerFacts(get_engine(f"openai-{name}", base_url=served.url)).listed() == listed


@pytest.mark.parametrize("length", [0, -1, True, 10**12, 4096.5, "4096", None])
def test_a_context_length_that_makes_no_sense_is_unknown(length):
    pages = Pages({"/v1/models": listed(id="smol", owned_by="vllm", max_model_len=length)})
    with ConformanceServer(pages, SimulatedEngine()) as served:
        assert ServerFacts(get_engine("openai-smol", base_url=served.url)).context() == "unknown"
