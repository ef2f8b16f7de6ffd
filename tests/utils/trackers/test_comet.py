"""The comet tracker: what its offline archive holds, and how a failure is reported."""

import json
import zipfile

import pytest

from utils.config import Config
from utils.trackers import TrackedRun
from utils.trackers._background import open_trackers


def comet(folder, mode, warn):
    config = Config(comet_mode=mode, comet_log_path=str(folder))
    return open_trackers(TrackedRun(config, folder), warn)


def test_an_offline_archive_holds_metrics_parameters_and_prompts(tmp_path):
    warnings = []
    tracker = comet(tmp_path, "offline", warnings.append)
    tracker.log_params({"batch_size": 3, "task": ("a", "b")})
    tracker.log_metric("client_0_train_acc", 0.25, step=1)
    tracker.log_metric("best_test_acc", 0.75, step=2)
    tracker.log_text("Count slowly.", step=1)
    prompt = tmp_path / "best.txt"
    prompt.write_text("Count.")
    tracker.log_file(prompt)
    tracker.close()
    assert not warnings
    archive = zipfile.ZipFile(next(tmp_path.glob("*.zip")))
    messages = [json.loads(line) for line in archive.read("messages.json").decode().splitlines()]
    text = json.dumps(messages)
    assert "client_0_train_acc" in text and "0.25" in text and "batch_size" in text
    parameters = {message["payload"]["param"]["paramName"] for message in messages if message["payload"].get("param")}
    assert "best_test_acc" in parameters and "client_0_train_acc" not in parameters
    contents = b"".join(archive.read(name) for name in archive.namelist())
    assert b"Count." in contents and b"Count slowly." in contents


@pytest.mark.parametrize("mode", ["online"])
def test_without_a_key_it_warns_once_and_the_run_continues(tmp_path, monkeypatch, mode):
    monkeypatch.delenv("COMET_API_KEY", raising=False)
    warnings = []
    tracker = comet(tmp_path, mode, warnings.append)
    tracker.log_params({"a": 1})
    for step in range(10):
        tracker.log_metric("x", 1.0, step=step)
    tracker.close()
    assert len(warnings) == 1 and "COMET_API_KEY" in warnings[0]


def test_a_disabled_comet_does_nothing(tmp_path):
    tracker = comet(tmp_path, "disabled", pytest.fail)
    tracker.log_params({})
    tracker.log_metric("x", 1.0, step=0)
    tracker.close()
    assert not list(tmp_path.iterdir())
