"""What travels between server and sites, what a site takes from a run, and what the launching side takes back."""

import base64
import io
import json
import zipfile

import pytest
import toy

from textgrad.errors import BrokenSystem, UsageError
from utils.config import parse
from utils.federation.client import Step, Update
from utils.federation.evaluation import prompt_id
from utils.flower import export_shards, launch, server, site, wire
from utils.flower.post import answer_of
from utils.privacy.leak import Leak
from utils.privacy.leak_guard import GuardAction

UPDATE = Update(
    1,
    prompt_id("old"),
    "new prompt \ud800",
    (
        Step(1, 0.5, 1.0, 2, True, "rose", "secret step", "secret rewrite"),
        Step(2, 0.5, None, 2, False, "bad reply: secret reply", "secret step"),
    ),
    Leak(7, 0.25, ("4711",), ("Ada",), ("sk-1",), ((0, 3),), 0.125),
    GuardAction.WARNED,
)


def test_only_the_prompt_and_numbers_travel_and_the_server_reads_them_back():
    record = wire.upload(UPDATE)
    assert not [word for word in ("secret", "4711", "Ada", "sk-1") if word in repr(record)]
    read = wire.read_upload(record, 1)
    assert (read.prompt, read.started, read.guard) == (UPDATE.prompt, UPDATE.started, GuardAction.WARNED)
    assert [(step.before, step.after, step.n, step.accepted) for step in read.steps] == [
        (0.5, 1.0, 2, True),
        (0.5, None, 2, False),
    ]
    assert [step.reason for step in read.steps] == ["rose", "bad reply"]
    assert (read.leak.longest_run, read.leak.overlap, read.leak.score) == (7, 0.25, 0.125)


def test_the_servers_call_log_keeps_answers_of_every_kind():
    for answer in ("late", "failed: KeyError", wire.read_upload(wire.upload(UPDATE), 1)):
        assert wire.from_note(json.loads(json.dumps(wire.to_note(answer)))) == answer


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "no bytes"},
        {"before": [0.5]},
        {"after": [2.0, 0.5]},
        {"n": [0, 2]},
        {"guard": "hacked"},
        {"accepted": [1, 1]},
        {"prompt": b"\xff"},
    ],
)
def test_what_is_no_upload_is_refused(change):
    with pytest.raises(wire.Malformed):
        wire.read_upload({**wire.upload(UPDATE), **change}, 1)
    with pytest.raises(wire.Malformed):
        wire.read_upload({"hello": 1}, 1)


def asked(**changes):
    options = json.loads(wire.run_options(parse(["--module", "train_homo_fed", "--task", "t.jsonl"])))
    return {
        "options": json.dumps({**options, "run_name": "run", **changes}),
        "tasks": ["t.jsonl"],
        "scorers": ["number"],
        "public": "",
    }


def said(folder, **more):
    toy.task_file(folder, "t", n=5)
    return {"name": "a", "data": str(folder), "engine": "simulated", **more}


def test_a_site_tells_its_name_and_how_many_questions_it_has(tmp_path):
    assert site.introduce(said(tmp_path), asked()) == {"name": "a", "tasks": ["t"], "questions": [5]}


@pytest.mark.parametrize("change", [{"test_engine": "gpt-4o"}, {"data_dir": "/"}, {"log_dir": "/"}, {"max_calls": 0}])
def test_a_run_cannot_choose_a_sites_engine_data_folder_or_limits(tmp_path, change):
    with pytest.raises(UsageError, match="a site decides itself"):
        site.introduce(said(tmp_path), asked(**change))


@pytest.mark.parametrize("name", ["../elsewhere", "", ".hidden", "a/b"])
def test_a_runs_name_leads_to_no_other_folder(tmp_path, name):
    with pytest.raises(UsageError, match="no plain name"):
        site.introduce(said(tmp_path), asked(run_name=name))


def test_a_site_that_says_something_unknown_or_too_little_is_told_so(tmp_path):
    with pytest.raises(UsageError, match="'engin'.*engine"):
        site.introduce(said(tmp_path, engin="x"), asked())
    with pytest.raises(UsageError, match="engine is missing"):
        site.introduce({"name": "a", "data": str(tmp_path)}, asked())


def test_the_judge_of_a_site_is_its_own_engine_unless_it_names_another(tmp_path):
    assert site.Site.of(said(tmp_path)).options["evaluation_engine"] == "simulated"
    named = site.Site.of(said(tmp_path, evaluation_engine="local-smollm2"))
    assert named.options["evaluation_engine"] == "local-smollm2"


def test_the_kind_of_an_exception_travels_and_its_text_does_not():
    def work(record):
        raise KeyError("a private row")

    assert answer_of(work, {}) == {"failed": "KeyError"}


def test_shards_are_those_of_one_machine_and_the_server_gets_held_out_questions_only(tmp_path):
    config = toy.config(tmp_path)
    sites = export_shards.export(config, tmp_path / "out")
    held = [
        json.loads(line)["question"]
        for name in sites
        for line in (tmp_path / "out" / name / "sums.jsonl").read_text().splitlines()
    ]
    public = [json.loads(line) for line in (tmp_path / "out" / "server" / "sums.jsonl").read_text().splitlines()]
    assert len(held) == len(set(held)) == 18 and not {row["question"] for row in public} & set(held)
    assert [sum(row["split"] == split for row in public) for split in ("val", "test")] == [8, 10]


def test_a_server_refuses_a_file_that_may_hold_training_questions(tmp_path):
    config = toy.config(tmp_path)
    engines, _, _ = toy.recorded(config)
    with pytest.raises(UsageError, match="held-out questions only"):
        server.held_out(config.task[0], config, engines)


def test_results_that_lead_out_of_the_folder_are_refused(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../evil.txt", "x")
    with pytest.raises(BrokenSystem, match="leads out"):
        launch.unpack(buffer.getvalue(), tmp_path / "run")
    with pytest.raises(BrokenSystem, match="damaged"):
        launch.unpack(b"nonsense", tmp_path / "run")


def test_results_come_back_whole_and_replies_stay(tmp_path):
    there, here = tmp_path / "there", tmp_path / "here"
    (there / "prompts").mkdir(parents=True)
    (there / "prompts" / "best.txt").write_text("best")
    (there / "results.json").write_text("{}")
    (there / "calls.sqlite").write_text("replies")
    launch.unpack(base64.b64decode(server.packed(there)), here)
    assert (here / "prompts" / "best.txt").read_text() == "best" and not (here / "calls.sqlite").exists()


@pytest.mark.parametrize(
    "change, told", [(["--module", "train_centralized"], "no federation"), (["--repeats", "2"], "--repeats")]
)
def test_what_several_machines_cannot_do_is_refused(tmp_path, change, told):
    with pytest.raises(UsageError, match=told):
        launch.launch(toy.config(tmp_path, "--runtime", "flower", *change))


def test_without_flower_the_user_is_told_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(launch, "_program", lambda: None)
    with pytest.raises(UsageError, match="scripts/flower/requirements.txt"):
        launch.launch(toy.config(tmp_path, "--runtime", "flower"))


AWAY = json.dumps({"success": False, "error-message": "Using SuperLink: x\n\nConnection is unavailable."})


def flower_tells(monkeypatch, *told):
    """Has the `flwr` program print these, one after the other."""
    answers = iter(told)
    monkeypatch.setattr(launch, "_flwr", lambda *words: next(answers))
    monkeypatch.setattr(launch, "_POLL", 0.0)


def test_a_superlink_that_is_away_for_a_moment_is_waited_for(monkeypatch):
    running, done = (json.dumps({"runs": [{"status": status}]}) for status in ("running", "finished:completed"))
    flower_tells(monkeypatch, running, *[AWAY] * 14, running, *[AWAY] * 14, "no JSON", done)
    with pytest.raises(BrokenSystem, match="run 7 may still go on.*printed no JSON"):
        launch._wait("7", "x")
    assert launch._wait("7", "x") == "finished:completed"


def test_one_that_stays_away_is_told_with_what_may_go_on_there(monkeypatch):
    flower_tells(monkeypatch, *[AWAY] * 15)
    with pytest.raises(BrokenSystem, match="run 7 may still go on.*Connection is unavailable"):
        launch._wait("7", "x")


@pytest.mark.parametrize(
    "answer, told", [('{"success": true}', "it is stopped"), (AWAY, "flwr stop 7 "), ("", "flwr stop 7 ")]
)
def test_ctrl_c_says_what_became_of_the_run(tmp_path, monkeypatch, capsys, answer, told):
    flower_tells(monkeypatch, answer)
    launch._stop("7", toy.config(tmp_path))
    said = capsys.readouterr().err
    assert told in said and "give the same command with --run_name run" in said
