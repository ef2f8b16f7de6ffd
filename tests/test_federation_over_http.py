"""Proof of federation from outside: a server records every request of a run."""

import json

import pytest
import toy
from fault_server import FaultServer

import main
from textgrad.engine.base import Sampling
from textgrad.engine.simulated import SimulatedEngine


@pytest.fixture
def simulated_over_http(monkeypatch):
    """Return a function that starts servers with the replies of the simulated engine."""
    servers = []

    def start(spec: str, pairs, latency: float = 0.0) -> FaultServer:
        engine = SimulatedEngine(spec)
        engine.teach(pairs)

        def reply(request):
            return engine.complete(request["messages"], Sampling(request["temperature"])).text

        servers.append(FaultServer(reply, latency=latency).__enter__())
        monkeypatch.setenv("OPENAI_BASE_URL", servers[-1].url)
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        return servers[-1]

    yield start
    for server in servers:
        server.__exit__(None, None, None)


def pairs_of(*paths):
    rows = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    return [(row["question"], row["answer"]) for row in rows]


def test_clients_use_the_last_global_prompt_and_evaluation_uses_the_merged_one(tmp_path, simulated_over_http):
    path = toy.task_file(tmp_path, topics=range(36))
    server = simulated_over_http("topics=36,base=0,forget=0.3", pairs_of(path))
    every_merge_is_adopted = ("--min_retention", "0", "--no_aggregate_gate")
    options = ("--rounds", "3", "--local_steps", "1", "--train_size", "30", *every_merge_is_adopted)
    config = toy.config(tmp_path, *options, tasks=[path], engine="openai-m")
    assert main.run(config) == 0
    folder = tmp_path / "logs" / "run"
    prompts = [
        (folder / "prompts" / f"{name}.txt").read_text()
        for name in ("initial", "round01_global", "round02_global", "round03_global")
    ]
    assert len(set(prompts)) == 4
    questions_under = {}
    for seen in server.requests:
        questions_under.setdefault(seen.json["messages"][0]["content"], set()).add(seen.json["messages"][-1]["content"])
    questions = [row["question"] for row in map(json.loads, path.read_text().splitlines())]
    training = {
        question
        for question in questions
        if any(
            question in text
            for seen in server.requests
            for text in [seen.json["messages"][-1]["content"]]
            if "<PROMPT" not in text and seen.json["messages"][0]["content"].startswith("You are the critic")
        )
    }
    for number in range(3):  # clients answer their own questions under the prompt of the previous round
        answered = {
            question for question in training for text in questions_under[prompts[number]] if text.startswith(question)
        }
        assert len(answered) >= 9
    merges = [seen for seen in server.requests if "<PROMPT client=" in seen.json["messages"][-1]["content"]]
    assert len(merges) == 3
    evaluated = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert {event["of"] for event in evaluated if event["event"] == "evaluation"} >= {"round 1", "round 2", "round 3"}
    for prompt in prompts[1:]:
        assert len(questions_under[prompt]) >= 8


def test_a_federated_run_takes_as_long_as_its_longest_chain_of_dependent_calls(tmp_path, simulated_over_http):
    """Three clients, one step of batch 3, one merge.

    The longest chain is five calls of the step, one merge and two evaluations; in sequence it would be 100 calls.
    """
    path = toy.task_file(tmp_path, topics=range(36))
    server = simulated_over_http("topics=36,base=0", pairs_of(path), latency=0.2)
    config = toy.config(tmp_path, "--rounds", "1", "--local_steps", "1", tasks=[path], engine="openai-m")
    assert main.run(config) == 0
    first, last = server.requests[0].time, server.requests[-1].time
    assert last - first + 0.2 < len(server.requests) * 0.2 / 3  # generous, as the machine may be busy
