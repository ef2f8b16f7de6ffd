"""The personal layer: a section of the prompt that stays with its client."""

import dataclasses
import json

import pytest
import toy

import main
from textgrad.discovery import names_in
from textgrad.errors import UsageError
from utils.federation.evaluation import prompt_id
from utils.federation.exchange import exchange
from utils.federation.personal import HEADING, personal_prompt
from utils.federation.result import Round
from utils.federation.update import NoUpload, NoUploadReason, Update
from utils.run_log.ledger import verify

LAYER = (
    "--personal_layer",
    "--aggregate_method",
    "summarization",
    "--min_retention",
    "0",
    "--rounds",
    "3",
    "--batch_size",
    "4",
)


def tasks_of(folder):
    """Write two tasks of different topics: what one client learns is of no use to the other."""
    return [toy.task_file(folder, "first", [1, 2, 3]), toy.task_file(folder, "second", [7, 8, 9], seed=1)]


def config(folder, *more):
    return toy.config(folder, *LAYER, *more, module="train_hetero_fed", tasks=tasks_of(folder), engine="simulated")


def rewritten(step, before):
    """Return which sections of the prompt a step changed."""
    pairs = zip(step.prompt.partition(HEADING)[::2], before.partition(HEADING)[::2], strict=True)
    return [name for name, (new, old) in zip(("shared", "own"), pairs, strict=True) if new.strip() != old.strip()]


def test_own_sections_are_trained_and_never_uploaded_or_merged(tmp_path):
    result, _, _, evaluation = toy.train(config(tmp_path))
    shared = [text for each in result.rounds for text in (*each.prompts, *(update.prompt for update in each.updates))]
    merges = [text for messages in evaluation.requests if "<PROMPT client=" in (text := messages[-1]["content"])]
    assert len(set(shared)) > 2 and merges and not any(HEADING in text for text in (*shared, *merges))
    for update in result.rounds[1].updates:
        assert update.own_section and update.own_section not in update.prompt
        assert update.own_section not in result.rounds[1].prompts[0]


def test_a_round_starts_from_the_broadcast_followed_by_the_clients_own_section(tmp_path):
    result, _, test, _ = toy.train(config(tmp_path, "--no_aggregate_gate"))
    sections = dict.fromkeys(range(2), "")
    for each in result.rounds[1:]:
        for update in each.updates:
            assert update.started == prompt_id(each.broadcast[0])
            assert personal_prompt(each.broadcast[0], sections[update.client]) in test.systems()
            assert update.steps[-1].prompt == personal_prompt(update.prompt, update.own_section)
            sections[update.client] = update.own_section
    assert all(sections.values())


@pytest.mark.parametrize("local_steps", [1, 2, 3])
def test_steps_rewrite_the_sections_in_turn_over_all_rounds(tmp_path, local_steps):
    result, _, _, _ = toy.train(config(tmp_path, "--local_steps", str(local_steps), "--no_aggregate_gate"))
    sections, changed = dict.fromkeys(range(2), ""), set()
    for each in result.rounds[1:]:
        for update in each.updates:
            prompt = personal_prompt(each.broadcast[0], sections[update.client])
            for step in update.steps:
                turn = ("shared", "own")[((each.number - 1) * local_steps + step.number - 1) % 2]
                assert rewritten(step, prompt) in ([], [turn])
                changed |= set(rewritten(step, prompt))
                prompt = step.prompt
            sections[update.client] = update.own_section
    assert changed == {"shared", "own"}


# Without `rules`: the simulated engine cannot give advice on free answers.
@pytest.mark.parametrize("optimizer", sorted({*names_in("textgrad.optimizer")} - {"rules"}))
def test_every_optimizer_rewrites_both_sections(tmp_path, optimizer):
    result, _, _, _ = toy.train(config(tmp_path, "--optimizer", optimizer, "--share_examples"))
    assert any(update.own_section for each in result.rounds for update in each.updates)
    assert any(update.prompt != result.rounds[0].prompts[0] for each in result.rounds for update in each.updates)


def test_a_client_without_an_upload_keeps_its_old_section(tmp_path):
    class Transport:
        def exchange(self, round_number, clients, prompts, deadline):
            sent = Update(0, prompt_id(prompts[0]), "New.", (), own_section="Mine.")
            too_long = dataclasses.replace(sent, client=1, prompt="long " * 5000)
            return [sent, too_long, NoUpload(NoUploadReason.LATE)]

    _, federation, _, _ = toy.train(toy.config(tmp_path, "--personal_layer"))
    for client in federation.clients:
        client.own_section = "Old."
    federation.transport = Transport()
    exchange(federation, Round(1, broadcast=("Add.",)), [])
    assert [client.own_section for client in federation.clients] == ["Mine.", "Old.", "Old."]


def test_both_prompts_are_scored_on_each_clients_own_questions(tmp_path, capsys):
    assert main.run(config(tmp_path)) == 0
    folder = tmp_path / "logs" / "run"
    results = json.loads((folder / "results.json").read_text())
    events = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    right = {
        (event["of"], event["task"], event.get("client")): sum(event["correct"]) / event["n"]
        for event in events
        if event["event"] == "evaluation"
    }
    terminal, page = capsys.readouterr().out, (folder / "report.html").read_text()
    for client, task in enumerate(("first", "second")):
        row = results["clients"][str(client)]
        for split, shared, personal in (
            ("test", "last", "personal"),
            ("validation", "round 3", "personal, validation"),
        ):
            assert row[f"last_prompt_on_own_{split}"]["value"] == pytest.approx(right[shared, task, None])
            assert row[f"personal_prompt_on_own_{split}"]["value"] == pytest.approx(right[personal, task, client])
        assert row["personal_prompt_on_own_test"]["n"] == 10
        assert f"client {client}, last prompt with its own section, own tasks, test" in terminal
    metrics = results["metrics"]
    assert metrics["personal_client_test_acc"]["value"] > metrics["shared_client_test_acc"]["value"]
    assert ">last prompt, own validation</th>" in page and page.count(">with own section</th>") == 2


def test_the_ledger_verifies_and_finds_a_changed_prompt_of_the_clients(tmp_path):
    assert main.run(config(tmp_path)) == 0
    folder = tmp_path / "logs" / "run"
    assert verify(folder) == (3, None)
    path = folder / "prompts" / "personal.txt"
    path.write_text(path.read_text() + "!")
    assert "personal.txt" in verify(folder)[1]


def test_a_resumed_run_rebuilds_the_sections_from_the_call_log(tmp_path):
    assert main.run(config(tmp_path, "--max_calls", "250")) == 3
    assert main.run(config(tmp_path)) == 0
    assert main.run(config(tmp_path, "--run_name", "whole")) == 0
    run, whole = (toy.story(tmp_path / "logs" / name) for name in ("run", "whole"))
    assert "prompts/personal.txt" in run and run.keys() == whole.keys()
    for name in (name for name in run if not name.startswith("figures/")):  # figures name their run
        assert run[name] == whole[name], name
    assert main.run(config(tmp_path, "--replay_only")) == 0
    assert toy.story(tmp_path / "logs" / "run") == run


@pytest.mark.parametrize("options", [("--module", "train_centralized"), ("--aggregate_method", "none")])
def test_the_layer_is_refused_where_no_prompt_is_shared(tmp_path, options):
    with pytest.raises(UsageError, match="--personal_layer needs a prompt that clients share"):
        toy.config(tmp_path, "--personal_layer", *options)


def test_without_the_layer_no_prompt_has_a_second_section(tmp_path):
    result, federation, test, _ = toy.train(toy.config(tmp_path))
    assert not any(client.own_section for client in federation.clients)
    assert not any(HEADING in system for system in test.systems()) and "personal" not in result.tests
