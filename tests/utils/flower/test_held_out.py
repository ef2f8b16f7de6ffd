"""Data of server and sites."""

import json

import pytest
import toy
from hub_copies import write_copy

from textgrad.errors import UsageError
from utils.flower import export_shards, site
from utils.flower.held_out import held_out_task
from utils.flower.server import request_to_sites


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_exported_shards_equal_those_of_a_local_run_and_the_server_gets_only_held_out_questions(tmp_path):
    sites = export_shards.export(toy.config(tmp_path), tmp_path / "out")
    private = [row["question"] for name in sites for row in lines(tmp_path / "out" / name / "sums.jsonl")]
    public = lines(tmp_path / "out" / "server" / "sums.jsonl")
    assert len(private) == len(set(private)) == 18 and not {row["question"] for row in public} & set(private)
    assert [sum(row["split"] == split for row in public) for split in ("val", "test")] == [8, 10]


def test_the_number_of_named_sites_must_be_the_number_of_clients(tmp_path):
    with pytest.raises(UsageError, match="names 1 sites, but the run has 3 clients"):
        export_shards.export(toy.config(tmp_path, "--sites", "a"), tmp_path / "out")


@pytest.mark.parametrize("name", ["RULES_tickets", "sums.jsonl"])
def test_the_server_sends_no_trained_answer_format_with_a_question_and_makes_it_public(tmp_path, name):
    rows = [{"question": f"{n} + 1?", "answer": n + 1, "split": ("val", "test")[n % 2]} for n in range(4)]
    (tmp_path / "sums.jsonl").write_text("\n".join(map(json.dumps, rows)))
    tasks = [str(tmp_path / name) if name.endswith(".jsonl") else name]
    fixed, trained = (
        toy.config(tmp_path, "--answer_format", form, "--val_size", "2", "--test_size", "2", tasks=tasks)
        for form in ("fixed", "trained")
    )
    engines, _, _ = toy.recorded(fixed)
    answer_format = held_out_task(tasks[0], fixed, engines).answer_format
    task = held_out_task(tasks[0], trained, engines)
    assert answer_format and task.query("Why?") == "Why?"
    assert request_to_sites(trained, [task])["public"].strip().endswith(answer_format)


def test_server_and_site_use_the_same_columns_and_scorer_of_a_data_set_of_the_hub(tmp_path, hub_cache):
    rows = [{"text": f"text {n}", "label": f"{n}", "question": "", "answer": ""} for n in range(20)]
    write_copy(tmp_path, "me/sums", {"default": {"train": rows}})
    hub = ("--columns", "question=text", "answer=label", "--data_dir", str(tmp_path), "--scorer", "exact")
    sizes = ("--train_size", "5", "--val_size", "2", "--test_size", "3")
    config = toy.config(tmp_path, *hub, *sizes, tasks=["hf:me/sums"])
    engines, _, _ = toy.recorded(config)
    task = held_out_task("hf:me/sums", config, engines)
    assert (len(task.train), len(task.val), len(task.test), task.name) == (0, 2, 3, "sums")
    sent = request_to_sites(config, [task])
    assert sent["scorers"] == ["exact"]
    (tmp_path / "sums.jsonl").write_text('{"question": "mine", "answer": "1"}')
    entries = {"data_dir": str(tmp_path), "columns": "question=text answer=label"}
    node_config = {"name": "a", "data": str(tmp_path), "engine": "simulated", **entries}
    assert site.introduce(node_config, sent) == {"name": "a", "tasks": ["sums"], "questions": [1]}


def test_the_server_rejects_a_file_that_may_contain_training_questions(tmp_path):
    config = toy.config(tmp_path)
    engines, _, _ = toy.recorded(config)
    with pytest.raises(UsageError, match="held-out questions only"):
        held_out_task(config.task[0], config, engines)


def test_every_task_has_the_users_metric_and_sites_get_its_name_without_a_folder(tmp_path):
    metric, file = tmp_path / "metric.py", tmp_path / "sums.jsonl"
    metric.write_text("def score(prediction, answer): return 0.25")
    rows = [{"question": f"{n} + 1?", "answer": n + 1, "split": ("val", "test")[n % 2]} for n in range(4)]
    options = ("--scorer", f"{metric}:score", "--train_size", "9", "--val_size", "2", "--test_size", "2")
    config = toy.config(tmp_path, *options, tasks=["RULES_tickets", file], module="train_hetero_fed")
    engines, _, _ = toy.recorded(config)
    file.write_text("\n".join(map(json.dumps, rows)))
    tasks = [held_out_task(name, config, engines) for name in config.task]
    assert [task.score("q", "p", "a") for task in tasks] == [0.25, 0.25]
    assert request_to_sites(config, tasks)["scorers"] == ["metric.py:score", "metric.py:score"]


def test_no_question_of_the_server_is_in_both_splits(tmp_path):
    path = tmp_path / "sums.jsonl"
    rows = [{"question": f"What is {number} + 1?", "answer": number + 1, "split": "val"} for number in range(3)]
    again = [{**row, "question": f" what is\u00a0{row['answer'] - 1} + 1?\u200b", "split": "test"} for row in rows]
    more = [{"question": "What is 9 + 9?", "answer": 18, "split": "test"}]
    config = toy.config(tmp_path, "--val_size", "0", "--test_size", "0", tasks=[path])
    engines, _, _ = toy.recorded(config)
    path.write_text("\n".join(map(json.dumps, rows + again + more)))
    task = held_out_task(str(path), config, engines)
    assert len(task.val) == 3 and [question for question, _ in task.test.examples] == ["What is 9 + 9?"]
    path.write_text("\n".join(map(json.dumps, rows + again)))
    with pytest.raises(UsageError, match="every test question is also a validation question"):
        held_out_task(str(path), config, engines)
