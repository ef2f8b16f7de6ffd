"""Shared fixtures: the real data, an environment without API keys, and the `quick` mark."""

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


def pytest_collection_modifyitems(items):
    """Mark as quick the tests of single modules, except those that are marked slow."""
    for item in items:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        if folder in ("textgrad", "utils") and not item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.quick)


@pytest.fixture(autouse=True)
def _remove_keys(monkeypatch):
    for name in _KEYS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True, scope="session")
def _restore_ctrl_c():
    """Restore ctrl-C: a background shell ignores SIGINT, and child processes inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def hub_cache(tmp_path_factory, monkeypatch):
    """Keep the library `datasets` off the network, and its cache out of the user's home."""
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("hub_cache"))
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.delenv("FEDTEXTGRAD_DATA", raising=False)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder with bbh/*.json and gsm8k/*.jsonl; skip the test if it does not exist."""
    folder = Path(os.environ.get("FEDTEXTGRAD_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not (folder / "bbh").is_dir():
        pytest.skip("no real data: set FEDTEXTGRAD_DATA to a folder with bbh/ and gsm8k/")
    return folder
