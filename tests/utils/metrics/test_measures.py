"""Surprisal that is remembered and never ends a run; which model scores."""

import pytest
import toy

from textgrad.engine.calls.call_log import CallLog
from textgrad.engine.calls.gateway import Gateway
from textgrad.errors import BrokenSystem
from utils.config import Config
from utils.federation.rounds import Round
from utils.metrics import measures
from utils.metrics.measures import Surprisal, complexities, mean_rate, retained, surprisal_model


@pytest.mark.parametrize(
    "options, model",
    [
        ({}, ""),
        ({"surprisal_model": "off", "test_engine": "local-smollm2"}, ""),
        ({"test_engine": "local-smollm2"}, "smollm2"),
        ({"evaluation_engine": "local-m/x.gguf"}, "m/x.gguf"),
        ({"surprisal_model": "gpt2"}, "gpt2"),
    ],
)
def test_the_model_that_runs_here_anyway_scores_by_default(options, model):
    assert surprisal_model(Config(**options)) == model


def test_a_text_is_scored_once_and_a_replay_sees_the_same_values(tmp_path, monkeypatch):
    values = iter([[1.00004, 2.0], [9.0, 9.0]])
    monkeypatch.setattr(measures, "get_scorer", lambda name: lambda text: next(values))
    gateway = Gateway(CallLog(tmp_path / "calls.sqlite"))
    assert Surprisal("m", gateway)("a text") == [1.0, 2.0] == Surprisal("m", gateway)("a text")
    assert Surprisal("another", gateway)("a text") == [9.0, 9.0]


def test_a_replay_starts_no_model(tmp_path, monkeypatch):
    monkeypatch.setattr(measures, "get_scorer", lambda name: pytest.fail("it was started"))
    assert Surprisal("m", Gateway(CallLog(tmp_path / "c.sqlite"), replay_only=True))("a text") == []


def test_a_model_that_fails_is_told_once_and_leaves_the_measure_out(tmp_path, monkeypatch):
    asked = []

    def broken(name):
        asked.append(name)
        raise BrokenSystem("no such model")

    monkeypatch.setattr(measures, "get_scorer", broken)
    scorer = Surprisal("m", Gateway(CallLog(tmp_path / "calls.sqlite")))
    assert scorer("one") == scorer("two") == [] and asked == ["m"] and scorer.problem == "no such model"
    measured = complexities([Round(0, prompts=("Add.",))], scorer)
    assert "surprisal_mean" not in measured[0]["prompts"][0] and measured[0]["prompts"][0]["tokens"] > 0


def test_a_run_with_a_broken_surprisal_model_ends_well(tmp_path, capsys):
    import main

    assert main.run(toy.config(tmp_path, "--surprisal_model", "llama:http://127.0.0.1:9")) == 0
    assert "no surprisal is measured" in capsys.readouterr().out


def test_the_mean_rate_leaves_out_clients_that_added_nothing():
    found = retained({0: "Add.\nCheck the sign.", 1: "Add."}, "Add.", "Add.\nCheck the sign.")
    assert found[1].rate is None and mean_rate(found) == 1.0 and mean_rate({1: found[1]}) is None


def test_a_repair_brings_lost_instructions_back(tmp_path, monkeypatch):
    import json

    import main
    from utils.federation import rounds

    monkeypatch.setattr(rounds, "repair", lambda engine, prompt, lost, budget: "\n".join([prompt, *lost]))
    engine = "simulated:topics=4,forget=1,base=0"
    assert main.run(toy.config(tmp_path, "--aggregate_repair", engine=engine)) == 0
    results = json.loads((tmp_path / "logs" / "run" / "results.json").read_text())
    assert any(done["repaired"] for done in results["rounds"]) and results["lost_instructions"] == []
    from utils.run_log import ledger

    assert ledger.verify(tmp_path / "logs" / "run")[1] is None
