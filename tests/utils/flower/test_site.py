"""Options that a site decides, and options that it takes from the server."""

import dataclasses
import json
import re

import pytest
import toy

from textgrad.errors import UsageError
from utils.config import SENT_TO_SITES, Config, parse
from utils.engines.by_role import connect
from utils.flower import records, site
from utils.flower.site import Site

BASE = parse(["--module", "train_homo_fed", "--task", "t.jsonl", "--run_name", "run"])
SITE_DECIDES = {"task", "test_engine", "evaluation_engine", "data_dir", *site._CONSENTS, *site._OF_HUB, *site._LIMITS}
# A site reads these too, but neither it nor the server can set them.
DEFAULTS_HOLD = {"client_engines", "transfer_engine", "replay_only", "price", "price_file"}


def request(config: Config = BASE, **changes):
    options = json.loads(records.encode_options(config))
    return {"options": json.dumps({**options, **changes}), "tasks": ["t.jsonl"], "scorers": ["number"], "public": ""}


def node_config(folder, **more):
    toy.task_file(folder, "t", n=5)
    return {"name": "a", "data": str(folder), "engine": "simulated", **more}


def training_request(config: Config = BASE):
    return {**request(config), "client": 0, "round": 1, "prompt": b"Go.", "seconds": 0.0}


def other_value(option: dataclasses.Field):
    """Return an allowed value of an option that is not its default."""
    if choices := option.metadata["choices"]:
        return next((value for value in choices if value not in (option.default, "")), option.default)
    if isinstance(option.default, bool):
        return not option.default
    if isinstance(option.default, int):
        return option.default + 1
    if isinstance(option.default, float):
        return option.default / 2 or 0.5
    return "other"


@pytest.mark.parametrize("name", sorted(set(SENT_TO_SITES) - {"module"}))
def test_every_option_that_is_declared_as_sent_to_sites_arrives(tmp_path, name):
    (option,) = [each for each in dataclasses.fields(Config) if each.name == name]
    config = dataclasses.replace(BASE, **{"score_by": "clients", name: other_value(option)})
    arrived = site._config(Site.from_node_config(node_config(tmp_path)), request(config))
    assert getattr(arrived, name) == other_value(option)
    assert other_value(option) != option.default or len(option.metadata["choices"]) == 1


def test_training_at_a_site_reads_no_option_that_should_have_been_sent(tmp_path, monkeypatch):
    read = set()

    class Recorded(Config):
        def __getattribute__(self, name):
            read.add(name)
            return super().__getattribute__(name)

    def connect_recorded(config, call_log):
        read.clear()  # everything before this only checks the options
        return connect(config, call_log)

    monkeypatch.setattr(site, "Config", Recorded)
    monkeypatch.setattr(site, "connect", connect_recorded)
    assert "prompt" in site.train(node_config(tmp_path), training_request())
    options = {option.name for option in dataclasses.fields(Config)} & read
    assert {"skip_solved", "accept", "batch_size"} <= options
    assert options - set(SENT_TO_SITES) - SITE_DECIDES - DEFAULTS_HOLD == set()


def test_a_site_names_columns_and_splits_of_the_hub_in_one_text_each(tmp_path):
    entries = node_config(tmp_path, columns="question=text answer=label", splits="val=dev")
    found = Site.from_node_config(entries).options
    assert (found["columns"], found["splits"]) == (("question=text", "answer=label"), ("val=dev",))


def test_a_trained_answer_format_is_not_sent_with_questions_at_a_site(tmp_path):
    config = dataclasses.replace(BASE, answer_format="trained")
    training = site._LocalTraining(Site.from_node_config(node_config(tmp_path)), request(config), client=0)
    assert all(sample.task.query(sample.question) == sample.question for sample in training.client.samples)


def test_skip_solved_applies_at_a_site(tmp_path):
    def results(folder, config):
        folder.mkdir()
        site.train(node_config(folder, engine="simulated:base=1,topics=1"), training_request(config))
        record = json.loads((folder / "logs" / "run" / "round01.json").read_text())
        return {step["result"] for step in record["update"]["steps"]}

    assert results(tmp_path / "default", BASE) == {"solved"}
    assert "solved" not in results(tmp_path / "all", dataclasses.replace(BASE, skip_solved=False))


def test_examples_leave_a_site_only_if_its_owner_allows_it(tmp_path):
    config = dataclasses.replace(BASE, optimizer="demos", aggregate_method="none", share_examples=True)
    (tmp_path / "kept").mkdir()
    with pytest.raises(UsageError, match="--share_examples"):
        site.train(node_config(tmp_path / "kept"), training_request(config))
    (tmp_path / "shared").mkdir()
    site.train(node_config(tmp_path / "shared", share_examples=True), training_request(config))


def test_a_site_rewrites_an_upload_with_its_own_engine(tmp_path):
    changes = {"optimizer": "demos", "accept": "not_worse", "leak_guard": "paraphrase", "share_examples": True}
    config = dataclasses.replace(BASE, **changes)
    sent = site.train(node_config(tmp_path, share_examples=True), training_request(config))
    update = records.decode_update(sent, 0)
    numbers = set(re.findall(r"\d{3,}", (tmp_path / "t.jsonl").read_text()))
    assert update.guard == "paraphrased" and "something" in update.prompt
    assert not numbers & set(re.findall(r"\d+", update.prompt))


def test_a_site_reports_its_name_and_its_number_of_questions(tmp_path):
    assert site.introduce(node_config(tmp_path), request()) == {"name": "a", "tasks": ["t"], "questions": [5]}


@pytest.mark.parametrize("change", [{"test_engine": "gpt-4o"}, {"data_dir": "/"}, {"log_dir": "/"}, {"max_calls": 0}])
def test_the_server_cannot_choose_engines_folders_or_limits_of_a_site(tmp_path, change):
    with pytest.raises(UsageError, match="each site decides itself"):
        site.introduce(node_config(tmp_path), request(**change))


@pytest.mark.parametrize("name", ["../elsewhere", "", ".hidden", "a/b"])
def test_a_run_name_cannot_lead_to_another_folder(tmp_path, name):
    with pytest.raises(UsageError, match="invalid file name"):
        site.introduce(node_config(tmp_path), request(run_name=name))


def test_a_metric_is_the_sites_own_file_and_its_mean_scores_are_sent(tmp_path):
    (tmp_path / "metric.py").write_text("def score(prediction, answer): return 0.25, 'secret'")
    sent = site.train(node_config(tmp_path), {**training_request(), "scorers": ["metric.py:score"]})
    assert sent["before"] == [0.25] * 3 and "secret" not in repr(sent)
    decoded = records.decode_update(sent, client=0)
    assert [step.before for step in decoded.steps] == [0.25] * 3
    with pytest.raises(UsageError, match="invalid file name"):
        site.introduce(node_config(tmp_path), {**request(), "scorers": ["../metric.py:score"]})


def test_unknown_and_missing_entries_of_the_node_config_are_errors(tmp_path):
    with pytest.raises(UsageError, match="'engin'.*engine"):
        site.introduce(node_config(tmp_path, engin="x"), request())
    with pytest.raises(UsageError, match="engine is missing"):
        site.introduce({"name": "a", "data": str(tmp_path)}, request())


def test_the_evaluation_engine_of_a_site_is_its_engine_unless_it_names_another(tmp_path):
    assert Site.from_node_config(node_config(tmp_path)).options["evaluation_engine"] == "simulated"
    named = Site.from_node_config(node_config(tmp_path, evaluation_engine="local-smollm2"))
    assert named.options["evaluation_engine"] == "local-smollm2"


def test_changed_data_of_a_site_are_refused_and_their_fingerprints_stay_there(tmp_path):
    config = node_config(tmp_path)
    sent = site.train(config, training_request())
    path = tmp_path / "t.jsonl"
    original, stored = path.read_text(), json.loads((tmp_path / "logs" / "run" / "data.json").read_text())
    assert list(stored) == ["t"] and stored["t"] not in repr(sent) + repr(site.introduce(config, request()))
    lines = original.splitlines()
    path.write_text("\r\n".join(lines), encoding="utf-8-sig", newline="")  # the same data, saved on another system
    assert site.train(config, training_request()) == sent
    path.write_text("\n".join([*lines[:-1], json.dumps({**json.loads(lines[-1]), "answer": "0"})]))
    for call in (lambda: site.introduce(config, request()), lambda: site.train(config, training_request())):
        with pytest.raises(UsageError, match="t.jsonl in .* changed since the run run began: restore the old data"):
            call()
    other = dataclasses.replace(BASE, run_name="other")
    assert site.introduce(config, request(other))["questions"] == [5]
    path.write_text(original)
    assert site.train(config, training_request()) == sent


def test_a_site_leaves_out_repeated_questions(tmp_path):
    config = node_config(tmp_path)
    path = tmp_path / "t.jsonl"
    path.write_text(path.read_text() + path.read_text().replace("what is", "WHAT  is"))
    assert site.introduce(config, request())["questions"] == [5]


def test_texts_of_the_node_config_are_normalized(tmp_path):
    named = Site.from_node_config(node_config(tmp_path, name="a\u200b", engine="simulated\ufeff"))
    assert named.name == "a" and named.options["test_engine"] == "simulated"


@pytest.mark.parametrize(
    "change", [{"seconds": float("nan")}, {"seconds": 1e12}, {"round": -1}, {"round": 1e300}, {"client": "0x1"}]
)
def test_numbers_in_a_message_of_the_server_are_bounded(tmp_path, change):
    with pytest.raises(UsageError, match="it must be at least 0 and at most 1000000"):
        site.train(node_config(tmp_path), {**training_request(), **change})


def with_validation(folder):
    """Mark the last two of the site's five questions as validation questions; return its --node-config."""
    entries = node_config(folder, engine="simulated:base=1,topics=1")
    rows = [json.loads(line) for line in (folder / "t.jsonl").read_text().splitlines()]
    rows = [*rows[:3], *({**row, "split": "val"} for row in rows[3:])]
    (folder / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return entries


def candidates(config: Config, *prompts: str):
    return {**request(config), "client": 0, "round": 1, "seconds": 0.0, "prompts": [text.encode() for text in prompts]}


BY_CLIENTS = dataclasses.replace(BASE, score_by="clients")


def test_validation_questions_of_a_site_score_candidates_and_are_not_trained_on(tmp_path):
    entries = with_validation(tmp_path)
    assert site.introduce(entries, request())["questions"] == [3]
    assert site.score(entries, candidates(BY_CLIENTS, "Add.", "Go.")) == {"right": [2.0, 2.0], "n": 2}
    training = site._LocalTraining(Site.from_node_config(entries), request(), client=0)
    assert {sample.split for sample in training.client.samples} == {"train"}
    rows = (tmp_path / "t.jsonl").read_text().splitlines()
    (tmp_path / "t.jsonl").write_text("\n".join(rows[:-1]))
    with pytest.raises(UsageError, match="t.jsonl in .* changed"):
        site.score(entries, candidates(BY_CLIENTS, "Add."))


def test_a_site_without_validation_questions_says_so(tmp_path):
    answer = site.score(node_config(tmp_path), candidates(BY_CLIENTS, "Add."))
    assert answer == {"failed": "no validation questions"}


def test_a_site_sends_the_same_vote_again_for_the_same_candidates_and_nothing_but_the_vote(tmp_path):
    entries = with_validation(tmp_path)
    config = dataclasses.replace(BY_CLIENTS, vote_epsilon=0.01)
    prompts = [f"Candidate {number}." for number in range(50)]
    first = site.score(entries, candidates(config, *prompts))
    assert list(first) == ["vote"]
    assert [site.score(entries, candidates(config, *prompts)) for _ in range(3)] == [first] * 3
    others = {site.score(entries, candidates(config, *prompts, f"{number}"))["vote"] for number in range(4)}
    assert len({first["vote"], *others}) > 1, "noise of almost no privacy loss is nearly uniform over 50 candidates"
