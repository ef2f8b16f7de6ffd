"""Surprisal of a run: the choice of its model, the cached values, and failures that never end the run."""

import pytest
import toy

from textgrad.engine.calls.call_log import CallLog
from textgrad.engine.calls.gateway import Gateway
from textgrad.errors import BrokenSystem
from utils.config import Config
from utils.federation import surprisal
from utils.federation.result import Round
from utils.federation.surprisal import CachedSurprisal, surprisal_model
from utils.run_log.measures import complexity_by_round


@pytest.mark.parametrize(
    "options, model",
    [
        ({}, ""),
        ({"surprisal_model": "off", "test_engine": "local-smollm2"}, ""),
        ({"test_engine": "local-smollm2"}, "smollm2"),
        ({"evaluation_engine": "local-m/x.gguf"}, "m/x.gguf"),
        ({"test_engine": "local-me/tiny-GGUF:Q8_0"}, "local-me/tiny-GGUF:Q8_0"),
        ({"surprisal_model": "gpt2"}, "gpt2"),
    ],
)
def test_the_embedded_model_of_the_run_scores_by_default(options, model):
    assert surprisal_model(Config(**options)) == model


def test_a_text_is_scored_once_and_a_replay_gets_the_same_values(tmp_path, monkeypatch):
    values = iter([[1.00004, 2.0], [9.0, 9.0]])
    monkeypatch.setattr(surprisal, "get_scorer", lambda name: lambda text: next(values))
    gateway = Gateway(CallLog(tmp_path / "calls.sqlite"))
    assert CachedSurprisal("m", gateway)("a text") == [1.0, 2.0] == CachedSurprisal("m", gateway)("a text")
    assert CachedSurprisal("another", gateway)("a text") == [9.0, 9.0]


def test_a_replay_loads_no_model(tmp_path, monkeypatch):
    monkeypatch.setattr(surprisal, "get_scorer", lambda name: pytest.fail("the model was loaded"))
    assert CachedSurprisal("m", Gateway(CallLog(tmp_path / "c.sqlite"), replay_only=True))("a text") == []


def test_a_failing_model_is_loaded_once_and_its_measures_are_left_out(tmp_path, monkeypatch):
    loaded = []

    def broken(name):
        loaded.append(name)
        raise BrokenSystem("no such model")

    monkeypatch.setattr(surprisal, "get_scorer", broken)
    scorer = CachedSurprisal("m", Gateway(CallLog(tmp_path / "calls.sqlite")))
    assert scorer("one") == scorer("two") == [] and loaded == ["m"] and scorer.problem == "no such model"
    measured = complexity_by_round([Round(0, prompts=("Add.",))], scorer)
    assert "surprisal_mean" not in measured[0]["prompts"][0] and measured[0]["prompts"][0]["tokens"] > 0


def test_a_run_with_a_broken_surprisal_model_succeeds(tmp_path, capsys):
    import main

    assert main.run(toy.config(tmp_path, "--surprisal_model", "llama:http://127.0.0.1:9")) == 0
    assert "surprisal is not measured" in capsys.readouterr().out
