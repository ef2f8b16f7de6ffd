"""Protocols: which options they set, what a run under the paper's does, and where its name is shown."""

import json
import shlex

import pytest
import toy

import main
from textgrad.errors import UsageError
from utils.aggregation.prompts import SUMMARIZE, SUMMARIZE_EVENLY
from utils.config import SENT_TO_SITES, Config, parse
from utils.federation.setup import load_tasks
from utils.protocols import describe, values_of
from utils.report.tables import command

BASE = ["--module", "train_homo_fed", "--task", "BBH_object_counting"]
PAPER = {
    "batches": "replacement",
    "answer_format": "trained",
    "optimizer": "tgd",
    "gradient_memory": 0,
    "style": "long",
    "context": "on",
    "answer_critic": "llm",
    "rewrite_checks": False,
    "accept": "not_worse",
    "proximal_update": False,
    "skip_solved": False,
    "aggregate_method": "summarization",
    "merge_form": "plain",
    "merge_prompt": "",
    "aggregate_gate": False,
    "min_retention": 0.0,
    "aggregate_repair": False,
    "validate": "full",
}


def test_the_paper_protocol_sets_the_published_method_whatever_the_defaults():
    assert values_of("paper") == PAPER
    config = parse([*BASE, "--protocol", "paper"])
    assert {name: getattr(config, name) for name in PAPER} == PAPER and config.prompt_budget == 8192


def test_the_corrected_protocol_is_the_defaults_of_all_options():
    assert parse(BASE) == parse([*BASE, "--protocol", "corrected"])
    assert parse(BASE) == Config(module="train_homo_fed", task=("BBH_object_counting",))


@pytest.mark.parametrize("protocol", ["paper", "corrected"])
def test_a_protocol_sets_options_that_exist_with_allowed_values_and_reach_the_sites(protocol):
    Config(module="train_homo_fed", task=("t",), **values_of(protocol)).check()
    assert set(values_of(protocol)) <= set(SENT_TO_SITES)


def test_a_typed_option_wins_over_the_protocol_wherever_it_stands():
    for words in (["--accept", "better", "--protocol", "paper"], ["--protocol", "paper", "--accept", "better"]):
        config = parse([*BASE, *words, "--min_retention", "0.5"])
        others = {name: getattr(config, name) for name in PAPER if name not in ("accept", "min_retention")}
        assert (config.accept, config.min_retention) == ("better", 0.5) and others.items() <= PAPER.items()


def test_an_unknown_protocol_lists_the_known_ones():
    with pytest.raises(UsageError, match="unknown protocol 'papers'.*nearest first: paper, corrected"):
        parse([*BASE, "--protocol", "papers"])


@pytest.mark.parametrize(
    "words, text",
    [
        ([], "corrected"),
        (["--accept", "better"], "corrected"),
        (["--protocol", "paper", "--rounds", "5"], "paper"),
        (["--protocol", "paper", "--min_retention", "0"], "paper"),
        (
            ["--protocol", "paper", "--aggregate_gate", "--optimizer", "edits"],
            "paper with --optimizer edits --aggregate_gate",
        ),
    ],
)
def test_a_run_is_described_by_its_protocol_and_the_options_that_differ_from_it(words, text):
    assert describe(parse([*BASE, *words])) == text


@pytest.mark.parametrize(
    "words",
    [
        ["--protocol", "paper"],
        ["--protocol", "paper", "--min_retention", "0.5", "--aggregate_gate"],
        ["--no_aggregate_gate", "--no_rewrite_checks"],
    ],
)
def test_the_reported_command_gives_the_same_options(words):
    config = parse([*BASE, *words])
    assert parse(shlex.split(" ".join(command(vars(config))))[2:]) == config


def rounds_and_merges(tmp_path, *more):
    """Run under the paper's protocol; return its rounds, and the merging requests with their system prompts."""
    path = toy.task_file(tmp_path, topics=range(36))  # many topics, so that uploads differ in every round
    config = toy.config(
        tmp_path, "--protocol", "paper", "--train_size", "30", *more, tasks=[path], engine="simulated:topics=4,base=0.3"
    )
    result, _, _, evaluation = toy.train(config)
    merges = [messages for messages in evaluation.requests if "<PROMPT client=" in messages[-1]["content"]]
    return result.rounds, merges


@pytest.mark.parametrize("method, job", [("summarization", SUMMARIZE), ("sum_uid", SUMMARIZE_EVENLY)])
def test_under_the_paper_protocol_each_round_sends_one_short_request_with_all_uploads(tmp_path, method, job):
    more = ("--num_clients", "5", "--merge_fan_in", "2", "--aggregate_method", method)
    rounds, merges = rounds_and_merges(tmp_path, *more)
    assert len(rounds) - 1 == len(merges) == 2
    for each, messages in zip(rounds[1:], merges, strict=True):
        uploads = [update.prompt for update in each.updates]
        fences = [f'<PROMPT client="{place}">\n{text}\n</PROMPT>' for place, text in enumerate(uploads, start=1)]
        assert messages[-1]["content"] == "\n\n".join([*fences, job.plain])
        assert not any("sets of instructions" in message["content"] for message in messages)
        assert (each.merge.calls, each.merge.fallbacks, each.merge.flaws) == (1, (), ())
        assert each.prompts == (each.merge.prompt,), "no gate"


def test_under_the_paper_protocol_concat_joins_the_uploads_unchanged(tmp_path):
    rounds, merges = rounds_and_merges(tmp_path, "--aggregate_method", "concat")
    assert not merges
    for each in rounds[1:]:
        assert each.prompts == ("\n\n".join(update.prompt for update in each.updates),)


@pytest.mark.parametrize("module", ["train_centralized", "train_homo_fed", "train_hetero_fed"])
def test_under_the_paper_protocol_the_initial_prompt_ends_with_the_answer_format(tmp_path, module):
    tasks = [toy.task_file(tmp_path), toy.task_file(tmp_path, "more", seed=1)][: 2 if "hetero" in module else 1]
    fixed, paper = (toy.config(tmp_path, *words, module=module, tasks=tasks) for words in ([], ["--protocol", "paper"]))
    answer_format = load_tasks(fixed, toy.recorded(fixed)[0])[-1].answer_format
    result, _, test, _ = toy.train(paper)
    assert result.rounds[0].prompts[0].endswith(answer_format)
    assert not any(answer_format in messages[-1]["content"] for messages in test.requests)


def test_the_terminal_the_results_and_the_report_name_the_protocol(tmp_path, capsys):
    words = ("--protocol", "paper", "--accept", "better", "--rounds", "1")
    assert main.run(toy.config(tmp_path, *words)) == 0
    text, folder = "protocol: paper with --accept better", tmp_path / "logs" / "run"
    assert f"\n{text}\n" in capsys.readouterr().out
    assert json.loads((folder / "results.json").read_text())["protocol"] == text.removeprefix("protocol: ")
    header = (folder / "report.html").read_text().partition("</header>")[0]
    assert f"<dt>protocol</dt><dd>{text.removeprefix('protocol: ')}</dd>" in header
    options = json.loads((folder / "config.json").read_text())["options"]
    assert options.items() >= (PAPER | {"accept": "better"}).items(), "config.json has every effective value"


def test_a_paper_run_replays_from_its_call_log_and_does_not_continue_under_another_protocol(tmp_path, capsys):
    words = ("--protocol", "paper", "--rounds", "1")
    assert main.run(toy.config(tmp_path, *words)) == 0
    before = toy.story(tmp_path / "logs" / "run")
    assert main.run(toy.config(tmp_path, *words, "--replay_only")) == 0
    assert toy.story(tmp_path / "logs" / "run") == before
    assert main.run(toy.config(tmp_path, "--rounds", "1")) == 2
    assert "--protocol was 'paper' and is 'corrected'" in capsys.readouterr().err
