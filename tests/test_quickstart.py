"""The quickstart: which model it takes, what it replays, and its last lines."""

import re
import shutil
from pathlib import Path

import pytest

from scripts import quickstart
from utils.config import parse

constants = pytest.importorskip("huggingface_hub.constants")


@pytest.fixture
def unreachable(tmp_path, monkeypatch):
    """No hub, and nothing of it on this machine."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.delenv("MODEL", raising=False)
    quickstart.download.cache_clear()
    yield
    quickstart.download.cache_clear()


def test_the_last_lines_say_what_was_learned_together_and_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MODEL", "simulated")
    assert quickstart.main(["--log_dir", str(tmp_path)]) == 0
    learned, page, following = capsys.readouterr().out.splitlines()[-3:]
    assert re.fullmatch(r"learned: the best prompt .* beats .* n = 60; each client alone: 0\.\d{3}", learned)
    assert page == f"page:    {tmp_path / 'quickstart' / 'report.html'}"
    assert following.startswith("next:")
    assert (tmp_path / "quickstart_alone" / "results.json").exists()


def test_a_run_that_ends_without_a_result_ends_the_quickstart_with_its_status(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MODEL", "simulated")
    assert quickstart.main(["--log_dir", str(tmp_path), "--max_calls", "20"]) == 3
    assert "learned:" not in capsys.readouterr().out
    assert not (tmp_path / "quickstart_alone").exists()


def test_without_the_larger_model_smollm2_is_taken_and_the_reason_is_printed(unreachable, capsys):
    assert quickstart._best_model() == quickstart.SMALL
    assert "unset HF_HUB_OFFLINE" in capsys.readouterr().out


@pytest.mark.parametrize("name, options", [("together", ()), ("alone", quickstart.ALONE)])
def test_a_recording_is_replayed_without_the_model_and_says_so(unreachable, tmp_path, capsys, name, options):
    replayed = quickstart._replay(name, str(tmp_path), *options)
    shown = capsys.readouterr().out
    assert f"recording of Qwen/Qwen2.5-0.5B-Instruct-GGUF from {quickstart.RECORDED_ON}, replayed without the" in shown
    assert replayed.folder == tmp_path / f"recorded_{name}"
    assert not Path(constants.HF_HUB_CACHE).exists()


def test_the_recording_shows_a_significant_gain(unreachable, tmp_path):
    assert "beats the initial one" in quickstart._verdict(quickstart._replay("together", str(tmp_path)))


def test_a_changed_recording_is_refused(unreachable, tmp_path, monkeypatch, capsys):
    examples = tmp_path / "examples"
    shutil.copytree(quickstart.EXAMPLES, examples)
    ledger = examples / "together" / "ledger.jsonl"
    ledger.write_text(ledger.read_text().replace("broadcast", "broadcasted", 1))
    monkeypatch.setattr(quickstart, "EXAMPLES", examples)
    assert quickstart.main(["--log_dir", str(tmp_path)]) == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert "has another ledger: restore the folder" in error


def test_recorded_files_are_small():
    assert sum(path.stat().st_size for path in quickstart.EXAMPLES.rglob("*.sqlite")) <= 2_000_000


def test_both_settings_are_valid():
    for options in (quickstart.RULES, quickstart.SYLLOGISMS):
        assert parse(options)
