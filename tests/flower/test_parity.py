"""Every aggregator finds the same prompts and scores over Flower's messages as on one machine; needs no Flower."""

import pytest
import toy
from fake_messenger import SitesInProcess

from textgrad.discovery import names_in
from utils.federation.null_log import NullLog
from utils.federation.rounds import run_rounds
from utils.flower import server, site_registry, transport
from utils.flower.export_shards import export
from utils.flower.held_out import held_out_task

ENGINE = "simulated:topics=4,forget=0.3"


@pytest.fixture(autouse=True)
def _poll_often(monkeypatch):
    for module in (transport, site_registry):
        monkeypatch.setattr(module, "_POLL_SECONDS", 0.001)


def over_messages(folder, monkeypatch, *options):
    """Run over messages and return the result and the messenger."""
    options = ("--val_size", "9", *options)
    sites = export(toy.config(folder, *options, engine=ENGINE), folder / "data")
    entries = {
        node: {"name": name, "data": str(folder / "data" / name), "engine": ENGINE} for node, name in enumerate(sites)
    }
    messenger = SitesInProcess(entries)
    monkeypatch.setattr(server, "Messenger", lambda grid: messenger)
    config = toy.config(folder, *options, engine=ENGINE, tasks=[folder / "data" / "server" / "sums.jsonl"])
    engines, _, _ = toy.recorded(config)
    tasks = [held_out_task(name, config, engines) for name in config.task]
    federation = server._federation(None, config, engines, tasks, Lines())
    return run_rounds(federation), messenger


class Lines(NullLog):
    def say(self, line):
        pass


def on_one_machine(folder, *options):
    return toy.train(toy.config(folder, "--val_size", "9", *options, engine=ENGINE))[0]


def story(result):
    """Return what a run found: prompts, uploads, scores, and the answers of clients to candidates."""
    return [
        (
            each.prompts,
            each.aggregated,
            each.validation,
            [(asked.prompts, asked.answers, asked.missing) for asked in each.client_scores],
        )
        for each in result.rounds
    ] + [result.tests, result.best]


@pytest.mark.parametrize("method", names_in("utils.aggregation.methods"))
def test_an_aggregator_finds_the_same_prompts_and_scores_as_on_one_machine(tmp_path, monkeypatch, method):
    options = ("--aggregate_method", method, "--score_by", "clients")
    result, messenger = over_messages(tmp_path, monkeypatch, *options)
    assert story(result) == story(on_one_machine(tmp_path, *options))
    assert [len(each.updates) for each in result.rounds[1:]] == [3, 3]
    assert not any(each.dropped for each in result.rounds)
    asked = {each for each, message_type in messenger.sent if message_type == "evaluate"}
    assert asked == ({0, 1, 2} if method in ("validated", "robust") else set())


def test_sites_vote_with_their_own_randomness(tmp_path, monkeypatch):
    options = ("--aggregate_method", "validated", "--score_by", "clients", "--rounds", "1", "--vote_epsilon", "100")
    result, _ = over_messages(tmp_path, monkeypatch, *options)
    local = on_one_machine(tmp_path, *options)
    (asked,), (asked_locally,) = result.rounds[1].client_scores, local.rounds[1].client_scores
    assert asked.answers == asked_locally.answers and len(asked.answers) == 3, "with this epsilon, all votes are true"
