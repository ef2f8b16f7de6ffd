"""Every option of a run, once: a frozen dataclass, and the command line made from it.

The field of an option declares its default, range, choices, help and effects; see `utils.options.option`. Nothing else
in the program reads the command line. In a Flower run, the sites get every option that is not `per_machine`.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textgrad.discovery import names_in
from textgrad.errors import UsageError
from textgrad.style import STYLES
from textgrad.text import normalize, read_text
from utils.options import assignments, check_values, option, options_with, parse_arguments
from utils.protocols import values_of

MODULES = ("train_centralized", "train_homo_fed", "train_hetero_fed")
_MANY = 1_000_000  # more questions, clients, rounds or requests than any run has
_SECONDS = 1_000_000
_TOKENS = 10_000_000
_INT64 = 2**63 - 1
_DEFAULT_PROMPT_BUDGET = 2000  # tokens
QUESTION_TOKENS = 1000  # of the context, reserved for a question


@dataclass(frozen=True)
class Config:
    """The options of one run. Names and defaults of the published code are kept."""

    module: str = option("", "experiment", "what to run; .py may follow", choices=MODULES, unset="required")
    task: tuple[str, ...] = option(
        (),
        "experiment",
        "BBH_<name>, GSM8K_DSPy, GSM8K, RG_<name>, RULES_<name>, livebench_*, MMLU_<subject>, GPQA_diamond, ScienceQA, "
        "hf:<owner>/<name> or a .jsonl file; several for train_hetero_fed",
        metavar="TASK",
        per_machine=True,
        unset="required",
    )
    evaluation_engine: str = option(
        "gpt-4o",
        "experiment",
        "engine that judges, criticizes, rewrites and merges",
        metavar="ENGINE",
        per_machine=True,
    )
    test_engine: str = option(
        "gpt-3.5-turbo-0125",
        "experiment",
        "engine whose system prompt is trained",
        metavar="ENGINE",
        per_machine=True,
    )
    client_engines: tuple[str, ...] = option(
        (),
        "experiment",
        "test engines of the clients during training, assigned in turn",
        metavar="ENGINE",
        per_machine=True,
        unset="--test_engine",
    )
    protocol: str = option(
        "corrected",
        "experiment",
        "sets options that are not typed: paper to the published method, corrected to their defaults",
        choices=names_in("utils.protocols"),
    )
    seed: int = option(42, "experiment", "seed of every random choice", low=-_INT64, high=_INT64)
    initial_prompt: str = option(
        "", "experiment", "prompt to start from, or @file with it", metavar="TEXT", unset="the task's description"
    )
    repeats: int = option(
        1,
        "experiment",
        "number of seeds, starting at --seed; caps hold per seed",
        low=1,
        high=10_000,
        per_machine=True,
    )
    transfer_engine: tuple[str, ...] = option(
        (),
        "experiment",
        "further engines on which the initial and the best prompt are tested",
        resume_safe=True,
        metavar="ENGINE",
        per_machine=True,
        unset="none",
    )
    do_not_run_larger_model: bool = option(False, "experiment", "skip the zero-shot test of the evaluation engine")

    batch_size: int = option(3, "training", "questions per local step", low=1, high=_MANY)
    batches: str = option(
        "epochs",
        "training",
        "how minibatches are drawn: epochs uses every question once before the next shuffle, replacement draws each "
        "question anew from all",
        choices=("epochs", "replacement"),
    )
    answer_format: str = option(
        "fixed",
        "training",
        "instruction on the form of the answer: fixed is sent with every question, trained ends the initial prompt and "
        "may change with it (an --initial_prompt then states it itself)",
        choices=("fixed", "trained"),
    )
    max_epochs: int = option(3, "training", "number of rounds", "--rounds", low=1, high=_MANY)
    max_steps: int = option(3, "training", "local steps per client and round", "--local_steps", low=1, high=_MANY)
    optimizer: str = option(
        "auto",
        "training",
        "how a client rewrites its prompt",
        choices=names_in("textgrad.optimizer"),
    )
    candidates: int = option(3, "training", "rewrites per step that best_of tries", low=1, high=1000)
    gradient_memory: int = option(
        0,
        "training",
        "earlier steps of the round whose feedback the optimizer sees too",
        low=0,
        high=_MANY,
    )
    style: str = option(
        "auto",
        "training",
        "form of requests to critic, optimizer and merger: short for weak models; auto starts with long and switches "
        "to short if replies repeat their requests or are unusable",
        choices=STYLES,
    )
    context: str = option(
        "on",
        "training",
        "show the optimizer the conversation that each piece of feedback is about",
        choices=("on", "off"),
    )
    momentum_window: int = option(
        3,
        "training",
        "earlier steps of the round whose prompts and feedback tgd_momentum sees",
        low=0,
        high=_MANY,
    )
    answer_critic: str = option(
        "llm",
        "training",
        "feedback on answers that rules score: llm by the evaluation engine, fixed as a sentence with the right "
        "answer, without calls; answers that an engine judges always use llm",
        choices=("llm", "fixed"),
    )
    rewrite_checks: bool = option(
        True,
        "training",
        "reject a rewrite untried if it is nearly empty, copies an example or the request, or drops most instructions",
    )
    accept: str = option(
        "better",
        "training",
        "rule that keeps or rejects a rewrite",
        choices=names_in("utils.federation.acceptance"),
    )
    accept_size: int = option(
        6,
        "training",
        "further questions that the rules holdout, paired and race may ask per step",
        low=0,
        high=_MANY,
    )
    proximal_update: bool = option(False, "training", "same as --accept better_or_solved")
    skip_solved: bool = option(
        True,
        "training",
        "criticize wrong answers only, and skip minibatches without wrong answers; fewer calls, but less time only if "
        "the server or a rate limit is the bottleneck, because a round waits for its slowest client",
    )

    homo_split_num: int = option(
        3, "federation", "clients of train_homo_fed", "--num_clients", "--homo_split", low=1, high=_MANY
    )
    clients_per_task: int = option(1, "federation", "clients per task of train_hetero_fed", low=1, high=_MANY)
    client_fraction: float = option(1.0, "federation", "share of clients sampled per round", above=0, high=1)
    select_clients: str = option(
        "random",
        "federation",
        "how the clients of a round are chosen",
        choices=names_in("utils.federation.selection"),
    )
    personal_layer: bool = option(
        False,
        "federation",
        "let clients train a section of the prompt that is never uploaded, in turn with the shared section",
    )
    partition: str = option(
        "iid",
        "federation",
        "how training data is split over clients",
        choices=("iid", "dirichlet", "quantity", "one_small"),
    )
    alpha: float = option(
        0.5, "federation", "skew of dirichlet and quantity partitions; smaller is more skewed", above=0, high=_MANY
    )
    wrong_labels: float = option(
        0.0, "federation", "share of the first client's training answers that are made wrong", low=0, high=1
    )
    attack: str = option(
        "none",
        "federation",
        "research attack of the malicious clients on this simulated federation",
        choices=names_in("utils.federation.attacks"),
    )
    malicious_rate: float = option(
        0.2,
        "federation",
        "share of the clients that --attack makes malicious, at least one client; 0: none",
        low=0,
        high=1,
    )
    canaries: int = option(
        0,
        "federation",
        "training questions that get a unique code, to measure whether it reaches uploads; research on simulated "
        "federations",
        low=0,
        high=_MANY,
    )
    aggregate_method: str = option(
        "auto", "federation", "how uploads are merged", choices=names_in("utils.aggregation.methods")
    )
    merge_fan_in: int = option(8, "federation", "uploads merged per call; more are merged as a tree", low=2, high=_MANY)
    merge_form: str = option(
        "full",
        "federation",
        "full: detailed requests, as a tree for many uploads, and concatenations without repeated lines; plain, as in "
        "the paper: one short request, and uploads joined as they are",
        choices=("full", "plain"),
    )
    merge_prompt: str = option(
        "",
        "federation",
        "your own instruction for the merging engine, or @file with it",
        metavar="TEXT",
        unset="the aggregator's",
    )
    dynamic_limit: int = option(
        800, "federation", "tokens up to which dynamic concatenates the uploads", low=1, high=_TOKENS
    )
    vote_share: float = option(
        0.5, "federation", "share of the clients that an instruction needs in vote", above=0, high=1
    )
    uid_candidates: int = option(
        3, "federation", "candidate merges of uid_select and validated", "--merge_candidates", low=1, high=10_000
    )
    score_by: str = option(
        "server",
        "federation",
        "who scores candidate merges (validated, robust, ties of union) on validation questions: the server on all of "
        "them, or each client of the round on its own, sending counts only",
        choices=("server", "clients"),
    )
    vote_epsilon: float = option(
        0.0,
        "federation",
        "epsilon of local differential privacy per vote: with --score_by clients, each client sends the best candidate "
        "by randomized response in place of counts; 0: counts",
        low=0.01,
        or_zero=True,
        high=100,
    )
    prompt_budget: int = option(
        0,
        "federation",
        "largest size of a prompt, in tokens; 0: 2000, or with concat and concat_uid what --context_length leaves "
        "beside --max_tokens and a question, or with --merge_form plain all of it",
        low=0,
        high=_TOKENS,
    )
    context_length: int = option(
        8192, "federation", "tokens of a request and its reply that the test engine takes", low=1, high=_TOKENS
    )
    aggregate_gate: bool = option(
        True, "federation", "keep the old global prompt if the merged one has lower validation accuracy"
    )
    validate: str = option(
        "full",
        "federation",
        "validation questions per prompt: full answers all; race answers growing blocks of them until a sequential "
        "test tells which prompt is best on all; test questions are always answered in full",
        choices=("full", "race"),
    )
    min_retention: float = option(
        0.5,
        "federation",
        "share of the uploads' new instructions that an engine's merge must keep, else it is asked for again and then "
        "replaced by the concatenation; 0: no check of merges",
        low=0,
        high=1,
    )
    aggregate_repair: bool = option(
        False,
        "federation",
        "one more call per round that restores instructions lost in the merge, in place of --min_retention",
    )
    share_examples: bool = option(
        False,
        "federation",
        "let the prompts of optimizer demos, which hold training questions, leave the clients",
        per_machine=True,
    )
    leak_guard: str = option(
        "warn",
        "federation",
        "what a client does about private data in its upload: nothing, count it, replace it by [redacted], have its "
        "evaluation engine rewrite the upload, or send the old prompt",
        choices=("off", "warn", "redact", "paraphrase", "block"),
    )
    min_clients: int = option(
        1, "federation", "uploads that a round needs; with fewer it keeps its prompt", low=1, high=_MANY
    )
    round_deadline: float = option(
        0.0, "federation", "seconds after which a round drops late clients; 0: no deadline", low=0, high=_SECONDS
    )
    drop_rate: float = option(0.0, "federation", "simulated share of clients that drop out per round", low=0, high=1)
    straggler_rate: float = option(0.0, "federation", "simulated share of slow clients per round", low=0, high=1)
    straggler_delay: float = option(10.0, "federation", "delay of a slow client, in seconds", low=0, high=_SECONDS)

    runtime: str = option(
        "local",
        "several machines",
        "where clients run: in this process, or on the machines of their sites",
        choices=("local", "flower"),
        per_machine=True,
    )
    flower_federation: str = option(
        "local",
        "several machines",
        "name of the SuperLink in $FLWR_HOME/config.toml",
        resume_safe=True,
        metavar="NAME",
        per_machine=True,
    )
    flower_wait: float = option(
        120.0,
        "several machines",
        "seconds to wait for sites before the run starts without them",
        low=0,
        high=_SECONDS,
        resume_safe=True,
        per_machine=True,
    )
    sites: tuple[str, ...] = option(
        (),
        "several machines",
        "names of the sites that are clients 0, 1, ...",
        metavar="NAME",
        per_machine=True,
        unset="all connected sites, by name",
    )

    data_dir: str = option(
        "",
        "data",
        "folder with bbh/, gsm8k/ or livebench/ files, or copies <owner>/<name> of data sets of the hub",
        resume_safe=True,
        metavar="DIR",
        per_machine=True,
        unset="$FEDTEXTGRAD_DATA",
    )
    columns: tuple[str, ...] = option(
        (),
        "data",
        "columns of an hf: task: question=COLUMN answer=COLUMN; COLUMN,COLUMN joins several",
        metavar="FIELD=COLUMN",
        per_machine=True,
        unset="columns of these names",
    )
    splits: tuple[str, ...] = option(
        (),
        "data",
        "splits of an hf: task: train=SPLIT val=SPLIT test=SPLIT; the parts of one split share its questions",
        metavar="PART=SPLIT",
        per_machine=True,
        unset="train, validation and test",
    )
    data_seed: int = option(-1, "data", "seed that draws the questions; -1: same as --seed", low=-1, high=_INT64)
    train_size: int = option(0, "data", "number of training questions; 0: all", low=0, high=_MANY)
    val_size: int = option(0, "data", "number of validation questions; 0: all", low=0, high=_MANY)
    test_size: int = option(0, "data", "number of test questions; 0: all", low=0, high=_MANY)
    judge: str = option(
        "auto",
        "data",
        "how answers are scored: auto by rules, llm by the evaluation engine",
        choices=("auto", "llm"),
    )
    scorer: str = option(
        "",
        "data",
        "how answers are scored: number, exact, choice, f1, json, code or judge for a .jsonl or hf: task; "
        "file.py:function, your own metric, for any task",
        metavar="NAME",
        per_machine=True,
        unset="the task's own, or inferred from the answers",
    )
    allow_code: bool = option(
        False,
        "data",
        "let --scorer code run the code of replies, with limits but without a sandbox",
        resume_safe=True,
        per_machine=True,
    )

    temperature: float = option(0.0, "engines", "sampling temperature", low=0, high=2)
    top_p: float = option(0.99, "engines", "nucleus sampling: share of probability", above=0, high=1)
    max_tokens: int = option(2000, "engines", "longest reply, in tokens", low=1, high=_TOKENS)
    max_concurrency: int = option(
        64, "engines", "requests in flight at once", low=1, high=10_000, resume_safe=True, per_machine=True
    )
    requests_per_minute: float = option(
        0.0,
        "engines",
        "requests started per minute; 0: no limit",
        low=0.01,
        or_zero=True,
        high=_MANY,
        resume_safe=True,
        per_machine=True,
    )
    request_timeout: float = option(
        120.0,
        "engines",
        "timeout of a request, in seconds",
        low=0.1,
        high=_SECONDS,
        resume_safe=True,
        per_machine=True,
    )
    max_retries: int = option(8, "engines", "retries per request", low=0, high=1000, resume_safe=True, per_machine=True)
    max_consecutive_failures: int = option(
        20,
        "engines",
        "consecutive failed requests that stop the run",
        low=1,
        high=_MANY,
        resume_safe=True,
        per_machine=True,
    )
    no_cache: bool = option(False, "engines", "send a repeated request again instead of reusing its first reply")
    replay_only: bool = option(
        False,
        "engines",
        "answer from the run's call log only; a call that it lacks is an error",
        resume_safe=True,
        per_machine=True,
    )

    dry_run: bool = option(
        False,
        "budget",
        "print the calls, tokens and dollars that the run would take, and stop",
        resume_safe=True,
        per_machine=True,
    )
    forecast: bool = option(
        False,
        "budget",
        "after the run, also do the dry run and write both into results.json",
        resume_safe=True,
        per_machine=True,
    )
    max_calls: int = option(
        0,
        "budget",
        "largest number of calls, over all roles and clients, without those from the cache; 0: no cap",
        low=0,
        high=10**12,
        resume_safe=True,
        per_machine=True,
    )
    max_tokens_total: int = option(
        0,
        "budget",
        "largest number of request and reply tokens; 0: no cap",
        low=0,
        high=10**15,
        resume_safe=True,
        per_machine=True,
    )
    max_cost: float = option(
        0.0, "budget", "largest cost, in dollars; 0: no cap", low=0, high=10**9, resume_safe=True, per_machine=True
    )
    price: tuple[str, ...] = option(
        (),
        "budget",
        "dollars per million request and reply tokens, by role: test=0.15/0.60 evaluation=2.50/10",
        resume_safe=True,
        metavar="ROLE=IN/OUT",
        per_machine=True,
        unset="list prices of known models",
    )
    price_file: str = option(
        "",
        "budget",
        'JSON file of prices by model: {"gpt-4o": [2.50, 10.00]}',
        resume_safe=True,
        metavar="FILE",
        per_machine=True,
        unset="none",
    )

    retention_judge: bool = option(
        False, "measures", "let the evaluation engine judge which instructions survived aggregation"
    )
    surprisal_model: str = option(
        "auto",
        "measures",
        "model that scores the tokens of prompts: smollm2, a .gguf file, local-MODEL, llama:URL, vllm:URL, a "
        "Hugging Face model, off, or auto for the run's own local- engine",
        metavar="MODEL",
        per_machine=True,
    )

    log_dir: str = option(
        "logs", "results", "folder of the run folders", resume_safe=True, metavar="DIR", per_machine=True
    )
    run_name: str = option(
        "",
        "results",
        "name of the run folder; an existing name resumes that run",
        resume_safe=True,
        metavar="NAME",
        unset="date and task",
    )
    verbose: bool = option(
        False, "results", "print every local step and evaluation too", resume_safe=True, per_machine=True
    )
    tracker: tuple[str, ...] = option(
        ("comet",),
        "results",
        "experiment trackers, one or several",
        choices=names_in("utils.trackers"),
        resume_safe=True,
        per_machine=True,
    )
    comet_mode: str = option(
        "offline",
        "results",
        "comet.com logging",
        choices=("offline", "online", "disabled"),
        resume_safe=True,
        per_machine=True,
    )
    comet_project_name: str = option(
        "fedtextgrad", "results", "comet.com project", resume_safe=True, metavar="NAME", per_machine=True
    )
    comet_log_path: str = option(
        "./logs/comet_results/",
        "results",
        "folder of offline comet archives",
        resume_safe=True,
        metavar="DIR",
        per_machine=True,
    )

    def __post_init__(self):
        if self.prompt_budget == 0:
            object.__setattr__(self, "prompt_budget", self._default_prompt_budget())

    def _default_prompt_budget(self) -> int:
        if self.merge_form == "plain":
            return self.context_length
        room = self.context_length - self.max_tokens - QUESTION_TOKENS if self.concatenates else 0
        return max(_DEFAULT_PROMPT_BUDGET, room)

    @property
    def concatenates(self) -> bool:
        """True if all uploads become sections of one prompt, so that it grows with the number of clients."""
        return self.aggregate_method in ("concat", "concat_uid")

    @property
    def attacked(self) -> bool:
        """True if some clients are malicious."""
        return self.attack != "none" and self.malicious_rate > 0

    @property
    def merges(self) -> bool:
        """True if the server merges prompts of clients."""
        return self.module != "train_centralized" and self.aggregate_method != "none"

    @property
    def _uploads(self) -> bool:
        """True if prompts leave the clients."""
        return self.merges or self.runtime == "flower"

    @property
    def sampling_defaults(self) -> dict[str, Any]:
        """The fields of `textgrad.engine.base.Sampling`."""
        # Deterministic runs on the same questions share their zero-shot calls, whatever their seeds.
        seed = self.seed if self.temperature > 0 else self.questions_seed
        return {"temperature": self.temperature, "top_p": self.top_p, "max_tokens": self.max_tokens, "seed": seed}

    @property
    def acceptance_rule(self) -> str:
        """The name of the acceptance rule; --proximal_update is an alias of "better_or_solved"."""
        return "better_or_solved" if self.proximal_update else self.accept

    @property
    def questions_seed(self) -> int:
        """The seed that draws the questions and splits them into training, validation and test."""
        return self.seed if self.data_seed < 0 else self.data_seed

    def check(self, typed: Mapping[str, str] | None = None) -> None:
        """Check everything that needs neither an engine nor data.

        Args:
            typed: the flag that the user typed, by option, for the error message.

        Raises:
            UsageError: one line for the first thing that is wrong.
        """
        check_values(self, typed or {})
        if not self.task:
            raise UsageError("--task is missing: name a task, such as --task BBH_object_counting")
        if len(self.task) > 1 and self.module != "train_hetero_fed":
            raise UsageError(
                f"--task: {self.module} takes one task and got {len(self.task)}; "
                "use --module train_hetero_fed for several"
            )
        if self.optimizer == "demos" and self._uploads and not self.share_examples:
            raise UsageError(
                "--optimizer demos puts training questions into the prompts that clients upload: use "
                "--aggregate_method none or --module train_centralized, or allow it with --share_examples"
            )
        if self.attacked and not self.merges:
            raise UsageError(
                f"--attack {self.attack}: the run merges no uploads that an attack could reach; use train_homo_fed or "
                "train_hetero_fed with an --aggregate_method other than none"
            )
        if self.personal_layer and not self.merges:
            raise UsageError(
                "--personal_layer needs a prompt that clients share: use train_homo_fed or train_hetero_fed with an "
                "--aggregate_method other than none"
            )
        if self.canaries and not self.merges:
            raise UsageError(
                f"--canaries {self.canaries}: the run merges no uploads that could reveal them; use train_homo_fed or "
                "train_hetero_fed with an --aggregate_method other than none"
            )
        if self.vote_epsilon and self.score_by != "clients":
            raise UsageError(f"--vote_epsilon {self.vote_epsilon:g}: only clients vote: add --score_by clients")
        if self.vote_epsilon and self.aggregate_method == "robust":
            raise UsageError(
                f"--vote_epsilon {self.vote_epsilon:g}: --aggregate_method robust compares accuracies, which votes do "
                "not give: use --vote_epsilon 0, or --aggregate_method validated"
            )
        for name in ("columns", "splits"):
            assignments(f"--{name}", getattr(self, name))
        if len(set(self.task)) < len(self.task):
            raise UsageError("--task: a task is named twice; use --clients_per_task for more clients of one task")
        if self.seed + self.repeats - 1 > _INT64:
            raise UsageError(f"--seed {self.seed} leaves no room for --repeats {self.repeats}: use a smaller seed")


_FIELDS = {each.name: each for each in dataclasses.fields(Config)}
RESUME_SAFE = options_with(Config, "resume_safe")
SENT_TO_SITES = options_with(Config, "per_machine", False)


def option_field(name: str) -> dataclasses.Field:
    """Return the declaration of an option, for a program that takes it too."""
    return _FIELDS[name]


def parse(arguments: list[str]) -> Config:
    """Return a checked configuration.

    Args:
        arguments: the words after main.py.

    Raises:
        UsageError: one line for the first thing that is wrong.
        SystemExit: after --help.
    """
    values, typed = parse_arguments(Config, arguments)
    if "module" in values:
        values["module"] = values["module"].removesuffix(".py")
    config = Config(**values_of(values.get("protocol", Config.protocol)) | values)
    config.check(typed)
    if (config.columns or config.splits) and not any(name.startswith("hf:") for name in config.task):
        raise UsageError("--columns and --splits are for tasks of the form hf:<owner>/<name>: leave them out")
    texts: dict[str, Any] = {
        name: _text_or_file(name, getattr(config, name)) for name in ("initial_prompt", "merge_prompt")
    }
    return dataclasses.replace(config, **texts)


def _text_or_file(name: str, value: str) -> str:
    """Return the normalized value of an option: the text, or the content of the file if the text is `@file`."""
    if not value.startswith("@"):
        return normalize(value)
    path = Path(value[1:]).expanduser()
    text = normalize(read_text(path, f"--{name} {value}")).strip()
    if not text:
        raise UsageError(f"--{name} {value}: the file is empty; write the prompt into it, or leave out the option")
    return text
