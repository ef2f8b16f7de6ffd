"""llama.cpp as a separate server, used like Ollama or any OpenAI-compatible endpoint."""

import importlib.metadata
import json
import sys

import pytest
from live_server import MODULES, free_port, serving, skip_unless_requested, train

from textgrad.engine.local import smollm2_path
from textgrad.errors import BrokenSystem

PRODUCT = "llama.cpp (xllamacpp {})"


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    skip_unless_requested("llamacpp")
    pytest.importorskip("xllamacpp")
    try:
        model = smollm2_path()
    except BrokenSystem as missing:
        pytest.skip(str(missing))
    port = free_port()
    settings = {"runtime": "llamacpp", "context": 2048, "slots": 8, "threads": 2, "port": port}
    options = json.dumps({"path": str(model), "cache": "", **settings})
    command = [sys.executable, "-m", "textgrad.engine.local_server", options]
    with serving(command, port, tmp_path_factory.mktemp("server") / "log") as url:
        yield url


@pytest.mark.parametrize("engine, variable", [("ollama-smol", "OLLAMA_BASE_URL"), ("openai-smol", "BASE_URL")])
@pytest.mark.parametrize("module", MODULES)
def test_it_trains(url, tmp_path, engine, variable, module):
    train(engine, PRODUCT.format(importlib.metadata.version("xllamacpp")), module, tmp_path, **{variable: url})
