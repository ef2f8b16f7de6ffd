"""Sites and servers that are killed, raise, are slow, come back or are unknown; and what can be read on the way."""

import json
import os
import signal
import threading
import time
from collections import Counter

import pytest
import toy
from fault_server import FaultServer
from flower_machines import KEY, SITES, by_script, end, end_tree, rounds_in, until

from utils.run_log.ledger import verify

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def under_way(trial, model):
    """A run of three rounds at all sites, whose first round has ended, and its launching process."""
    run = trial(model, "--rounds", "3")
    for name in SITES:
        run.site(name)
    launched = run.machines.run(*run.options)
    until(lambda: len(run.rounds()) >= 1)
    return run, launched


def test_a_killed_site_costs_a_round_by_its_deadline_and_comes_back_and_strangers_are_left_out(trial):
    with FaultServer() as model:
        run = trial(model, "--rounds", "6", "--round_deadline", "20", "--min_clients", "2")
        nodes = {name: run.site(name) for name in SITES}
        run.machines.site("stranger", run.folder / "data" / "north", "ollama-m", run.keys("stranger"))
        model.policy = lambda request, count: time.sleep(0.5)  # long enough to be killed while at work
        started = run.machines.run(*run.options)
        until(lambda: run.asked_by("west"))
        end(nodes["west"])
        model.policy = None
        broken = run.folder / "data" / "south" / "sums.jsonl"
        kept = broken.read_text()
        until(lambda: len(run.rounds()) >= 1)
        run.site("west")
        broken.unlink()
        until(lambda: any("1" in done["dropped"] for done in run.rounds()))
        broken.write_text(kept)
        told, _ = started.communicate(timeout=300)
    assert started.returncode == 0, told
    rounds = run.rounds()
    assert rounds[0]["dropped"] == {"2": "late"} and sorted(rounds[0]["uploads"]) == ["0", "1"]
    assert "failed: UsageError" in {done["dropped"].get("1") for done in rounds}
    assert sorted(rounds[-1]["uploads"]) == ["0", "1", "2"], [done["dropped"] for done in rounds]
    assert "'stranger' is no site of this run" in told and not run.asked_by("stranger")
    assert verify(run.folder / "logs" / "run") == (6, None)


def test_a_killed_server_goes_on_from_its_last_finished_round_and_nothing_is_paid_twice(trial):
    with FaultServer() as model:
        run, first = under_way(trial, model)
        model.latency = 0.5  # so that it is killed in the middle of a round
        until(lambda: [seen for seen in run.asked_by("north") if seen.time > time.monotonic() - 0.5])
        killed = time.monotonic()
        os.kill(run.machines.server_app(), signal.SIGKILL)
        model.latency = 0.0
        told, _ = first.communicate(timeout=300)
        assert first.returncode == 2 and "--run_name run to go on" in told
        before, rounds = len(model.requests), run.rounds()
        second = run.machines.run(*run.options)
        told, _ = second.communicate(timeout=300)
    assert second.returncode == 0, told
    assert len(model.requests) > before and run.rounds()[: len(rounds)] == rounds and len(run.rounds()) == 3
    for side in ("server", *SITES):
        first_asked, times = {}, Counter()
        for seen in run.asked_by(side):
            body = json.dumps(seen.json, sort_keys=True)
            first_asked.setdefault(body, seen.time)
            times[body] += 1
        again = [first_asked[body] for body, count in times.items() if count > 1]
        # What the server was still waiting for when it was killed was not finished; sites lived on and finished theirs.
        assert not [moment for moment in again if side != "server" or not killed - 1.0 < moment <= killed], side
    assert verify(run.folder / "logs" / "run") == (3, None)


def test_ctrl_c_of_the_launching_user_ends_the_run_on_all_machines_and_the_same_command_goes_on(trial):
    with FaultServer() as model:
        run, first = under_way(trial, model)
        first.send_signal(signal.SIGINT)
        told, _ = first.communicate(timeout=120)
        assert first.returncode == 130, told
        assert "it is stopped" in told and "give the same command with --run_name run" in told
        until(lambda: run.machines.server_app() is None)
        until(lambda: all(time.monotonic() - seen.time > 5.0 for seen in list(model.requests)))
        rounds, before = run.rounds(), len(model.requests)
        second = run.machines.run(*run.options)
        told, _ = second.communicate(timeout=300)
    assert second.returncode == 0, told
    assert len(rounds) < 3 and run.rounds()[: len(rounds)] == rounds and len(run.rounds()) == 3
    assert len(model.requests) > before and verify(run.folder / "logs" / "run") == (3, None)


def test_a_site_with_a_key_that_is_killed_is_refused_for_a_while_and_then_takes_part_again(flower, tmp_path):
    options = toy.options(tmp_path, "--rounds", "12", "--round_deadline", "20", "--min_clients", "2")
    started = by_script("tls.sh", tmp_path, *options)
    server = tmp_path / "machines" / "server" / "logs" / "run"
    until(lambda: len(rounds_in(server)) >= 1)
    restart = end_tree("flower-supernode", b"name='site-1'")
    over = threading.Event()
    tries = []

    def supervise() -> None:
        while not over.is_set():
            tries.append(node := restart())
            while node.poll() is None and not over.wait(0.2):
                pass
            end(node)
            over.wait(5.0)

    supervisor = threading.Thread(target=supervise)
    supervisor.start()
    try:
        told, _ = started.communicate(timeout=500)
    finally:
        over.set()
        supervisor.join()
        end(started)
    assert started.returncode == 0, told
    rounds = rounds_in(server)
    dropped = [done["dropped"] for done in rounds]
    assert len(tries) > 1 and {"1": "late"} in dropped, "it was never away"
    assert sorted(rounds[-1]["uploads"]) == ["0", "1", "2"], dropped
    assert verify(tmp_path / "logs" / "run") == (12, None)


def test_nothing_private_is_on_the_wire_in_the_servers_logs_or_in_its_data_base(trial):
    with FaultServer() as model:
        run = trial(model)
        rows = {}
        for name in SITES:
            run.site(name)
            path = run.folder / "data" / name / "sums.jsonl"
            rows[name] = [json.loads(line)["question"] for line in path.read_text().splitlines()]
        told, _ = (started := run.machines.run(*run.options)).communicate(timeout=300)
    assert started.returncode == 0, told
    places = {"the wire": bytes(run.machines.tap.heard), "the terminal": told.encode()}
    for folder in ("superlink", "server-logs", "logs", "home"):
        places |= {str(path): path.read_bytes() for path in (run.folder / folder).rglob("*") if path.is_file()}
    assert any("state.db" in place for place in places)
    upload = (run.folder / "logs" / "run" / "prompts" / "round01_client00_upload.txt").read_bytes()
    lesson = upload.splitlines()[-1]
    assert lesson.startswith(b"Lesson") and lesson in places["the wire"]  # what is sent can be read there
    for place, content in places.items():
        for name in SITES:
            assert f"{KEY}{name}".encode() not in content, place
            assert str(run.folder / "data" / name).encode() not in content, place
            for question in rows[name]:
                assert question.partition("what is ")[2].encode() not in content, place  # the sum, however it is put
