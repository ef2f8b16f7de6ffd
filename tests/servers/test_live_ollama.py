"""Ollama, if it is installed and the model has been pulled."""

import json
import os
import shutil
import urllib.request

import pytest
from live_server import MODULES, free_port, serving, skip_unless_requested, train

MODEL = os.environ.get("FEDTEXTGRAD_OLLAMA_MODEL", "smollm2:135m")


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    skip_unless_requested("ollama")
    if shutil.which("ollama") is None:
        pytest.skip("ollama is not on PATH; tests/conformance imitates it")
    port, log = free_port(), tmp_path_factory.mktemp("server") / "log"
    with serving(["sh", "scripts/lib/ollama_serve.sh", MODEL, port], port, log) as url:
        yield url


@pytest.mark.parametrize("module", MODULES)
def test_it_trains(url, tmp_path, module):
    version = json.load(urllib.request.urlopen(url.replace("/v1", "/api/version")))["version"]
    train(f"ollama-{MODEL}", f"Ollama {version}", module, tmp_path, OLLAMA_BASE_URL=url)
