"""The command line: names, defaults and error messages."""

import dataclasses
import math
import re

import pytest

from textgrad.errors import UsageError
from utils.config import RESUME_SAFE, SENT_TO_SITES, Config, parse
from utils.options import parser

BASE = ["--module", "train_homo_fed", "--task", "BBH_object_counting"]


def test_the_defaults_are_those_of_the_published_code_except_for_the_methods():
    config = parse(BASE)
    assert (config.evaluation_engine, config.test_engine) == ("gpt-4o", "gpt-3.5-turbo-0125")
    assert (config.batch_size, config.max_epochs, config.max_steps, config.seed) == (3, 3, 3, 42)
    assert (config.aggregate_method, config.homo_split_num, config.comet_mode) == ("auto", 3, "offline")
    assert (config.comet_project_name, config.comet_log_path) == ("fedtextgrad", "./logs/comet_results/")
    assert not config.proximal_update and not config.do_not_run_larger_model
    assert (config.temperature, config.top_p, config.max_tokens) == (0.0, 0.99, 2000)
    assert config.tracker == ("comet",) and parse([*BASE, "--tracker", "comet", "mlflow"]).tracker == (
        "comet",
        "mlflow",
    )


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
        (
            [*BASE, "--batch_size", "three"],
            "--batch_size: 'three' is not an integer: it must be at least 1 and at most 1000000",
        ),
        ([*BASE, "--client_fraction", "0"], "--client_fraction 0 is out of range"),
        (
            [*BASE, "--client_fraction", "nan"],
            "--client_fraction nan is out of range: it must be above 0 and at most 1",
        ),
        ([*BASE, "--rounds", "0"], "--rounds 0 is out of range: it must be at least 1 and at most .*default is 3"),
        ([*BASE, "--num_clients=0"], "--num_clients 0 is out of range"),
        ([*BASE, "--max_cost", "inf"], "--max_cost inf is out of range"),
        ([*BASE, "--request_timeout", "inf"], "--request_timeout inf is out of range"),
        ([*BASE, "--temperature", "1e9"], "--temperature 1e9 is out of range"),
        ([*BASE, "--leak_guard", "of"], "unknown leak_guard 'of'.*nearest first: off"),
        ([*BASE, "--tracker", "commet"], "unknown tracker 'commet'.*nearest first: comet"),
        ([*BASE, "--tracker", "mlflow", "wnadb"], "unknown tracker 'wnadb'.*nearest first: wandb"),
        ([*BASE, "--top_p", "1.5"], "--top_p 1.5 is out of range"),
        ([*BASE, "--max_epoch", "1"], "unknown argument '--max_epoch'; did you mean --max_epochs"),
        ([*BASE, "--initial_prompt", "@/no/such/file"], "cannot read --initial_prompt @/no/such/file: No such file"),
        ([*BASE, "--columns", "question=text"], "--columns and --splits are for tasks of the form hf:<owner>/<name>"),
        ([*BASE, "--task", "hf:a/b", "--columns", "text"], "--columns: invalid 'text': expected NAME=VALUE"),
        ([*BASE, "--task", "hf:a/b", "--splits", "val=x", "val=y"], "--splits: invalid 'val=y'.*each name once"),
        ([*BASE, "--vote_epsilon", "1"], "--vote_epsilon 1: only clients vote: add --score_by clients"),
        (
            [*BASE, "--vote_epsilon", "1", "--score_by", "clients", "--aggregate_method", "robust"],
            "--aggregate_method robust compares accuracies, which votes do not give",
        ),
        ([*BASE, "--vote_epsilon", "-1"], "--vote_epsilon -1 is out of range: it must be 0, or at least 0.01"),
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


def test_a_merge_instruction_may_come_from_a_file(tmp_path):
    (tmp_path / "merge.txt").write_text("Vote on each rule.\n")
    assert parse([*BASE, "--merge_prompt", f"@{tmp_path}/merge.txt"]).merge_prompt == "Vote on each rule."
    with pytest.raises(UsageError, match="cannot read --merge_prompt @/no/such/file: No such file"):
        parse([*BASE, "--merge_prompt", "@/no/such/file"])


def test_every_option_has_a_line_of_help_and_a_group():
    for field in dataclasses.fields(Config):
        assert field.metadata["help"] and field.metadata["group"], field.name


NUMBERS = [each for each in dataclasses.fields(Config) if type(each.default) in (int, float)]


def test_every_number_has_bounds_that_hold_its_default():
    for field in NUMBERS:
        bounds = field.metadata["bounds"]
        low = bounds.low if bounds.above is None else bounds.above
        assert field.default in bounds and bounds.kind is type(field.default), field.name
        assert -math.inf < low < bounds.high < math.inf, field.name


WRONG = ["inf", "-inf", "nan", "1e400", "-1e400", "9" * 5000, "-" + "9" * 30, "1_0", "१", "²", "0x10", "1,5", "", "one"]


@pytest.mark.parametrize("flag", [flag for each in NUMBERS for flag in (f"--{each.name}", *each.metadata["flags"])])
def test_every_number_refuses_every_spelling_that_is_not_a_plain_number_in_its_range(flag):
    (field,) = [each for each in NUMBERS if flag in (f"--{each.name}", *each.metadata["flags"])]
    for value in WRONG:
        with pytest.raises(UsageError) as refused:
            parse([*BASE, f"{flag}={value}"])
        message = str(refused.value)
        assert message.startswith((f"{flag} ", f"{flag}:")) and "\n" not in message and len(message) < 250
        assert f"it must be {field.metadata['bounds']}; the default is {field.default}" in message


@pytest.mark.parametrize("value", ["1e3", "3.0", "3.", ".5"])
def test_an_integer_refuses_a_fraction_and_an_exponent(value):
    with pytest.raises(UsageError, match=f"--rounds: '{value}' is not an integer: it must be at least 1"):
        parse([*BASE, "--rounds", value])


@pytest.mark.parametrize("flag", ["--rounds", "--max_epochs", "--temperature"])
@pytest.mark.parametrize("words", [[], ["--seed", "1"], ["-inf"]])
def test_a_missing_number_is_reported_under_the_flag_that_was_typed(flag, words):
    with pytest.raises(UsageError, match=f"^{flag}: expected one argument: it must be at least [01] and at most"):
        parse([*BASE, flag, *words])


def test_the_bounds_themselves_and_usual_spellings_are_accepted():
    assert parse([*BASE, "--rounds", " +007 "]).max_epochs == 7
    assert parse([*BASE, "--temperature", "2"]).temperature == 2.0
    assert parse([*BASE, "--temperature", "-0.0", "--top_p", "1.", "--alpha", ".5"]).alpha == 0.5
    assert parse([*BASE, "--requests_per_minute", "0"]).requests_per_minute == 0
    assert parse([*BASE, "--requests_per_minute", "1e-2"]).requests_per_minute == 0.01
    for field in NUMBERS:
        bounds = field.metadata["bounds"]
        for value in (bounds.low, bounds.high):
            if value is not None and (field.name, value) != ("prompt_budget", 0):
                words = [*BASE, "--score_by", "clients", f"--{field.name}={value}"]
                assert getattr(parse(words), field.name) == value


@pytest.mark.parametrize(
    "arguments, tokens",
    [
        ([], 2000),
        (["--aggregate_method", "auto"], 2000),
        (["--aggregate_method", "concat"], 8192 - 2000 - 1000),
        (["--aggregate_method", "concat_uid", "--context_length", "32768", "--max_tokens", "1000"], 32768 - 2000),
        (["--aggregate_method", "concat", "--max_tokens", "8000"], 2000),
        (["--aggregate_method", "concat", "--prompt_budget", "500"], 500),
        (["--aggregate_method", "concat", "--merge_form", "plain"], 8192),
        (["--merge_form", "plain", "--context_length", "900"], 900),
    ],
)
def test_a_concatenation_may_by_default_fill_what_the_context_leaves(arguments, tokens):
    config = parse([*BASE, *arguments])
    assert config.prompt_budget == tokens
    assert dataclasses.replace(config, seed=1).prompt_budget == tokens


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--temperature", "3"], "--temperature 3 is out of range: it must be at least 0 and at most 2"),
        (["--round_deadline", "1e12"], "--round_deadline 1e12 is out of range: it must be at least 0 and at most"),
        (["--requests_per_minute", "1e-9"], "--requests_per_minute 1e-9 is out of range: it must be 0, or at least"),
        (["--request_timeout", "1e-9"], "--request_timeout 1e-9 is out of range: it must be at least 0.1"),
        (["--rounds", "3", "--max_epochs", "0"], "--max_epochs 0 is out of range"),
        (["--max_epochs", "0", "--rounds", "0"], "--rounds 0 is out of range"),
        (["--seed", str(2**63 - 2), "--repeats", "3"], "--seed 9223372036854775806 leaves no room for --repeats 3"),
        (["--no_cache=1"], "^--no_cache: ignored explicit argument '1'"),
        (["--task"], "^--task: expected at least one argument.*is written --task=-"),
        (["--initial_prompt", "-brief"], "is written --initial_prompt=-"),
    ],
)
def test_the_message_names_the_flag_and_what_is_allowed(arguments, said):
    with pytest.raises(UsageError, match=said):
        parse([*BASE, *arguments])


@pytest.mark.parametrize(
    "values, said",
    [
        ({"max_steps": "3"}, None),  # a site's settings may be texts
        ({"max_steps": True}, "--max_steps: True is not an integer"),
        ({"max_steps": 1.5}, "--max_steps: 1.5 is not an integer"),
        ({"temperature": None}, "--temperature: None is not a number"),
        ({"temperature": 10**400}, "--temperature 1000.* is out of range"),
        ({"skip_solved": 1}, "--skip_solved: 1 is not true or false"),
        ({"judge": 0}, "--judge: 0 is not a text"),
        ({"task": ("a", 1)}, "--task: .* is not a list of texts"),
    ],
)
def test_values_from_another_machine_are_checked_like_typed_ones(values, said):
    config = dataclasses.replace(parse(BASE), **values)
    if said is None:
        return config.check()
    with pytest.raises(UsageError, match=said):
        config.check()


@pytest.mark.parametrize(
    "flags, value",
    [
        ([], True),
        (["--aggregate_gate"], True),
        (["--no_aggregate_gate"], False),
        (["--aggregate_gate", "--no_aggregate_gate"], False),
        (["--no_aggregate_gate", "--aggregate_gate"], True),
    ],
)
def test_a_switch_that_is_on_by_default_has_a_flag_that_turns_it_off(flags, value):
    assert parse([*BASE, *flags]).aggregate_gate is value


def test_a_switch_that_is_off_by_default_has_no_flag_that_turns_it_off():
    assert parse([*BASE, "--no_cache"]).no_cache is True
    with pytest.raises(UsageError, match="unknown argument '--no_aggregate_repair'"):
        parse([*BASE, "--no_aggregate_repair"])


@pytest.mark.parametrize("flag", ["--aggregate_gate", "--no_aggregate_gate"])
def test_a_switch_takes_no_value(flag):
    with pytest.raises(UsageError, match=f"^{flag}: ignored explicit argument 'false'"):
        parse([*BASE, f"{flag}=false"])


def test_help_shows_every_default_and_every_choice():
    entries = [" ".join(each.split()) for each in re.split(r"\n  (?=-)|\n\n", parser(Config).format_help())]
    for field in dataclasses.fields(Config):
        (entry,) = [each for each in entries if re.match(rf"--{field.name}[ ,]", each)]
        default = {False: "off", True: "on"}[field.default] if type(field.default) is bool else field.default
        shown = field.metadata["unset"] or (" ".join(default) if type(default) is tuple else default)
        assert shown not in ("", ()), f"{field.name}: what does an empty value mean?"
        expected = "(required)" if shown == "required" else f"(default: {shown})"
        assert entry.endswith(expected), entry
        assert ", ".join(field.metadata["choices"]) in entry


def test_options_declare_whether_they_may_change_on_resume_and_are_sent_to_sites():
    assert {"max_concurrency", "max_calls", "tracker", "price"} <= set(RESUME_SAFE)
    assert not {"seed", "batch_size", "task", "temperature"} & set(RESUME_SAFE)
    assert {"seed", "batch_size", "leak_guard"} <= set(SENT_TO_SITES)


def test_only_what_each_machine_decides_itself_is_not_sent_to_the_sites():
    """A new option reaches the sites, unless it is added here on purpose."""
    assert set(Config.__dataclass_fields__) - set(SENT_TO_SITES) == {
        *("task", "evaluation_engine", "test_engine", "client_engines", "transfer_engine", "surprisal_model"),
        *("max_concurrency", "requests_per_minute", "request_timeout", "max_retries", "max_consecutive_failures"),
        *("max_calls", "max_tokens_total", "max_cost", "price", "price_file"),
        *("runtime", "flower_federation", "flower_wait", "sites", "repeats", "dry_run", "forecast", "replay_only"),
        *(
            "data_dir",
            "scorer",
            "columns",
            "splits",
            "allow_code",
            "share_examples",
            "log_dir",
            "verbose",
            "tracker",
            "comet_mode",
            "comet_project_name",
            "comet_log_path",
        ),
    }


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_prompt_from_a_file_saved_on_another_system_is_the_same_prompt(tmp_path, encoding):
    path = tmp_path / "prompt.txt"
    path.write_bytes("Cafe\u0301s:\r\ncount “slowly”.\r\n".encode(encoding))
    assert parse([*BASE, "--initial_prompt", f"@{path}"]).initial_prompt == "Cafés:\ncount “slowly”."


@pytest.mark.parametrize("text", ["\ufeffCount.", "Count.\u200b", "Cou\u00adnt.", "\x1bCount.\x00"])
def test_a_prompt_on_the_command_line_is_normalized(text):
    assert parse([*BASE, "--initial_prompt", text]).initial_prompt == "Count."
    assert parse([*BASE, "--initial_prompt", "half \udcff"]).initial_prompt == "half \ufffd"


@pytest.mark.parametrize(
    "content, said", [(b"\xef\xbb\xbf \r\n", "the file is empty"), (b"caf\xe9", "line 1 is not UTF-8 text")]
)
def test_a_prompt_file_without_text_is_refused(tmp_path, content, said):
    (tmp_path / "prompt.txt").write_bytes(content)
    with pytest.raises(UsageError, match=said):
        parse([*BASE, "--initial_prompt", f"@{tmp_path}/prompt.txt"])


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["--test_engine", "gpt-4o\u200b"], "test_engine", "gpt-4o"),
        (["--run_name", "cafe\u0301\ufeff"], "run_name", "café"),
        (["--rounds", "\u206010"], "max_epochs", 10),
        (["--aggregate_method", "\ufeffconcat"], "aggregate_method", "concat"),
        (["--sites", "a\u200b", "b\u00ad"], "sites", ("a", "b")),
        (["--initial_prompt", "caf\udce9"], "initial_prompt", "caf\ufffd"),
    ],
)
def test_invisible_characters_in_options_are_removed(words, name, value):
    assert getattr(parse(["--module", "train_homo_fed", "--task", "t.jsonl", *words]), name) == value
