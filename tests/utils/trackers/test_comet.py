"""Comet beside a run: it may fail, the run never does."""

import json
import zipfile

import pytest

from utils.trackers.comet import Comet


def test_an_offline_archive_holds_metrics_parameters_and_prompts(tmp_path):
    warnings = []
    comet = Comet("offline", "fedtextgrad", str(tmp_path), warnings.append)
    comet.open({"batch_size": 3, "task": ("a", "b")})
    comet.log("log_metric", "client_0_train_acc", 0.25, step=1)
    comet.log("log_text", "Count slowly.", step=1)
    prompt = tmp_path / "best.txt"
    prompt.write_text("Count.")
    comet.log("log_asset", str(prompt))
    comet.close()
    assert not warnings
    archive = zipfile.ZipFile(next(tmp_path.glob("*.zip")))
    messages = [json.loads(line) for line in archive.read("messages.json").decode().splitlines()]
    text = json.dumps(messages)
    assert "client_0_train_acc" in text and "0.25" in text and "batch_size" in text
    contents = b"".join(archive.read(name) for name in archive.namelist())
    assert b"Count." in contents and b"Count slowly." in contents


@pytest.mark.parametrize("mode", ["online"])
def test_without_a_key_it_warns_once_and_goes_on(tmp_path, mode):
    warnings = []
    comet = Comet(mode, "fedtextgrad", str(tmp_path), warnings.append)
    comet.open({"a": 1})
    for step in range(10):
        comet.log("log_metric", "x", 1.0, step=step)
    comet.close()
    assert len(warnings) == 1 and "COMET_API_KEY" in warnings[0]


def test_disabled_it_does_nothing(tmp_path):
    comet = Comet("disabled", "fedtextgrad", str(tmp_path), pytest.fail)
    comet.open({})
    comet.log("log_metric", "x", 1.0)
    comet.close()
    assert not list(tmp_path.iterdir())
