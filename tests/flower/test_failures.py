"""Killed, failing, slow, reconnecting and unknown sites; killed servers; and the data that an eavesdropper can read."""

import json
import os
import signal
import threading
import time
from collections import Counter

import pytest
import toy
from fault_server import FaultServer
from flower_machines import KEY, SITES, kill, kill_tree, rounds_in, start_script, wait_until

from utils.run_log.ledger import verify

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def after_first_round(trial, model):
    """Return a run of three rounds that has finished its first round, and its launching process."""
    run = trial(model, "--rounds", "3")
    for name in SITES:
        run.site(name)
    launched = run.machines.run(*run.options)
    wait_until(lambda: len(run.rounds()) >= 1)
    return run, launched


def test_a_killed_site_is_late_and_rejoins_later_and_unknown_sites_are_ignored(trial):
    with FaultServer() as model:
        run = trial(model, "--rounds", "6", "--round_deadline", "20", "--min_clients", "2")
        nodes = {name: run.site(name) for name in SITES}
        run.machines.site("stranger", run.folder / "data" / "north", "ollama-m", run.keys("stranger"))
        model.policy = lambda request, count: time.sleep(0.5)  # the kill comes during training
        started = run.machines.run(*run.options)
        wait_until(lambda: run.requests_of("west"))
        kill(nodes["west"])
        model.policy = None
        broken = run.folder / "data" / "south" / "sums.jsonl"
        content = broken.read_text()
        wait_until(lambda: len(run.rounds()) >= 1)
        run.site("west")
        broken.unlink()
        wait_until(lambda: any("1" in line["dropped"] for line in run.rounds()))
        broken.write_text(content)
        printed, _ = started.communicate(timeout=300)
    assert started.returncode == 0, printed
    rounds = run.rounds()
    assert rounds[0]["dropped"] == {"2": "late"} and sorted(rounds[0]["uploads"]) == ["0", "1"]
    assert "failed: UsageError" in {line["dropped"].get("1") for line in rounds}
    assert sorted(rounds[-1]["uploads"]) == ["0", "1", "2"], [line["dropped"] for line in rounds]
    assert "'stranger' is not a site of this run" in printed and not run.requests_of("stranger")
    assert verify(run.folder / "logs" / "run") == (6, None)


def test_a_killed_server_resumes_after_its_last_finished_round_and_pays_for_no_reply_twice(trial):
    with FaultServer() as model:
        run, first = after_first_round(trial, model)
        model.latency = 0.5  # the kill comes in the middle of a round
        wait_until(lambda: [seen for seen in run.requests_of("north") if seen.time > time.monotonic() - 0.5])
        killed = time.monotonic()
        os.kill(run.machines.server_app(), signal.SIGKILL)
        model.latency = 0.0
        printed, _ = first.communicate(timeout=300)
        assert first.returncode == 2 and "repeat the command with --run_name run" in printed
        before, rounds = len(model.requests), run.rounds()
        second = run.machines.run(*run.options)
        printed, _ = second.communicate(timeout=300)
    assert second.returncode == 0, printed
    assert len(model.requests) > before and run.rounds()[: len(rounds)] == rounds and len(run.rounds()) == 3
    for side in ("server", *SITES):
        first_sent, times = {}, Counter()
        for seen in run.requests_of(side):
            body = json.dumps(seen.json, sort_keys=True)
            first_sent.setdefault(body, seen.time)
            times[body] += 1
        repeated = [first_sent[body] for body, count in times.items() if count > 1]
        # Only requests of the killed server that were in flight may be repeated; the sites kept running.
        assert not [moment for moment in repeated if side != "server" or not killed - 1.0 < moment <= killed], side
    assert verify(run.folder / "logs" / "run") == (3, None)


def test_ctrl_c_stops_the_run_on_all_machines_and_the_same_command_resumes_it(trial):
    with FaultServer() as model:
        run, first = after_first_round(trial, model)
        first.send_signal(signal.SIGINT)
        printed, _ = first.communicate(timeout=120)
        assert first.returncode == 130, printed
        assert "the run is stopped" in printed and "repeat the command with --run_name run" in printed
        wait_until(lambda: run.machines.server_app() is None)
        wait_until(lambda: all(time.monotonic() - seen.time > 5.0 for seen in list(model.requests)))
        rounds, before = run.rounds(), len(model.requests)
        second = run.machines.run(*run.options)
        printed, _ = second.communicate(timeout=300)
    assert second.returncode == 0, printed
    assert len(rounds) < 3 and run.rounds()[: len(rounds)] == rounds and len(run.rounds()) == 3
    assert len(model.requests) > before and verify(run.folder / "logs" / "run") == (3, None)


def test_a_killed_site_with_a_key_is_rejected_for_a_while_and_then_rejoins(flower, tmp_path):
    options = toy.options(tmp_path, "--rounds", "12", "--round_deadline", "20", "--min_clients", "2")
    started = start_script("tls.sh", tmp_path, *options)
    server = tmp_path / "machines" / "server" / "logs" / "run"
    wait_until(lambda: len(rounds_in(server)) >= 1)
    restart = kill_tree("flower-supernode", b"name='site-1'")
    finished = threading.Event()
    restarts = []

    def supervise() -> None:
        while not finished.is_set():
            restarts.append(node := restart())
            while node.poll() is None and not finished.wait(0.2):
                pass
            kill(node)
            finished.wait(5.0)

    supervisor = threading.Thread(target=supervise)
    supervisor.start()
    try:
        printed, _ = started.communicate(timeout=500)
    finally:
        finished.set()
        supervisor.join()
        kill(started)
    assert started.returncode == 0, printed
    rounds = rounds_in(server)
    dropped = [line["dropped"] for line in rounds]
    assert len(restarts) > 1 and {"1": "late"} in dropped, "the site was never disconnected"
    assert sorted(rounds[-1]["uploads"]) == ["0", "1", "2"], dropped
    assert verify(tmp_path / "logs" / "run") == (12, None)


def test_nothing_private_is_on_the_wire_or_in_the_logs_or_the_database_of_the_server(trial):
    with FaultServer() as model:
        run = trial(model)
        rows = {}
        for name in SITES:
            run.site(name)
            path = run.folder / "data" / name / "sums.jsonl"
            rows[name] = [json.loads(line)["question"] for line in path.read_text().splitlines()]
        printed, _ = (started := run.machines.run(*run.options)).communicate(timeout=300)
    assert started.returncode == 0, printed
    places = {"the wire": bytes(run.machines.proxy.recorded), "the terminal": printed.encode()}
    for folder in ("superlink", "server-logs", "logs", "home"):
        places |= {str(path): path.read_bytes() for path in (run.folder / folder).rglob("*") if path.is_file()}
    assert any("state.db" in place for place in places)
    upload = (run.folder / "logs" / "run" / "prompts" / "round01_client00_upload.txt").read_bytes()
    lesson = upload.splitlines()[-1]
    assert lesson.startswith(b"Lesson") and lesson in places["the wire"]  # the recording is readable
    for place, content in places.items():
        for name in SITES:
            assert f"{KEY}{name}".encode() not in content, place
            assert str(run.folder / "data" / name).encode() not in content, place
            for question in rows[name]:
                assert question.partition("what is ")[2].encode() not in content, place  # the sum without its wording
