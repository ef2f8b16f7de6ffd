"""The launching machine: options it refuses, the SuperLink's answers, and the archive of results."""

import base64
import io
import json
import zipfile

import pytest
import toy

from textgrad.errors import BrokenSystem, UsageError
from utils.flower import launch, run_archive, superlink
from utils.flower.superlink import SuperLink

UNREACHABLE = json.dumps({"success": False, "error-message": "Using SuperLink: x\n\nConnection is unavailable."})


@pytest.mark.parametrize(
    "options, message",
    [
        (["--module", "train_centralized"], "no federation"),
        (["--repeats", "2"], "--repeats"),
        (["--wrong_labels", "0.5"], "--wrong_labels"),
        (["--attack", "harmful"], "--attack"),
        (["--personal_layer"], "--personal_layer"),
        (["--canaries", "3"], "--canaries"),
    ],
)
def test_options_that_do_not_fit_flower_are_refused(tmp_path, options, message):
    with pytest.raises(UsageError, match=message):
        launch.launch(toy.config(tmp_path, "--runtime", "flower", *options))


def test_without_flower_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(launch, "flwr_program", lambda: None)
    with pytest.raises(UsageError, match="scripts/flower/requirements.txt"):
        launch.launch(toy.config(tmp_path, "--runtime", "flower"))


def flwr_prints(monkeypatch, *outputs):
    """Make the `flwr` program print these outputs, one per call."""
    remaining = iter(outputs)
    monkeypatch.setattr(superlink, "flwr", lambda *arguments: next(remaining))
    monkeypatch.setattr(superlink, "_POLL_SECONDS", 0.0)


def test_a_short_interruption_of_the_superlink_is_waited_out(monkeypatch):
    running, ended = (json.dumps({"runs": [{"status": status}]}) for status in ("running", "finished:completed"))
    flwr_prints(monkeypatch, running, *[UNREACHABLE] * 14, running, *[UNREACHABLE] * 14, "no JSON", ended)
    with pytest.raises(BrokenSystem, match="run 7 may still be running.*did not print JSON"):
        SuperLink("x").wait("7")
    assert SuperLink("x").wait("7") == "finished:completed"


def test_a_long_interruption_of_the_superlink_is_an_error_that_names_the_run(monkeypatch):
    flwr_prints(monkeypatch, *[UNREACHABLE] * 15)
    with pytest.raises(BrokenSystem, match="run 7 may still be running.*Connection is unavailable"):
        SuperLink("x").wait("7")


@pytest.mark.parametrize(
    "output, outcome", [('{"success": true}', "is stopped"), (UNREACHABLE, "flwr stop 7 "), ("", "flwr stop 7 ")]
)
def test_ctrl_c_prints_whether_the_run_is_stopped_and_how_to_resume_it(monkeypatch, capsys, output, outcome):
    flwr_prints(monkeypatch, output)
    launch.stop(SuperLink("x"), "7", "run")
    printed = capsys.readouterr().err
    assert outcome in printed and "repeat the command with --run_name run" in printed


def test_a_path_outside_the_run_folder_is_rejected(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../evil.txt", "x")
    with pytest.raises(BrokenSystem, match="outside the run folder"):
        run_archive.unpack(buffer.getvalue(), tmp_path / "run")
    with pytest.raises(BrokenSystem, match="damaged"):
        run_archive.unpack(b"nonsense", tmp_path / "run")


def test_results_are_returned_and_the_call_log_is_not(tmp_path):
    server, here = tmp_path / "server", tmp_path / "here"
    (server / "prompts").mkdir(parents=True)
    (server / "prompts" / "best.txt").write_text("best")
    (server / "results.json").write_text("{}")
    (server / "calls.sqlite").write_text("replies")
    line = run_archive.pack(server)
    assert run_archive.decode(line) == base64.b64decode(line) and run_archive.decode("no base64!") is None
    run_archive.unpack(base64.b64decode(line), here)
    assert (here / "prompts" / "best.txt").read_text() == "best" and not (here / "calls.sqlite").exists()
