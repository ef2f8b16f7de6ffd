"""SGLang on a CPU: real scheduler, cache and HTTP server, without CUDA kernels."""

import pytest
from live_server import MODEL, MODULES, free_port, python_of, serving, skip_unless_requested, train, version_in


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    skip_unless_requested("sglang")
    python, port = python_of("sglang"), free_port()
    command = ["sh", "scripts/sglang_serve.sh", MODEL, port, "cpu", "--max-total-tokens", "32768"]
    with serving(
        command,
        port,
        tmp_path_factory.mktemp("server") / "log",
        PYTHON=str(python),
        NAME="smol",
        DTYPE="float32",
        CONTEXT_LENGTH="2048",
        HF_HUB_OFFLINE="1",
    ) as url:
        yield url


@pytest.mark.parametrize("module", MODULES)
def test_it_trains(url, tmp_path, module):
    version = version_in(python_of("sglang"), "sglang")
    train("sglang-smol", f"SGLang {version}", module, tmp_path, SGLANG_BASE_URL=url)
