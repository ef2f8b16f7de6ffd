"""What all tests share: where the real data is, and an environment without anybody's keys."""

import os
import signal
from pathlib import Path

import pytest

_KEYS = (
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "BASE_URL",
    "OLLAMA_BASE_URL",
    "OLLAMA_API_KEY",
    "VLLM_BASE_URL",
    "VLLM_API_KEY",
    "SGLANG_BASE_URL",
    "SGLANG_API_KEY",
    "AZURE_OPENAI_API_KEY",
    "AZURE_OPENAI_API_BASE",
    "AZURE_OPENAI_API_VERSION",
    "COMET_API_KEY",
)


@pytest.fixture(autouse=True)
def _no_keys_from_outside(monkeypatch):
    for name in _KEYS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True, scope="session")
def _programs_can_be_interrupted():
    """A shell that starts the suite in the background has it ignore ctrl-C; what tests start would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with bbh/*.json and gsm8k/*.jsonl; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("FEDTEXTGRAD_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not (folder / "bbh").is_dir():
        pytest.skip("no real data: set FEDTEXTGRAD_DATA to a folder with bbh/ and gsm8k/")
    return folder
