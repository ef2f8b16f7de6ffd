"""Set up a run: tasks, clients and initial prompt."""

import functools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from textgrad.errors import UsageError
from textgrad.optimizer import optimizer_class
from textgrad.tasks import Task, get_task
from textgrad.tokens import estimate_tokens
from utils.aggregation.concatenation import concatenate
from utils.config import QUESTION_TOKENS, Config
from utils.engines.by_role import Engines
from utils.federation.adversary import TRIGGERED, Adversary, adversary_of
from utils.federation.client import Client
from utils.federation.evaluation import Sample, samples_of
from utils.federation.personal import personal_prompt
from utils.federation.selection import history_of, selection
from utils.federation.surprisal import CachedSurprisal, surprisal_scorer
from utils.federation.transport import LocalTransport, Transport
from utils.federation.update import Update
from utils.options import assignments
from utils.privacy.canaries import Canary, plant


@dataclass
class Federation:
    """The clients of a run and the data of the server.

    Attributes:
        config: the run's options.
        engines: the engines by role.
        tasks: their validation and test questions score the global prompt.
        clients: owners of the training data, numbered 0, 1, ...
        initial_prompt: the prompt broadcast in round 1.
        shards: one dict per client: {task name: positions of its validation questions}.
        questions: validation and test questions, by task name and split ("val" or "test"; "triggered" for a backdoor).
        transport: of clients on other machines; None for clients in this process. See `connection`.
        adversary: the malicious clients of a simulated attack, or None.
        canaries: codes that are planted in training questions.
        surprisal: scorer of prompts, or None.
    """

    config: Config
    engines: Engines
    tasks: list[Task]
    clients: list[Client]
    initial_prompt: str
    shards: list[dict[str, list[int]]]
    transport: Transport | None = None
    adversary: Adversary | None = None
    canaries: tuple[Canary, ...] = ()
    questions: dict[tuple[str, str], list[Sample]] = field(init=False)
    surprisal: CachedSurprisal | None = field(init=False)

    def __post_init__(self):
        self.questions = {
            (task.name, split): samples_of(task, split) for task in self.tasks for split in ("val", "test")
        }
        if self.adversary and self.adversary.trigger:
            for task in self.tasks:
                self.questions[task.name, TRIGGERED] = self.adversary.triggered(self.questions[task.name, "test"])
        self.surprisal = surprisal_scorer(self.config, self.engines.gateway)

    @property
    def connection(self) -> Transport:
        """The transport that reaches the clients, wherever they are."""
        return self.transport or LocalTransport(self.config)

    @property
    def local_only(self) -> bool:
        """True for --aggregate_method none: no merge, one prompt per client."""
        return self.config.aggregate_method == "none"

    def personal_prompts(self, shared: str) -> tuple[str, ...]:
        """Return the prompt of each client with --personal_layer: a global prompt and the client's own section."""
        return tuple(personal_prompt(shared, client.own_section) for client in self.clients)

    def sampled(self, round_number: int, updates: Sequence[tuple[int, Update]]) -> list[Client]:
        """Return the m = max(C*N, 1) clients that take part in a round (paper, Algorithm 1), ordered by number.

        Args:
            round_number: 1, 2, ...
            updates: (round number, update) of all earlier rounds.
        """
        count = round_size(self.config, len(self.clients))
        if count == len(self.clients):
            return list(self.clients)
        rng = random.Random(f"participation {self.config.seed} {round_number}")
        history = history_of(self.clients, updates)
        chosen = selection(self.config.select_clients)(round_number, self.clients, history, count, rng)
        return sorted(chosen, key=lambda client: client.number)


def round_size(config: Config, clients: int) -> int:
    """Return the number of clients that take part in a round, of all clients."""
    return max(int(config.client_fraction * clients), 1)


def check_min_clients(config: Config, clients: int) -> None:
    """Check that a round can have as many uploads as it needs.

    Raises:
        UsageError: it cannot, so that nothing would ever be learned.
    """
    most = round_size(config, clients)
    if config.min_clients > most:
        raise UsageError(
            f"--min_clients {config.min_clients} can never be reached: {most} of {clients} clients take part in a "
            f"round; use --min_clients {most} or less, more clients, or a larger --client_fraction"
        )


def budget_note(config: Config, clients: int) -> str:
    """Return what to expect of --prompt_budget in a run that concatenates prompts, in one line; "" for other runs."""
    budget = config.prompt_budget
    if not config.concatenates or clients < 2:
        return ""
    note = (
        f"--aggregate_method {config.aggregate_method}: {clients} uploads share {budget} tokens (--prompt_budget), "
        f"about {budget // clients} each; uploads that do not fit are left out and reported"
    )
    if (needed := budget + config.max_tokens + QUESTION_TOKENS) > config.context_length:
        note += (
            f"; with --max_tokens {config.max_tokens} and a question, a request may need {needed} tokens, more than "
            f"--context_length {config.context_length}, and a round whose prompt is too long for the model keeps the "
            "old one: lower --max_tokens or --prompt_budget, or raise --context_length if the model takes more"
        )
    if config.max_epochs > 1 and budget > config.max_tokens:
        note += f"; a prompt of more than --max_tokens {config.max_tokens} tokens cannot be rewritten in later rounds"
    return note


def load_task(name: str, scorer: str, config: Config, engines: Engines, sizes: Mapping[str, int | None]) -> Task:
    """Load one task as the options of a run describe it.

    Args:
        name, scorer: see `get_task`; "" for the default scorer.
        config, engines: of the run.
        sizes: result of `sizes_of`; empty for all questions.

    Raises:
        UsageError: unknown task, unreadable data, or a size larger than the data.
    """
    return get_task(
        name,
        engines.evaluation,
        data_dir=config.data_dir or None,
        seed=config.questions_seed,
        judge=config.judge,
        scorer=scorer or None,
        answer_critic=config.answer_critic,
        allow_code=config.allow_code,
        answer_format=config.answer_format,
        columns=assignments("--columns", config.columns),
        splits=assignments("--splits", config.splits),
        **sizes,
    )


def sizes_of(config: Config) -> dict[str, int | None]:
    """Return the requested number of questions per split; None for all."""
    return {name: getattr(config, name) or None for name in ("train_size", "val_size", "test_size")}


def load_tasks(config: Config, engines: Engines) -> list[Task]:
    """Load the tasks of a run in the requested sizes, and teach simulated engines the answers.

    Raises:
        UsageError: unknown task, unreadable data, or a size larger than the data.
    """
    tasks = [load_task(name, config.scorer, config, engines, sizes_of(config)) for name in config.task]
    names = [task.name for task in tasks]
    if duplicates := {name for name in names if names.count(name) > 1}:
        raise UsageError(f"--task: two tasks are called {min(duplicates)!r}: rename one of the files")
    for task in tasks:
        samples = [sample for split in ("train", "val", "test") for sample in samples_of(task, split)]
        engines.teach((sample.question, sample.answer) for sample in samples)
    return tasks


def create_federation(
    config: Config,
    engines: Engines,
    tasks: list[Task],
    train_samples: Sequence[Sequence[Sample]],
    shards: list[dict[str, list[int]]],
) -> Federation:
    """Return a federation with one client per list of training questions.

    Args:
        config, engines, tasks: of the run.
        train_samples: training questions of clients 0, 1, ...
        shards: see `Federation.shards`.

    Raises:
        UsageError: the initial prompt, --min_clients or --canaries does not suit the run.
    """
    check_min_clients(config, len(train_samples))
    if adversary := adversary_of(config, train_samples):
        train_samples = adversary.poisoned(train_samples)
    train_samples, canaries = plant(train_samples, config.canaries, config.seed)
    public = public_text(tasks)
    held_out = {task.name: samples_of(task, "val") for task in tasks}
    validation = [[held_out[name][at] for name, shard in own.items() for at in shard] for own in shards]
    clients = [
        create_client(config, engines, number, samples, public, own)
        for number, (samples, own) in enumerate(zip(train_samples, validation, strict=True))
    ]
    prompt = initial_prompt(config, tasks)
    return Federation(config, engines, tasks, clients, prompt, shards, None, adversary, canaries)


def create_client(
    config: Config,
    engines: Engines,
    number: int,
    samples: Sequence[Sample],
    public: str,
    validation: Sequence[Sample] = (),
) -> Client:
    """Return one client, configured by the options; see `Client` for the other arguments."""
    return Client(
        number=number,
        samples=samples,
        engine=engines.of_client(number),
        critic=engines.evaluation,
        batch_size=config.batch_size,
        local_steps=config.max_steps,
        make_optimizer=functools.partial(optimizer_class(config.optimizer).from_options, options=config),
        batches=config.batches,
        rewrite_checks=config.rewrite_checks,
        accept=config.acceptance_rule,
        accept_size=config.accept_size,
        prompt_budget=config.prompt_budget,
        seed=config.seed,
        leak_guard=config.leak_guard,
        public=public,
        skip_solved=config.skip_solved,
        style=config.style,
        personal_layer=config.personal_layer,
        validation=validation,
    )


def public_text(tasks: list[Task]) -> str:
    """Return the public texts: descriptions and answer formats of the tasks."""
    return "\n".join(f"{task.description}\n{task.answer_format}" for task in tasks)


def initial_prompt(config: Config, tasks: list[Task]) -> str:
    """Return --initial_prompt, or by default the descriptions of all tasks without repeated lines.

    Raises:
        UsageError: it is longer than --prompt_budget.
    """
    prompt = config.initial_prompt or concatenate([task.description for task in tasks])
    if (tokens := estimate_tokens(prompt)) > config.prompt_budget:
        raise UsageError(
            f"the initial prompt has about {tokens} tokens, and --prompt_budget allows {config.prompt_budget}: give a "
            f"shorter --initial_prompt, or --prompt_budget {2 * tokens}"
        )
    return prompt
