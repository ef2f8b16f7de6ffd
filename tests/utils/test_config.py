"""The command line: names, defaults and error messages."""

import dataclasses

import pytest

from textgrad.errors import UsageError
from utils.config import RESUME_SAFE, SENT_TO_SITES, Config, parse
from utils.options import parser

BASE = ["--module", "train_homo_fed", "--task", "BBH_object_counting"]


def test_the_defaults_are_those_of_the_published_code():
    config = parse(BASE)
    assert (config.evaluation_engine, config.test_engine) == ("gpt-4o", "gpt-3.5-turbo-0125")
    assert (config.batch_size, config.max_epochs, config.max_steps, config.seed) == (3, 3, 3, 42)
    assert (config.aggregate_method, config.homo_split_num, config.comet_mode) == ("summarization", 3, "offline")
    assert (config.comet_project_name, config.comet_log_path) == ("fedtextgrad", "./logs/comet_results/")
    assert not config.proximal_update and not config.do_not_run_larger_model
    assert (config.temperature, config.top_p, config.max_tokens) == (0.0, 0.99, 2000)


@pytest.mark.parametrize(
    "flag, name",
    [
        ("--rounds", "max_epochs"),
        ("--local_steps", "max_steps"),
        ("--num_clients", "homo_split_num"),
        ("--homo_split", "homo_split_num"),
        ("--homo_split_num", "homo_split_num"),
    ],
)
def test_new_flags_are_equivalent_to_the_published_ones(flag, name):
    assert getattr(parse([*BASE, flag, "5"]), name) == 5


def test_the_module_may_end_in_py():
    assert parse(["--module", "train_centralized.py", "--task", "x"]).module == "train_centralized"


def test_several_tasks_are_for_the_heterogeneous_module():
    assert parse(["--module", "train_hetero_fed", "--task", "a", "b"]).task == ("a", "b")
    with pytest.raises(UsageError, match="takes one task and got 2; use --module train_hetero_fed"):
        parse([*BASE, "GSM8K"])


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--module", "train_homo", "--task", "x"], "unknown module 'train_homo'.*nearest first: train_homo_fed"),
        (["--task", "x"], "--module is missing.*train_centralized"),
        (["--module", "train_homo_fed"], "--task is missing"),
        ([*BASE, "--aggregate_method", "sumarization"], "unknown aggregate_method.*nearest first: summarization"),
        ([*BASE, "--partition", "dirichle"], "unknown partition.*nearest first: dirichlet"),
        ([*BASE, "--batch_size", "0"], "--batch_size 0 is out of range: it must be at least 1"),
        ([*BASE, "--batch_size", "three"], "--batch_size: invalid int value: 'three'"),
        ([*BASE, "--client_fraction", "0"], "--client_fraction 0.0 is out of range"),
        (
            [*BASE, "--client_fraction", "nan"],
            "--client_fraction nan is out of range: it must be above 0 and at most 1",
        ),
        ([*BASE, "--rounds", "0"], "--rounds 0 is out of range: it must be at least 1 and at most .*default is 3"),
        ([*BASE, "--num_clients=0"], "--num_clients 0 is out of range"),
        ([*BASE, "--max_cost", "inf"], "--max_cost inf is out of range"),
        ([*BASE, "--request_timeout", "inf"], "--request_timeout inf is out of range"),
        ([*BASE, "--temperature", "1e9"], "--temperature 1000000000.0 is out of range"),
        ([*BASE, "--leak_guard", "of"], "unknown leak_guard 'of'.*nearest first: off"),
        ([*BASE, "--tracker", "commet"], "unknown tracker 'commet'.*nearest first: comet"),
        ([*BASE, "--top_p", "1.5"], "--top_p 1.5 is out of range"),
        ([*BASE, "--max_epoch", "1"], "unknown argument '--max_epoch'; did you mean --max_epochs"),
        ([*BASE, "--initial_prompt", "@/no/such/file"], "--initial_prompt: /no/such/file cannot be read"),
        (["--module", "train_hetero_fed", "--task", "a", "a"], "named twice.*--clients_per_task"),
    ],
)
def test_bad_input_is_reported_in_one_line(arguments, said):
    with pytest.raises(UsageError, match=said) as error:
        parse(arguments)
    assert "\n" not in str(error.value)


def test_a_prompt_may_come_from_a_file(tmp_path):
    (tmp_path / "prompt.txt").write_text("Count slowly.\n")
    assert parse([*BASE, "--initial_prompt", f"@{tmp_path}/prompt.txt"]).initial_prompt == "Count slowly."


def test_every_option_has_a_line_of_help_and_a_group():
    for field in dataclasses.fields(Config):
        assert field.metadata["help"] and field.metadata["group"], field.name


def test_every_number_has_bounds_that_hold_its_default():
    for field in dataclasses.fields(Config):
        if isinstance(field.default, int | float) and not isinstance(field.default, bool):
            low = field.metadata["low"] if field.metadata["above"] is None else field.metadata["above"]
            assert low <= field.default <= field.metadata["high"] < float("inf"), field.name


def test_help_shows_every_default_and_every_choice():
    text = " ".join(parser(Config).format_help().split())
    for field in dataclasses.fields(Config):
        assert f"--{field.name}" in text
        if isinstance(field.default, bool):
            continue
        assert field.default in ("", ()) or f"(default: {field.default})" in text, field.name
        assert ", ".join(field.metadata["choices"]) in text


def test_options_declare_whether_they_may_change_on_resume_and_are_sent_to_sites():
    assert {"max_concurrency", "max_calls", "tracker", "price"} <= set(RESUME_SAFE)
    assert not {"seed", "batch_size", "task", "temperature"} & set(RESUME_SAFE)
    assert {"seed", "batch_size", "leak_guard"} <= set(SENT_TO_SITES)
    assert not {"test_engine", "data_dir", "max_cost", "log_dir"} & set(SENT_TO_SITES)
