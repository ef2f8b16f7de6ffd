"""Every option of a run, once: a frozen dataclass, and the command line made from it.

A field is an option: its default, its group and its line of help stand together, and nothing else in the program
reads the command line. `parse` turns arguments into a checked `Config` or one clear line and exit status 2.
"""

import argparse
import dataclasses
import difflib
import os
from dataclasses import dataclass, field
from typing import Any

from textgrad.discovery import names_in
from textgrad.errors import UsageError, unknown

MODULES = ("train_centralized", "train_homo_fed", "train_hetero_fed")
PARTITIONS = ("iid", "dirichlet", "quantity")
AGGREGATE_METHODS = names_in("utils.aggregation.methods")
ACCEPTANCE_RULES = names_in("utils.federation.acceptance")
SELECTIONS = names_in("utils.federation.selection")


def option(default: Any, group: str, text: str, *also: str, **argument: Any) -> Any:
    """A field that is an option.

    Args:
        default: its value when the flag is absent.
        group: heading under which --help shows it.
        text: its line of help.
        *also: other flags that mean the same.
        **argument: passed to argparse.
    """
    return field(default=default, metadata={"group": group, "help": text, "also": also, "argument": argument})


@dataclass(frozen=True)
class Config:
    """One run. Names and defaults of the paper's code are kept; a tuple is an option that takes several words."""

    module: str = option("", "experiment", f"what to run: {', '.join(MODULES)} (.py may follow)", metavar="NAME")
    task: tuple[str, ...] = option(
        (),
        "experiment",
        "BBH_<name>, GSM8K_DSPy, GSM8K, RG_<name>, livebench_*, or a .jsonl file; several for train_hetero_fed",
        nargs="+",
        metavar="TASK",
    )
    evaluation_engine: str = option(
        "gpt-4o", "experiment", "engine that judges, criticizes, rewrites and merges", metavar="ENGINE"
    )
    test_engine: str = option(
        "gpt-3.5-turbo-0125", "experiment", "engine whose system prompt is trained", metavar="ENGINE"
    )
    client_engines: tuple[str, ...] = option(
        (),
        "experiment",
        "test engines of the clients, cycled, in place of --test_engine while training",
        nargs="+",
        metavar="ENGINE",
    )
    seed: int = option(42, "experiment", "decides every random choice")
    initial_prompt: str = option(
        "", "experiment", "the prompt to start from, or @file; the task's description if absent", metavar="TEXT"
    )
    repeats: int = option(
        1, "experiment", "run so many seeds from --seed on, in one folder; caps hold for each of them"
    )
    transfer_engine: tuple[str, ...] = option(
        (),
        "experiment",
        "engines on which the initial and the best prompt are tested besides",
        nargs="+",
        metavar="ENGINE",
    )
    do_not_run_larger_model: bool = option(False, "experiment", "skip the zero-shot score of the evaluation engine")

    batch_size: int = option(3, "training", "questions of one local step")
    max_epochs: int = option(3, "training", "rounds", "--rounds")
    max_steps: int = option(3, "training", "local steps of a client in one round", "--local_steps")
    accept: str = option(
        "not_worse", "training", f"when a rewrite is kept: {', '.join(ACCEPTANCE_RULES)}", metavar="NAME"
    )
    proximal_update: bool = option(False, "training", "same as --accept better")

    skip_solved: bool = option(False, "training", "criticize wrong answers only; leave a batch alone that is all right")
    speculate: bool = option(
        False,
        "training",
        "answer the next batch under a rewrite before it is known to be kept: quicker, with more calls where it is not",
    )

    homo_split_num: int = option(3, "federation", "clients of train_homo_fed", "--num_clients", "--homo_split")
    clients_per_task: int = option(1, "federation", "clients of each task of train_hetero_fed")
    client_fraction: float = option(1.0, "federation", "share of the clients that take part in a round, in (0, 1]")
    select_clients: str = option(
        "random", "federation", f"how the clients of a round are chosen: {', '.join(SELECTIONS)}", metavar="NAME"
    )
    partition: str = option(
        "iid", "federation", "how data is split over clients: iid, dirichlet, quantity", metavar="NAME"
    )
    alpha: float = option(0.5, "federation", "skew of dirichlet and quantity partitions; smaller is more skewed")
    aggregate_method: str = option("summarization", "federation", ", ".join(AGGREGATE_METHODS), metavar="NAME")
    merge_fan_in: int = option(8, "federation", "uploads merged by one call; more are merged as a tree")
    uid_candidates: int = option(3, "federation", "merges that uid_select draws to choose from")
    prompt_budget: int = option(2000, "federation", "tokens that a merged prompt may have")
    aggregate_gate: bool = option(
        False, "federation", "keep the old global prompt where the merged one validates worse"
    )
    aggregate_repair: bool = option(False, "federation", "one more call a round that adds lost instructions back")
    leak_guard: str = option(
        "warn",
        "federation",
        "what a client does about private data in its upload: off, warn, redact, block",
        choices=("off", "warn", "redact", "block"),
    )
    min_clients: int = option(1, "federation", "uploads that a round needs; with fewer it keeps its prompt")
    round_deadline: float = option(
        0.0, "federation", "seconds after which a round goes on without late clients; 0: none"
    )
    drop_rate: float = option(0.0, "federation", "share of clients that drop out of a round, for studies")
    straggler_rate: float = option(0.0, "federation", "share of clients that are slow in a round, for studies")
    straggler_delay: float = option(10.0, "federation", "seconds by which a slow client is late")

    runtime: str = option(
        "local",
        "several machines",
        "local runs all clients in this process, flower on their sites' machines",
        choices=("local", "flower"),
    )
    flower_federation: str = option(
        "local", "several machines", "the SuperLink's name in $FLWR_HOME/config.toml", metavar="NAME"
    )
    flower_wait: float = option(120.0, "several machines", "seconds to wait for sites before a run starts without them")
    sites: tuple[str, ...] = option(
        (),
        "several machines",
        "names of the sites, as clients 0, 1, ...; the sites that are "
        "connected, in the order of their names, if absent",
        nargs="+",
        metavar="NAME",
    )

    data_dir: str = option(
        "", "data", "folder with bbh/, gsm8k/ or livebench/ files (default: $FEDTEXTGRAD_DATA)", metavar="DIR"
    )
    data_seed: int = option(-1, "data", "draws the questions; -1: as --seed")
    train_size: int = option(0, "data", "use so many training questions; 0: all")
    val_size: int = option(0, "data", "use so many validation questions; 0: all")
    test_size: int = option(0, "data", "use so many test questions; 0: all")
    judge: str = option(
        "auto", "data", "auto scores answers by rule, llm by the evaluation engine", choices=("auto", "llm")
    )
    scorer: str = option(
        "", "data", "how answers of a .jsonl task are scored: number, exact, choice, judge", metavar="NAME"
    )

    temperature: float = option(0.0, "engines", "of every call")
    top_p: float = option(0.99, "engines", "of every call")
    max_tokens: int = option(2000, "engines", "longest reply, in tokens")
    max_concurrency: int = option(64, "engines", "requests in flight at once")
    requests_per_minute: float = option(0.0, "engines", "request starts a minute; 0: no limit")
    request_timeout: float = option(120.0, "engines", "seconds to wait for one reply")
    max_retries: int = option(8, "engines", "how often one request is tried again")
    max_consecutive_failures: int = option(20, "engines", "failed requests in a row that end the run")
    no_cache: bool = option(False, "engines", "send a repeated request again instead of using its first reply")
    replay_only: bool = option(False, "engines", "use the run's call log alone: a call that is not in it is an error")

    dry_run: bool = option(False, "budget", "print the calls, tokens and dollars that the run would take, and stop")
    max_calls: int = option(0, "budget", "calls that the run may make, over all roles and clients; 0: no cap")
    max_tokens_total: int = option(0, "budget", "tokens of requests and replies that the run may use; 0: no cap")
    max_cost: float = option(0.0, "budget", "dollars that the run may cost; 0: no cap")
    price: tuple[str, ...] = option(
        (),
        "budget",
        "dollars per million tokens of requests and replies, by role: test=0.15/0.60 evaluation=2.50/10",
        nargs="+",
        metavar="ROLE=IN/OUT",
    )
    price_file: str = option("", "budget", 'JSON file of prices by model: {"gpt-4o": [2.50, 10.00]}', metavar="FILE")

    retention_judge: bool = option(False, "measures", "the evaluation engine says what survived aggregation")
    surprisal_model: str = option(
        "auto",
        "measures",
        "scores prompts token by token: smollm2, a .gguf file, "
        "llama:URL, vllm:URL, a Hugging Face model or off; auto: the run's own local- engine",
        metavar="MODEL",
    )

    log_dir: str = option("logs", "results", "where the run's folder is made", metavar="DIR")
    run_name: str = option(
        "", "results", "the run's folder; the same name again goes on where it stopped", metavar="NAME"
    )
    comet_mode: str = option("offline", "results", "comet.com logging", choices=("offline", "online", "disabled"))
    comet_project_name: str = option("fedtextgrad", "results", "comet.com project", metavar="NAME")
    comet_log_path: str = option("./logs/comet_results/", "results", "where offline comet archives go", metavar="DIR")

    @property
    def sampling_defaults(self) -> dict[str, Any]:
        """The fields of `textgrad.engine.base.Sampling`."""
        # Deterministic runs on the same questions share their zero-shot calls, whatever their seeds.
        seed = self.seed if self.temperature > 0 else self.questions_seed
        return {"temperature": self.temperature, "top_p": self.top_p, "max_tokens": self.max_tokens, "seed": seed}

    @property
    def acceptance_rule(self) -> str:
        """The name of the acceptance rule; --proximal_update is an alias of "better"."""
        return "better" if self.proximal_update else self.accept

    @property
    def questions_seed(self) -> int:
        """The seed that draws the questions and deals them to train, validation and test."""
        return self.seed if self.data_seed < 0 else self.data_seed

    def check(self) -> None:
        """Looks at everything that can be seen without touching an engine or the data.

        Raises:
            UsageError: one line for the first thing that is wrong.
        """
        _known("module", self.module, MODULES)
        _known("partition", self.partition, PARTITIONS)
        _known("aggregate_method", self.aggregate_method, AGGREGATE_METHODS)
        _known("accept", self.accept, ACCEPTANCE_RULES)
        _known("select_clients", self.select_clients, SELECTIONS)
        if not self.task:
            raise UsageError("--task is missing: name a task, such as --task BBH_object_counting")
        if len(self.task) > 1 and self.module != "train_hetero_fed":
            raise UsageError(
                f"--task: {self.module} takes one task and got {len(self.task)}; "
                "use --module train_hetero_fed for several"
            )
        if len(set(self.task)) < len(self.task):
            raise UsageError("--task: a task is named twice; use --clients_per_task for more clients of one task")
        for name, (lowest, highest) in _RANGES.items():
            value = getattr(self, name)
            if not lowest <= value <= highest:
                bound = f"at least {lowest}" if highest == float("inf") else f"from {lowest} to {highest}"
                raise UsageError(f"--{name} {value} is out of range: it must be {bound}")


_TINY, _NO_END = 1e-9, float("inf")
_RANGES = {
    **dict.fromkeys(
        (
            "batch_size",
            "max_epochs",
            "max_steps",
            "homo_split_num",
            "clients_per_task",
            "min_clients",
            "max_tokens",
            "max_concurrency",
            "max_consecutive_failures",
            "prompt_budget",
            "repeats",
            "uid_candidates",
        ),
        (1, _NO_END),
    ),
    **dict.fromkeys(
        (
            "max_calls",
            "max_tokens_total",
            "max_cost",
            "train_size",
            "val_size",
            "test_size",
            "temperature",
            "requests_per_minute",
            "max_retries",
            "round_deadline",
            "straggler_delay",
            "flower_wait",
        ),
        (0, _NO_END),
    ),
    **dict.fromkeys(("client_fraction", "top_p"), (_TINY, 1)),
    **dict.fromkeys(("drop_rate", "straggler_rate"), (0, 1)),
    **dict.fromkeys(("alpha", "request_timeout"), (_TINY, _NO_END)),
    "merge_fan_in": (2, _NO_END),
    "data_seed": (-1, _NO_END),
}


def _known(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if not value:
        raise UsageError(f"--{name} is missing: name one of {', '.join(allowed)}")
    if value not in allowed:
        raise unknown(name, value, allowed)


class _Parser(argparse.ArgumentParser):
    """argparse whose every complaint is one line."""

    def error(self, message: str):
        raise UsageError(f"{message} (see --help)")


def parser() -> argparse.ArgumentParser:
    """The command line, its options grouped as in `Config`."""
    made = _Parser(
        prog="main.py",
        allow_abbrev=False,
        description="FedTextGrad: train a system prompt with textual "
        "gradients, centrally or federated. Results go to logs/.",
        argument_default=argparse.SUPPRESS,
    )
    groups: dict[str, Any] = {}
    for each in dataclasses.fields(Config):
        about = each.metadata
        group = groups.get(about["group"]) or groups.setdefault(about["group"], made.add_argument_group(about["group"]))
        argument = dict(about["argument"])
        shown = f" (default: {each.default})" if each.default not in ("", (), False) else ""
        if isinstance(each.default, bool):
            argument["action"] = "store_true"
        elif isinstance(each.default, (int, float)):
            argument.update(type=type(each.default), metavar="N")
        group.add_argument(
            f"--{each.name}",
            *about["also"],
            dest=each.name,
            help=(about["help"] + shown).replace("%", "%%"),
            **argument,
        )
    return made


def parse(arguments: list[str]) -> Config:
    """A checked configuration.

    Args:
        arguments: the words after main.py.

    Raises:
        UsageError: one line for the first thing that is wrong.
        SystemExit: after --help.
    """
    given, strangers = parser().parse_known_args(arguments)
    if strangers:
        raise _unknown_flag(strangers[0])
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in vars(given).items()}
    if "module" in values:
        values["module"] = values["module"].removesuffix(".py")
    config = Config(**values)
    config.check()
    return dataclasses.replace(config, initial_prompt=_text_or_file(config.initial_prompt))


def _unknown_flag(word: str) -> UsageError:
    flags = [flag for action in parser()._actions for flag in action.option_strings]
    near = difflib.get_close_matches(word, flags, n=3)
    return UsageError(
        f"unknown argument {word!r}{'; did you mean ' + ', '.join(near) + '?' if near else ''} (see --help)"
    )


def _text_or_file(value: str) -> str:
    """`@file` stands for the file's content."""
    if not value.startswith("@"):
        return value
    path = os.path.expanduser(value[1:])
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--initial_prompt: {path} cannot be read: {error}") from error
