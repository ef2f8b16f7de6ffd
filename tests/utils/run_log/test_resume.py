"""Resuming a run: with the same options and data, with more rounds, and from an earlier version of the program."""

import dataclasses
import json

import pytest
import toy

import main
from textgrad.engine.simulated import SimulatedEngine
from textgrad.tasks import get_task
from utils.config import Config, parse
from utils.run_log.identity import as_begun, differences, options_of
from utils.run_log.ledger import verify

MODULES = ("train_centralized", "train_homo_fed", "train_hetero_fed")


def config_of(folder):
    return json.loads((folder / "logs" / "run" / "config.json").read_text())


def change_config(folder, change):
    path = folder / "logs" / "run" / "config.json"
    config = json.loads(path.read_text())
    change(config)
    path.write_text(json.dumps(config))


def change_line(path, number, **changes):
    """Change fields of one line of a .jsonl file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[number] = json.dumps({**json.loads(lines[number]), **changes}, ensure_ascii=False)
    path.write_text("\n".join(lines), encoding="utf-8")


def error_of(capsys, *arguments) -> str:
    """Run a command line that must be refused, and return its one line."""
    capsys.readouterr()
    assert main.main([*arguments]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize(
    "stored, said", [({}, False), ({"request_version": 1}, True), ({"request_version": None}, True)]
)
def test_a_run_of_an_earlier_version_says_that_changed_requests_are_sent_again(tmp_path, capsys, stored, said):
    assert main.run(toy.config(tmp_path)) == 0

    def change(config):
        config.update(stored)
        if config["request_version"] is None:  # as in runs before there was a version
            del config["request_version"]

    change_config(tmp_path, change)
    capsys.readouterr()
    assert main.run(toy.config(tmp_path)) == 0
    assert ("requests whose text has changed since are sent again" in capsys.readouterr().out) is said


# --- data


def test_a_configuration_has_the_scorer_and_a_fingerprint_of_each_split(tmp_path, capsys):
    tasks = [toy.task_file(tmp_path, "first"), toy.task_file(tmp_path, "second", seed=1)]
    assert main.main(toy.options(tmp_path, module="train_hetero_fed", tasks=tasks)) == 0
    data = config_of(tmp_path)["data"]
    assert list(data) == ["first", "second"]
    assert {name: data["first"][name]["n"] for name in ("train", "val", "test")} == {"train": 18, "val": 8, "test": 10}
    prints = [splits[name]["fingerprint"] for splits in data.values() for name in ("train", "val", "test")]
    assert len(set(prints)) == 6 and all(len(each) == 16 for each in prints)
    assert [splits["scorer"] for splits in data.values()] == ["number", "number"]
    results = json.loads((tmp_path / "logs" / "run" / "results.json").read_text())
    assert results["data"]["second"]["scorer"] == "number"
    assert "second: 18 training, 8 validation, 10 test questions; scorer: number (inferred" in capsys.readouterr().out


@pytest.mark.parametrize("field, value", [("answer", "7"), ("question", "What is 3 + 4?")])
def test_a_changed_file_is_refused_on_resume(tmp_path, capsys, field, value):
    task = toy.task_file(tmp_path, n=30)
    options = [*toy.options(tmp_path, tasks=[task]), "--train_size", "0", "--val_size", "0", "--test_size", "0"]
    assert main.main(options) == 0
    story = toy.story(tmp_path / "logs" / "run")
    change_line(task, 11, **{field: value})
    error = error_of(capsys, *options)
    assert "data of sums has changed since the run began" in error and "another --run_name" in error
    assert toy.story(tmp_path / "logs" / "run") == story
    toy.task_file(tmp_path, n=30)  # the old file
    assert main.main(options) == 0


def test_the_task_and_the_splits_that_have_changed_are_named(tmp_path, capsys):
    tasks = [toy.task_file(tmp_path, "first"), toy.task_file(tmp_path, "second", seed=1)]
    options = toy.options(tmp_path, module="train_hetero_fed", tasks=tasks)
    assert main.main(options) == 0
    test_question = next(
        number for number, line in enumerate(tasks[1].read_text().splitlines()) if _is_test(tmp_path, tasks[1], line)
    )
    change_line(tasks[1], test_question, answer="1")
    error = error_of(capsys, *options)
    assert "the test data of second has changed" in error and "first" not in error


def _is_test(folder, task, line):
    data = get_task(str(task), seed=42, train_size=18, val_size=8, test_size=10)
    return json.loads(line)["question"] in [question for question, _ in data.test.examples]


def test_a_longer_file_is_refused_on_resume_and_so_is_other_data_of_a_public_task(tmp_path, capsys):
    (tmp_path / "data" / "bbh").mkdir(parents=True)
    path = tmp_path / "data" / "bbh" / "object_counting.json"
    examples = [{"input": f"How many are {number}?", "target": str(number)} for number in range(60)]
    path.write_text(json.dumps({"examples": examples}))
    options = [*toy.options(tmp_path, tasks=["BBH_object_counting"]), "--data_dir", str(tmp_path / "data")]
    options += ["--train_size", "18", "--val_size", "5", "--test_size", "0"]
    assert main.main(options) == 0
    path.write_text(json.dumps({"examples": [*examples, {"input": "How many are 60?", "target": "60"}]}))
    assert "the test data of BBH_object_counting has changed" in error_of(capsys, *options)


def test_the_same_data_saved_in_another_way_is_accepted(tmp_path):
    task = toy.task_file(tmp_path)
    change_line(task, 3, question="[topic-3] Wie viel ist für ½ + ½?")
    options = toy.options(tmp_path, tasks=[task])
    assert main.main(options) == 0
    lines = task.read_text(encoding="utf-8").replace("ü", "u\u0308").splitlines()
    task.write_bytes("\r\n".join(lines).encode("utf-8-sig"))
    assert main.main(options) == 0


def test_a_run_from_before_there_were_fingerprints_continues_and_gets_them(tmp_path, capsys):
    task = toy.task_file(tmp_path)
    options = toy.options(tmp_path, tasks=[task])
    assert main.main(options) == 0
    story, data = toy.story(tmp_path / "logs" / "run"), config_of(tmp_path)["data"]
    change_config(tmp_path, lambda config: config.pop("data"))
    assert main.main(options) == 0
    assert toy.story(tmp_path / "logs" / "run") == story and config_of(tmp_path)["data"] == data
    toy.task_file(tmp_path, seed=9)
    assert "data of sums has changed" in error_of(capsys, *options)


def test_another_scorer_than_before_is_reported(tmp_path, capsys):
    assert main.main(toy.options(tmp_path)) == 0
    change_config(tmp_path, lambda config: config["data"]["sums"].update(scorer="exact"))
    capsys.readouterr()
    assert main.main(toy.options(tmp_path)) == 0
    assert "sums was scored as exact and is now scored as number" in capsys.readouterr().out


def test_a_changed_prompt_file_is_refused_on_resume(tmp_path, capsys):
    (tmp_path / "prompt.txt").write_text("Add the numbers.")
    options = toy.options(tmp_path, "--initial_prompt", f"@{tmp_path}/prompt.txt")
    assert main.main(options) == 0
    (tmp_path / "prompt.txt").write_bytes("\ufeffAdd the numbers.\r\n".encode())
    assert main.main(options) == 0
    (tmp_path / "prompt.txt").write_text("Subtract the numbers. " * 30)
    error = error_of(capsys, *options)
    assert "--initial_prompt was 'Add the numbers.' and is 'Subtract the" in error and len(error) < 400


# --- options


@pytest.mark.parametrize("name", [each.name for each in dataclasses.fields(Config)])
def test_an_option_that_the_stored_configuration_lacks_had_its_default(name):
    config = parse(["--module", "train_homo_fed", "--task", "t.jsonl"])
    stored = {"options": options_of(config)}
    del stored["options"]["protocol"]  # as earlier versions did
    stored["options"].pop(name, None)
    same = name not in ("module", "task")  # which have no usable default
    assert (differences(stored, as_begun(stored, config), {}) == []) is same


def test_a_run_of_an_earlier_version_is_continued_without_checks_of_merges():
    config = parse(["--module", "train_homo_fed", "--task", "t.jsonl"])
    stored = {"options": options_of(config) | {"aggregate_gate": False}}
    del stored["options"]["protocol"]
    del stored["options"]["min_retention"]
    begun = as_begun(stored, config)
    assert (begun.aggregate_gate, begun.min_retention) == (False, 0)
    changed = parse(["--module", "train_homo_fed", "--task", "t.jsonl", "--min_retention", "0.4"])
    assert differences(stored, as_begun(stored, changed), {}) == ["--min_retention was 0.0 and is 0.4"]


def test_an_option_that_the_stored_configuration_lacks_may_not_be_given_now(tmp_path, capsys):
    assert main.main(toy.options(tmp_path)) == 0
    change_config(tmp_path, lambda config: config["options"].pop("aggregate_repair"))
    assert main.main(toy.options(tmp_path)) == 0
    assert "--aggregate_repair was False and is True" in error_of(capsys, *toy.options(tmp_path, "--aggregate_repair"))


def test_a_typed_option_that_differs_from_a_run_of_this_version_is_an_error(tmp_path, capsys):
    assert main.main(toy.options(tmp_path, "--style", "long")) == 0
    assert "--style was 'long' and is 'auto'" in error_of(capsys, *toy.options(tmp_path, "--style", "auto"))


@pytest.mark.parametrize("method", ["concat", "concat_uid"])
def test_a_run_keeps_the_default_of_the_version_that_began_it(tmp_path, capsys, method):
    options = toy.options(tmp_path, "--aggregate_method", method)
    assert main.main([*options, "--prompt_budget", "2000"]) == 0  # the default of earlier versions
    change_config(tmp_path, lambda config: config["options"].pop("protocol"))
    story = toy.story(tmp_path / "logs" / "run")
    capsys.readouterr()
    assert main.main(options) == 0
    assert "share 2000 tokens" in capsys.readouterr().out and toy.story(tmp_path / "logs" / "run") == story
    assert "--prompt_budget was 2000 and is 3000" in error_of(capsys, *options, "--prompt_budget", "3000")
    assert main.main([*options, "--run_name", "new"]) == 0
    assert "share 5192 tokens" in capsys.readouterr().out


def test_another_endpoint_than_before_is_reported(tmp_path, capsys):
    assert main.main(toy.options(tmp_path)) == 0
    engines = config_of(tmp_path)["engines"]
    change_config(tmp_path, lambda config: config["engines"]["test"].update(endpoint="http://localhost:1/v1"))
    capsys.readouterr()
    for said in (True, False):
        assert main.main(toy.options(tmp_path)) == 0
        printed = capsys.readouterr().out
        assert ("test engine: simulated:topics=4 at http://localhost:1/v1 before, now " in printed) is said
    assert config_of(tmp_path)["engines"] == engines


def test_an_option_that_no_longer_exists_is_ignored_and_named(tmp_path, capsys):
    assert main.main(toy.options(tmp_path)) == 0
    change_config(tmp_path, lambda config: config["options"].update(removed_option=3))
    capsys.readouterr()
    assert main.main(toy.options(tmp_path)) == 0
    assert "options of the run that this version does not have: removed_option" in capsys.readouterr().out
    assert config_of(tmp_path)["options"]["removed_option"] == 3


def test_a_configuration_saved_with_a_byte_order_mark_is_read(tmp_path):
    assert main.main(toy.options(tmp_path)) == 0
    path = tmp_path / "logs" / "run" / "config.json"
    path.write_text(path.read_text(), encoding="utf-8-sig")
    assert main.main(toy.options(tmp_path)) == 0


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{}",
        '{"options": {}, "data": {"sums": 1}}',
        '{"options": 3}',
        '{"options": {}, "data": 7}',
        "[" * 5000,
    ],
)
def test_a_configuration_of_another_form_is_refused_in_one_line(tmp_path, capsys, content):
    assert main.main(toy.options(tmp_path)) == 0
    (tmp_path / "logs" / "run" / "config.json").write_text(content)
    assert "config.json" in error_of(capsys, *toy.options(tmp_path))


# --- rounds


@pytest.fixture
def requests(monkeypatch):
    """Return the requests that are sent to the simulated engine, as a list that grows."""
    sent = []
    complete = SimulatedEngine.complete

    def recorded(engine, messages, sampling):
        sent.append(json.dumps(messages))
        return complete(engine, messages, sampling)

    monkeypatch.setattr(SimulatedEngine, "complete", recorded)
    return sent


def tasks_of(folder, module):
    tasks = [toy.task_file(folder, "first", [1, 2]), toy.task_file(folder, "second", [2, 3], seed=1)]
    return tasks if module == "train_hetero_fed" else tasks[:1]


@pytest.mark.parametrize("more", [[], ["--aggregate_gate", "--aggregate_repair"], ["--aggregate_method", "none"]])
@pytest.mark.parametrize("module", MODULES)
def test_more_rounds_under_the_same_name_give_the_files_of_a_fresh_run_and_pay_nothing_twice(
    tmp_path, requests, capsys, module, more
):
    def options(name, rounds):
        tasks = tasks_of(tmp_path, module)
        return [*toy.options(tmp_path, *more, module=module, tasks=tasks), "--run_name", name, "--rounds", str(rounds)]

    assert main.main(options("fresh", 4)) == 0
    needed = len(requests)
    requests.clear()
    assert main.main(options("run", 2)) == 0
    capsys.readouterr()
    assert main.main(options("run", 3)) == 0
    assert "extending the run from 2 to 3 rounds: earlier rounds are replayed" in capsys.readouterr().out
    assert main.main(options("run", 4)) == 0
    assert len(requests) == len(set(requests)) >= needed
    fresh, run = (tmp_path / "logs" / name for name in ("fresh", "run"))
    assert toy.story(run) == toy.story(fresh)
    assert (run / "partition.json").read_bytes() == (fresh / "partition.json").read_bytes()
    assert verify(run) == (4, None) and config_of(tmp_path)["options"]["max_epochs"] == 4


def test_random_replies_of_earlier_rounds_are_replayed_too(tmp_path, requests):
    options = toy.options(tmp_path, "--temperature", "1", "--client_fraction", "0.7", "--drop_rate", "0.2")
    assert main.main([*options, "--rounds", "4", "--run_name", "fresh"]) == 0
    assert main.main([*options, "--rounds", "3"]) == 0
    log = (tmp_path / "logs" / "run" / "ledger.jsonl").read_text()
    requests.clear()
    assert main.main([*options, "--rounds", "4"]) == 0
    assert (tmp_path / "logs" / "run" / "ledger.jsonl").read_text().startswith(log)
    assert toy.story(tmp_path / "logs" / "run") == toy.story(tmp_path / "logs" / "fresh")
    requests.clear()
    assert main.main([*options, "--rounds", "4"]) == 0
    assert requests == []


def test_fewer_rounds_than_a_run_has_are_refused(tmp_path, capsys):
    options = toy.options(tmp_path)
    assert main.main([*options, "--rounds", "3"]) == 0
    story = toy.story(tmp_path / "logs" / "run")
    error = error_of(capsys, *options, "--rounds", "2")
    assert "has 3 rounds already, and --rounds is 2: give --rounds 3 or more" in error
    assert toy.story(tmp_path / "logs" / "run") == story and config_of(tmp_path)["options"]["max_epochs"] == 3


def test_a_run_that_stopped_early_may_get_fewer_rounds_than_planned(tmp_path):
    options = toy.options(tmp_path, "--temperature", "1")
    assert main.main([*options, "--rounds", "9", "--max_calls", "250"]) == 3
    done = verify(tmp_path / "logs" / "run")[0]
    assert 0 < done < 8
    assert main.main([*options, "--rounds", str(done + 1)]) == 0
    assert main.main([*options, "--rounds", str(done + 1), "--run_name", "fresh"]) == 0
    assert toy.story(tmp_path / "logs" / "run") == toy.story(tmp_path / "logs" / "fresh")


def test_an_extension_that_is_stopped_leaves_no_results_of_fewer_rounds(tmp_path, requests):
    options = toy.options(tmp_path, "--temperature", "1")
    assert main.main([*options, "--rounds", "2"]) == 0
    paid, folder = len(requests), tmp_path / "logs" / "run"
    assert main.main([*options, "--rounds", "5", "--max_calls", str(paid + 120)]) == 3
    rounds, wrong = verify(folder)
    assert wrong is None and 2 < rounds < 5
    assert json.loads((folder / "results.json").read_text())["status"] == "incomplete"
    assert main.main([*options, "--rounds", "5"]) == 0
    assert main.main([*options, "--rounds", "5", "--run_name", "fresh"]) == 0
    assert toy.story(folder) == toy.story(tmp_path / "logs" / "fresh")


def test_the_results_of_fewer_rounds_are_removed_when_the_ledger_outgrows_them(tmp_path, monkeypatch):
    from utils.run_log.log import RunLog

    options = toy.options(tmp_path)
    assert main.main([*options, "--rounds", "2"]) == 0

    def killed(log, *_):
        log._writer.finish()
        raise KeyboardInterrupt

    monkeypatch.setattr(RunLog, "finish", killed)
    assert main.main([*options, "--rounds", "2"]) == 130
    assert (tmp_path / "logs" / "run" / "results.json").exists()
    assert main.main([*options, "--rounds", "3"]) == 130
    assert not (tmp_path / "logs" / "run" / "results.json").exists() and verify(tmp_path / "logs" / "run")[1] is None


def test_a_longer_run_of_several_seeds_extends_every_seed(tmp_path):
    options = toy.options(tmp_path, "--repeats", "2")
    assert main.main([*options, "--rounds", "1"]) == 0
    assert main.main([*options, "--rounds", "2"]) == 0
    assert main.main([*options, "--rounds", "2", "--run_name", "fresh"]) == 0
    for seed in ("seed42", "seed43"):
        assert toy.story(tmp_path / "logs" / "run" / seed) == toy.story(tmp_path / "logs" / "fresh" / seed)


def test_replay_only_continues_an_old_run_and_names_the_reply_that_more_rounds_need(tmp_path, capsys):
    options = toy.options(tmp_path)
    assert main.main(options) == 0
    story = toy.story(tmp_path / "logs" / "run")
    change_config(tmp_path, lambda config: config.pop("data"))
    assert main.main([*options, "--replay_only"]) == 0
    assert toy.story(tmp_path / "logs" / "run") == story
    assert "replay only" in error_of(capsys, *options, "--replay_only", "--rounds", "3")
    assert main.main([*options, "--replay_only"]) == 0
    assert toy.story(tmp_path / "logs" / "run") == story
