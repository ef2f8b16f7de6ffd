"""vLLM on a CPU: as a server, in the program's process, and as a surprisal scorer."""

import json
import subprocess

import pytest
from live_server import (
    MODEL,
    MODULES,
    ROOT,
    free_port,
    python_of,
    replies,
    serving,
    skip_unless_requested,
    train,
    version_in,
)

from utils.metrics.surprisal.vllm import VLLM

# Only float32 answers the same whatever else is in the batch.
OPTIONS = {"dtype": "float32", "max_model_len": 2048, "enforce_eager": True}
QUIET = {
    "HF_HUB_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_NUM_OF_RESERVED_CPU": "0",
}
TEXT = "The greatest common divisor of 12 and 18 is 6, as both can be divided by 6 — and by nothing larger. "
SCORE = """
import json, sys
from utils.metrics.surprisal.huggingface import HuggingFace
print(json.dumps(HuggingFace(sys.argv[1], window=2047)(sys.stdin.read())))
"""


@pytest.fixture(scope="module")
def product():
    skip_unless_requested("vllm")
    return f"vLLM (vllm-cpu {version_in(python_of('vllm'), 'vllm-cpu')})"


@pytest.fixture(scope="module")
def url(product, tmp_path_factory):
    python, port = python_of("vllm"), free_port()
    with serving(
        ["sh", "scripts/vllm_serve.sh", MODEL, port, "cpu"],
        port,
        tmp_path_factory.mktemp("server") / "log",
        PYTHON=str(python),
        NAME="smol",
        DTYPE="float32",
        MAX_MODEL_LEN="2048",
        **QUIET,
    ) as url:
        yield url


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def trained(url, product, runs):
    """Return the run folders of all modules, trained with the server."""
    return {module: train("vllm-api-smol", product, module, runs, VLLM_BASE_URL=url) for module in MODULES}


@pytest.mark.parametrize("module", MODULES)
def test_it_trains(trained, module):
    assert replies(trained[module])


def test_inside_the_program_it_trains_and_answers_the_same(trained, product, runs):
    run = train(
        f"vllm-{MODEL}",
        product,
        "train_centralized",
        runs,
        python_of("vllm"),
        VLLM_OPTIONS=json.dumps(OPTIONS),
        **QUIET,
    )
    assert replies(run) == replies(trained["train_centralized"])


@pytest.mark.parametrize("times", [1, 12, 120], ids=["a sentence", "a page", "longer than the context"])
def test_it_scores_texts_as_transformers_does(url, times):
    scorer = subprocess.run(
        [python_of("convert"), "-c", SCORE, MODEL],
        input=TEXT * times,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=1200,
    )
    assert scorer.returncode == 0, scorer.stderr[-2000:]
    assert VLLM(url)(TEXT * times) == pytest.approx(json.loads(scorer.stdout), abs=0.002)
