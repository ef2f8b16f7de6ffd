"""Resuming a run that an earlier version of the program started."""

import json

import pytest
import toy

import main


@pytest.mark.parametrize(
    "stored, said", [({}, False), ({"request_version": 1}, True), ({"request_version": None}, True)]
)
def test_a_run_of_an_earlier_version_says_that_changed_requests_are_sent_again(tmp_path, capsys, stored, said):
    assert main.run(toy.config(tmp_path)) == 0
    path = tmp_path / "logs" / "run" / "config.json"
    config = json.loads(path.read_text()) | stored
    if config["request_version"] is None:  # as in runs before there was a version
        del config["request_version"]
    path.write_text(json.dumps(config))
    capsys.readouterr()
    assert main.run(toy.config(tmp_path)) == 0
    assert ("requests whose text has changed since are sent again" in capsys.readouterr().out) is said
